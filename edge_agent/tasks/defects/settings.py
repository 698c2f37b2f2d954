"""How parts on a line are judged."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from protocols.identity import Name
from protocols.messages.picture import Fraction

ShortText = Annotated[str, Meta(max_length=64)]
Rate = Annotated[float, Meta(gt=0, le=0.5)]
Score = Annotated[float, Meta(ge=0, le=1000)]
Cost = Annotated[float, Meta(ge=0, le=1e9)]


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Defaults suit an indexed belt: a part comes into view, rests, leaves."""

    gate: Annotated[
        Literal["motion", "every_frame"],
        Meta(title="Gate", description="Judge each part once as it rests, or take every picture for one part."),
    ] = "motion"
    line: Annotated[Name | None, Meta(title="Line", description="Where the parts come from; else the source's id.")] = None
    roi: Annotated[
        tuple[Fraction, Fraction, Fraction, Fraction],
        Meta(title="Region", description="x, y, width, height of where the part rests, as fractions of the frame."),
    ] = (0.0, 0.0, 1.0, 1.0)
    threshold: Annotated[
        float,
        Meta(gt=0, le=100, title="Threshold", description="Score above which a part fails; 1 is the model's own limit."),
    ] = 1.0
    review_share: Annotated[
        float, Meta(ge=0, le=0.9, title="Review band", description="Parts this much below the threshold go to a person.")
    ] = 0.03
    false_alarm_rate: Annotated[
        Rate | None,
        Meta(
            title="False-alarm rate",
            description="Share of good parts that may fail; then it sets the limit, not the threshold.",
        ),
    ] = None
    confirmed_good: Annotated[
        tuple[Score, ...], Meta(max_length=50, title="Confirmed good", description="Scores of parts that people found good.")
    ] = ()
    rejected: Annotated[
        tuple[Score, ...], Meta(max_length=50, title="Rejected", description="Scores of parts that people rejected.")
    ] = ()
    costs: Annotated[
        tuple[Cost, Cost, Cost] | None,
        Meta(title="Costs", description="Of a miss, of a false alarm, of a look: they set the review band, not its share."),
    ] = None
    defect_share: Annotated[
        float, Meta(gt=0, lt=1, title="Defective parts", description="Their usual share; weighs the costs.")
    ] = 0.02
    supplier: Annotated[ShortText | None, Meta(title="Supplier", description="Of the parts on the line now.")] = None
    lot: Annotated[ShortText | None, Meta(title="Lot", description="Of the parts on the line now.")] = None
    model: Annotated[str, Meta(min_length=1, max_length=64, title="Model", description="Folder of the model bundle.")] = (
        "defects"
    )
