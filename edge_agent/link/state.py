"""What people want to know of the link."""

from dataclasses import dataclass

PROOF_S = 5.0  # the retained twin comes right after the subscription


@dataclass(frozen=True)
class LinkState:
    """How it is since `since_s` (monotonic); the texts are for people, None when all is well."""

    connected: bool = False
    since_s: float = 0.0
    proven: bool = False
    centre_online: bool | None = None
    refused_messages: int = 0
    rewinds: int = 0
    news: int = 0
    halted: str | None = None
    refusal: str | None = None
    disconnected: str | None = None
    disk: str | None = None

    @property
    def trouble(self) -> str | None:
        """The worst of it."""
        return self.halted or self.refusal or self.disconnected or self.disk

    def alarm(self, now_s: float) -> str | None:
        """What a person should know at that moment; None when all is well."""
        if self.trouble is not None or self.proven or now_s - self.since_s <= PROOF_S:
            return self.trouble
        if not self.connected:
            return "no answer from the broker yet; see `doctor`"
        return "not proven: no signed down/desired came, so acknowledgements may not reach this device; see `doctor`"
