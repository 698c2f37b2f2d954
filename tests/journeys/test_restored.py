"""The centre is destroyed and restored from a backup that is older than what it had acknowledged: devices send it again."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

from central.backup.making import Source, back_up
from central.backup.manifest import chosen
from central.backup.restoring import restore
from central.store import house
from central.store.engine import reading
from tests.integration.edge_parts import DEVICE, Keys, entries, opened_outbox, running_link
from tests.parts.ingest_process import running_ingest
from tests.parts.mosquitto import Mosquitto
from tests.parts.ports import eventually

PATIENCE_S = 1.0


def test_what_landed_after_the_backup_comes_again_and_counts_once(broker: Mosquitto, tmp_path: Path) -> None:
    """200 events were acknowledged, the backup knows 100: all 200 stand there once, and nothing new had to happen."""
    keys, centre_folder, backups = Keys(), tmp_path / "centre", tmp_path / "backups"
    with (
        running_ingest(centre_folder, broker.port, DEVICE, keys.device) as centre,
        opened_outbox(tmp_path / "outbox.db") as (file, queue),
    ):
        keys.centre = centre.key
        source = Source(centre.config.database, centre.config.data_dir, centre_folder / "tallyhouse.toml", "s1")
        with running_link(file, queue, keys, broker.port, PATIENCE_S) as publisher:

            def observe(upto: int) -> None:
                for first in range(queue.last + 1, upto + 1, 10):
                    queue.append(entries(first, min(first + 9, upto)), datetime.now(UTC))
                    publisher.nudge()

            observe(100)
            eventually(lambda: centre.landed(DEVICE) == 100, 30, "100 events")
            with reading(centre.engine) as conn:
                old_epoch = house.value(conn, "epoch")
            back_up(source, backups, datetime.now(UTC), with_secrets=True)
            observe(200)
            eventually(lambda: queue.acknowledged == 200, 30, "200 acknowledged")
            centre.kill()
            centre.engine.dispose()
            shutil.rmtree(centre_folder)
            restore(chosen(backups), centre_folder, datetime.now(UTC), force=False, who="test")
            assert centre.landed(DEVICE) == 100
            centre.start()
            eventually(lambda: centre.landed(DEVICE) == 200, 60, f"200 events ({centre.said()})")
        whole = list(range(1, 201))
        assert centre.sequences(DEVICE) == whole
        assert centre.counts_taken(DEVICE) == whole
        ledger = centre.ledger(DEVICE)
        assert (ledger.cursor, ledger.stored, ledger.declared_lost) == (200, 200, 0)
        with reading(centre.engine) as conn:
            assert house.value(conn, "epoch") != old_epoch
