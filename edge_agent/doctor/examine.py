"""Every check in turn, from the machine outwards."""

from collections.abc import Iterator

from edge_agent.clock import DeviceClock
from edge_agent.config import EdgeConfig
from edge_agent.doctor.check import Check
from edge_agent.doctor.link import link_checks
from edge_agent.doctor.machine import machine_checks
from edge_agent.doctor.outbox import outbox_check
from edge_agent.doctor.work import work_checks
from edge_agent.machine import Machine


def examined(config: EdgeConfig, clock: DeviceClock, machine: Machine | None = None) -> Iterator[Check]:
    """What is well and what is not, one thing after the other; `machine` None: this one."""
    yield from machine_checks(config, clock, machine or Machine())
    yield outbox_check(config, clock)
    yield from link_checks(config, clock)
    yield from work_checks(config, clock)
