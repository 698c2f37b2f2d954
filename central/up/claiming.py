"""The agents of a house with TLS make themselves known as any other device does: by a claim, with a key of their own."""

import secrets
import subprocess
from dataclasses import replace

from central.errors import ChildFailed
from central.fleet import claims
from central.fleet.agent_file import WITH_CERTIFICATE
from central.fleet.claims import Wish
from central.parts import Parts
from central.store import devices
from central.up import programs
from central.up.folder import HouseFolder

WHO = "tallyhouse up"
ENROL_TIMEOUT_S = 60.0


def make_known(parts: Parts, folder: HouseFolder, wish: Wish) -> None:
    """Claim a device and let its agent enrol, unless it has its certificate already. Raises ChildFailed, DeviceError."""
    if (folder.agent(wish.device) / WITH_CERTIFICATE.key).exists():
        return
    with parts.writing() as conn:
        is_known = devices.get(conn, wish.device) is not None  # it signed in by password until now
        wanted = replace(wish, replaces=is_known)
        made = claims.make(conn, parts.require_gate(), wanted, WHO, parts.now(), secrets.token_bytes)
    call = [str(part) for part in programs.enrolment(folder, wish.device, made.link)]
    ended = subprocess.run(call, capture_output=True, text=True, check=False, timeout=ENROL_TIMEOUT_S)
    if ended.returncode:
        raise ChildFailed(f"{wish.device} could not make itself known: {ended.stderr.strip()}")
