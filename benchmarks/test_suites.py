"""Claim: a model that was trained on clean digits stays above its floors under MNIST-C.

It is trained once per seed, which is the training of scale 0 of the other benchmarks. A floor
belongs to a profile, data set, model and recipe; change one of these and the floors no longer
apply.
"""

import pytest

from noisecore import assert_floor

# Least mean accuracy over the severities of 3 seeds, as `noisecore floors` proposes from 30 seeds
# (benchmarks/records/gate/suites_seeds.npz). Families without one vary too much from seed to seed
# for a floor above chance.
FLOORS = {
    ("quick", "mnist-5k", "cnn", "quick"): {
        "shot_noise": 0.95, "impulse_noise": 0.83, "glass_blur": 0.90, "motion_blur": 0.81,
        "shear": 0.90, "scale": 0.70, "rotate": 0.79, "brightness": 0.54, "translate": 0.22,
        "stripe": 0.78, "fog": 0.42, "spatter": 0.95, "dotted_line": 0.93, "zigzag": 0.87,
        "canny_edges": 0.87,
    },
    ("quick", "mnist-5k", "mlp", "quick"): {
        "shot_noise": 0.92, "impulse_noise": 0.84, "glass_blur": 0.91, "motion_blur": 0.74,
        "shear": 0.83, "scale": 0.37, "rotate": 0.70, "translate": 0.11, "fog": 0.12,
        "spatter": 0.92, "dotted_line": 0.91, "zigzag": 0.81, "canny_edges": 0.65,
    },
}  # fmt: skip


@pytest.mark.robustness(
    models=["cnn", "mlp"], suite="mnist-c", train=("gaussian", 0), profile="quick"
)
def test_floor(robustness, noise_model):
    """Mean accuracy over the seeds is at least the floor of each family."""
    profile = robustness.profile
    kind = (profile.name, profile.dataset, noise_model, profile.recipe.name)
    suite = robustness.suite
    if kind not in FLOORS:
        pytest.skip(f"no floors for {'/'.join(kind)}: nothing is claimed")
    assert_floor(suite, FLOORS[kind])
