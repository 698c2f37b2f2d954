"""Evidence in chunks over a line that loses them, by an agent that dies: in the end the centre has each piece whole."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.link.connection import Happening
from edge_agent.link.uploader import PATIENCE_S, Uploader
from edge_agent.outbox.entry import Attachment
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from protocols.codec import decode
from protocols.messages.evidence import MAX_CHUNK_BYTES, Evidence
from protocols.topics import Up
from tests.integration.edge_parts import DEVICE, entry, opened_outbox
from tests.makers import NOON


class Wire:
    """A line whose other end a test holds."""

    def __init__(self) -> None:
        self.happenings: SimpleQueue[Happening] = SimpleQueue()
        self.sent: list[Evidence] = []

    def start(self) -> None:
        """It is always there."""

    def rest(self) -> None:
        """It is always there."""

    def nudge(self) -> None:
        """Nobody sleeps."""

    def publish(self, branch: Up, payload: bytes, content_type: str = "application/json", retain: bool = False) -> int:
        """Out it goes."""
        assert (branch, content_type, retain) == ("evidence", "application/json", False)
        self.sent.append(decode(payload, Evidence))
        return len(self.sent)

    def taken(self) -> list[Evidence]:
        """What was sent since this was last asked."""
        sent, self.sent = self.sent, []
        return sent


class Keeper:
    """A centre that keeps what follows, as the real one does."""

    def __init__(self) -> None:
        self.begun: dict[str, bytes] = {}
        self.whole: dict[str, bytes] = {}

    def hears(self, chunk: Evidence) -> dict[str, int]:
        """How many bytes are here after a chunk; none when the piece is whole."""
        here = self.begun.get(chunk.sha256, b"")
        here = self.begun[chunk.sha256] = here + chunk.data if chunk.offset == len(here) else here
        if len(here) < chunk.total_bytes:
            return {chunk.sha256: len(here)}
        self.whole[chunk.sha256] = here
        return {}


@contextmanager
def spooled(folder: Path, sizes: list[int]) -> Iterator[tuple[EvidenceSpool, dict[str, bytes]]]:
    """A spool of pieces of these sizes, and what they are."""
    rng = random.Random(len(sizes))
    pieces = [Attachment("image/jpeg", NOON, rng.randbytes(size)) for size in sizes]
    with opened_outbox(folder / "outbox.db") as (file, queue):
        assert isinstance(queue, Queue)
        queue.append([entry(n, attachment=piece) for n, piece in enumerate(pieces, 1)], NOON)
        yield EvidenceSpool(file), {piece.name: piece.content for piece in pieces}


def answered(uploader: Uploader, keeper: Keeper, chunk: Evidence, now_s: float) -> None:
    """The centre hears a chunk, and its answer comes through."""
    here = keeper.hears(chunk)
    if here:
        uploader.begun(here, now_s)
    else:
        uploader.delivered([chunk.sha256], now_s)


def test_a_large_piece_goes_in_chunks_and_only_a_few_are_in_flight(tmp_path: Path) -> None:
    """They follow one another, and the next piece follows them."""
    with spooled(tmp_path, [5 * MAX_CHUNK_BYTES + 1, 10]) as (spool, _):
        wire, keeper = Wire(), Keeper()
        uploader = Uploader(DEVICE, spool, wire)
        uploader.step(2, 0.0)
        first = wire.taken()
        assert [chunk.offset for chunk in first] == [n * MAX_CHUNK_BYTES for n in range(4)]
        for chunk in first:
            answered(uploader, keeper, chunk, 0.0)
        uploader.step(2, 0.0)
        assert [len(chunk.data) for chunk in wire.taken()] == [MAX_CHUNK_BYTES, 1, 10]


def test_a_new_connection_and_a_new_process_go_on_where_the_centre_is(tmp_path: Path) -> None:
    """What it has of a piece is not sent again."""
    with spooled(tmp_path, [10 * MAX_CHUNK_BYTES]) as (spool, _):
        wire, keeper = Wire(), Keeper()
        uploader = Uploader(DEVICE, spool, wire)
        uploader.step(1, 0.0)
        for chunk in wire.taken()[:3]:
            answered(uploader, keeper, chunk, 0.0)
        uploader.reconnected()
        uploader.step(1, 1.0)
        assert wire.taken()[0].offset == 3 * MAX_CHUNK_BYTES
        Uploader(DEVICE, spool, wire).step(1, 0.0)
        assert wire.taken()[0].offset == 3 * MAX_CHUNK_BYTES


def test_a_centre_that_lost_the_beginning_gets_it_again(tmp_path: Path) -> None:
    """It was restored, or needed the room."""
    with spooled(tmp_path, [10 * MAX_CHUNK_BYTES]) as (spool, _):
        wire, keeper = Wire(), Keeper()
        uploader = Uploader(DEVICE, spool, wire)
        uploader.step(1, 0.0)
        for chunk in wire.taken():
            answered(uploader, keeper, chunk, 0.0)
        uploader.reconnected()
        keeper.begun.clear()
        uploader.step(1, 0.0)
        answered(uploader, keeper, wire.taken()[0], 0.0)
        uploader.step(1, 0.0)
        assert wire.taken()[0].offset == 0


@given(st.lists(st.integers(1, 3 * MAX_CHUNK_BYTES), min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_every_piece_arrives_whole_over_a_line_that_loses(sizes: list[int], rng: random.Random) -> None:
    """Chunks and answers vanish, connections break, the process dies."""
    with TemporaryDirectory() as folder, spooled(Path(folder), sizes) as (spool, pieces):
        wire, keeper, now_s = Wire(), Keeper(), 0.0
        uploader = Uploader(DEVICE, spool, wire)
        for luck in [0.6] * 30 + [1.0] * 40:
            now_s += PATIENCE_S if wire.sent else 400.0
            uploader.step(len(sizes), now_s)
            for chunk in wire.taken():
                if rng.random() < luck:
                    here = keeper.hears(chunk)
                    if here and rng.random() < luck:
                        uploader.begun(here, now_s)
                    elif rng.random() < luck:
                        uploader.delivered([chunk.sha256] if not here else [], now_s)
            if rng.random() > luck:
                uploader.reconnected()
            if rng.random() > luck:
                uploader = Uploader(DEVICE, spool, wire)
        assert keeper.whole == pieces
        assert spool.count() == 0
