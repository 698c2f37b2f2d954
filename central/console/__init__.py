"""The console for staff: one blueprint a room of the menu, joined to the app by `register`."""

from flask import Flask

from central.console import (
    alarm_deeds,
    alarms,
    assets,
    equipment,
    failures,
    headers,
    language,
    live,
    pictures,
    plan,
    sign_in,
    stock,
    templating,
    today,
    why,
)
from central.console.access import guard
from central.console.setup import account, admission, device, devices, imports, keeping, ledger, models, rules

BLUEPRINTS = (
    today.blueprint,
    stock.blueprint,
    equipment.blueprint,
    alarms.blueprint,
    alarm_deeds.blueprint,
    plan.blueprint,
    why.blueprint,
    devices.blueprint,
    device.blueprint,
    models.blueprint,
    rules.blueprint,
    admission.blueprint,
    ledger.blueprint,
    keeping.blueprint,
    imports.blueprint,
    account.blueprint,
    sign_in.blueprint,
    pictures.blueprint,
    live.blueprint,
    assets.blueprint,
)


def register(app: Flask) -> None:
    """Put the console into `app`, whose parts stand in its extensions; `live.stop` lets its open pages go."""
    language.register(app)
    templating.register(app)
    headers.register(app)
    failures.register(app)
    live.register(app)
    guard(app, frozenset(blueprint.name for blueprint in BLUEPRINTS) - {assets.blueprint.name})
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
