"""How fast a memory card wears out under the agent."""

from edge_agent.outbox.wear import WearMeter, days_of_life, process_bytes_written
from protocols.messages.device import Wear


def test_the_pace_is_told_once_the_start_is_over() -> None:
    """Counted from the first look, so that neither the start nor a restart weighs as days."""
    written = [5_000_000, 6_000_000, 5_000_000 + 40_000_000]
    meter = WearMeter(rated_bytes=20e12, read=lambda: written.pop(0))
    assert meter.now(100.0) is None
    assert meter.now(500.0) is None
    assert meter.now(100.0 + 43_200.0) == Wear(bytes_per_day=80_000_000, days_left=250_000.0)


def test_an_unknown_card_has_a_pace_but_no_forecast() -> None:
    """Nothing is guessed; a kernel that counts nothing is no card that lasts for ever."""
    written = iter([0, 1_000_000])
    meter = WearMeter(None, lambda: next(written))
    meter.now(0.0)
    assert meter.now(86_400.0) == Wear(bytes_per_day=1_000_000)
    assert WearMeter(20e12, lambda: None).now(0.0) is None
    assert days_of_life(20e12, 0.0) is None


def test_the_kernel_counts_this_process() -> None:
    """On Linux the figure is there."""
    assert process_bytes_written() is not None
