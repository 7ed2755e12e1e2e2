"""Claim: the reference notebook's published figures can be reproduced by its own protocol.

The tests compare each published figure of its sweep, its run on clean images and its noise-only
control with what our seeds measured. They also measure what it did not show: a clean reference that
is standardised as the noisy runs are. They run only with the profile `notebook`.
"""

import math

import pytest

from noisecore import assert_at_chance, assert_published

# Loss and accuracy, as published: one seed, one run each.
PUBLISHED_SWEEP = {
    0.1: (0.5467995405197144, 0.8823),
    0.5: (0.6266005635261536, 0.8601),
    1.0: (0.8344602584838867, 0.8125),
    2.0: (1.12745201587677, 0.6738),
    4.0: (2.037432909011841, 0.3513),
}
PUBLISHED_CLEAN = (0.8621631860733032, 0.8232)
PUBLISHED_CONTROL = (2.302541732788086, 0.1137)

# The share of the commonest class among the test images: 1,135 ones of 10,000.
COMMONEST = 0.1135


SWEEP = {}
CLEAN = {"scales": [0.0], "recipe": {"standardisation": "none"}}
# The notebook meant N(0, 3²) on top of the images and trained on twice that noise alone: 6.
CONTROL = {"scales": [6.0], "recipe": {"standardisation": "none"}, "blank": True}


def robustness(*conditions):
    """Ask for trials of the notebook's network, in the notebook's profile alone."""
    return pytest.mark.robustness(*conditions, profile="notebook", models=["cnn"])


def by_the_protocol(robustness):
    """Skip if an option replaced the data set or recipe of the published figures."""
    profile = robustness.profile
    if (profile.dataset, profile.recipe.name) != ("mnist", "notebook"):
        pytest.skip(f"published for mnist/notebook, not {profile.dataset}/{profile.recipe.name}")


@robustness(SWEEP, CLEAN, CONTROL)
def test_published(robustness):
    """Every published accuracy lies in the range that our seeds predict (Holm over the figures)."""
    by_the_protocol(robustness)
    sweep, clean, control = robustness.curves
    points = {"clean, [0, 1]": clean.at(0.0), "noise only": control.at(6.0)}
    published = {"clean, [0, 1]": PUBLISHED_CLEAN, "noise only": PUBLISHED_CONTROL}
    for scale, figures in PUBLISHED_SWEEP.items():
        if scale in sweep.scales:
            points[f"scale {scale:g}"] = sweep.at(scale)
            published[f"scale {scale:g}"] = figures
    assert_published(points, published)


@robustness(CONTROL)
def test_noise_only_control(robustness):
    """Without the images the model learns nothing: chance accuracy, and a loss of ln 10."""
    by_the_protocol(robustness)
    assert_at_chance(robustness.point, chance=COMMONEST, loss=math.log(10))


@robustness({"scales": [0.0, 0.1]})
def test_clean_reference(robustness):
    """Standardised clean images are no harder than the least noise, unlike the notebook's own."""
    curve = robustness.curve
    clean, noisy = curve.at(0.0), curve.at(0.1)
    assert clean.mean >= noisy.mean - 0.01, f"{clean}\n{noisy}"
