"""Review: who is asked about which picture, what their answers come to, and what is exported for teaching."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from central.errors import Refused
from central.floor import labels as review
from central.floor.agreement import Settled
from central.floor.label_export import export
from central.floor.labels import Said
from central.store import events, evidence, labels
from central.store.labels import Box, Verdict
from central.store.types import instant_text
from protocols.messages.defect import Defect
from protocols.messages.shelf_count import ShelfCount
from tests import makers
from tests.parts.house import SITE, House
from tests.parts.programs import Program, problem
from vision_models.evaluation.frames import part_frames, shelf_frames


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house without pictures."""
    made = House(tmp_path)
    yield made
    made.close()


def picture(house: House, number: int, data: Defect | ShelfCount) -> str:
    """An event of a picture that has come; its hash."""
    shown = np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    content = bytes(cv2.imencode(".jpg", shown)[1])
    sha256 = f"sha256:{hashlib.sha256(content).hexdigest()}"
    at, kind = instant_text(house.now), "defect/1" if isinstance(data, Defect) else "shelf_count/1"
    row = (
        *("eye-01", 9000 + number, makers.event_id(9000 + number), SITE, kind, at, at, "boot", 1, "ntp"),
        *("shelf-1.0", sha256, msgspec.json.encode(data).decode(), None),
    )
    with house.parts.writing() as conn:
        events.append(conn, [row])
        evidence.keep(conn, evidence.Piece(sha256, "eye-01", "image/jpeg", house.now, content), house.now)
    return sha256


def next_for(house: House, person: str) -> review.ToReview | None:
    """What that person sees next."""
    with house.parts.writing() as conn:
        return review.next_to_review(conn, SITE, person, house.now)


def say(
    house: House, sha256: str, verdict: Verdict, person: str = "ana", label: str | None = None, boxes: tuple[Box, ...] = ()
) -> int:
    """That person's answer."""
    with house.parts.writing() as conn:
        return review.answer(conn, SITE, Said(sha256, verdict, label, boxes), person, house.now)


def agreed(house: House) -> dict[str, Settled]:
    """What is settled by now, by picture."""
    with house.parts.reading() as conn:
        return {one.picture.evidence: one for one in review.settled_pictures(conn, SITE)}


def test_what_the_machine_doubted_comes_first_and_to_one_person_only(house: House) -> None:
    """A part sent to review is leased: the second person gets nothing, until the lease runs out."""
    doubted = picture(house, 1, makers.defect(verdict="review"))
    found = next_for(house, "ana")
    assert found is not None
    assert (found.picture.evidence, found.why) == (doubted, "uncertain")
    assert next_for(house, "ben") is None
    again = next_for(house, "ana")
    assert again is not None
    assert again.picture.evidence == doubted
    house.pass_time(minutes=11)
    late = next_for(house, "ben")
    assert late is not None
    assert late.picture.evidence == doubted
    with pytest.raises(Refused, match="ben is looking"):
        say(house, doubted, "confirm", "ana")


def test_one_word_stands_until_it_is_contradicted_and_a_third_decides(house: House) -> None:
    """Two that differ settle nothing; the picture is asked about again, first."""
    part = picture(house, 1, makers.defect(verdict="review"))
    say(house, part, "not_a_defect", "ana")
    assert agreed(house)[part].is_good
    say(house, part, "confirm", "ben")
    assert agreed(house) == {}
    picture(house, 2, makers.defect(verdict="review"))
    third = next_for(house, "cem")
    assert third is not None
    assert (third.picture.evidence, third.why) == (part, "disagreement")
    say(house, part, "confirm", "cem")
    settled = agreed(house)[part]
    assert (settled.is_good, settled.is_right, settled.votes, settled.people) == (False, True, 2, 3)


def test_a_second_answer_of_a_person_takes_the_place_of_the_first(house: House) -> None:
    """Nobody votes twice; the first answer stays on record as undone."""
    part = picture(house, 1, makers.defect())
    say(house, part, "confirm")
    say(house, part, "other_label", label="scratch")
    settled = agreed(house)[part]
    assert (settled.name, settled.votes, settled.people) == ("scratch", 1, 1)


def test_an_answer_can_be_taken_back_by_who_gave_it(house: House) -> None:
    """Afterwards the picture is asked about again; another person cannot do it."""
    part = picture(house, 1, makers.defect(verdict="review"))
    number = say(house, part, "confirm")
    assert next_for(house, "ben") is None
    with house.parts.writing() as conn, pytest.raises(Refused, match="no label"):
        review.undo(conn, SITE, number, "ben", house.now)
    with house.parts.writing() as conn:
        review.undo(conn, SITE, number, "ana", house.now)
    assert agreed(house) == {}
    assert next_for(house, "ben") is not None


def test_cannot_tell_teaches_nobody(house: House) -> None:
    """The picture is no longer asked about, and is in no export."""
    part = picture(house, 1, makers.defect(verdict="review"))
    say(house, part, "cannot_tell")
    assert agreed(house) == {}
    assert next_for(house, "ben") is None


