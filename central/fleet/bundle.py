"""Reads a signed model bundle and packs it into its archive (no code of the models: the centre runs none).

The manifest is the one that devices check again: signed as the bytes it is stored in, naming the SHA-256 of every file. The
archive is a plain tar, and the same bundle always gives the same bytes, since its hash is its name.
"""

import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from central.errors import Refused
from protocols.errors import BadSignature
from protocols.messages.device import TaskKind
from protocols.signing import public_key, verify

MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
MOST_BYTES = 64_000_000  # what a twin can announce
KINDS = {"shelf": "shelf_count", "yolo": "shelf_count", "defects": "defects"}


class Manifest(msgspec.Struct, frozen=True):
    """What the centre reads of a manifest."""

    name: str
    version: str
    graph: str
    files: dict[str, str]
    settings: dict[str, float]

    @property
    def model_id(self) -> str:
        """As devices say it of themselves."""
        content = msgspec.json.encode((sorted(self.files.items()), sorted(self.settings.items())))
        return f"{self.name}-{self.version}@sha256:{hashlib.sha256(content).hexdigest()[:12]}"


@dataclass(frozen=True)
class Bundle:
    """A bundle that was found in order, and its archive."""

    manifest: Manifest
    archive: bytes

    @property
    def sha256(self) -> str:
        """The archive's name."""
        return f"sha256:{hashlib.sha256(self.archive).hexdigest()}"


def kind_of(manifest: Manifest, chosen: str | None) -> str:
    """The kind of task that runs the model: `chosen`, else by its name. Raises Refused."""
    kind = chosen or KINDS.get(manifest.name)
    if kind is None:
        raise Refused(f"no kind of task is known for a model called {manifest.name!r}; give --kind, such as shelf_count")
    try:
        return msgspec.convert(kind, TaskKind)
    except msgspec.ValidationError as error:
        raise Refused(f"{kind!r} is no kind of task; give one such as shelf_count") from error


def read_bundle(folder: Path, trusted_keys: Sequence[str]) -> Bundle:
    """The bundle in a folder, its signature and files checked. Raises Refused naming what is not in order."""
    payload, signature = _bytes_of(folder / MANIFEST), _bytes_of(folder / SIGNATURE)
    _check_signature(folder, payload, signature, trusted_keys)
    try:
        manifest = msgspec.json.decode(payload, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"{folder / MANIFEST}: {error}; release the model again with `tallyhouse-models release`") from error
    contents = {MANIFEST: payload, SIGNATURE: signature}
    for name, sha256 in manifest.files.items():
        contents[name] = _checked_file(folder, name, sha256)
    if (size := sum(map(len, contents.values()))) > MOST_BYTES - 1024 * (len(contents) + 20):
        raise Refused(f"{folder}: {size} bytes; a device takes bundles of at most {MOST_BYTES / 1e6:.0f} MB")
    return Bundle(manifest, packed(contents))


def packed(contents: Mapping[str, bytes]) -> bytes:
    """Files as a plain tar without times, owners or order of their own."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as out:
        for name in sorted(contents):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(contents[name]), 0o644
            out.addfile(member, io.BytesIO(contents[name]))
    return archive.getvalue()


def _check_signature(folder: Path, payload: bytes, signature: bytes, trusted_keys: Sequence[str]) -> None:
    text = signature.decode("ascii", "replace").strip()
    for key in trusted_keys:
        try:
            return verify(public_key(key.strip()), payload, text)
        except BadSignature:
            continue
    raise Refused(
        f"{folder / MANIFEST}: signed by none of the {len(trusted_keys)} keys that this house trusts; get the bundle from "
        "its releaser, or add the releaser's public key to release_keys"
    )


def _checked_file(folder: Path, name: str, sha256: str) -> bytes:
    if not name.isprintable() or name.startswith(".") or Path(name).name != name or "\\" in name:
        raise Refused(f"{folder / MANIFEST}: {name!r} is not a plain file name; release the model again with one")
    content = _bytes_of(folder / name)
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise Refused(f"{folder / name}: SHA-256 {found[:12]}…, the manifest says {sha256[:12]}…; get the bundle again")
    return content


def _bytes_of(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refused(f"{file}: cannot be read ({error.strerror}); a bundle needs it") from error
