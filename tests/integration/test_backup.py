"""Backups of a real house: made while it is written, incremental, checked, put back; and what is refused."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import pytest

from central.background.backing_up import BackingUp, Plan
from central.backup.checking import checked
from central.backup.making import Made, Source, back_up, thin_out
from central.backup.manifest import BackupFolder, backups_in, chosen
from central.backup.restoring import LEAP, restore
from central.errors import BackupError
from central.store import announcements, audit, backups, changes, evidence, house, schema
from central.store.engine import open_engine, reading
from central.store.evidence import Piece
from tests.parts.house import SITE, House


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """A small house with two pictures, a signing key and a broker's file."""
    (tmp_path / "data").mkdir()
    home = House(tmp_path / "data")
    for picture in (b"one", b"two"):
        keep(home, picture)
    for name, text in (("secrets/centre.key", "key"), ("broker/passwords", "eye-01:x"), ("broker/mosquitto.pid", "1")):
        file = tmp_path / "data" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    (tmp_path / "data" / "tallyhouse.toml").write_text('site = "s1"\n')
    yield home
    home.close()


def keep(home: House, picture: bytes) -> None:
    """Another piece of evidence."""
    piece = Piece(name_of(picture), "eye-01", "image/jpeg", home.now, picture)
    with home.parts.writing() as conn:
        house.epoch(conn)
        evidence.keep(conn, piece, home.now)


def name_of(picture: bytes) -> str:
    """How evidence is named."""
    return f"sha256:{sha256(picture).hexdigest()}"


def source(home: House) -> Source:
    """What is copied."""
    data = home.database.parent
    return Source(home.database, data, data / "tallyhouse.toml", SITE)


def made(home: House, into: Path, with_secrets: bool = True, after: timedelta = timedelta()) -> Made:
    """A backup as of the house's clock, or a while after."""
    return back_up(source(home), into, home.now + after, with_secrets=with_secrets)


def test_only_evidence_that_is_new_is_copied(home: House, tmp_path: Path) -> None:
    """The second backup shares the pictures of the first; its own database holds none."""
    first = made(home, tmp_path / "b")
    keep(home, b"three" * 1000)
    home.pass_time(hours=1)
    second = made(home, tmp_path / "b")
    assert (first.manifest.evidence, second.manifest.evidence, second.manifest.evidence_bytes) == (2, 3, 5006)
    assert sorted(file.name for file in (tmp_path / "b/evidence").rglob("*") if file.is_file()) == sorted(
        name_of(picture)[7:] for picture in (b"one", b"two", b"three" * 1000)
    )
    with closing(sqlite3.connect(second.folder.database)) as copy:
        assert copy.execute("SELECT sum(length(content)) FROM evidence").fetchone() == (0,)
    assert chosen(tmp_path / "b") == second.folder
    assert checked(first.folder) == first.manifest


def test_a_backup_holds_keys_only_their_owner_can_read(home: House, tmp_path: Path) -> None:
    """Mode 0700 for folders and 0600 for files, without what a process leaves behind; or no keys at all, when asked."""
    full = made(home, tmp_path / "b").folder
    files = [file for file in full.path.rglob("*") if file.is_file()]
    assert {"centre.key", "passwords", "tallyhouse.toml"} < {file.name for file in files}
    assert not any(file.name == "mosquitto.pid" for file in files)
    assert {file.stat().st_mode & 0o777 for file in (full.files / "secrets").iterdir()} == {0o600}
    assert full.database.stat().st_mode & 0o077 == 0
    assert full.path.stat().st_mode & 0o077 == 0
    bare = made(home, tmp_path / "c", with_secrets=False)
    assert not bare.manifest.has_secrets
    assert [file.name for file in bare.folder.files.rglob("*")] == ["tallyhouse.toml"]


