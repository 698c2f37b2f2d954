"""Does a fleet lose anything, and how long does it wait: after a week without a line, and with a thousand devices at once?

A week offline at one event a second is put into a real outbox and drained through a real broker into a real `tallyhouse
ingest`, while an alarm a second is raised. Then a thousand devices with connections and keys of their own say an event a
second to a whole centre (`ingest` and `background`), on the cores of this machine, the devices' own work included. Peer: a
plain paho subscriber that writes each message to SQLite before it answers, on messages of the same mix.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import fleet_peer
from benchmarks.fleet_thousand import Thousand, spoken
from benchmarks.fleet_week import WEEK_S, Week, lived
from benchmarks.report import Options, Result, run


@dataclass(frozen=True)
class Plan:
    """How long, how many, and messages for the peer."""

    week_s: int
    devices: int
    speaking_s: int
    peer: int


FULL, QUICK = Plan(WEEK_S, 1000, 600, 5_000), Plan(3_000, 20, 5, 1_000)


def measure(options: Options) -> Result:
    """The week, the thousand, the peer."""
    plan = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
        week = lived(Path(folder) / "week", plan.week_s)
        many = spoken(Path(folder) / "many", plan.devices, plan.speaking_s)
        peer_a_second = fleet_peer.heard(Path(folder) / "peer", plan.peer)
    return Result(
        figures={
            "drained_events": week.events,
            "offline_7d_drain_s": round(week.drain_s, 1),
            "live_alarm_while_draining_s": round(max(week.waits_s), 3),
            "devices": many.devices,
            "messages": many.told.messages,
            "backlog_growth_per_s": round(many.growth_per_s, 2),
            "commit_to_out_p99_ms": round(many.out_ms(0.99), 1),
            "lost": week.lost + many.lost,
        },
        peers={"paho_and_sqlite_messages_a_second": round(peer_a_second)},
        rows=[["", "figure", "beside it"], *_of_week(week), *_of_many(many), *_of_peer(week, many, peer_a_second)],
        data="made by the benchmark, seeded: the mix of `ingest`",
        notes=[
            "live alarm: the longest of all raised while the week drained, from the end of its commit to its row",
            "ThingsBoard Edge says of itself: 8 h behind with 19 devices (not run here)",
        ],
    )


def _of_week(week: Week) -> list[list[str]]:
    waits = sorted(week.waits_s)
    return [
        ["week: events, lost", f"{week.events:,}, {week.lost}", f"evicted {week.evicted}, rewinds {week.rewinds}"],
        ["week: MB on disk", f"{week.filled_mb:.0f}", f"of {week.budget_mb:.0f} that events always have"],
        ["week: drained in s", f"{week.drain_s:.1f}", f"{week.events / week.drain_s:,.0f} events/s"],
        [
            "week: µs CPU an event",
            f"ingest {week.cpu_us(week.ingest_cpu_s):.0f}",
            f"edge {week.cpu_us(week.edge_cpu_s):.0f}",
        ],
        ["live alarm, s, longest", f"{waits[-1]:.2f}", f"median {waits[len(waits) // 2]:.2f}, of {len(waits)}"],
        ["old alarms told ahead", f"{week.news:,}", ""],
    ]


def _of_many(many: Thousand) -> list[list[str]]:
    told = many.told
    spent = ", ".join(f"{name} {cpu_s / told.wall_s:.2f}" for name, cpu_s in many.cpu_s.items())
    quantiles = f"median {many.out_ms(0.5):.0f}, longest {many.out_ms(1):.0f}, of {len(told.out_s):,}"
    return [
        ["many: devices, s", f"{many.devices:,}, {told.wall_s:.0f}", f"the program was at most {told.late_s:.2f} s late"],
        ["many: messages, lost", f"{told.messages:,}, {many.lost}", f"{told.rewinds} sent again"],
        [
            "many: backlog, at the end",
            f"{told.backlog[-1]}",
            f"grows by {many.growth_per_s:.2f}/s, at most {max(told.backlog)}",
        ],
        ["many: commit to out, p99 ms", f"{many.out_ms(0.99):.0f}", quantiles],
        ["many: cores taken", f"{sum(many.cpu_s.values()) / told.wall_s:.2f}", spent],
    ]


def _of_peer(week: Week, many: Thousand, a_second: float) -> list[list[str]]:
    beside = f"{week.events / a_second:,.0f} s for this week, {many.devices / a_second:.0%} of its time for these devices"
    return [["peer: paho and SQLite, messages/s", f"{a_second:,.0f}", beside]]


if __name__ == "__main__":
    run("fleet", "what does a fleet wait for, and does it lose anything?", measure)