def test_about_one_count_in_twenty_is_drawn_and_always_the_same_ones(house: House) -> None:
    """The sample hangs on the picture's hash alone."""
    for number in range(300):
        picture(house, number, makers.shelf_count())
    with house.parts.reading() as conn:
        since, place = house.now - review.ASKED_FOR, review.SAMPLE_PLACE
        drawn = labels.candidates(conn, SITE, since, review.SAMPLE_SHARE, place, 1000)
        assert drawn == labels.candidates(conn, SITE, since, review.SAMPLE_SHARE, place, 1000)
    assert 5 <= len(drawn) <= 30


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (("fix_box", None, ()), "needs 1 to 500 boxes"),
        (("other_label", None, ()), "name what it is"),
        (("not_a_defect", None, ()), "fix the boxes"),
        (("fix_box", None, ((0.5, 0.1, 0.4, 0.2),)), "x1 < x2"),
        (("fix_box", None, ((0.1, 0.1, float("nan"), 0.2),)), "x1 < x2"),
        (("add_missed", None, ((0.1, 0.1, 1.4, 0.2),)), "fractions"),
    ],
)
def test_an_answer_that_says_too_little_is_refused(
    house: House, said: tuple[Verdict, str | None, tuple[Box, ...]], why: str
) -> None:
    """The remedy is in the words."""
    shelf = picture(house, 1, makers.shelf_count())
    with pytest.raises(Refused, match=why):
        say(house, shelf, said[0], label=said[1], boxes=said[2])


def test_labels_become_a_training_set_that_the_model_tools_read(house: House, tmp_path: Path) -> None:
    """Counts as images and YOLO labels, parts as good ones and flaws by name, each with its hash and where it comes from."""
    shelf = picture(house, 1, makers.shelf_count(facings=1, boxes=[(0.1, 0.2, 0.3, 0.4)]))
    scratched, good = picture(house, 2, makers.defect()), picture(house, 3, makers.defect())
    say(house, shelf, "add_missed", boxes=((0.5, 0.5, 0.75, 0.75),))
    say(house, scratched, "other_label", label="scratch / deep")
    say(house, good, "not_a_defect")
    with house.parts.reading() as conn:
        found = review.settled_pictures(conn, SITE)
        assert export(conn, found, tmp_path / "set") == {"defects": 2, "shelf_count": 1}
        assert export(conn, found, tmp_path / "set") == {"defects": 2, "shelf_count": 1}
    frames = shelf_frames(tmp_path / "set" / "shelf_count")
    lines = ["0 0.200000 0.300000 0.200000 0.200000", "0 0.625000 0.625000 0.250000 0.250000"]
    assert frames[0].label.read_text().splitlines() == lines
    names = {(frame.name.split("/")[0], frame.is_good) for frame in part_frames(tmp_path / "set" / "defects")}
    assert names == {("good", True), ("scratch_deep", False)}
    rows = json.loads((tmp_path / "set" / "defects" / "manifest.json").read_text())["pictures"]
    for row in rows:
        content = (tmp_path / "set" / "defects" / row["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]
        assert row["device"] == "eye-01"


def test_an_export_overwrites_nothing_of_somebody_else(house: House, tmp_path: Path) -> None:
    """A folder without our manifest is left as it is."""
    (tmp_path / "set" / "defects").mkdir(parents=True)
    part = picture(house, 1, makers.defect())
    say(house, part, "confirm")
    with house.parts.reading() as conn, pytest.raises(Refused, match="something else"):
        export(conn, review.settled_pictures(conn, SITE), tmp_path / "set")


def test_accuracy_says_how_often_a_model_was_right_and_how_sure_that_is(house: House) -> None:
    """Three of four counts right: the interval holds the share and is wide."""
    for number in range(4):
        shelf = picture(house, number, makers.shelf_count(facings=1, boxes=[(0.1, 0.2, 0.3, 0.4)]))
        if number:
            say(house, shelf, "confirm")
        else:
            say(house, shelf, "add_missed", boxes=((0.5, 0.5, 0.6, 0.6),))
    (one,) = review.accuracy(list(agreed(house).values()))
    assert (one.model, one.pictures, one.right, one.share) == ("shelf-1.0", 4, 3, 0.75)
    assert 0.29 < one.low < 0.32
    assert 0.94 < one.high < 0.96


def test_programs_add_read_and_take_back_labels(house: House) -> None:
    """Over REST, in a person's name and the token's; what does not fit is a problem that says why."""
    part = picture(house, 1, makers.defect())
    program = Program(house, "evidence:read", "decisions:review")
    body = {"evidence": part, "verdict": "other_label", "label": "scratch", "person": "ana"}
    number = program.post("labels", body).get_json()["id"]
    (item,) = program.get("labels").get_json()["items"]
    assert (item["id"], item["label"], item["person"].split()[0]) == (number, "scratch", "ana")
    assert program.get("labels/accuracy").get_json()["items"][0]["right"] == 1
    problem(program.post("labels", {**body, "verdict": "fix_box"}), 409, "not-labelled")
    problem(program.post("labels", {**body, "boxes": [[0, 0, 2, 2]]}), 422, "invalid")
    problem(program.post(f"labels/{number}/undo", {"person": "ben"}), 409, "not-labelled")
    assert program.post(f"labels/{number}/undo", {"person": "ana"}).status_code == 200
    assert program.get("labels/accuracy").get_json()["items"] == []
    problem(Program(house, "evidence:read").post("labels", body), 403, "missing-scope")
