"""What inspects at one station: the model of its bundle, with what the station was taught in place of its statistics."""

from dataclasses import dataclass

import structlog

from edge_agent.task import ModelFolder, SiteLesson
from edge_agent.tasks.defects.school import School, Shipped
from edge_agent.tasks.defects.settings import Settings
from protocols.messages.device import Teaching
from vision_models.errors import BundleRejected
from vision_models.inference.defects import DefectDetector
from vision_models.inference.manifest import RunAs, read_bundle

FALSE_ALARM_RATE = 0.01

_log = structlog.get_logger()


@dataclass(frozen=True)
class Station:
    """detector: what judges here; teaching: what it rests on, None: the bundle's own statistics; trouble: why a lesson does
    not count, for people; school: where the station learns."""

    detector: DefectDetector
    school: School
    teaching: Teaching | None = None
    trouble: str | None = None


def shipped(model: ModelFolder) -> Shipped:
    """The model of a bundle. Raises BundleRejected."""
    manifest = read_bundle(model.folder, *model.trusted_keys).manifest
    detector = DefectDetector.load(model.folder, *model.trusted_keys, run_as=RunAs(model.variant, model.threads))
    variant = manifest.graphs.get(model.variant)
    return Shipped(detector, manifest.files[manifest.graph if variant is None else variant.graph])


def at_station(bundle: Shipped, name: str, settings: Settings, lesson: SiteLesson) -> Station:
    """A station with what it was taught; one that does not fit is refused by name: the bundle's statistics count."""
    school = School(name, bundle, settings.false_alarm_rate or FALSE_ALARM_RATE)
    if lesson.content is None:
        return Station(bundle.detector, school, trouble=lesson.fault)
    try:
        detector, teaching = school.detector(lesson.content)
    except BundleRejected as error:
        _log.error("lesson_refused", station=name, why=str(error), remedy="the model's own statistics are used")
        return Station(bundle.detector, school, trouble=f"{error}; until then the model's own statistics are used")
    return Station(detector, school, teaching, lesson.fault)
