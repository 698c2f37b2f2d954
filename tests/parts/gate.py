"""A house that lets devices in: its authority, its three doors on a real mosquitto, and certificates good and bad."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.x509 import Certificate

from central.bus import Address
from central.fleet import authority, broker, certificates
from central.fleet.agent_file import Centre
from central.fleet.authority import Authority
from central.fleet.broker import BrokerFolder, Listener, TlsDoors
from central.fleet.certificates import Signer
from central.fleet.gate import Gate
from central.fleet.secret_files import write_secret
from edge_agent.link.papers import Papers
from protocols.signing import PrivateKey, new_key, private_pem
from tests.parts.ports import answers, eventually, free_port

CENTRE_PASSWORD = "of the centre"


def now() -> datetime:
    """The real time: a real broker looks at the real clock."""
    return datetime.now(UTC)


def gate_at(folder: Path, *, tls: bool = True, centre: Centre | None = None) -> Gate:
    """A gate in `folder`; its authority exists with `tls`. No broker runs."""
    held, password = Authority(folder / "tls"), folder / "central.password"
    write_secret(password, CENTRE_PASSWORD.encode())
    if tls:
        authority.init(held, (), now())
    told = centre or Centre("127.0.0.1", 18884, "CENTRE=", "http://127.0.0.1:8400")
    return Gate(
        authority=held,
        broker=BrokerFolder(folder / "broker"),
        bus=Address("127.0.0.1", 1, "central", password),
        url="http://127.0.0.1:8400",
        has_tls=tls,
        certificates_last=timedelta(days=30),
        centre=lambda: told,
    )


@dataclass(frozen=True)
class Doors:
    """A running broker with three doors."""

    gate: Gate
    device_port: int
    program_port: int

    @property
    def signer(self) -> Signer:
        """The house's own authority."""
        return self.gate.authority.signer()

    def papers(self, folder: Path, device: str, key: PrivateKey | None = None, signer: Signer | None = None) -> Papers:
        """Papers of a device, by the house's authority or another's."""
        key = key or new_key()
        certificate = certificates.device_certificate(
            signer or self.signer, device, key.public_key(), now(), timedelta(days=30)
        )
        return self.laid_out(folder, certificate, key)

    def laid_out(self, folder: Path, certificate: Certificate, key: PrivateKey) -> Papers:
        """The files of an identity."""
        papers = Papers(folder / "device.key", folder / "device.crt", folder / "authority.crt")
        write_secret(papers.key, private_pem(key))
        write_secret(papers.certificate, certificates.certificate_pem(certificate))
        write_secret(papers.authority, self.gate.authority.certificate_file.read_bytes())
        return papers


@contextmanager
def three_doors(folder: Path, programs: tuple[Listener, ...] = ()) -> Iterator[Doors]:
    """mosquitto on the generated files of a house with TLS."""
    port, device_port, program_port = free_port(), free_port(), free_port()
    gate = gate_at(folder)
    gate = replace(gate, bus=replace(gate.bus, port=port))
    tls = TlsDoors("127.0.0.1", device_port, program_port, gate.authority)
    broker.write_broker(gate.broker, host="127.0.0.1", port=port, as_root=os.geteuid() == 0, tls=tls)
    broker.set_password(gate.broker, "central", CENTRE_PASSWORD)
    for program in programs:
        broker.set_password(gate.broker, program.user, program.program)
    broker.write_access(gate.broker, "central", programs)
    call = [str(broker.mosquitto_binary()), "-c", str(gate.broker.config.resolve())]
    with subprocess.Popen(call, stderr=subprocess.DEVNULL) as process:
        eventually(lambda: all(answers(door) for door in (port, device_port, program_port)), what="mosquitto")
        yield Doors(gate, device_port, program_port)
        process.terminate()