def test_releases_and_labelled_frames_come_along_once(home: House, tmp_path: Path) -> None:
    """Without its archive no device could fetch what its twin names; the next backup takes no room for what is the same."""
    data = home.database.parent
    archive, frame = data / "releases/ab12.tar", data / "labelled/shelf_count/images/1.jpg"
    for file in (archive, frame):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"x" * 1_000_000)
    first = made(home, tmp_path / "b", with_secrets=False)
    frame.write_bytes(b"relabelled")
    second = made(home, tmp_path / "b", with_secrets=False, after=timedelta(hours=1))
    copies = [one.folder.files / "releases/ab12.tar" for one in (first, second)]
    assert copies[0].samefile(copies[1])
    assert first.written_bytes - second.written_bytes > 1_900_000
    restore(second.folder, tmp_path / "new", home.now, force=False, who="test")
    assert (tmp_path / "new/releases/ab12.tar").read_bytes() == archive.read_bytes()
    assert (tmp_path / "new/labelled/shelf_count/images/1.jpg").read_bytes() == b"relabelled"
    assert thin_out(tmp_path / "b", keep=1) == 1
    assert checked(second.folder) == second.manifest
    frame.unlink()
    assert not (
        made(home, tmp_path / "b", after=timedelta(hours=2)).folder.files / "labelled/shelf_count/images/1.jpg"
    ).exists()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda b: b.database.write_bytes(b"x"), r"tallyhouse\.db was changed"),
        (lambda b: b.piece(name_of(b"one")).write_bytes(b"won"), "evidence sha256:.* was changed"),
        (lambda b: b.piece(name_of(b"one")).unlink(), "evidence sha256:.* is missing"),
        (lambda b: (b.files / "secrets/centre.key").unlink(), r"files/secrets/centre\.key is missing"),
        (lambda b: (b.path / "manifest.json").write_text("{"), "cannot be read"),
    ],
)
def test_a_damaged_backup_is_not_put_back(home: House, tmp_path: Path, spoil: object, told: str) -> None:
    """Whatever was changed is named, and nothing is written where the house would be."""
    backup = made(home, tmp_path / "b").folder
    spoil(backup)  # type: ignore[operator]
    with pytest.raises(BackupError, match=told):
        restore(backup, tmp_path / "new", home.now, force=False, who="test")
    assert not (tmp_path / "new").exists()


def test_a_restored_house_is_the_old_one_under_a_new_epoch(home: House, tmp_path: Path) -> None:
    """Rows, pictures, keys and schema are there; numbers that others remember leap ahead; the trail says who did it."""
    home.count("b-04", 3)
    home.decide()
    with home.parts.reading() as conn:
        old_epoch, old_last = house.value(conn, "epoch"), announcements.after(conn, SITE, 0, 100)[-1].sequence
        old_change = changes.newest(conn)
    restore(made(home, tmp_path / "b").folder, tmp_path / "new", home.now, force=False, who="Li")
    engine = open_engine(tmp_path / "new/tallyhouse.db")
    with reading(engine) as conn:
        assert house.value(conn, "epoch") not in (None, old_epoch)
        piece = evidence.get(conn, name_of(b"two"))
        assert piece is not None
        assert piece.content == b"two"
        assert audit.first_broken(conn) is None
    with engine.begin() as conn:
        changes.log(conn, SITE, "device", "eye-01", home.now)
        assert changes.newest(conn) == old_change + LEAP + 1
        said = announcements.announce(
            conn, site=SITE, domain="stock", kind="level", data={}, subject=None, now=home.now, source="test"
        )
        assert said == old_last + LEAP + 1
    assert schema.is_current(engine)
    engine.dispose()
    key = tmp_path / "new/secrets/centre.key"
    assert (key.read_text(), key.stat().st_mode & 0o777) == ("key", 0o600)


def test_a_house_is_not_overwritten_unasked_and_never_deleted(home: House, tmp_path: Path) -> None:
    """The refusal counts what would be lost; with force the old house lies beside the new one, whole."""
    home.count("b-04", 3)
    backup = made(home, tmp_path / "b").folder
    home.count("b-04", 4)
    home.close()
    home.database.rename(home.database.with_name("tallyhouse.db"))
    data = home.database.parent
    with pytest.raises(BackupError, match="2 events, the newest of 2026-11-24T12:00; 1 of them and 0 reviews are not"):
        restore(backup, data, home.now, force=False, who="test")
    done = restore(backup, data, home.now, force=True, who="test")
    assert done.set_aside is not None
    assert (done.set_aside / "secrets/centre.key").read_text() == "key"
    for place, expected in ((data, 1), (done.set_aside, 2)):
        with closing(sqlite3.connect(place / "tallyhouse.db")) as database:
            assert database.execute("SELECT count(*) FROM events").fetchone() == (expected,)


