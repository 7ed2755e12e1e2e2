"""Claim: a model that was trained on clean digits stays above its floors under MNIST-C.

It is trained once per seed, which is the training of scale 0 of the other benchmarks. A floor
belongs to a profile, data set, model and recipe; change one of these and the floors no longer
apply.
"""

import pytest

from noisecore import assert_floor

# Least mean accuracy over the severities, as `noisecore floors` proposes for 3 seeds from 3 seeds.
# Families without one vary too much from seed to seed for a floor above chance.
FLOORS = {
    ("quick", "mnist-5k", "cnn", "quick"): {
        "shot_noise": 0.75, "glass_blur": 0.33, "motion_blur": 0.23, "shear": 0.57,
        "spatter": 0.82, "dotted_line": 0.78, "zigzag": 0.60, "canny_edges": 0.65,
    },
    ("quick", "mnist-5k", "mlp", "quick"): {
        "shot_noise": 0.74, "impulse_noise": 0.20, "glass_blur": 0.76, "motion_blur": 0.12,
        "shear": 0.49, "rotate": 0.43, "spatter": 0.74, "dotted_line": 0.73, "zigzag": 0.41,
        "canny_edges": 0.14,
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
