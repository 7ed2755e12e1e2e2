"""Draw the README's picture: its example, a classifier that became more fragile.

    python benchmarks/studies/readme_picture.py

Both models are those of the README: scikit-learn's digits, with the default C and with C=100.
Writes docs/pictures/curve.png, 1400 by 700 pixels. Needs scikit-learn.
"""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import noisecore
from noisecore.records import write_atomically
from noisecore.showing.plots import plot_curve

PICTURE = Path(__file__).parents[2] / "docs/pictures/curve.png"


def curve_of(**choices):
    """Return the curve of the README's classifier, made with other choices."""
    digits = load_digits()
    x, y = digits.images.astype("float32") / 16, digits.target
    model = LogisticRegression(**choices).fit(x[::2].reshape(-1, 64), y[::2])
    return noisecore.evaluate(model, x[1::2], y[1::2], scales=[0.1, 0.3, 1], name="digits")


def draw():
    """Return the picture."""
    old, new = curve_of(max_iter=1000), curve_of(C=100, max_iter=1000)
    verdict = noisecore.judge_no_regression(new, old)
    # Without a loss, for accuracy alone.
    figure = plot_curve(replace(new, loss=np.full_like(new.loss, np.nan), records=()), verdict)
    figure.axes[0].set_xlabel("scale of the noise")
    figure.suptitle("Digits under noise: C=100 against the baseline")
    figure.supxlabel("")
    figure.set_size_inches(7, 3.5)
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.06)
    return figure


if __name__ == "__main__":
    content = io.BytesIO()
    # Opaque: a page may be dark.
    draw().savefig(content, dpi=200, facecolor="white", metadata={"Software": None})
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(PICTURE, content.getvalue())
