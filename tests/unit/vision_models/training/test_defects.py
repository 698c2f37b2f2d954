"""The limit keeps its promise, also when few pictures were taught."""

import numpy as np
import pytest

from vision_models.training.defects import upper_bound, whitening_of


@pytest.mark.parametrize("taught", [8, 30])
@pytest.mark.parametrize("promised", [0.05, 0.01])
def test_false_alarms_come_as_often_as_promised(taught: int, promised: float) -> None:
    """Over many lessons, a further good part exceeds the limit at about the rate that was asked for."""
    rng = np.random.default_rng(5)
    alarms = []
    for _ in range(400):
        scores = np.exp(rng.normal(0.3, 0.2, taught))
        alarms.append((np.exp(rng.normal(0.3, 0.2, 200)) > upper_bound(scores, promised)).mean())
    assert np.mean(alarms) == pytest.approx(promised, rel=0.35)


def test_whitening_spreads_deviations_alike() -> None:
    """Channels two hundred times apart in spread are within twenty afterwards: the weakest stays a little weaker."""
    rng = np.random.default_rng(6)
    features = rng.normal(size=(40, 6, 6, 3)).astype(np.float32) * np.array([0.1, 1.0, 20.0], np.float32)
    white = (features - features.mean(axis=0)) @ whitening_of(features)
    spreads = white.reshape(-1, 3).std(axis=0)
    assert spreads.max() / spreads.min() < 20
