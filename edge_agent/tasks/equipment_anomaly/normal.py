"""A machine's own normal: where each channel lies, how it flickers, wanders and goes with the load. Learned, then followed.

From steps of rows (steps.py): the centre is their median; `spread` adds flicker and wandering; `width` is what the mean of a
window usually strays from a level that follows it, times `WIDTHS`. A channel that mostly wanders (a temperature in the open)
says little by its level, so it weighs less than one that only flickers. A channel that is still moving when its time is up
is not learned yet. Where a drive channel moves the others along a line, that line is taken off first: the load is normal.
"""

from dataclasses import dataclass

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.arrays import Array, Mask
from edge_agent.tasks.equipment_anomaly.steps import FEWEST_STEPS, Steps

WIDTHS = 3.0  # of the usual stray of a window mean
FLOOR = 0.1  # of the spread: a steadier window mean than this is luck
RELATIVE_FLOOR = 0.0005  # of the level: smaller is the sensor's arithmetic, not the machine
CALM_WIDTHS = 1.7  # the limit is some 1.7 widths, and `calm` a third of what is never held against the machine
TRUST, LEAST_TRUST = 3.0, 0.1  # power of the share that is flicker; a wanderer still counts when it goes ten times too far
SLOW_ROWS, FAST_ROWS = 200.0, 50.0  # time constants of following: a channel that flickers, one that wanders
REACH = 3.0  # widths that a level may be followed to, where it does not go further with the hall
MOST_DRIFT = 1.5  # of flicker or usual wandering, from the first third to the last: more is still moving
REST_OF_FLOOR = 0.1  # of `calm`: a smaller drift than this is rest, too
LOAD_SHARE, FEWEST_LOAD_STEPS = 0.5, 8  # of a channel's variance that the load must explain
WILDEST = 8.0  # spreads: a step further out than this is not learned as usual wandering


@dataclass(frozen=True)
class Known:
    """Of the channels before learning: smallest change that counts and how far they go with the hall (p,); the drive."""

    calm: Array
    roams: Array
    drive: int | None


class Normal(Struct, array_like=True):
    """Arrays (p,). Units: `centre`, `spread` the channel's; `slope` per unit of load; all others in spreads, weights 0 to 1.

    `weight` 0: not learned yet. `location` is followed, within `reach` of the commissioned 0; with the hall by `roam`.
    """

    centre: Array
    spread: Array
    slope: Array
    width: Array
    weight: Array
    rate: Array
    reach: Array
    location: Array
    roam: Array
    share: Array
    load: int = -1
    steps: int = 0


def nothing(channels: int) -> Normal:
    """Before anything is learned: every weight is 0."""
    zeros, ones = np.zeros(channels), np.ones(channels)
    return Normal(zeros, ones, zeros, ones, zeros, zeros, zeros, zeros, zeros, zeros)


