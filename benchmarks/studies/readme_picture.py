"""Draw the README's picture: a model that got worse, its baseline, and the scales that fail.

    python benchmarks/studies/readme_picture.py

The run is real: the multilayer perceptron of the profile quick with a tenth of its neurons, one of
the worse models that the gate was tried on. Its accuracies are read from what pytest printed, which
is kept in a-tenth-of-the-filters.txt; the baseline is the committed one. Writes
docs/pictures/curve.png, 1400 by 700 pixels, the same each time.
"""

import io
from pathlib import Path

import numpy as np

from noisecore.judging.baselines import read_baseline
from noisecore.judging.curves import Curve
from noisecore.judging.gates import Verdict
from noisecore.judging.gates.rows import MeanRow, ScaleRow
from noisecore.records import write_atomically
from noisecore.showing.plots import plot_curve

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / "docs/pictures/curve.png"
BASELINE = ROOT / "benchmarks/baselines/quick.json"
RUN = "a-tenth-of-the-filters.txt"
CURVE = "mlp/gaussian/quick"
CAPTION = "51 neurons in place of 512; 3 seeds (dots), bars: 95 % t interval of their mean"


def tables(text):
    """Return the rows of the curve's two tables: its accuracies, and its comparison."""
    own = text[text.index(f"\n{CURVE} on ") :]
    measured = own[own.index("\nscale ") : own.index("\nAccuracy falls")]
    compared = own[own.index("\nscale  measured") : own.index("\nA row fails")]
    return [
        [line.split() for line in part.strip().splitlines()[1:]] for part in (measured, compared)
    ]


def curve_of(rows, baseline):
    """Return the curve of the rows: scale, mean, half of the interval, one for each seed, loss."""
    scales = np.array([float(row[0]) for row in rows])
    accuracy = np.array([row[3:-1] for row in rows], float).T
    return Curve(
        name=CURVE, scales=scales, seeds=tuple(range(len(accuracy))), accuracy=accuracy,
        loss=np.full_like(accuracy, np.nan), images=1000, model=baseline.model,
        noise=baseline.noise, id=baseline.id,
    )  # fmt: skip


def row_of(cells):
    """Return a row of the comparison; its bound takes two cells, `<` and the number."""
    scale, measured, baseline, change, _, bound, allowed, _, _, verdict = cells
    figures = {
        "measured": float(measured), "baseline": float(baseline),
        "difference": float(change) / 100, "bound_high": float(bound) / 100,
        "allowed": -float(allowed) / 100, "verdict": verdict, "low": None, "high": None,
    }  # fmt: skip
    return MeanRow(**figures) if scale == "mean" else ScaleRow(scale=float(scale), **figures)


def draw():
    """Return the picture."""
    (path,) = (ROOT / "benchmarks").rglob(RUN)
    measured, compared = tables(path.read_text())
    baseline = read_baseline(BASELINE).curves[CURVE]
    rows = [row_of(cells) for cells in compared]
    kept = [row.baseline for row in rows if isinstance(row, ScaleRow)]
    np.testing.assert_allclose(kept, baseline.mean_accuracy, atol=6e-5)  # it is that baseline
    verdict = Verdict(
        gate="no regression", curve=CURVE, verdict="fail", sentence="", figures=tuple(rows)
    )
    figure = plot_curve(curve_of(measured, baseline), verdict)
    figure.set_size_inches(7, 3.5)
    figure.get_layout_engine().set(w_pad=0.12, h_pad=0.06)
    figure.supxlabel(CAPTION, fontsize=8.5, color="#404040")
    return figure


if __name__ == "__main__":
    content = io.BytesIO()
    # Opaque: a page may be dark.
    draw().savefig(content, dpi=200, facecolor="white", metadata={"Software": None})
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(PICTURE, content.getvalue())
