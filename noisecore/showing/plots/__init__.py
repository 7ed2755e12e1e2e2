"""Records and curves in, Matplotlib figures out; nothing here touches the disk.

Figures are made without pyplot: no global state, no backend, nothing to close. Colours can be told
apart by the colour-blind and, by their markers, in black and white.
"""

from noisecore.showing.plots.classes import plot_classes
from noisecore.showing.plots.curve import plot_curve
from noisecore.showing.plots.drift import plot_drift
from noisecore.showing.plots.learning import plot_learning
from noisecore.showing.plots.matrix import plot_matrix
from noisecore.showing.plots.noise import plot_noise
from noisecore.showing.plots.style import render

__all__ = [
    "plot_classes",
    "plot_curve",
    "plot_drift",
    "plot_learning",
    "plot_matrix",
    "plot_noise",
    "render",
]
