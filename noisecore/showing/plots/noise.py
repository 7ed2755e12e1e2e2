"""The noise itself, alone and on an image."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from noisecore.showing.plots.style import Floats, plain_text, set_note


@plain_text
def plot_noise(
    clean: Floats, frames: Sequence[Floats], noisy: Sequence[tuple[float, Floats]], unit: str
) -> Figure:
    """Draw frames of noise alone, a clean image, and the same image at each scale.

    clean, frames and noisy images: (height, width, channels), 1 or 3 channels, in `unit`. Grey (or
    colour) values run from -r to r. The frames share one r, so that they can be compared; each
    image has its own, so that the clean one can be compared with the noisiest. It is stated below.
    """
    shared = _reach(*frames)
    panels = [(f"noise, frame {n}", frame, shared) for n, frame in enumerate(frames, start=1)]
    panels.append(("clean image", clean, _reach(clean)))
    panels += [(f"scale {scale:g}", image, _reach(image)) for scale, image in noisy]
    columns = min(4, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = Figure(figsize=(0.4 + 1.9 * columns, 0.9 + 2.3 * rows), layout="constrained")
    for place, (title, image, reach) in enumerate(panels, start=1):
        axes = figure.add_subplot(rows, columns, place)
        values = np.asarray(image, float)
        if values.shape[-1] == 1:
            axes.imshow(values[..., 0], cmap="gray", vmin=-reach, vmax=reach)
        else:
            axes.imshow(np.clip((values / reach + 1) / 2, 0, 1))
        axes.set_title(title, fontsize="medium")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel(f"\N{MINUS SIGN}{reach:.3g} to {reach:.3g}", fontsize="small")
    figure.suptitle("Noise, and One Image under It")
    set_note(figure, f"under each: its values from black to white, in {unit}")
    return figure


def _reach(*images: Floats) -> float:
    """Return the r of a grey range -r to r that holds all of the images."""
    return max((float(np.abs(image).max()) for image in images), default=0.0) or 1.0
