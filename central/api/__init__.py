"""`/api/v1` for integrators: one file a noun, bearer tokens, problem+json, OpenAPI 3.1. Joined to the app by `register`."""

from flask_openapi3.openapi import OpenAPI

from central.api import (
    alarms,
    archives,
    capabilities,
    claims,
    decisions,
    devices,
    document,
    enrolment,
    events,
    evidence,
    health,
    imports,
    labels,
    ledger,
    locks,
    metrics,
    movements,
    orders,
    out,
    problems,
    rollouts,
    stock,
    trials,
    work_orders,
)

BLUEPRINTS = (
    events.blueprint,
    alarms.blueprint,
    devices.blueprint,
    orders.blueprint,
    claims.blueprint,
    enrolment.blueprint,
    ledger.blueprint,
    movements.blueprint,
    stock.blueprint,
    decisions.blueprint,
    capabilities.blueprint,
    trials.blueprint,
    locks.blueprint,
    locks.many,
    out.blueprint,
    evidence.blueprint,
    labels.blueprint,
    health.blueprint,
    archives.blueprint,
    rollouts.blueprint,
    work_orders.blueprint,
    imports.blueprint,
)


def register(app: OpenAPI) -> None:
    """Put the API into `app`, whose parts stand in its extensions. Call it before other rooms guard their paths."""
    document.describe(app)
    problems.register(app)
    for blueprint in BLUEPRINTS:
        app.register_api(blueprint)
    app.register_blueprint(health.process)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(document.blueprint)
