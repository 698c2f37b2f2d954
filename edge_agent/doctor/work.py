"""The work of this device: each source gives samples, each task can start."""

import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial

from edge_agent.clock import DeviceClock
from edge_agent.config import EdgeConfig, SourceConfig, TaskConfig
from edge_agent.doctor.check import Check, guarded
from edge_agent.errors import SourceEnded
from edge_agent.registry import open_source
from edge_agent.self_test.choices import known, speeds
from edge_agent.task import ModelFolder
from edge_agent.workshop import built_task, model_folders, model_slots, source_place

SAMPLE_TIMEOUT_S = 8.0


def work_checks(config: EdgeConfig, clock: DeviceClock) -> Iterator[Check]:
    """All sources, then all tasks."""
    for source in config.source:
        yield guarded(f"source {source.id}", partial(_source, source, clock))
    yield from (guarded("self-test", partial(_speed, config, folder)) for folder in model_folders(config))
    for task in config.task:
        yield guarded(f"task {task.kind} on {task.source}", partial(_task, config, task, clock))


def _source(source: SourceConfig, clock: DeviceClock) -> Check:
    opened = open_source(source_place(source, None), clock)
    deadline_s = time.monotonic() + SAMPLE_TIMEOUT_S
    try:
        while time.monotonic() < deadline_s:
            if opened.read(0.5) is not None:
                return Check(f"source {source.id}", True, "gives samples")
    except SourceEnded:
        return Check(f"source {source.id}", False, "the recording is empty", "replace it")
    finally:
        opened.close()
    return Check(f"source {source.id}", False, f"no sample in {SAMPLE_TIMEOUT_S:.0f} s", "check power, address and cable")


def _task(config: EdgeConfig, task: TaskConfig, clock: DeviceClock) -> Check:
    source = next(source for source in config.source if source.id == task.source)
    with closing(open_source(source_place(source, None), clock)) as opened:
        built_task(task, source, opened.units, model_slots(config).model(task.kind), speeds(config.data_dir))
    return Check(f"task {task.kind} on {task.source}", True, "settings and model are fine")


def _speed(config: EdgeConfig, model: ModelFolder) -> Check:
    """What the self-test chose for a bundle; never having run it is no fault."""
    chosen = next((one for one in known(config.data_dir) if one.folder == str(model.folder)), None)
    if chosen is None:
        return Check(
            "self-test", True, f"{model.folder.name}: not timed here, runs as released; `tallyhouse-edge self-test`"
        )
    told = f"{chosen.variant} on {chosen.threads} threads, {chosen.milliseconds:g} ms a picture"
    return Check("self-test", True, f"{model.folder.name}: {told} ({chosen.as_released_ms:g} as released on one)")
