"""What the self-test chose, in the agent's data folder: it counts for the very bundle that was timed and for no other."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import structlog

from edge_agent.releases.durable import replaced

CHOICES_NAME = "self-test.json"
_MANIFEST = "manifest.json"

_log = structlog.get_logger()


class Chosen(msgspec.Struct, frozen=True):
    """One bundle: its folder, SHA-256 of its manifest, what runs there, and the milliseconds that a picture took."""

    folder: str
    manifest_sha256: str
    variant: str
    threads: int
    milliseconds: float
    as_released_ms: float


def manifest_sha256(folder: Path) -> str:
    """Names the bundle in a folder. Raises OSError."""
    return hashlib.sha256((folder / _MANIFEST).read_bytes()).hexdigest()


def keep(data_dir: Path, chosen: Sequence[Chosen]) -> None:
    """Write the choices in place of those before. Raises OSError."""
    data_dir.mkdir(parents=True, exist_ok=True)
    replaced(data_dir / CHOICES_NAME, msgspec.json.format(msgspec.json.encode(chosen), indent=1))


def known(data_dir: Path) -> list[Chosen]:
    """The choices that still count; none where the self-test was never run, or its file is damaged."""
    try:
        found = msgspec.json.decode((data_dir / CHOICES_NAME).read_bytes(), type=list[Chosen])
    except FileNotFoundError:
        return []
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        _log.warning("self_test_unreadable", why=str(error), remedy="run `tallyhouse-edge self-test` again")
        return []
    return [one for one in found if _is_same(one)]


def speeds(data_dir: Path) -> Mapping[Path, tuple[str, int]]:
    """Folder of a bundle → the form of its network and the threads to run it with."""
    return {Path(one.folder): (one.variant, one.threads) for one in known(data_dir)}


def _is_same(one: Chosen) -> bool:
    try:
        return manifest_sha256(Path(one.folder)) == one.manifest_sha256
    except OSError:
        return False
