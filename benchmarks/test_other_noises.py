"""Claim: a model that was trained on clean images does worse the stronger the noise, of any kind.

It is trained once per seed, and tested at each scale of each noise. Each noise has its own unit.
Accuracy need not fall with the scale of every noise: the claim is for the noises named here.
"""

import pytest

from noisecore import assert_monotonic, assert_noise_bites

# Half widths in standard deviations of the pixels; shares of the pixels; pixels.
SCALES = {
    "uniform": [0.5, 1, 2, 4],
    "salt_and_pepper": [0.05, 0.1, 0.2, 0.4],
    "gaussian_blur": [1, 2, 3, 4],
}


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param(
            noise,
            marks=pytest.mark.robustness(
                models=["mlp"],
                noise=noise,
                scales=scales,
                train=("gaussian", 0),
                profile="quick",
            ),
        )
        for noise, scales in SCALES.items()
    ],
)
def test_monotonic(robustness, noise):
    """Accuracy never rises with the scale; on digits it is clearly lower at the greatest."""
    assert_monotonic(robustness.curve, slack=0.01, chance=0.1, rigorous=robustness.rigorous)
    # Not true of all images: blur hardly hides which of two photographs a patch is from.
    if robustness.profile.dataset in ("mnist", "mnist-5k"):
        assert_noise_bites(robustness.curve, least_drop=0.1)
