"""What can go wrong on a device.

EdgeError
├─ ConfigError         the device's own TOML is wrong: fix the file
├─ EnrolmentRefused    the centre does not let this device in, or is not the one of its claim: claim it again
├─ UnknownTask         no task of that kind is built in: choose one of those named
├─ TaskNotBuilt        a task whose model is missing or refused: restore the model
├─ FetchFailed         a release that cannot be fetched now: tried again by itself
├─ ReleaseRejected     a release whose archive, signature or trial run is not in order: the old model stays
├─ CommandFailed       an action that could not be carried out: the centre is told why
├─ SampleRefused       a sample that no conclusion may rest on: counted by its reason, then the next one
├─ SnapshotRejected    a saved state that does not fit its task: the task starts from nothing
├─ SourceError
│  ├─ SourceLost       a camera or bus stopped answering: retried with backoff
│  ├─ SourceBusy       a source that gives nothing when it is asked: the one who asks is told
│  ├─ SourceEnded      a recording has been played to its end
│  └─ BadRecording     a folder, picture or CSV that cannot be replayed: fix or replace it
└─ OutboxError
   ├─ OutboxFull       the disk has no room: make room, observing goes on by itself
   ├─ OutboxUnusable   data_dir is no folder that can be written to: correct it or its rights
   ├─ OutboxCorrupt    the file is damaged beyond its counter: start again after the centre's cursor
   └─ OutboxBusy       another process holds the file: stop it first; waited for, when it only writes
"""


class EdgeError(Exception):
    """Anything that stops a part of the agent; the message names the thing and the remedy."""


class ConfigError(EdgeError):
    """The device's TOML or environment is wrong."""


class EnrolmentRefused(EdgeError):
    """This device cannot be made known, or its certificate not renewed."""


class UnknownTask(EdgeError):
    """A task kind that is not built into this agent."""


class TaskNotBuilt(EdgeError):
    """A task that cannot start; the others go on."""


class FetchFailed(EdgeError):
    """A release cannot be fetched for now."""


class ReleaseRejected(EdgeError):
    """A release that must not run here."""


class CommandFailed(EdgeError):
    """An action that could not be carried out, or did not end in time."""


class SampleRefused(EdgeError):
    """A sample that no conclusion may rest on (blurred, covered, too dark); `reason` is its code."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"sample refused: {reason}")
        self.reason = reason


class SnapshotRejected(EdgeError):
    """A saved state of another version, or a damaged one."""


class SourceError(EdgeError):
    """Something about one source; `source_id` says which."""

    def __init__(self, source_id: str, message: str) -> None:
        super().__init__(f"source {source_id}: {message}")
        self.source_id = source_id


class SourceLost(SourceError):
    """A camera or bus does not answer."""


class SourceBusy(SourceError):
    """A camera or bus gave nothing in the time that somebody could wait."""


class SourceEnded(SourceError):
    """A recording is over."""


class BadRecording(SourceError):
    """A recording that cannot be replayed at all."""


class OutboxError(EdgeError):
    """Something about the outbox file."""


class OutboxFull(OutboxError):
    """No room on the disk to commit."""


class OutboxUnusable(OutboxError):
    """The file or its folder cannot be made or written to."""


class OutboxCorrupt(OutboxError):
    """The file is damaged and its sequence counter cannot be read."""


class OutboxBusy(OutboxError):
    """Another process works with this outbox."""
