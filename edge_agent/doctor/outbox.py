"""The outbox file, looked at beside a running agent."""

import sqlite3
from contextlib import closing

from edge_agent.clock import DeviceClock
from edge_agent.config import EdgeConfig
from edge_agent.doctor.check import Check
from edge_agent.errors import OutboxCorrupt
from edge_agent.outbox.database import OUTBOX_NAME, open_read_only
from edge_agent.outbox.soundness import row_damage, structure_damage
from edge_agent.outbox.state import oldest_age_s, read_state

OLD_EVENTS_S = 3600
FOREVER = float("inf")


def outbox_check(config: EdgeConfig, clock: DeviceClock) -> Check:
    """Whether it is whole, and how long its oldest event waits."""
    path = config.data_dir / OUTBOX_NAME
    if not path.exists():
        return Check("outbox", True, "none yet: this device has not concluded anything")
    try:
        with closing(open_read_only(path)) as connection:
            connection.execute("BEGIN")  # one picture of it, while the agent goes on
            damage = structure_damage(connection, FOREVER) or row_damage(connection, FOREVER)
            state = read_state(connection)
    except (sqlite3.Error, OutboxCorrupt) as error:
        return Check(
            "outbox", False, f"{path}: {error}", "restart the agent: it sets the file aside and keeps what can be read"
        )
    age_s = oldest_age_s(state, clock.now().at)
    text = f"{state.count} events wait, {state.bytes} bytes, oldest {age_s:.0f} s; {state.set_aside} set aside"
    if state.evicted or state.evidence_evicted:
        text += f"; {state.evicted} events and {state.evidence_evicted} pieces had to leave for want of room"
    return Check("outbox", *_outbox_verdict(damage, state.set_aside, age_s, text))


def _outbox_verdict(damage: str | None, set_aside: int, age_s: float, text: str) -> tuple[bool, str, str | None]:
    if damage is not None:
        return False, f"{text}; damaged: {damage}", "restart the agent: it keeps what can be read"
    if set_aside:
        return False, text, "see `tallyhouse-edge outbox`: the centre never acknowledged these"
    if age_s > OLD_EVENTS_S:
        return False, text, "nothing was delivered for an hour: see the checks of broker and centre"
    return True, text, None
