"""Every door of the console by which something changes: no stranger, nobody without the right, no form that was forged."""

from collections.abc import Iterator, Mapping

import pytest
from flask import Flask

from central.app import create_app
from central.console import live
from tests.journeys.console_house import ConsoleHouse
from tests.unit.central.console.conftest import signed_in
from tests.unit.central.console.reading import token

ROLES = ("viewer", "floor", "planner", "admin")
OF_ONESELF = frozenset({"account.set_password", "account.close_others", "sign_in.enter", "sign_in.leave", "sign_in.prefer"})
OPEN = frozenset({"sign_in.enter"})
# Who at least may use a door; said here once more, so that no door is opened wider by mistake.
LEAST: Mapping[str, str] = {
    **dict.fromkeys(("alarm_deeds.acknowledge", "alarm_deeds.reset", "alarm_deeds.comment"), "floor"),
    **dict.fromkeys(("alarm_deeds.shelve", "alarm_deeds.unshelve", "why.mark_wrong"), "floor"),
    **dict.fromkeys(("alarm_deeds.take_out", "alarm_deeds.put_back"), "planner"),
    **dict.fromkeys(("plan.approve", "plan.approve_ticked", "plan.override", "plan.undo"), "planner"),
    **dict.fromkeys(("plan.lock", "plan.lift"), "planner"),
    **dict.fromkeys(("rules.tune", "rules.revert", "rules.judge", "rules.switch"), "planner"),
    **dict.fromkeys(("imports.bring", "imports.post", "imports.discard"), "planner"),
    "rules.set_autopilot": "admin",
    **dict.fromkeys(("device.change", "device.own", "device.give", "device.confirm", "device.cancel"), "admin"),
    **dict.fromkeys(("models.roll_out", "models.change"), "admin"),
    **dict.fromkeys(("admission.claim", "admission.withdraw", "admission.revoke"), "admin"),
}


@pytest.fixture
def doors(new_house: ConsoleHouse) -> Iterator[Flask]:
    """The web server over a house in which there is nothing to change."""
    for role in ROLES:
        new_house.person(f"one-{role}", role)
    app = create_app(new_house.parts, secret_key=b"of this test only")
    yield app
    live.stop(app)


def forms(app: Flask) -> dict[str, str]:
    """Endpoint → an address of it, about a thing that is not there, of each door of the console that takes a form."""
    routes = app.url_map.bind("localhost")
    return {
        rule.endpoint: routes.build(rule.endpoint, dict.fromkeys(rule.arguments, 999), method="POST")
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/")
    }


def test_it_is_known_of_every_door_who_may_use_it(doors: Flask) -> None:
    """A new one must be put into this test."""
    assert set(forms(doors)) == LEAST.keys() | OF_ONESELF


def test_a_stranger_opens_no_door_and_is_not_even_read(doors: Flask) -> None:
    """However long the form is."""
    for endpoint, address in forms(doors).items():
        if endpoint not in OPEN:
            assert doors.test_client().post(address, data={"reason": "x"}).status_code == 401, endpoint


def test_a_form_without_its_token_is_refused(doors: Flask, new_house: ConsoleHouse) -> None:
    """To the admin too."""
    admin = signed_in(doors, new_house, "one-admin")
    for endpoint, address in forms(doors).items():
        assert admin.post(address, data={"reason": "x"}).status_code == 400, endpoint


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_its_doors_and_no_other(doors: Flask, new_house: ConsoleHouse, role: str) -> None:
    """What may not be done is 403; what may is something else, be it that there is no such thing."""
    person = signed_in(doors, new_house, f"one-{role}")
    form = {"csrf_token": token(person)}
    for endpoint, address in forms(doors).items():
        if endpoint not in OF_ONESELF:
            is_shut = person.post(address, data=form).status_code == 403
            assert is_shut == (ROLES.index(role) < ROLES.index(LEAST[endpoint])), endpoint
