"""From a taught model to a bundle that a device accepts: ONNX graph, manifest with hashes and golden answer, signature.

Training leaves a folder with graph, other files and `draft.json`; releasing adds manifest and signature. So the release key
need not be where training runs.
"""

import hashlib
import os
from pathlib import Path

import msgspec

from protocols.errors import BadSignature
from protocols.signing import PrivateKey, new_key, private_key, private_pem, public_text, sign
from vision_models.errors import ReleaseImpossible
from vision_models.inference.manifest import MANIFEST, SIGNATURE, Golden, InputSpec, Manifest
from vision_models.inference.session import golden_answer, golden_blob, graph_file

DRAFT = "draft.json"
# Other processors round otherwise: wide enough for them, far below what another model gives.
_TOLERANCE = 5e-3


class Draft(msgspec.Struct, frozen=True):
    """A taught model before its release: what the manifest will say beyond hashes and golden answer."""

    name: str
    version: str
    graph: str
    other_files: tuple[str, ...]
    input: InputSpec
    settings: dict[str, float]
    licence: str
    credits: tuple[str, ...]


def write_draft(folder: Path, draft: Draft) -> None:
    """Leave the draft beside its files."""
    (folder / DRAFT).write_bytes(msgspec.json.format(msgspec.json.encode(draft), indent=1))


def read_draft(folder: Path) -> Draft:
    """The draft of a folder. Raises ReleaseImpossible."""
    try:
        return msgspec.json.decode((folder / DRAFT).read_bytes(), type=Draft)
    except (OSError, msgspec.MsgspecError) as error:
        raise ReleaseImpossible(f"{folder / DRAFT}: {error}; train the model into this folder first") from error


def release(folder: Path, key: PrivateKey) -> Manifest:
    """Write manifest and signature for the draft in `folder`. Raises ReleaseImpossible."""
    draft = read_draft(folder)
    unproven = Manifest(
        name=draft.name,
        version=draft.version,
        graph=draft.graph,
        files={name: _sha256(folder / name) for name in (draft.graph, *draft.other_files)},
        input=draft.input,
        settings=draft.settings,
        golden=Golden((), {}, _TOLERANCE),
        licence=draft.licence,
        credits=draft.credits,
    )
    golden = golden_answer(graph_file(folder / draft.graph), golden_blob(draft.input), _TOLERANCE)
    manifest = msgspec.structs.replace(unproven, golden=golden)
    payload = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    (folder / MANIFEST).write_bytes(payload)
    (folder / SIGNATURE).write_text(sign(key, payload) + "\n")
    return manifest


def release_key(path: Path) -> PrivateKey:
    """The private release key in `path`; made there, readable by its owner only, when absent. Raises ReleaseImpossible."""
    try:
        if path.exists():
            return private_key(path.read_bytes())
        key = new_key()
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(private_pem(key))
    except (OSError, BadSignature) as error:
        raise ReleaseImpossible(f"{path}: {error}; name an Ed25519 key in PEM form or a file that can be made") from error
    return key


def publish_key(key: PrivateKey, path: Path) -> None:
    """Write the public half, which devices trust."""
    path.write_text(public_text(key) + "\n")


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ReleaseImpossible(f"{path}: cannot be read ({error.strerror}); train the model first") from error
