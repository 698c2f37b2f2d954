"""How long each noun is kept. What has no limit here is kept for good."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Ages in days; evidence also has a budget in megabytes (10⁶ bytes), beyond which the oldest goes first."""

    events_days: int = 400
    readings_days: int = 30
    reading_hours_days: int = 730
    evidence_days: int = 90
    evidence_mb: int = 4000
    quarantine_days: int = 90
    announcements_days: int = 8
    changes_days: int = 1
    commands_days: int = 400
    claims_days: int = 90
    certificates_days: int = 400
