"""The edge that comes back after a week, as a process of its own (`python -m`): a real outbox, a real publisher.

Usage: OUTBOX KEY_FILE CENTRE_KEY PORT. Opens the outbox, prints "ready", waits for a line and connects; commits an alarm a
second from then on and prints for each a line with its sequence and when its commit returned (monotonic seconds, which all
processes of a machine share). With the next line it stops, and prints how many CPU seconds it has taken.
"""

import random
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag
from threading import Thread

from benchmarks.fleet_week import BOOT, DEVICE, WEEK_S
from benchmarks.ingest_events import SITE
from edge_agent.clock import DeviceClock
from edge_agent.link.connection import BrokerPlace, Connection
from edge_agent.link.inbox import Inbox
from edge_agent.link.publisher import Publisher
from edge_agent.link.uploader import Uploader
from edge_agent.logs import set_up_logs
from edge_agent.outbox.database import OutboxFile
from edge_agent.outbox.entry import Stamper
from edge_agent.outbox.evidence import EvidenceSpool
from edge_agent.outbox.queue import Queue
from protocols import signing
from protocols.codec import encode, wire_time
from protocols.messages.defect import Defect, DefectRegion
from protocols.messages.device import Birth, Will

ALARM_EVERY_S = 1.0
KEEPALIVE_S = 60


def main() -> None:
    """Connect, drain, and raise alarms meanwhile."""
    outbox, key_file, centre, port = sys.argv[1:]
    set_up_logs("json", "warning")
    clock = _clock()
    file = OutboxFile(Path(outbox))
    queue = Queue(file)
    key = signing.private_key(Path(key_file).read_bytes())
    connection = _connection(int(port), key, clock)
    born = encode(Birth(boot=clock.boot, started_at=wire_time(clock.now().at), version="benchmark"))
    inbox = Inbox(SITE, DEVICE, signing.public_key(centre))
    publisher = Publisher(connection, queue, Uploader(DEVICE, EvidenceSpool(file), connection), inbox, clock, born)
    stop = Flag()
    sender = Thread(target=publisher.run, args=(stop,), name="publisher")
    print("ready", flush=True)
    sys.stdin.readline()
    before_s = _cpu_s()
    connection.start()
    sender.start()
    _raise_alarms(queue, publisher, Stamper(clock), _asked_to_stop())
    print(f"cpu {_cpu_s() - before_s:.3f} {publisher.state.rewinds} {publisher.state.news}", flush=True)
    stop.set()
    publisher.nudge()
    sender.join()
    connection.stop(None)
    file.close()


def _asked_to_stop() -> Flag:
    asked = Flag()

    def listen() -> None:
        sys.stdin.readline()
        asked.set()

    Thread(target=listen, daemon=True).start()
    return asked


def _raise_alarms(queue: Queue, publisher: Publisher, stamper: Stamper, asked: Flag) -> None:
    rng = random.Random(1)
    due_s = time.monotonic()
    while not asked.wait(max(0.0, due_s - time.monotonic())):
        due_s += ALARM_EVERY_S
        found = Defect(
            camera="cam-9",
            line="line-9",
            verdict="fail",
            score=round(rng.uniform(3, 9), 2),
            threshold=2,
            regions=[DefectRegion(box=(0.4, 0.4, 0.6, 0.6), score=3.2)],
        )
        sequences = queue.append([stamper.entry(found, urgent=True)], datetime.now(UTC))
        committed_s = time.monotonic()
        publisher.nudge()
        print(sequences[0], committed_s, flush=True)


def _clock() -> DeviceClock:
    """The boot of the week that is over goes on."""
    began_s = time.monotonic()
    return DeviceClock(BOOT, monotonic_ms=lambda: int((WEEK_S + time.monotonic() - began_s) * 1000), trust=lambda: "ntp")


def _connection(port: int, key: signing.PrivateKey, clock: DeviceClock) -> Connection:
    will = encode(Will(boot=clock.boot, reason="connection_lost"))
    return Connection(SITE, DEVICE, BrokerPlace("127.0.0.1", port, None, None, KEEPALIVE_S), key, will)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
