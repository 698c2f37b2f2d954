"""take_picture: the next frame of a camera, veiled as the policy says, as the evidence of an event."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from edge_agent.clock import Stamp
from edge_agent.commands.ability import Order
from edge_agent.commands.handover import Handover
from edge_agent.errors import CommandFailed
from edge_agent.observer import Observer
from edge_agent.outbox.entry import Attachment
from edge_agent.sample import Frame
from edge_agent.thumbnail import Region, jpeg, whole


@dataclass(frozen=True)
class TakePicture:
    """regions: of a camera's tasks, outside which nothing may be seen; None where all may."""

    observers: Mapping[str, Observer]
    regions: Callable[[str], Sequence[Region] | None]
    handover: Handover

    def __call__(self, order: Order) -> Mapping[str, object]:
        """A fresh frame, at most 30 kB. Raises SourceBusy, CommandFailed, OutboxError."""
        source_id = order.command.source or ""
        sample = self.observers[source_id].next_sample(order.time_left_s())
        if not isinstance(sample, Frame):
            raise CommandFailed(f"{source_id} is no camera")
        order.progress(0.5)
        picture = jpeg(whole(sample, self.regions(source_id)))
        taken = Stamp(sample.taken_at, sample.monotonic_ms, sample.clock)
        return self.handover.give(order.command, Attachment("image/jpeg", sample.taken_at, picture.jpeg), taken)
