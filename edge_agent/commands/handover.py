"""What is too large for a reply: an ordinary event with evidence, which reaches the centre however long that takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge_agent.clock import DeviceClock, Stamp
from edge_agent.outbox.entry import Attachment, Stamper
from edge_agent.outbox.queue import Queue
from protocols.messages.command import Command, CommandResult


@dataclass(frozen=True)
class Handover:
    """Commits results; `committed` wakes the sender."""

    queue: Queue
    clock: DeviceClock
    committed: Callable[[], None]

    def give(self, command: Command, attachment: Attachment, taken: Stamp | None = None) -> Mapping[str, object]:
        """Commit the event of a command; what the reply says of it. Raises OutboxFull, OutboxBusy."""
        result = CommandResult(command=command.id, action=command.action, source=command.source)
        entry = Stamper(self.clock).entry(result, taken, attachment=attachment)
        (sequence,) = self.queue.append([entry], self.clock.now().at)
        self.committed()
        return {"sequence": sequence, "evidence": attachment.name}
