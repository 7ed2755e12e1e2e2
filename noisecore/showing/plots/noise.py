"""A few images, clean and under a noise."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from noisecore.noise import Samples
from noisecore.showing.plots.style import SMALL, Floats, drawable, plain_text, set_note, wrap_name


@plain_text
def plot_noise(samples: Samples, title: str) -> Figure:
    """Draw images in rows, clean and at each scale, and last what the noise adds to the first.

    title: the name of the noise, and of what is tested. All panels have one grey scale, from the
    least to the greatest value of the clean images; values outside it are black or white. The noise
    alone is drawn on an even grey, the middle of that scale.
    """
    clean = _pictured(samples.clean)
    noisy = {scale: _pictured(images) for scale, images in samples.noisy.items()}
    low, high = float(clean.min()), float(clean.max())
    high = high if high > low else low + 1
    middle = (low + high) / 2
    alone = {scale: images[0] - clean[0] + middle for scale, images in noisy.items()}
    rows = [
        [clean[place], *(images[place] for images in noisy.values())] for place in range(len(clean))
    ]
    rows.append([np.full_like(clean[0], middle), *alone.values()])
    columns = len(rows[0])
    tall = len(rows) * clean.shape[1] / clean.shape[2]  # in widths of an image
    size = 2.6 + 1.5 * columns, min(max(1.1 + 1.5 * tall, 3.2), 14)
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.add_subplot()  # one for all panels: many would take seconds
    norm = Normalize(low, high, clip=True)
    for down, row in enumerate(rows):
        for along, image in enumerate(row):
            look: dict[str, Any] = {"cmap": "gray", "norm": norm} if image.ndim == 2 else {}
            shown = image if image.ndim == 2 else np.asarray(norm(image))
            place = along - 0.48, along + 0.48, down + 0.48, down - 0.48
            axes.imshow(shown, extent=place, **look)
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(len(rows) - 0.5, -0.5), aspect="auto")
    axes.set_box_aspect(tall / columns)
    axes.set_xticks(range(columns), ["clean", *(f"scale {scale:g}" for scale in noisy)])
    axes.set_yticks([len(rows) - 1], ["noise alone\n(on even grey)"], fontsize=SMALL)
    axes.tick_params(top=False, labeltop=True, bottom=False, labelbottom=False, left=False)
    axes.spines[:].set_visible(False)
    figure.colorbar(
        ScalarMappable(norm, "gray"), ax=axes, extend="both", shrink=0.6,
        label=drawable(samples.unit),
    )  # fmt: skip
    figure.suptitle(wrap_name(f"Test images under {title}", 66))
    set_note(
        figure, f"one grey scale, {low:.3g} to {high:.3g}: what lies outside is black or white"
    )
    return figure


def _pictured(images: Floats) -> Floats:
    """Return images as they can be drawn: (n, height, width), or with three colours at the end."""
    values = np.asarray(images, float)
    if values.ndim == 4:
        values = values[..., :3] if values.shape[-1] in (3, 4) else values[..., 0]
    return values