def at_rest(steps: Steps, known: Known) -> Mask:
    """(p,) whether a channel has stopped moving: its last third lies where the first did, and most of it was heard."""
    n = len(steps.means)
    heard = np.isfinite(steps.means).sum(axis=0) >= max(FEWEST_STEPS, n // 2)
    means = np.where(np.isfinite(steps.means), steps.means, 0.0)
    third = max(1, n // 3)
    drift = np.abs(np.median(means[-third:], axis=0) - np.median(means[:third], axis=0))
    usual = 1.4826 * np.median(np.abs(means - np.median(means, axis=0)), axis=0)
    flicker = np.sqrt(np.where(np.isfinite(steps.noise), steps.noise, 0.0).mean(axis=0))
    tolerated = np.maximum(np.maximum(MOST_DRIFT * usual, MOST_DRIFT * flicker), REST_OF_FLOOR * known.calm)
    rests: Mask = heard & (drift <= tolerated)
    return rests


def learn(normal: Normal, steps: Steps, chosen: Mask, known: Known, rows: int) -> Array:
    """Fill in the `chosen` channels; gives what they strayed in widths, (n, p), 0 for the others. `rows` a step."""
    if normal.load < 0 and not normal.weight.any() and known.drive is not None and chosen[known.drive]:
        _learn_load(normal, steps, known.drive)
    means, noise = _off_the_line(normal, steps)
    found, strayed = _learned(
        np.where(chosen, means, 0.0), _usual(np.where(chosen, noise, 0.0)), chosen, steps.origin, known, rows
    )
    for name, values in found.items():
        setattr(normal, name, np.where(chosen, values, getattr(normal, name)))
    learned = chosen | (normal.weight > 0)
    normal.weight = np.where(learned, np.maximum(LEAST_TRUST, _trust(normal.share, learned) ** TRUST), 0.0)
    normal.location = np.where(chosen, 0.0, normal.location)
    normal.steps = max(normal.steps, len(means))
    return np.where(chosen, np.nan_to_num(strayed) / normal.width * normal.weight, 0.0)


def _learned(
    means: Array, noise: Array, chosen: Mask, origin: Array, known: Known, rows: int
) -> tuple[dict[str, Array], Array]:
    """Arrays (p,) by their names in `Normal`, and what the `chosen` channels strayed in spreads, (n, p)."""
    centre = np.nanmedian(means, axis=0)
    off = means - centre
    spread = _spread(off, noise, centre + origin, known)
    share = _wandering(off, noise, rows)
    rate = 1 - np.exp(-rows / (FAST_ROWS + (SLOW_ROWS - FAST_ROWS) * _trust(share, chosen)))
    strayed = _strayed(np.clip(np.where(chosen, off / spread, 0.0), -WILDEST, WILDEST), rate)
    usual2 = np.maximum(np.nanmean(strayed**2, axis=0), noise / spread**2 / rows)
    width = np.maximum(np.sqrt(FLOOR**2 + WIDTHS**2 * usual2), CALM_WIDTHS * known.calm / spread)
    roam = known.roams / spread
    found = {"centre": centre + origin, "spread": spread, "width": width, "rate": rate, "share": share}
    return found | {"reach": np.maximum(REACH * width, roam), "roam": roam}, strayed


def _usual(noise: Array) -> Array:
    """(p,) mean noise of the steps (n, p); a few wild ones do not lift it beyond nine medians."""
    usual: Array = np.minimum(np.nanmean(noise, axis=0), 9 * np.nanmedian(noise, axis=0) + 1e-300)
    return usual


def _spread(off: Array, noise: Array, level: Array, known: Known) -> Array:
    """(p,) flicker and wandering together, no less than what the sensor's arithmetic makes."""
    floor = np.maximum(RELATIVE_FLOOR * np.abs(level), known.calm / 10)
    spread = np.maximum(np.sqrt(noise + np.nanvar(off, axis=0)), floor)
    return np.where(spread > 0, spread, 1.0)  # at rest at exactly 0: any change of it is one


def _trust(share: Array, chosen: Mask) -> Array:
    """(p,) the share that is flicker, against the steadiest channel's, which counts in full."""
    steady = 1 - share
    return np.clip(steady / max(float(steady[chosen].max(initial=0.0)), 1e-6), 0.0, 1.0)


def _wandering(off: Array, noise: Array, rows: int) -> Array:
    """(p,) how much of a channel's variance is slow; by the median, so that a few bumps do not make a wanderer of it."""
    usual2 = np.minimum((1.4826 * np.nanmedian(np.abs(off), axis=0)) ** 2, np.nanvar(off, axis=0))
    slow = np.maximum(usual2 - noise / rows, 0.0)
    share: Array = slow / np.maximum(slow + noise, 1e-300)
    return share


def _strayed(z: Array, rate: Array) -> Array:
    """(n, p) how far each step lay from a level that follows the steps before it; unheard steps move nothing."""
    location, strayed = np.nan_to_num(z[0]), np.zeros_like(z)
    for place, step in enumerate(z):
        strayed[place] = step - location
        location = location + rate * np.nan_to_num(step - location)
    return strayed


def _learn_load(normal: Normal, steps: Steps, drive: int) -> None:
    """The line on which each channel goes with the drive, where the drive moves and explains most of the channel."""
    known = np.isfinite(steps.means).all(axis=1)
    means = steps.means[known]
    if len(means) < FEWEST_LOAD_STEPS:
        return
    off = means - means.mean(axis=0)
    load2 = float((off[:, drive] ** 2).mean())
    if load2 <= LOAD_SHARE * float(off[:, drive].var() + np.nanmean(steps.noise[:, drive])):
        return
    slope = (off * off[:, drive : drive + 1]).mean(axis=0) / load2
    explained = slope**2 * load2 / np.maximum((off**2).mean(axis=0), 1e-300)
    slope = np.where(explained >= LOAD_SHARE, slope, 0.0)
    slope[drive] = 0.0
    normal.slope, normal.load = slope, drive if slope.any() else -1


def _off_the_line(normal: Normal, steps: Steps) -> tuple[Array, Array]:
    """Means and noise of the steps with what the load explains taken off."""
    if normal.load < 0:
        return steps.means, steps.noise
    load = steps.means[:, normal.load : normal.load + 1]
    usual_load = float(np.nanmedian(load))
    means = steps.means - normal.slope * (load - usual_load)
    return means, steps.noise + normal.slope**2 * steps.noise[:, normal.load : normal.load + 1]
