"""Model bundles and their archives: shipped ones signed by a key of the test, and tiny ones for what loads none."""

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from protocols.messages.model_release import ModelRelease
from protocols.signing import PrivateKey, sign
from vision_models.inference.manifest import MANIFEST, SIGNATURE, Golden, InputSpec, Manifest, Variant

WEIGHTS = Path(__file__).parents[2] / "vision_models" / "weights"


def resigned(folder: Path, key: PrivateKey, name: str, version: str, **settings: float) -> Manifest:
    """A shipped model in `folder` under another version, with other settings, signed by `key`."""
    folder.mkdir(parents=True)
    shipped = msgspec.json.decode((WEIGHTS / name / MANIFEST).read_bytes(), type=Manifest)
    manifest = msgspec.structs.replace(shipped, version=version, settings=shipped.settings | settings)
    for file in manifest.files:
        (folder / file).write_bytes((WEIGHTS / name / file).read_bytes())
    return _signed(folder, manifest, key)


def with_variants(folder: Path, key: PrivateKey, name: str, variants: Mapping[str, tuple[bytes, float]]) -> Manifest:
    """A shipped model with other forms of its network: name → the graph's bytes and its tolerance."""
    manifest = resigned(folder, key, name, "9.9.9")
    files = dict(manifest.files)
    for form, (content, _) in variants.items():
        (folder / f"{form}.onnx").write_bytes(content)
        files[f"{form}.onnx"] = hashlib.sha256(content).hexdigest()
    graphs = {form: Variant(f"{form}.onnx", tolerance) for form, (_, tolerance) in variants.items()}
    return _signed(folder, msgspec.structs.replace(manifest, files=files, graphs=graphs), key)


def tiny(folder: Path, key: PrivateKey, version: str, size_bytes: int = 2000) -> Manifest:
    """A bundle whose graph is no network: good for all that does not load it."""
    folder.mkdir(parents=True)
    content = hashlib.sha256(version.encode()).digest() * (size_bytes // 32)
    (folder / "graph.onnx").write_bytes(content)
    files = {"graph.onnx": hashlib.sha256(content).hexdigest()}
    manifest = Manifest("shelf", version, "graph.onnx", files, InputSpec(32, 32, 0), {}, Golden((), {}, 0.1), "Apache-2.0")
    return _signed(folder, manifest, key)


def archived(folder: Path, file: Path) -> Path:
    """The bundle in `folder` as a tar."""
    with tarfile.open(file, "w", format=tarfile.USTAR_FORMAT) as out:
        for path in sorted(folder.iterdir()):
            out.add(path, path.name)
    return file


def member(file: Path, name: str, content: bytes = b"x", kind: bytes = tarfile.REGTYPE) -> Path:
    """A tar of one member of any name and kind."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, len(content) if kind == tarfile.REGTYPE else 0, "/etc/passwd"
    with tarfile.open(file, "w") as out:
        out.addfile(info, io.BytesIO(content))
    return file


def release_of(archive: Path, manifest: Manifest, url: str = "http://127.0.0.1:9/x") -> ModelRelease:
    """What a twin says of an archive."""
    content = archive.read_bytes()
    sha256 = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return ModelRelease(model=manifest.model_id, url=url, sha256=sha256, size_bytes=len(content))


def _signed(folder: Path, manifest: Manifest, key: PrivateKey) -> Manifest:
    payload = msgspec.json.encode(manifest)
    (folder / MANIFEST).write_bytes(payload)
    (folder / SIGNATURE).write_text(sign(key, payload))
    return manifest
