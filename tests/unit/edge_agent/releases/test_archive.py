"""An archive is unpacked only when it is a few plain files."""

import tarfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.errors import ReleaseRejected
from edge_agent.releases.archive import MOST_FILES, unpack
from protocols.signing import new_key
from tests.parts.bundles import archived, member, tiny


def test_what_was_packed_comes_out(tmp_path: Path) -> None:
    """Byte for byte."""
    tiny(tmp_path / "in", new_key(), "1.0")
    (tmp_path / "out").mkdir()
    unpack(archived(tmp_path / "in", tmp_path / "a.tar"), tmp_path / "out")
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == {
        p.name: p.read_bytes() for p in (tmp_path / "in").iterdir()
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../escaped", tarfile.REGTYPE),
        ("/absolute", tarfile.REGTYPE),
        ("folder/file", tarfile.REGTYPE),
        (".hidden", tarfile.REGTYPE),
        ("link", tarfile.SYMTYPE),
        ("hard", tarfile.LNKTYPE),
        ("folder", tarfile.DIRTYPE),
        ("device", tarfile.CHRTYPE),
        ("pipe", tarfile.FIFOTYPE),
    ],
)
def test_anything_but_a_plain_file_is_refused(tmp_path: Path, name: str, kind: bytes) -> None:
    """Nothing is written outside the folder, and nothing that is a link or a device."""
    (tmp_path / "out").mkdir()
    with pytest.raises(ReleaseRejected, match="no plain file"):
        unpack(member(tmp_path / "a.tar", name, kind=kind), tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
    assert not (tmp_path / "escaped").exists()


def test_more_files_than_a_bundle_has_are_refused(tmp_path: Path) -> None:
    """A million empty files would fill the card's inodes."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    for number in range(MOST_FILES + 1):
        (tmp_path / "in" / f"f{number:02}").touch()
    with pytest.raises(ReleaseRejected, match="more than"):
        unpack(archived(tmp_path / "in", tmp_path / "a.tar"), tmp_path / "out")


@pytest.mark.parametrize("keep_bytes", [0, 300, 700, 2000])
def test_a_torn_archive_is_refused_or_incomplete_never_a_crash(tmp_path: Path, keep_bytes: int) -> None:
    """The manifest's hashes notice what the tar does not."""
    tiny(tmp_path / "in", new_key(), "1.0")
    archive = archived(tmp_path / "in", tmp_path / "a.tar")
    archive.write_bytes(archive.read_bytes()[:keep_bytes])
    (tmp_path / "out").mkdir()
    with pytest.raises(ReleaseRejected, match="cannot be unpacked"):
        unpack(archive, tmp_path / "out")


def tried(content: bytes) -> list[str]:
    """The names that an archive of these bytes leaves outside and inside its folder; refused ones included."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "deep" / "out"
        folder.mkdir(parents=True)
        archive = Path(scratch) / "a.tar"
        archive.write_bytes(content)
        with suppress(ReleaseRejected):
            unpack(archive, folder)
        return sorted(str(path.relative_to(scratch)) for path in Path(scratch).rglob("*") if path.is_file())


@given(st.binary(max_size=3000))
def test_any_bytes_are_unpacked_or_refused(content: bytes) -> None:
    """Nothing else is raised."""
    assert "a.tar" in tried(content)


@given(st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_spoilt_archive_writes_nothing_outside_its_folder(changes: list[tuple[int, int]]) -> None:
    """Whatever bytes of a good one are changed, checksums of headers mended or not."""
    with TemporaryDirectory() as scratch:
        tiny(Path(scratch) / "in", new_key(), "1.0")
        good = bytearray(archived(Path(scratch) / "in", Path(scratch) / "a.tar").read_bytes())
    for place, value in changes:
        good[place] = value
    assert all(name == "a.tar" or name.startswith("deep/out/") for name in tried(bytes(good)))
