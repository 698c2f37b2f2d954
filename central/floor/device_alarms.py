"""What is wrong with edge devices, as alarms that come and go by themselves: silent, paused, two under one name."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, or_, select

from central.floor.alarm_book import Told
from central.floor.alarms import Cleared, Priority, Raised
from central.floor.devices import SILENT_AFTER
from central.store.alarms import alarms
from central.store.devices import devices
from central.store.quarantine import quarantine

CLONE_HEARD_WITHIN = timedelta(minutes=10)
PRIORITIES: Mapping[str, Priority] = {"silent": 3, "paused": 2, "cloned": 2}
Trouble = tuple[str, str, str]  # site, device, rule


def news(conn: Connection, now: datetime) -> dict[str, list[Told]]:
    """Site → what began or ended since the alarms were last brought up to date; they date from when it was noticed."""
    return changed(_troubles(conn, now), _active(conn), now)


def changed(troubles: Collection[Trouble], active: Collection[Trouble], now: datetime) -> dict[str, list[Told]]:
    """Site → those of `troubles` that are no alarm yet, and those of the `active` alarms that are over (pure)."""
    told: dict[str, list[Told]] = {}
    for site, device, rule in sorted({*troubles} - {*active}):
        raised = Raised(now, PRIORITIES[rule])
        told.setdefault(site, []).append(Told(noun="device", thing=device, rule=rule, happening=raised))
    for site, device, rule in sorted({*active} - {*troubles}):
        told.setdefault(site, []).append(Told(noun="device", thing=device, rule=rule, happening=Cleared(now)))
    return told


def _troubles(conn: Connection, now: datetime) -> set[Trouble]:
    known = (devices.c.site, devices.c.device)
    lives = devices.c.revoked_at.is_(None) & devices.c.heard_at.is_not(None)
    is_silent = or_(devices.c.online.is_(False), devices.c.heard_at < now - SILENT_AFTER)
    is_paused = func.json_extract(devices.c.health, "$.paused").is_not(None)
    is_cloned = devices.c.device.in_(
        select(quarantine.c.device).where(
            quarantine.c.reason == "cloned", quarantine.c.last_seen_at >= now - CLONE_HEARD_WITHIN
        )
    )
    holds = {"silent": lives & is_silent, "paused": lives & ~is_silent & is_paused, "cloned": lives & is_cloned}
    return {
        (site, device, rule)
        for rule, condition in holds.items()
        for site, device in conn.execute(select(*known).where(condition))
    }


def _active(conn: Connection) -> set[Trouble]:
    wanted = select(alarms.c.site, alarms.c.thing, alarms.c.rule).where(alarms.c.noun == "device", alarms.c.is_active)
    return {(site, device, rule) for site, device, rule in conn.execute(wanted)}
