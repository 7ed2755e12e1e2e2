"""Records and curves in, Matplotlib figures out; nothing here touches the disk.

Figures are made without pyplot: no global state, no backend, nothing to close. Colours can be told
apart by the colour-blind and, with markers and line styles of their own, in black and white.
"""

from noisecore.showing.plots.classes import plot_classes
from noisecore.showing.plots.curve import plot_compared, plot_curve, plot_notebook
from noisecore.showing.plots.drift import plot_drift
from noisecore.showing.plots.learning import plot_learning
from noisecore.showing.plots.matrix import plot_matrix
from noisecore.showing.plots.noise import plot_noise
from noisecore.showing.plots.style import plain_model, plain_noise, render
from noisecore.showing.plots.suite import plot_suite
from noisecore.showing.plots.trainings import plot_trainings

__all__ = [
    "plain_model",
    "plain_noise",
    "plot_classes",
    "plot_compared",
    "plot_curve",
    "plot_drift",
    "plot_learning",
    "plot_matrix",
    "plot_noise",
    "plot_notebook",
    "plot_suite",
    "plot_trainings",
    "render",
]