def test_a_backup_sees_one_moment_while_events_go_on_landing(home: House, tmp_path: Path) -> None:
    """A writer never waits for it, and the copy holds a whole prefix of what was written."""
    stop = Flag()

    def land() -> None:
        while not stop.is_set():
            home.count("b-04", 3)

    writer = Thread(target=land)
    writer.start()
    try:
        folders = [made(home, tmp_path / "b", after=timedelta(hours=n)).folder for n in range(3)]
    finally:
        stop.set()
        writer.join()
    sizes = []
    for one in folders:
        checked(one)
        with closing(sqlite3.connect(one.database)) as copy:
            count, last = copy.execute("SELECT count(*), max(sequence) FROM events").fetchone()
            counted = copy.execute("SELECT count(*) FROM counts").fetchone()[0]
        assert count == (last or 0) == counted
        sizes.append(count)
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0]


def test_only_the_newest_backups_stay_with_what_they_name(home: House, tmp_path: Path) -> None:
    """A picture that no kept backup names goes with the last that did."""
    made(home, tmp_path / "b")
    with home.parts.writing() as conn:
        conn.exec_driver_sql("DELETE FROM evidence WHERE sha256 = ?", (name_of(b"one"),))
    for _ in range(2):
        home.pass_time(hours=1)
        made(home, tmp_path / "b")
    assert thin_out(tmp_path / "b", keep=2) == 1
    kept = backups_in(tmp_path / "b")
    assert len(kept) == 2
    assert [checked(one).evidence for one in kept] == [1, 1]
    assert not kept[0].piece(name_of(b"one")).exists()


def test_backups_are_made_on_schedule_and_a_failure_is_on_record(home: House, tmp_path: Path) -> None:
    """At once, then when the newest is a day old; a folder that cannot be written is said, and tried again later."""
    plan = Plan(source(home), tmp_path / "b", timedelta(days=1), keep=2, with_secrets=True)
    work = BackingUp(home.parts, plan)
    looks = [work.look()]
    for hours in (1, 22, 2):
        home.pass_time(hours=hours)
        looks.append(work.look())
    assert looks == [1, 0, 0, 1]
    with home.parts.reading() as conn:
        newest = backups.newest(conn)
        assert newest is not None
        assert (newest.made_at, backups.last_failure(conn)) == (home.now, None)
    (tmp_path / "file").write_text("")
    failing = BackingUp(home.parts, replace(plan, folder=tmp_path / "file" / "b"))
    home.pass_time(days=2)
    assert failing.look() == 0
    with home.parts.reading() as conn:
        failure = backups.last_failure(conn)
        assert failure is not None
        assert "Not a directory" in str(failure.problem)


def test_a_backup_that_was_interrupted_leaves_nothing(home: House, tmp_path: Path) -> None:
    """The database is gone: the error names it, and no half folder stays."""
    with pytest.raises(BackupError, match="no backup of"):
        back_up(replace(source(home), database=tmp_path / "none.db"), tmp_path / "b", home.now, with_secrets=True)
    assert os.listdir(tmp_path / "b") == [".lock"]
    with pytest.raises(BackupError, match="holds no finished backup"):
        chosen(tmp_path / "b")
    assert backups_in(tmp_path / "b") == []
    assert BackupFolder(tmp_path).piece("sha256:abcd") == tmp_path.parent / "evidence/ab/abcd"


def test_one_backup_at_a_time_and_what_a_killed_one_left_goes(home: House, tmp_path: Path) -> None:
    """A second one is refused while the first is made; half a folder is removed by the next."""
    half = tmp_path / "b" / ".20260101T000000.000000Z.partial"
    half.mkdir(parents=True)
    (half / "tallyhouse.db").write_text("half")
    with (tmp_path / "b" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="another backup is being made"):
            made(home, tmp_path / "b")
    made(home, tmp_path / "b")
    assert not half.exists()
