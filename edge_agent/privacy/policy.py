"""The rule by which pictures are veiled, as a value that the device announces."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class PrivacyPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[privacy]` of the agent's file. facing_share: how much of the frame the largest item on a shelf covers.

    hold_s: so long after its last motion a thing that still hides the background stays veiled. A person who stands still
    for longer is taken for goods: point the camera so that this cannot matter, or raise it.
    """

    moving_things: Literal["pixelate", "keep"] = "pixelate"
    outside_regions: Literal["pixelate", "keep"] = "pixelate"
    facing_share: Annotated[float, Meta(gt=0, le=1)] = 0.02
    hold_s: Annotated[float, Meta(ge=0, le=3600)] = 60.0
