"""send_logs: the agent's last log lines, without secrets, as the evidence of an event."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from edge_agent.clock import DeviceClock
from edge_agent.commands.ability import Order, argument
from edge_agent.commands.handover import Handover
from edge_agent.logs import RecentLogs
from edge_agent.outbox.entry import Attachment
from protocols.messages.evidence import LOG_TYPE, MAX_EVIDENCE_BYTES

LINES, MOST_LINES = 200, 500


@dataclass(frozen=True)
class SendLogs:
    """Argument `lines`: how many, at most 500, and as many of them as fit into one piece of evidence."""

    recent: RecentLogs
    clock: DeviceClock
    handover: Handover

    def __call__(self, order: Order) -> Mapping[str, object]:
        """The newest lines. Raises CommandFailed, OutboxError."""
        lines = self.recent.lines()[-argument(order.command, "lines", LINES, 1, MOST_LINES) :]
        while len(content := msgspec.json.encode(lines)) > MAX_EVIDENCE_BYTES:
            lines = lines[max(1, len(lines) // 8) :]
        given = self.handover.give(order.command, Attachment(LOG_TYPE, self.clock.now().at, content))
        return {**given, "lines": len(lines)}
