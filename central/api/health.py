"""Whether the house works: `/healthz` for a supervisor, `/api/v1/health` with figures."""

from flask import Blueprint, Response

from central.api import nouns, problems
from central.api.access import caller, needs
from central.api.answers import Answer, Moment, answer
from central.floor import devices
from central.parts import parts
from central.store import announcements, backups, due, house, quarantine

blueprint = nouns.blueprint_for("health")
process = Blueprint("process_health", __name__)
problems.answer_errors_of(process)


class HealthShape(Answer, frozen=True):
    """`waiting_decisions` subjects may be decided and are not yet; `waiting_announcements` are not with the broker yet.

    What waits and what is quarantined is counted over the whole house, the devices at the token's site.
    `backup_problem`: why the last attempt to make a backup failed, if it did.
    """

    time: Moment
    devices: int
    devices_online: int
    waiting_decisions: int
    waiting_announcements: int
    oldest_announcement_at: Moment | None
    quarantined: int
    newest_backup_at: Moment | None
    backup_problem: str | None


@process.get("/healthz")
def alive() -> Response:
    """This process answers and reads its database."""
    with parts().reading() as conn:
        house.value(conn, "epoch")
    return Response("ok\n", content_type="text/plain")


@blueprint.get("", summary="Backlogs and devices", responses={200: HealthShape})
@needs("health:read")
def health() -> Response:
    """How far the house is behind, and who is silent."""
    now = parts().now()
    with parts().reading() as conn:
        known = devices.all_devices(conn, caller().site)
        waiting, oldest = announcements.waiting(conn)
        shape = HealthShape(
            time=now,
            devices=len(known),
            devices_online=sum(device.online for device in known),
            waiting_decisions=due.backlog(conn, now),
            waiting_announcements=waiting,
            oldest_announcement_at=oldest,
            quarantined=quarantine.count(conn),
            newest_backup_at=newest.made_at if (newest := backups.newest(conn)) else None,
            backup_problem=failed.problem if (failed := backups.last_failure(conn)) else None,
        )
    return answer(shape)
