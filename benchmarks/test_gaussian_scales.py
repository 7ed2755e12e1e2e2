"""Claim: accuracy under Gaussian noise falls as the noise grows, and stays above its floors.

Every model is trained and tested at each scale, once per seed. A floor belongs to
a profile, data set, model and recipe; change one of these and the floors no longer apply. With
--noise-baseline, accuracy is also no further below the committed baseline than the margins allow.
"""

import pytest

from noisecore import (
    assert_floor,
    assert_monotonic,
    assert_no_regression,
    assert_noise_bites,
    floor_for,
)

# Least mean accuracy at each scale: the mean of 60 seeds, minus 5 standard deviations over seeds
# (or 2 points, if that is more), rounded down to whole points.
FLOORS = {
    ("quick", "mnist-5k", "cnn", "quick"): {
        0: 0.95, 0.1: 0.94, 0.5: 0.94, 1: 0.92, 2: 0.84, 4: 0.57,
    },
    ("quick", "mnist-5k", "mlp", "quick"): {
        0: 0.93, 0.1: 0.93, 0.5: 0.92, 1: 0.88, 2: 0.73, 4: 0.48,
    },
}  # fmt: skip

# Least drop from the least to the greatest scale, for the scales that a profile comes with.
LEAST_DROPS = {"cnn": 0.2, "mlp": 0.2}

pytestmark = pytest.mark.robustness()


def test_floor(robustness, benchmark, noise_model, noise_scale):
    """Mean accuracy over the seeds is at least the floor of its scale."""
    robustness.record(benchmark)
    profile = robustness.profile
    kind = (profile.name, profile.dataset, noise_model, profile.recipe.name)
    if floor_for(FLOORS.get(kind, {}), noise_scale) is None:
        pytest.skip(f"no floor for {'/'.join(kind)} at scale {noise_scale:g}: nothing is claimed")
    assert_floor(robustness.point, FLOORS[kind])


def test_monotonic(robustness, noise_model):
    """Accuracy never rises from a scale to the next by more than the slack or the seeds' spread."""
    if len(robustness.profile.scales) < 2:
        pytest.skip("one scale: there is no step to judge")
    assert_monotonic(robustness.curve, slack=0.01, chance=0.1, rigorous=robustness.rigorous)


def test_noise_bites(robustness, noise_model):
    """Accuracy is clearly lower at the greatest scale than at the least."""
    scales = robustness.profile.scales
    if scales[0] > 0.5 or scales[-1] < 4:
        pytest.skip("the drop is claimed for scales from 0.5 or less to 4 or more")
    assert_noise_bites(robustness.curve, least_drop=LEAST_DROPS[noise_model])


def test_no_regression(robustness, noise_baseline, noise_model):
    """Accuracy is no further below the committed baseline than the margins allow."""
    assert_no_regression(robustness.curve, noise_baseline)
