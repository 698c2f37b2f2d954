"""Why a forecast is what it is: the same fit asked again with inputs switched off, one kind after another.

The parts add up to the forecast. What is planned is switched back on in the order event, price, promotion; each part is what
its inputs changed given those before. Not a cause: what sells with a promotion is not all sold by it.
"""

from dataclasses import dataclass, replace

import numpy as np

from central.methods.forecasting.engine import Fitted, predict
from central.methods.forecasting.members import members
from central.methods.forecasting.panel import Floats, InputKind, Inputs, Panel

ORDER: tuple[InputKind, ...] = ("calendar", "event", "price", "promotion")
RECENT = 13


@dataclass(frozen=True)
class Parts:
    """Units, (n, w) each, adding up to the forecast: base is a flat level, trend_and_season what the plain model adds."""

    base: Floats
    trend_and_season: Floats
    inputs: dict[InputKind, Floats]

    def total(self) -> Floats:
        """(n, w) the forecast they explain."""
        return np.asarray(self.base + self.trend_and_season + sum(self.inputs.values()))


def explained(fitted: Fitted, panel: Panel) -> Parts:
    """The parts of `predict(fitted, panel).mean`."""
    length = np.array([last - first for first, last in fitted.windows], dtype=np.float64)
    base = members(panel, panel.periods, fitted.windows, None)[0].T * length
    present = [kind for kind in ORDER if panel.inputs is not None and kind in panel.inputs.kinds]
    off = list(present)
    before = predict(fitted, _without(panel, off)).mean
    base = np.where(before > 0, base, 0.0)
    plain = before - base
    parts: dict[InputKind, Floats] = {}
    for kind in present:
        off.remove(kind)
        now = predict(fitted, _without(panel, off)).mean
        parts[kind], before = now - before, now
    return Parts(base, plain, parts)


def _without(panel: Panel, off: list[InputKind]) -> Panel:
    """The panel with plans of some kinds switched off: none of it, or as it was lately for a price."""
    if panel.inputs is None or not off:
        return panel
    values = panel.inputs.values.copy()
    for place, kind in enumerate(panel.inputs.kinds):
        if kind in off:
            lately = np.median(values[:, max(panel.periods - RECENT, 0) : panel.periods, place], axis=1, keepdims=True)
            values[:, panel.periods :, place] = lately if kind in ("price", "calendar") else 0.0
    return replace(panel, inputs=Inputs(values, panel.inputs.names, panel.inputs.kinds))
