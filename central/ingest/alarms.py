"""An anomaly's onset raises an alarm, its end clears it (in the landing transaction)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from central.floor import alarm_book, ranking
from central.floor.alarm_book import Told
from central.floor.alarms import Cleared, Raised
from central.ingest.projections.machine_condition import Word
from protocols.messages.equipment_anomaly import EquipmentAnomaly


def hear(conn: Connection, site: str, words: Sequence[Word], now: datetime) -> None:
    """Bring the alarms of machines and sensors up to date with what was told of them."""
    told = [_told(word, word.data) for word in words if isinstance(word.data, EquipmentAnomaly)]
    if told:
        alarm_book.hear(conn, site, told, now)


def _told(word: Word, data: EquipmentAnomaly) -> Told:
    priority = ranking.of_condition("sensor" if data.subject == "sensor" else data.severity)
    happening = Raised(word.at, priority) if data.phase == "onset" else Cleared(word.at)
    return Told(noun=data.subject, thing=data.asset, rule=data.rule, happening=happening, event=(word.device, word.sequence))
