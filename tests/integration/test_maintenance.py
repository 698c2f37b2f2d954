"""Maintenance on a real database: from an alarm to a work order, to what was found, to the next estimate."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from central import upkeep_file
from central.capabilities.production.maintenance.facts import Params
from central.capabilities.production.maintenance.inputs import CAPABILITY, gather
from central.deciding import review, waking
from central.deciding.capability import Subject
from central.demo.company import UPKEEP_FILE
from central.errors import Refused
from central.floor import alarm_book, work_done
from central.floor.alarm_book import Told
from central.floor.alarms import Raised
from central.floor.work_done import Outcome
from central.store import audit, catalogue, conditions, decisions, readings, upkeep, work_orders
from central.store.catalogue import Machine
from central.store.decisions import Decision
from central.store.facts import Fact
from central.store.types import instant_text
from tests.parts.house import SITE, House
from tests.parts.programs import Program, problem

PUMP = "pump-1"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A small house with the demo's machines."""
    house = House(tmp_path)
    with house.parts.writing() as conn:
        names = (PUMP, "conveyor-1", "compressor-1")
        catalogue.put(conn, [Machine(SITE, name, {"en": name}, None, "ear-01") for name in names])
        upkeep.replace_all(conn, SITE, upkeep_file.read(UPKEEP_FILE).records())
    yield house
    house.close()


def alarm(house: House, condition: str = "alarm", score: float = 8.0) -> None:
    """The pump's condition becomes another one, and its decision is woken."""
    row: dict[str, object] = {
        "site": SITE, "machine": PUMP, "condition": condition, "operating_state": "steady", "score": score, "limit": 4.0,
        "learned": 1.0, "rule": "level", "since": house.now, "channels": None, "device": "ear-01", "sequence": 7,
        "judged_at": house.now, "as_of": house.now,
    }  # fmt: skip
    with house.parts.writing() as conn:
        conditions.put(conn, [row])
        told = Told(noun="machine", thing=PUMP, rule="level", happening=Raised(house.now, 1))
        alarm_book.hear(conn, SITE, [told], house.now)
        waking.wake(conn, house.parts.capabilities, [Fact("machine_condition", SITE, {"machine": PUMP})], house.now)


def standing(house: House) -> Decision:
    """What stands of the pump."""
    house.decide()
    with house.parts.reading() as conn:
        found = decisions.standing(conn, SITE, CAPABILITY, PUMP)
    assert found is not None
    return found


def record(house: House, work_order: str, **changes: Any) -> list[Fact]:
    """A person says what was found."""
    fields: dict[str, Any] = {"work_order": work_order, "machine": PUMP, "finding": "true", "done_at": house.now}
    with house.parts.writing() as conn:
        facts = work_done.record(conn, SITE, Outcome(**fields | changes), "mia", house.now)
        waking.wake(conn, house.parts.capabilities, facts, house.now)
    return facts


def test_an_alarm_becomes_an_order_its_outcome_is_learned_and_the_next_decision_knows(house: House) -> None:
    """The whole way round: alarm, proposal, acceptance, work, finding, age that begins again."""
    alarm(house)
    proposed = standing(house)
    assert (proposed.state, proposed.proposal and proposed.proposal["task"]) == ("proposed", "inspect")
    with house.parts.writing() as conn:
        review.accept(conn, proposed.id, "mia", house.now)
    house.pass_time(seconds=20)
    alarm(house)
    assert standing(house).reasons[0]["code"] == "order_waits"
    house.pass_time(days=1)
    assert record(house, proposed.id, is_renewed=True) == [Fact("work_order", SITE, {"machine": PUMP})]
    with house.parts.reading() as conn:
        known = gather(conn, Subject(SITE, PUMP), Params(), house.now)
    pump = next(asset for asset in known.assets if asset.machine == PUMP)
    assert (pump.age_d, pump.found_true, pump.placed) == (0.0, 1, None)
    assert [life.has_failed for life in known.lives if life.asset_class == "pump"] == [False, False]


def test_causes_name_the_event_and_the_facts_behind(house: House) -> None:
    """The condition's device and sequence come first."""
    alarm(house)
    with house.parts.reading() as conn:
        known = gather(conn, Subject(SITE, PUMP), Params(), house.now)
    assert (known.causes[0].kind, known.causes[0].device, known.causes[0].sequence) == ("condition", "ear-01", 7)
    assert {cause.kind for cause in known.causes} == {"condition", "age", "part"}


