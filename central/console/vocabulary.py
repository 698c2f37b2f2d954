"""Words for the codes that devices and the house use. A code that is not known here is shown as it is."""

from collections.abc import Mapping
from types import MappingProxyType

from flask import Flask

from central.console.language import language
from central.deciding.capability import N_
from central.translations.catalogue import translator

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "channel": {
            "vibration_mm_s": N_("Vibration"),
            "temperature_c": N_("Temperature"),
            "current_a": N_("Current"),
            "speed_rpm": N_("Speed"),
            "pressure_bar": N_("Pressure"),
        },
        "condition": {
            "normal": N_("Normal"),
            "warning": N_("Warning"),
            "alarm": N_("Alarm"),
            "sensor": N_("Sensor at fault"),
        },
        "operating_state": {
            "off": N_("Off"),
            "starting": N_("Starting"),
            "steady": N_("Running"),
            "unknown": N_("Unknown"),
        },
        "rule": {
            "level": N_("outside its learned band"),
            "joint": N_("channels no longer move together"),
            "residual": N_("channels do what they never did together"),
            "drift": N_("drifting away from what was learned"),
            "engineering_limit": N_("above the limit for this kind of machine"),
            "dropout": N_("the sensor is silent"),
            "out_of_range": N_("the sensor says what cannot be"),
            "rate": N_("the sensor jumps faster than it can"),
            "stuck": N_("the sensor is stuck"),
            "clock_jump": N_("the clock jumped"),
            "silent": N_("not heard any more"),
            "paused": N_("has stopped looking"),
            "cloned": N_("Two devices under one name"),
        },
        "upload": {
            "checking": N_("being checked"),
            "checked": N_("checked"),
            "posting": N_("being posted"),
            "posted": N_("posted"),
            "failed": N_("failed"),
        },
        "row_verdict": {
            "new": N_("new"),
            "changed": N_("changed"),
            "unchanged": N_("unchanged"),
            "refused": N_("refused"),
        },
        "alarm_state": {
            "normal": N_("Normal"),
            "unacknowledged": N_("Not acknowledged"),
            "acknowledged": N_("Acknowledged"),
            "returned": N_("Over, not acknowledged"),
            "latched": N_("Over, waits for a reset"),
            "shelved": N_("Shelved"),
            "suppressed_by_design": N_("Suppressed by design"),
            "out_of_service": N_("Out of service"),
        },
        "alarm_deed": {
            "raised": N_("began"),
            "cleared": N_("ended"),
            "acknowledged": N_("was acknowledged"),
            "reset": N_("was reset"),
            "shelved": N_("was shelved"),
            "unshelved": N_("was taken back from the shelf"),
            "expired": N_("came back from the shelf by itself"),
            "suppressed": N_("was suppressed by design"),
            "out_of_service": N_("was taken out of service"),
            "in_service": N_("was put back into service"),
            "commented": N_("was commented"),
        },
        "shelving": {
            "repair": N_("Being repaired"),
            "parts": N_("Known, waits for parts"),
            "sensor": N_("The sensor is at fault"),
            "trial": N_("Test, cleaning or set-up"),
            "other": N_("Other"),
        },
        "shelf": {
            "full": N_("Well filled"),
            "low": N_("Running low"),
            "empty": N_("Empty"),
            "differs": N_("Differs from book"),
            "unseen": N_("Not seen lately"),
            "unlisted": N_("Not in the house file"),
        },
        "decision": {
            "proposed": N_("Waiting"),
            "accepted": N_("Approved"),
            "adjusted": N_("Approved with changes"),
            "rejected": N_("Overridden"),
            "undecided": N_("Cannot be decided"),
            "superseded": N_("Replaced by a newer one"),
            "nothing": N_("Nothing to do"),
        },
        "verdict": {"accept": N_("approved"), "adjust": N_("changed and approved"), "reject": N_("overridden")},
        "draft": {"csv": N_("Table (CSV)"), "json": N_("Message (JSON)"), "email": N_("E-mail text")},
        "movement": {
            "sale": N_("Sale"),
            "receipt": N_("Receipt"),
            "move": N_("Move"),
            "adjustment": N_("Adjustment"),
        },
        "kind": {
            "shelf_count": N_("Shelf count"),
            "defect": N_("Defect"),
            "equipment_anomaly": N_("Machine anomaly"),
            "sensor_summary": N_("Sensor readings"),
            "lost": N_("Declared loss"),
            "command_result": N_("Result of a command"),
        },
        "action": {
            "take_picture": N_("Take a picture"),
            "recount": N_("Count again"),
            "reject_part": N_("Throw out the part"),
            "stop_conveyor": N_("Stop the machine"),
            "reload_model": N_("Read the models again"),
            "send_logs": N_("Send the log"),
            "teach": N_("Teach its part"),
        },
        "command": {
            "unconfirmed": N_("Waits for a person"),
            "waiting": N_("On its way"),
            "accepted": N_("Taken"),
            "running": N_("Under way"),
            "done": N_("Done"),
            "failed": N_("Failed"),
            "expired": N_("Came too late"),
            "refused": N_("Refused by the device"),
            "cancelled": N_("Taken back by a person"),
            "timed_out": N_("No answer"),
        },
        "progress": {
            "own": N_("As its own file says"),
            "pending": N_("Not heard yet"),
            "applied": N_("Applied"),
            "refused": N_("Applied in part"),
        },
        "shelf_state": {"low": N_("Running low"), "out": N_("Empty"), "mismatch": N_("Not the shelf of its planogram")},
        "part_verdict": {"fail": N_("Defect"), "review": N_("To be looked at")},
        "phase": {"onset": N_("began"), "end": N_("ended")},
        "clock": {
            "ntp": N_("in step"),
            "rtc": N_("own clock"),
            "estimated": N_("estimated"),
            "bad": N_("wrong"),
        },
        "source": {"ok": N_("works"), "lost": N_("lost"), "ended": N_("ended")},
        "quarantine": {
            "bad_signature": N_("Signature does not fit"),
            "unreadable": N_("Cannot be read"),
            "unknown_kind": N_("Unknown kind"),
            "unknown_device": N_("Unknown device"),
            "wrong_device": N_("Speaks for another device"),
            "bad_topic": N_("Topic that does not exist"),
            "cloned": N_("Two devices under one name"),
            "quarantine_full": N_("More than is kept from one device"),
            "oversized": N_("Too large"),
            "bad_data": N_("Values that cannot be"),
            "revoked": N_("Revoked device"),
            "ended": N_("Certificate has ended"),
            "wrong_site": N_("Speaks at another site"),
            "wrong_hash": N_("Picture that is not what it is named for"),
            "unlandable": N_("Could not be stored"),
            "broken_order": N_("Numbers out of order"),
        },
        "ledger": {
            "complete": N_("Complete"),
            "declared_loss": N_("Loss declared"),
            "incomplete": N_("Incomplete"),
        },
        "loss": {
            "refused": N_("refused by the centre"),
            "evicted": N_("given up for lack of space"),
            "corrupt": N_("damaged on the device"),
        },
        "kept": {
            "events": N_("Events"),
            "readings": N_("Readings by the minute"),
            "reading_hours": N_("Readings by the hour"),
            "evidence": N_("Pictures and stretches"),
            "quarantine": N_("Quarantine"),
            "announcements": N_("Announcements"),
            "changes": N_("Changes for open pages"),
            "commands": N_("Commands and their answers"),
            "claims": N_("Claims of devices"),
            "certificates": N_("Certificates of devices"),
        },
        "task_kind": {
            "shelf_count": N_("Shelf count"),
            "defects": N_("Defects"),
            "equipment_anomaly": N_("Machine anomaly"),
        },
        "rollout": {
            "measuring": N_("Being measured"),
            "soaking": N_("On trial"),
            "done": N_("Runs everywhere"),
            "failed": N_("Taken back by itself"),
            "held_back": N_("Held back"),
            "stopped": N_("Stopped"),
            "rolled_back": N_("Taken back"),
        },
        "rollout_why": {
            "accuracy": N_("not shown to be as good as the old one"),
            "taken_back": N_("a device could not run it"),
            "task_errors": N_("too many errors"),
            "dropped": N_("too slow: frames are dropped"),
            "silent": N_("a device fell silent"),
            "never_ran": N_("no device of the stage ran it"),
            "by_person": N_("by"),
        },
        "stage": {"canary": N_("Canary"), "5": "5 %", "25": "25 %", "100": "100 %"},
        "gate": {"accuracy": N_("Accuracy"), "health": N_("Health")},
        "measure": {
            "count_error": N_("Units off a shelf"),
            "missed": N_("Flaws missed"),
            "false_alarm": N_("False alarms"),
        },
        "gate_why": {
            "too_few_frames": N_("Too few labelled frames"),
            "worse": N_("Not shown to be as good"),
            "other_frames": N_("The labelled frames changed meanwhile"),
            "other_kind": N_("A model for another task"),
            "not_measured": N_("Could not be measured"),
        },
        "model_state": {
            "running": N_("runs"),
            "fetching": N_("on its way:"),
            "refused": N_("refused:"),
            "rolled_back": N_("taken back:"),
        },
        "role": {"viewer": N_("Viewer"), "floor": N_("Floor"), "planner": N_("Planner"), "admin": N_("Admin")},
        "fact": {
            "stock_position": N_("a stock position changes"),
            "machine_condition": N_("the condition of a machine changes"),
            "work_order": N_("work is recorded"),
            "defect": N_("a defect is seen"),
        },
        "contest": {
            "promoted": N_("Promoted: it acts"),
            "rejected": N_("Rejected: it runs no more"),
            "reopened": N_("In shadow again"),
        },
        "cause": {
            "count": N_("Count"),
            "book": N_("Book"),
            "demand": N_("Sales"),
            "condition": N_("Condition"),
            "age": N_("Age"),
            "work_orders": N_("Work orders"),
            "part": N_("Part"),
            "lead_time": N_("Lead time"),
            "sales": N_("Sales"),
            "forecast": N_("Forecast"),
            "promotion": N_("Promotion"),
            "availability": N_("Shelf seen empty"),
            "order": N_("Earlier order"),
            "params": N_("Rules"),
            "lock": N_("Fixed by a person"),
            "event": N_("Event"),
        },
    }
)


def coded(code: str | None, group: str) -> str:
    """The word for a code of a group, in the reader's language."""
    if code is None:
        return "–"
    text = WORDS[group].get(code)
    return code.replace("_", " ") if text is None else translator(language())(text)


def setting(text: str) -> str:
    """A title or description from a device's settings schema, in the reader's language where we know it."""
    return translator(language())(text)


def register(app: Flask) -> None:
    """Give templates the filter."""
    app.jinja_env.filters["coded"] = coded
    app.jinja_env.filters["setting"] = setting
