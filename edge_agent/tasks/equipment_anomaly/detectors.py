"""Streaming detectors over what each channel strays (in widths, weighted): `u` (n, p), each O(channels) in memory a channel.

`level`: the largest stray of one channel; the mean over a window stands for Roberts' EWMA (1959): as quiet, and it forgets.
`joint`: Hotelling's T² of all strays under a shrunken covariance (MEWMA, Lowry 1992): channels that do together what none
may. `residual`: what the main directions of the covariance do not explain (Q, Jackson and Mudholkar 1979), an incremental
PCA of window means: the covariance follows healthy blocks slowly. `drift` lies in follow.py.
"""

import numpy as np
from msgspec import Struct

from edge_agent.tasks.equipment_anomaly.arrays import Array
from edge_agent.tasks.equipment_anomaly.normal import WIDTHS

DETECTORS = ("level", "joint", "residual")
SHRINKAGE = 0.5
IGNORED = 0.1  # widths: strays this small are never told apart by the covariance
EXPLAINED = 0.7
MEMORY_BLOCKS = 200.0


class Geometry(Struct, array_like=True):
    """`covariance` (p, p) follows; `fitted` is the one on which the two quadratic forms rest."""

    covariance: Array
    fitted: Array


def learned(strayed: Array) -> Geometry:
    """From the strays of the learned steps (n, p), shrunk by how few they are."""
    n, channels = strayed.shape
    raw = strayed.T @ strayed / max(1, n)
    shrinkage = max(SHRINKAGE, channels / (n + channels))
    covariance = (1 - shrinkage) * raw + shrinkage * np.diag(np.diag(raw))
    return Geometry(covariance, covariance)


def learn_more(geometry: Geometry, strayed: Array) -> None:
    """One more healthy block has ended at `strayed` (p,)."""
    geometry.covariance = geometry.covariance + (np.outer(strayed, strayed) - geometry.covariance) / MEMORY_BLOCKS


def refit(geometry: Geometry) -> None:
    """From now on the detectors rest on the present covariance."""
    geometry.fitted = geometry.covariance


def forms(geometry: Geometry) -> Array:
    """(p, 2p): the matrices of both quadratic forms side by side. Without channels that move together there is nothing."""
    channels = len(geometry.fitted)
    if channels < 2:
        return np.zeros((channels, 2 * channels))
    precision = np.linalg.inv(geometry.fitted + IGNORED**2 * np.eye(channels)) / WIDTHS**2
    values, vectors = np.linalg.eigh(geometry.fitted)
    whole = max(float(values.sum()), 1e-12)
    main = np.cumsum(values[::-1]) / whole <= EXPLAINED
    basis = vectors[:, ::-1][:, main]
    return np.hstack([precision, np.eye(channels) - basis @ basis.T])


def scores(strayed: Array, both: Array) -> Array:
    """(n, 3) one score a detector for strays (n, p)."""
    rows, channels = strayed.shape
    turned = (strayed @ both).reshape(rows, 2, channels)
    found = np.empty((rows, 3))
    found[:, 0] = np.maximum.reduce(np.abs(strayed), axis=1)
    found[:, 1:] = np.sqrt(np.maximum(np.add.reduce(turned * strayed[:, None, :], axis=2), 0.0))
    return found


def parts(strayed: Array, both: Array) -> dict[str, Array]:
    """For one row of strays (p,): how much of each detector's score each channel makes; squares add up to the score's."""
    channels = len(strayed)
    turned = strayed @ both
    found = {"level": np.abs(strayed)}
    for name, half in (("joint", turned[:channels]), ("residual", turned[channels:])):
        shares = np.maximum(half * strayed, 0.0)
        whole = max(float((half * strayed).sum()), 0.0)
        found[name] = np.sqrt(shares * whole / max(float(shares.sum()), 1e-12))
    return found
