"""What a model bundle says about itself: a folder with `manifest.json`, its signature `manifest.json.sig` and the files
named there.

The manifest is signed as the bytes it is stored in and names the SHA-256 of every file that a device reads, so one signature
covers them all; model card and draft lie beside for people and are not covered. Limits and rules stand in
the manifest, not in the graph: they can be corrected without touching the network.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from protocols.errors import BadSignature
from protocols.signing import PublicKey, public_key, verify
from vision_models.errors import BundleRejected

MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
RELEASE_KEY = Path(__file__).parents[1] / "weights" / "release.pub"


class InputSpec(msgspec.Struct, frozen=True):
    """The picture the network takes: pixels high and wide, and the grey around one of another shape."""

    height_px: int
    width_px: int
    fill: int


class Golden(msgspec.Struct, frozen=True):
    """A known answer: samples of what preprocessing and each output give for the golden picture, and how near is near."""

    preprocessed: tuple[float, ...]
    outputs: dict[str, tuple[float, ...]]
    tolerance: float


class Variant(msgspec.Struct, frozen=True):
    """The same network in another form, such as int8, and how near to the golden answer it comes where it was released."""

    graph: str
    tolerance: float


@dataclass(frozen=True)
class RunAs:
    """How a machine runs a bundle's network: in which form, on how many threads. Found out by timing all of them."""

    variant: str = "fp32"
    threads: int = 1


AS_RELEASED = RunAs()


class Manifest(msgspec.Struct, frozen=True):
    """One release of one model. files: SHA-256 of each, in hex; settings: numbers of the task's own, by name; graphs: other
    forms of the network by name, of which a device may choose one that is faster there."""

    name: str
    version: str
    graph: str
    files: dict[str, str]
    input: InputSpec
    settings: dict[str, float]
    golden: Golden
    licence: str
    credits: tuple[str, ...] = ()
    graphs: dict[str, Variant] = {}

    @property
    def model_id(self) -> str:
        """Such as `shelf-0.1.0@sha256:ab12cd34ef56`, over files and settings: what events say saw them."""
        content = msgspec.json.encode((sorted(self.files.items()), sorted(self.settings.items())))
        return f"{self.name}-{self.version}@sha256:{hashlib.sha256(content).hexdigest()[:12]}"


@dataclass(frozen=True)
class Bundle:
    """A release in `folder` that was found in order. contents: the bytes of each file as they were checked; use these and do
    not open the files again, which may have been changed since."""

    folder: Path
    manifest: Manifest
    contents: Mapping[str, bytes]


def read_bundle(folder: Path, *trusted_keys: str) -> Bundle:
    """The bundle in a folder, its signature and files checked. Raises BundleRejected naming what is not in order.

    `trusted_keys` are releasers' public keys in base64, one of which must have signed; by default the one that ships with
    this package.
    """
    payload, keys = _bytes_of(folder, MANIFEST), _releasers(trusted_keys)
    try:
        _verify_by_any(keys, payload, _bytes_of(folder, SIGNATURE).decode("ascii", "replace").strip())
        manifest = msgspec.json.decode(payload, type=Manifest)
    except BadSignature as error:
        raise BundleRejected(f"{folder / MANIFEST}: {error}; fetch the bundle again from who released it") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BundleRejected(f"{folder / MANIFEST}: {error}; this code reads bundles of release 0.1") from error
    for graph in (manifest.graph, *(variant.graph for variant in manifest.graphs.values())):
        if graph not in manifest.files:
            raise BundleRejected(f"{folder / MANIFEST}: the graph {graph!r} is not among its files; release it again")
    return Bundle(folder, manifest, {name: _checked_file(folder, name, sha) for name, sha in manifest.files.items()})


def _releasers(trusted_keys: Sequence[str]) -> list[PublicKey]:
    """The keys of which one must have signed. Raises BundleRejected."""
    try:
        return [public_key(key.strip()) for key in trusted_keys or (RELEASE_KEY.read_text(),)]
    except (OSError, BadSignature) as error:
        where = "the trusted key" if trusted_keys else RELEASE_KEY
        remedy = "correct the key" if trusted_keys else "install the package again"
        raise BundleRejected(f"{where}: {error}; no bundle can be checked without: {remedy}") from error


def _verify_by_any(keys: Sequence[PublicKey], payload: bytes, signature: str) -> None:
    """Raises BadSignature unless one of the keys signed."""
    *first, last = keys
    for key in first:
        try:
            return verify(key, payload, signature)
        except BadSignature:
            continue
    return verify(last, payload, signature)


def _checked_file(folder: Path, name: str, sha256: str) -> bytes:
    """The bytes of a file, if they are the promised ones. Raises BundleRejected."""
    if not name.isprintable() or name in {"", ".."} or Path(name).name != name:
        raise BundleRejected(f"{folder / MANIFEST}: {name!r} is not a plain file name; release it again with one")
    content = _bytes_of(folder, name)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise BundleRejected(
            f"{folder / name}: SHA-256 {found[:12]}…, the manifest says {sha256[:12]}…; fetch the bundle again"
        )
    return content


def _bytes_of(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise BundleRejected(f"{folder / name}: cannot be read ({error.strerror}); a bundle needs it") from error
