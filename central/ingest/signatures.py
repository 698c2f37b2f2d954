"""Signatures of many messages checked by another process, while this one lands what was checked before.

A check costs more than all else about a small message, and holds the interpreter's lock: threads do not help. The helper is
started by the first flood; without it, or when it dies, each signature is checked where it is needed.
"""

import subprocess
import sys
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO, Self, cast

import structlog
from msgspec import Struct

from central.ingest.signature_checker import HOLDS, NUMBER_BYTES, SIGNATURE_BYTES
from protocols import signing
from protocols.errors import BadSignature
from protocols.signing import PublicKey

A_FLOOD = 16  # so many claims are worth the way to the helper
LEAVES_WITHIN_S = 5.0

log = structlog.get_logger()


class Claim(Struct, frozen=True):
    """That these bytes were signed with this key."""

    key: PublicKey
    payload: bytes
    signature: bytes


class Checked(Struct, frozen=True):
    """What the helper said of a claim."""

    key: PublicKey
    holds: bool

    def verify(self, key: PublicKey, payload: bytes, signature: str | None) -> None:
        """As `signing.verify`; checks anew when the device has another key by now. Raises BadSignature."""
        if key is not self.key:
            signing.verify(key, payload, signature)
        elif not self.holds:
            raise BadSignature(signing.DOES_NOT_FIT)


def claimed(key: PublicKey, payload: bytes, signature: str | None) -> Claim | None:
    """What is to be checked; None for what cannot be a signature."""
    try:
        raw = b64decode(signature or "", validate=True)
    except (NotBase64, ValueError):
        return None
    return Claim(key, payload, raw) if len(raw) == SIGNATURE_BYTES else None


class Signatures:
    """The helper, used by one thread: as a context manager it ends with the block."""

    def __init__(self) -> None:
        self._helper: subprocess.Popen[bytes] | None = None
        self._messenger = ThreadPoolExecutor(1, "signatures")  # it only waits for the pipe
        self._is_broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._messenger.shutdown()
        if self._helper is not None:
            with suppress(BrokenPipeError):
                self._helper.communicate(timeout=LEAVES_WITHIN_S)

    def check(self, claims: Sequence[Claim]) -> Future[list[Checked]] | None:
        """Begin to check; None when that is not worth the way, or nobody is there."""
        if len(claims) < A_FLOOD or self._is_broken:
            return None
        return self._messenger.submit(self._asked, claims)

    def answer(self, asked: Future[list[Checked]] | None) -> list[Checked]:
        """What was said; nothing when nobody answered."""
        try:
            return [] if asked is None else asked.result()
        except (OSError, EOFError) as error:
            self._is_broken = True
            log.error("signature_helper_gone", problem=repr(error), remedy="slower, nothing else; restart to have it again")
            return []

    def _asked(self, claims: Sequence[Claim]) -> list[Checked]:
        self._helper = helper = self._helper or _started()
        to_it, from_it = cast(BinaryIO, helper.stdin), cast(BinaryIO, helper.stdout)
        to_it.write(_said(claims))
        to_it.flush()
        verdicts = from_it.read(len(claims))
        if len(verdicts) < len(claims):
            raise EOFError("the helper ended")
        return [Checked(one.key, verdicts[at : at + 1] == HOLDS) for at, one in enumerate(claims)]


def _started() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "central.ingest.signature_checker"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _said(claims: Sequence[Claim]) -> bytes:
    parts = [len(claims).to_bytes(NUMBER_BYTES, "big")]
    for one in claims:
        parts += [len(one.payload).to_bytes(NUMBER_BYTES, "big"), one.key.public_bytes_raw(), one.signature, one.payload]
    return b"".join(parts)
