"""A model as the twin asks for it, and how far a device has come with it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocols.identity import Sha256

ModelId = Annotated[str, Meta(min_length=1, max_length=160, description="Such as shelf-1.4.2@sha256:ab12cd34ef56.")]


class ModelRelease(Struct, frozen=True, kw_only=True):
    """The bundle that a kind of task should run: an archive at `url`, named by the hash of its bytes.

    The manifest inside is signed by the releaser; the twin that carries this, by the centre. A device checks both.
    """

    model: ModelId
    url: Annotated[str, Meta(pattern=r"^https?://", max_length=400)]
    sha256: Sha256
    size_bytes: Annotated[int, Meta(ge=1, le=64_000_000)]


class ModelState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a device runs for a kind of task. `model`: the one that runs now; `why` is for people."""

    state: Literal["running", "fetching", "refused", "rolled_back"]
    model: ModelId | None = None
    wanted: ModelId | None = None
    why: Annotated[str, Meta(max_length=400)] | None = None
