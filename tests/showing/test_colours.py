"""Colours that are used together can be told apart, also by those who are colour-blind."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from records_factory import make_sweep

from noisecore.judging.curves import matched_curves
from noisecore.showing.plots import plot_notebook
from noisecore.showing.plots.style import ACCURACY, BASELINE, FAILS, OKABE_ITO, scale_styles

# Machado, Oliveira and Fernandes 2009, of severity 1, for linear RGB.
SIGHT = {
    "all cones": np.eye(3),
    "protanopia": np.array([
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]),
    "deuteranopia": np.array([
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]),
}  # fmt: skip
XYZ = np.array([
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip
LEAST = 10  # of CIE 1976; about 2.3 is just noticed when two patches touch


def lab(colour, sight):
    """Return a colour in CIELAB (D65), as it looks with some sight."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(SIGHT[sight] @ linear, 0, 1)
    t = XYZ @ seen / (XYZ @ np.ones(3))
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def notebook():
    """Return the colours of the notebook's plot."""
    (curve,) = matched_curves(make_sweep()).values()
    return [axes.yaxis.label.get_color() for axes in plot_notebook(curve).axes]


TOGETHER = {
    "curve": [ACCURACY, BASELINE, FAILS, "white"],
    "classes": [*OKABE_ITO, "black", "white"],
    "scales": [*(s["color"] for s in scale_styles([0.0, 0.1, 0.5, 1, 2, 4]).values()), "white"],
    "notebook": [*notebook(), BASELINE, FAILS, "white"],
}


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("picture", TOGETHER)
def test_distance(picture, sight) -> None:
    """Any two colours of a picture lie far apart in CIELAB, as each kind of sight has them."""
    seen = [lab(colour, sight) for colour in TOGETHER[picture]]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) >= LEAST


def test_the_measure() -> None:
    """The simulation does what is published: red and green become alike without one cone."""
    red, green = "#c04040", "#7f7f33"
    apart = {s: np.linalg.norm(lab(red, s) - lab(green, s)) for s in SIGHT}
    assert apart["all cones"] > 3 * min(apart["protanopia"], apart["deuteranopia"])
    assert lab("white", "all cones") == pytest.approx([100, 0, 0], abs=0.05)
