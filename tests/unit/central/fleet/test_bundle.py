"""The centre keeps only bundles that devices will accept, each under the hash of its one archive."""

from pathlib import Path

import msgspec
import pytest

from central.errors import Refused
from central.fleet import bundle
from central.fleet.archives import Archives, shipped
from edge_agent.releases.archive import unpack
from protocols.signing import new_key, public_text, sign
from tests.parts.bundles import tiny
from vision_models.inference import manifest as devices_own

KEY = new_key()
TRUSTED = (public_text(new_key()), public_text(KEY))


def test_it_reads_the_same_model_id_as_a_device() -> None:
    """On the models that ship, by their own key."""
    for kind in ("shelf_count", "defects"):
        read = bundle.read_bundle(shipped(kind), Archives(Path(), Path(), "").trusted_keys)
        assert read.manifest.model_id == devices_own.read_bundle(shipped(kind)).manifest.model_id
        assert bundle.kind_of(read.manifest, None) == kind


def test_the_same_bundle_gives_the_same_archive_wherever_it_lay(tmp_path: Path) -> None:
    """Times, owners and the folder's other files leave no trace; a device unpacks it to what was signed."""
    tiny(tmp_path / "one", KEY, "1.0")
    tiny(tmp_path / "two", KEY, "1.0")
    (tmp_path / "two" / "MODEL_CARD.md").write_text("for people")
    (tmp_path / "two" / "graph.onnx").touch()
    first, second = (bundle.read_bundle(tmp_path / name, TRUSTED) for name in ("one", "two"))
    assert first.sha256 == second.sha256
    (tmp_path / "a.tar").write_bytes(first.archive)
    (tmp_path / "out").mkdir()
    unpack(tmp_path / "a.tar", tmp_path / "out")
    assert devices_own.read_bundle(tmp_path / "out", public_text(KEY)).manifest.version == "1.0"


def spoil_graph(folder: Path) -> None:
    """A byte more."""
    (folder / "graph.onnx").write_bytes((folder / "graph.onnx").read_bytes() + b"x")


def spoil_manifest(folder: Path) -> None:
    """A blank more."""
    (folder / "manifest.json").write_bytes((folder / "manifest.json").read_bytes() + b" ")


def lose_signature(folder: Path) -> None:
    """A file less."""
    (folder / "manifest.json.sig").unlink()


def climb_out(folder: Path) -> None:
    """A signed manifest that names a file elsewhere."""
    content = msgspec.json.decode((folder / "manifest.json").read_bytes())
    content["files"]["../../etc/passwd"] = "0" * 64
    payload = msgspec.json.encode(content)
    (folder / "manifest.json").write_bytes(payload)
    (folder / "manifest.json.sig").write_text(sign(KEY, payload))


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (spoil_graph, r"graph\.onnx: SHA-256"),
        (spoil_manifest, "signed by none of the 2 keys"),
        (lose_signature, r"manifest\.json\.sig: cannot be read"),
        (climb_out, "not a plain file name"),
    ],
)
def test_what_is_not_in_order_is_named(tmp_path: Path, spoil: object, named: str) -> None:
    """And nothing is kept of it."""
    tiny(tmp_path / "in", KEY, "1.0")
    assert callable(spoil)
    spoil(tmp_path / "in")
    with pytest.raises(Refused, match=named):
        bundle.read_bundle(tmp_path / "in", TRUSTED)


def test_a_model_of_an_unknown_name_needs_a_kind(tmp_path: Path) -> None:
    """It is asked for; then it is taken."""
    manifest = bundle.Manifest("pallets", "1.0", "g.onnx", {}, {})
    with pytest.raises(Refused, match="--kind"):
        bundle.kind_of(manifest, None)
    assert bundle.kind_of(manifest, "shelf_count") == "shelf_count"