def test_windows_leave_out_busy_days_and_take_in_closed_ones(house: House) -> None:
    """The demo's calendar around Christmas."""
    house.pass_time(days=28)  # the 22nd of December
    with house.parts.reading() as conn:
        known = gather(conn, Subject(SITE, PUMP), Params(horizon_d=4), house.now)
    pump = next(asset for asset in known.assets if asset.machine == PUMP)
    days = {(house.now + timedelta(minutes=begin - house.now.timestamp() / 60)).day for begin, _ in pump.windows}
    assert days == {25, 26}
    assert all(begin // 1440 != 20447 + 365 for begin, _ in known.production)


def test_a_score_that_rises_is_seen_in_the_minutes(house: House) -> None:
    """Two days of it, as a slope in limits a day."""
    alarm(house)
    begin = house.now - timedelta(days=2)
    rows = [
        (SITE, PUMP, instant_text(begin + timedelta(hours=hour)), 60.0, "steady", 4.0 + hour / 12, 4.0, 1.0, "ear-01", hour)
        for hour in range(48)
    ]
    with house.parts.writing() as conn:
        readings.put(conn, [], rows)
    with house.parts.reading() as conn:
        known = gather(conn, Subject(SITE, PUMP), Params(), house.now)
    health = next(asset.health for asset in known.assets if asset.machine == PUMP)
    assert health is not None
    assert health.ratio_per_d == pytest.approx(0.5)


def test_outcomes_count_false_alarms(house: House) -> None:
    """What people found, per asset-month, beside the number of alarms."""
    alarm(house)
    proposed = standing(house)
    with house.parts.writing() as conn:
        review.accept(conn, proposed.id, "mia", house.now)
    house.pass_time(hours=3)
    record(house, proposed.id, finding="false")
    record(house, "breakdown-12", has_failed=True)
    with house.parts.reading() as conn:
        found = work_done.false_alarms_of(conn, SITE, PUMP, house.now)
    assert (found.raised, found.true, found.false, found.months) == (1, 0, 1, 6.0)
    assert found.per_month == pytest.approx(1 / 6)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 1 / 6 < found.high


def test_an_outcome_is_kept_once_and_only_for_what_was_accepted(house: House) -> None:
    """The same again changes nothing; another one, a stranger's, tomorrow's are refused with the reason."""
    alarm(house)
    proposed = standing(house)
    for wrong, why in (({}, "is proposed"), ({"machine": "conveyor-1"}, "is not about conveyor-1")):
        with pytest.raises(Refused, match=why):
            record(house, proposed.id, **wrong)
    with pytest.raises(Refused, match="no machine 'lathe'"):
        record(house, "x", machine="lathe")
    with pytest.raises(Refused, match="in the future"):
        record(house, "x", done_at=house.now + timedelta(hours=1))
    assert record(house, "breakdown-1", done_at=house.now)
    assert record(house, "breakdown-1", done_at=house.now) == []
    with pytest.raises(Refused, match="another outcome, by mia"):
        record(house, "breakdown-1", finding="false")
    with house.parts.reading() as conn:
        assert [order.work_order for order in work_orders.all_of(conn, SITE)] == ["breakdown-1"]
        assert [row.action for row in conn.execute(select(audit.audit))][-1] == "work_order.done"


def test_programs_record_and_read_work_orders(house: House) -> None:
    """Over REST; what does not fit is a problem that says why."""
    program = Program(house, "decisions:read", "decisions:review")
    body = {"work_order": "b-1", "machine": PUMP, "finding": "not_found", "done_at": house.now.isoformat()}
    assert program.post("work-orders", body).get_json() == {"work_order": "b-1", "is_new": True}
    assert program.post("work-orders", body).get_json() == {"work_order": "b-1", "is_new": False}
    problem(program.post("work-orders", body | {"finding": "true"}), 409, "not-recordable")
    problem(program.post("work-orders", body | {"finding": "perhaps"}), 422, "invalid")
    items = program.get(f"work-orders?machine={PUMP}").get_json()["items"]
    assert [(item["work_order"], item["decision"], item["recorded_by"][:5]) for item in items] == [("b-1", None, "token")]
    told = program.get(f"work-orders/false-alarms?machine={PUMP}").get_json()
    assert (told["machine"], told["false"], told["raised"]) == (PUMP, 0, 0)


def test_a_persons_order_is_checked_like_the_planners(house: House) -> None:
    """Outside of the windows: refused by name with what would do, in the language of who asks; else adjusted."""
    alarm(house)
    proposed = standing(house)
    assert proposed.proposal is not None
    midday = house.now.replace(hour=10, minute=0) + timedelta(days=1)
    body = {
        "verdict": "adjust",
        "reason": "local_event",
        "proposal": {"starts_at": midday.isoformat(), "ends_at": (midday + timedelta(minutes=90)).isoformat()},
    }
    program = Program(house)
    refused = program.post(f"decisions/{proposed.id}/review", body)
    problem(refused, 409, "plan-refused")
    assert "pump-1 stops in its windows only: Choose another time" in {
        each["detail"] for each in refused.get_json()["errors"]
    }
    chinese = program.post(f"decisions/{proposed.id}/review", body, headers={"Accept-Language": "zh-CN"})
    assert any("请另选时间" in each["detail"] for each in chinese.get_json()["errors"])
    later = {**body, "proposal": {name: proposed.proposal[name] for name in ("starts_at", "ends_at")}}
    assert program.post(f"decisions/{proposed.id}/review", later).status_code == 200
