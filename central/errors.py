"""What can go wrong at the centre; every message names the thing and the remedy.

CentralError
├─ ConfigError        the server's own TOML or environment is wrong: fix the named key
├─ SecretError        a key, token or password file is missing, damaged or readable by others
├─ OldSchema          the database was written by an older version: run `tallyhouse migrate`
├─ HouseFileError     a house file contradicts itself: fix the named row, nothing was loaded
├─ SpreadsheetError   a file that is no table, or none that can be imported: says what to save it as
├─ DeviceError        a device cannot be added or found
├─ BrokerError        mosquitto is missing or does not start
├─ BusError           the broker does not answer or refuses a message: is it running, does its access list allow it
├─ PortTaken          a port another program holds
├─ Refused            an order that makes no sense as things stand (a user of that name exists, no such record)
│  ├─ AlreadyReviewed somebody settled the decision before: says who and when
│  ├─ NotReviewable   a decision without an open proposal, a reason that is missing, an undo that comes too late
│  │  └─ PlanRefused   a person's proposal breaks a constraint: names it and what would keep it
│  ├─ LockRefused     part of a proposal that cannot be fixed, or is not fixed any more
│  ├─ ParamsRefused   rules that somebody else changed meanwhile, a version that never was, a reason that is missing
│  ├─ ContestRefused  a verdict on a challenger that changes nothing, or on none
│  ├─ RuleRefused     limits of an autopilot that make no sense
│  ├─ SettingsRefused  settings that a device's task cannot have: names each of them
│  ├─ CommandRefused   a command that a device cannot be given, or that has gone too far to be stopped
│  └─ TooSoon         passwords are being guessed: says how long to wait
├─ BackupError        a backup cannot be made, is damaged, or would replace a house: says what would be lost
└─ ChildFailed        a program that `up` runs ended before it was ready: see its log
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, Protocol

# Why something from a device lies in quarantine; the console has a word for each in both languages.
QuarantineReason = Literal[
    "bad_signature",
    "unreadable",
    "bad_data",
    "unknown_kind",
    "unknown_device",
    "revoked",
    "ended",
    "wrong_device",
    "wrong_site",
    "wrong_hash",
    "bad_topic",
    "oversized",
    "cloned",
    "unlandable",
    "broken_order",
    "quarantine_full",
]


class CentralError(Exception):
    """Anything that stops a part of the centre; the message names the thing and the remedy."""


class ConfigError(CentralError):
    """The server's TOML or environment is wrong."""


class SecretError(CentralError):
    """A file that holds a secret cannot be used."""


class OldSchema(CentralError):
    """The database's schema is not the one this code speaks."""


class HouseFileError(CentralError):
    """A house file that cannot be loaded; `problems` has one line a mistake."""

    def __init__(self, path: str, problems: tuple[str, ...]) -> None:
        super().__init__(f"{path}: nothing was loaded\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = problems


class SpreadsheetError(CentralError):
    """A file that cannot be read as a table, or whose columns are not those of its kind."""


class DeviceError(CentralError):
    """A device cannot be added, or there is none of that name."""


class BrokerError(CentralError):
    """The broker is missing or does not start."""


class BusError(CentralError):
    """The broker does not answer, or refuses what is said."""


class PortTaken(CentralError):
    """A port another program holds."""


class Refused(CentralError):
    """An order that cannot be followed as things stand."""


class AlreadyReviewed(Refused):
    """Somebody settled the decision before."""

    def __init__(self, decision: str, person: str, verdict: str, at: datetime) -> None:
        super().__init__(
            f"{person} reviewed decision {decision} at {at:%Y-%m-%d %H:%M:%S} UTC ({verdict}); look at it again"
        )
        self.person = person
        self.verdict = verdict
        self.at = at


class NotReviewable(Refused):
    """A verdict that cannot be given, or no longer be taken back."""


class PlanRefused(NotReviewable):
    """A proposal that breaks constraints; `worded` gives what it breaks and what would keep it, in a language."""

    def __init__(self, worded: Callable[[str], Sequence[str]]) -> None:
        super().__init__("; ".join(worded("en")))
        self.worded = worded


class LockRefused(Refused):
    """Part of a proposal that cannot be fixed, or is not fixed any more."""


class ParamsRefused(Refused):
    """Rules that cannot be changed so."""


class ContestRefused(Refused):
    """A verdict on a challenger that cannot be given."""


class RuleRefused(Refused):
    """What an autopilot cannot be allowed."""


class WordedFault(Protocol):
    """Something that is wrong at one place."""

    @property
    def pointer(self) -> str:
        """The place (JSON pointer)."""
        ...

    def worded(self, translated: Callable[[str], str] = str) -> str:
        """What is wrong there, in English unless `translated` knows better."""
        ...


class SettingsRefused(Refused):
    """Settings that do not fit their task, and each thing that is wrong with them."""

    def __init__(self, device: str, faults: Sequence[WordedFault]) -> None:
        told = "; ".join(f"{fault.pointer} {fault.worded()}" for fault in faults)
        super().__init__(f"{device} keeps its settings: {told}")
        self.faults = tuple(faults)


class CommandRefused(Refused):
    """A command that cannot be given, confirmed or cancelled."""


class TooSoon(Refused):
    """Passwords are tried faster than a person mistypes them."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"too many wrong passwords: wait {wait_s} s and try again")
        self.wait_s = wait_s


class BackupError(CentralError):
    """A backup that cannot be made or put back."""


class ChildFailed(CentralError):
    """A program that `up` runs ended before it was ready."""
