"""What each alarm means, what to do, what happens if nobody does, how soon (ISA-18.2: an alarm without these is none)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from central.deciding.capability import N_


@dataclass(frozen=True)
class Advice:
    """Marked English texts; `soon` is the usual time to act."""

    means: str
    to_do: str
    if_ignored: str
    soon: str


_THIS_SHIFT = N_("this shift")
_WITHIN_THE_HOUR = N_("within the hour")

ADVICE: Mapping[str, Advice] = MappingProxyType(
    {
        "level": Advice(
            N_("A reading has left the band in which it stays while the machine is well."),
            N_("Listen to the machine and feel it where the reading comes from; compare with its sister machines."),
            N_("What wears goes on wearing: a bearing in this state lasts days to weeks, seldom longer."),
            _WITHIN_THE_HOUR,
        ),
        "joint": Advice(
            N_("Each reading is usual by itself, but they no longer go together as they did."),
            N_("Look for what has changed: load, material, a new setting, a loose coupling."),
            N_("A fault that grows slowly is seen only when a limit is passed."),
            _THIS_SHIFT,
        ),
        "residual": Advice(
            N_("The course of the last minutes cannot be explained by what was learned."),
            N_("Compare the chart with an ordinary hour; look for what has changed on the machine."),
            N_("A fault that grows slowly is seen only when a limit is passed."),
            _THIS_SHIFT,
        ),
        "drift": Advice(
            N_("A reading moves away from what it was when the machine was commissioned, slowly and for long."),
            N_("Plan an inspection: lubrication, alignment, fouling, belt tension."),
            N_("The wear becomes a failure at a time that nobody has chosen."),
            _THIS_SHIFT,
        ),
        "engineering_limit": Advice(
            N_("A reading is beyond the limit that a standard or the maker gives for this kind of machine."),
            N_("Take the load off; stop the machine where the limit of an alarm is passed, and look for the cause."),
            N_("Damage within hours: bearings, windings, seals."),
            N_("within 5 minutes"),
        ),
        "dropout": Advice(
            N_("The sensor has said nothing for a while; the machine itself may be well."),
            N_("Check its cable and its supply, then the address in the device's settings."),
            N_("Nobody watches this machine by that reading."),
            _THIS_SHIFT,
        ),
        "out_of_range": Advice(
            N_("The sensor says something that cannot be: a broken wire or a short circuit, most likely."),
            N_("Check the wiring and the plug; replace the sensor."),
            N_("Nobody watches this machine by that reading."),
            _THIS_SHIFT,
        ),
        "rate": Advice(
            N_("The reading jumps faster than the thing it measures can."),
            N_("Look for a loose contact and for cables beside a drive."),
            N_("What is learned from it would be wrong; it is left out until then."),
            _THIS_SHIFT,
        ),
        "stuck": Advice(
            N_("The reading has not moved at all while the machine ran."),
            N_("Check whether the sensor still sits on the machine; restart it, then replace it."),
            N_("Nobody watches this machine by that reading."),
            _THIS_SHIFT,
        ),
        "clock_jump": Advice(
            N_("The times of the readings have jumped."),
            N_("Check the clock of the device and its time server."),
            N_("Stretches of readings stand at the wrong place."),
            _THIS_SHIFT,
        ),
        "silent": Advice(
            N_("The device has not been heard for two minutes. It keeps its messages."),
            N_("Check its supply and its network; the page of the device says what it last said."),
            N_("Nothing is seen where it looks; what it keeps has an end."),
            _THIS_SHIFT,
        ),
        "paused": Advice(
            N_("The device has stopped looking, to protect itself: a full disk or heat, most likely."),
            N_("Read on its page why, and free what it lacks."),
            N_("Nothing is seen where it looks."),
            _WITHIN_THE_HOUR,
        ),
        "cloned": Advice(
            N_("Two devices speak under one name: a copied memory card, or somebody who should not."),
            N_("Find the second one and switch it off; shut the name out and enrol the right one again."),
            N_("What comes under that name cannot be believed."),
            _WITHIN_THE_HOUR,
        ),
    }
)
