"""A curve, and the figures read off it."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd

from noisecore.errors import ArgumentError, refusals
from noisecore.escaping import brief, shown, visible
from noisecore.functions import knows_arguments
from noisecore.judging.curves.checks import check_records
from noisecore.judging.curves.fields import CurveError, interval_of, settled, takes_nothing
from noisecore.judging.curves.table import as_html, as_text, table_rows, tested_on
from noisecore.judging.statistics import Floats, Interval
from noisecore.noise import as_written
from noisecore.records import CurveId, TrialRecord, new_file, write_records

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from noisecore.judging.baselines import Baseline
    from noisecore.judging.margins import Margins
    from noisecore.noise import Samples

Replicates = Literal["seeds", "draws"]


class Drop(NamedTuple):
    """A fall of mean accuracy from one scale to the next greater one."""

    scale_from: float
    scale_to: float
    drop: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Point:
    """A curve at one scale: accuracy and loss are (S,), one figure per seed, NaN if a trial failed.

    images: how many test images each accuracy is a share of. failures: a line for each NaN.
    replicates: whether a figure belongs to a seed or a draw, as in `Curve`. once: whether all draws
    are the same measurement. image_error: for a given model, the standard error over images. whole:
    as in `Curve`.
    """

    curve: str
    scale: float
    seeds: tuple[int, ...]
    accuracy: Floats
    loss: Floats
    images: int
    failures: tuple[str, ...] = ()
    replicates: Replicates = "seeds"
    once: bool = False
    image_error: float = math.nan
    whole: int | None = None

    @property
    def mean(self) -> float:
        """Mean accuracy over the seeds; NaN if one is missing."""
        return float(self.accuracy.mean())

    @property
    def mean_loss(self) -> float:
        """Mean loss over the seeds; NaN if one is missing."""
        return float(self.loss.mean())

    @property
    def sd(self) -> float:
        """Standard deviation of accuracy over the seeds; NaN for one seed."""
        return float(self.accuracy.std(ddof=1)) if len(self.accuracy) > 1 else math.nan

    @property
    def interval(self) -> Interval:
        """The 95 % interval of mean accuracy, as in `Curve.interval`; arrays of shape ()."""
        return interval_of(self.accuracy, self.replicates, self.image_error, self.images)

    def __repr__(self) -> str:
        return brief(
            "Point",
            curve=self.curve,
            scale=self.scale,
            accuracy=self.accuracy.round(4).tolist(),
            **{self.replicates: self.seeds},
        )

    def __str__(self) -> str:
        return str(
            Curve(
                name=self.curve,
                scales=np.array([self.scale]),
                seeds=self.seeds,
                accuracy=self.accuracy[:, None],
                loss=self.loss[:, None],
                images=self.images,
                failures=self.failures,
                replicates=self.replicates,
                once=(self.scale,) if self.once else (),
                image_error=np.array([self.image_error]),
                whole=self.whole,
            )
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Curve:
    """Accuracy and loss over scale, with the records that they were read from.

    A trained model is tested at the scale that it was trained at; a given model, or one that was
    trained once, is tested at all scales. `noisecore.evaluate`, `noisecore.train_sweep` and the
    fixture `robustness` return curves, and every gate takes one.

    scales: (k,) ascending. accuracy, loss: (S, k), one row per seed; NaN if the trial failed or is
    missing; lists become arrays. images: how many test images each accuracy is a share of. whole:
    if these were chosen from a set of more, how many that has.
    failures: a line for each NaN, which trial and why; it starts with the trial's label.
    replicates: whether a row is one of the "seeds" of trained models, or one of the "draws" of the
    noise that a given model is tested with. once: the scales at which all draws are the same
    measurement: the noise is not random, or there is none. image_error: (k,), for a given model,
    the standard error over images of mean accuracy, None or NaN if unknown. model, noise: their
    names, empty if unknown. id: which curve it is. records: what was measured, one record per
    trial; gates judge these, and figures that contradict them are refused. A curve built from
    figures alone has none, and cannot be saved or compared with a baseline. labels: (images,), the
    class number of each test image, if known. samples: a few of the images, clean and noisy, if a
    model was evaluated just now.

    Example:
        >>> import noisecore
        >>> curve = noisecore.evaluate(predict, x, y, scales=[0.1, 0.3], name="digits")
        >>> curve.name
        'digits/gaussian'
        >>> curve.mean_accuracy.shape
        (3,)
    """

    name: str
    scales: Floats
    seeds: tuple[int, ...]
    accuracy: Floats
    loss: Floats
    images: int
    failures: tuple[str, ...] = ()
    replicates: Replicates = "seeds"
    once: tuple[float, ...] = ()
    image_error: Floats | None = None
    model: str = ""
    noise: str = ""
    id: CurveId | None = None
    records: Sequence[TrialRecord] = ()
    labels: NDArray[np.int64] | None = None
    samples: Samples | None = None
    whole: int | None = None

    def __post_init__(self) -> None:
        for field_name, value in settled(vars(self)).items():
            object.__setattr__(self, field_name, value)
        check_records(self)
        for name in ("scales", "accuracy", "loss"):  # a changed figure is no measurement
            view = getattr(self, name).view()
            view.flags.writeable = False
            object.__setattr__(self, name, view)

    @property
    def mean_accuracy(self) -> Floats:
        """Mean accuracy over the seeds, (k,); NaN where one is missing."""
        return np.asarray(self.accuracy.mean(axis=0))

    @property
    def mean_loss(self) -> Floats:
        """Mean loss over the seeds, (k,); NaN where one is missing."""
        return np.asarray(self.loss.mean(axis=0))

    @property
    def interval(self) -> Interval:
        """The 95 % interval of mean accuracy, (k,); its bounds are NaN where they are not known.

        Of trained models it is Student's t over the seeds, two at least. A given model has no
        seeds: its interval says what other test images might have given (`image_interval`).
        """
        error = math.nan if self.image_error is None else self.image_error
        return interval_of(self.accuracy, self.replicates, error, self.images)

    @property
    def complete(self) -> bool:
        """Whether every trial of the curve gave its figures."""
        return bool(np.isfinite(self.accuracy).all() and np.isfinite(self.loss).all())

    def at(self, scale: float) -> Point:
        """Return the figures at one scale; raise `ArgumentError` if the curve has none there."""
        try:
            found = np.flatnonzero(self.scales == as_written(scale))
        except (TypeError, ValueError):  # not a number
            found = np.zeros(0, np.int64)
        if not len(found):
            known = ", ".join(f"{s:g}" for s in self.scales)
            raise ArgumentError(f"{self.name}: scale must be one of {known}, got {shown(scale)}")
        i = int(found[0])
        return Point(
            curve=self.name,
            scale=float(self.scales[i]),
            seeds=self.seeds,
            accuracy=self.accuracy[:, i],
            loss=self.loss[:, i],
            images=self.images,
            failures=tuple(
                f
                for f in self.failures
                if f" scale {as_written(scale):g} {self.replicates[:-1]} " in f
            ),
            replicates=self.replicates,
            once=float(self.scales[i]) in self.once,
            image_error=math.nan if self.image_error is None else float(self.image_error[i]),
            whole=self.whole,
        )

    def without_zero(self) -> Curve:
        """Return the curve without scale 0; raise `CurveError` if it has no other scale."""
        keep = self.scales != 0
        if keep.all():
            return self
        if not keep.any():
            raise CurveError(f"{self.name}: expected a scale greater than 0, got none")
        return replace(
            self,
            scales=self.scales[keep],
            accuracy=self.accuracy[:, keep],
            loss=self.loss[:, keep],
            image_error=None if self.image_error is None else self.image_error[keep],
            failures=tuple(
                f for f in self.failures if f" scale 0 {self.replicates[:-1]} " not in f
            ),
        )

    def scale_at_half(self) -> float | None:
        """Return the least scale where mean accuracy is half of that at the curve's first scale.

        The first scale is 0 if the curve has it. Between scales the mean is interpolated linearly.
        None if half is never reached, NaN if a trial failed.
        """
        mean = self.mean_accuracy
        if np.isnan(mean).any():
            return math.nan
        half = mean[0] / 2
        below = np.flatnonzero(mean <= half)
        if not len(below) or below[0] == 0:
            return None
        j = int(below[0])
        share = (mean[j - 1] - half) / (mean[j - 1] - mean[j])
        return float(self.scales[j - 1] + share * (self.scales[j] - self.scales[j - 1]))

    def normalised_area(self) -> float:
        """Return the trapezoid area under mean accuracy, divided by the range of the scales.

        It is an accuracy: the mean over the range, including scale 0 if the curve has it. With one
        scale, it is the accuracy there. NaN if a trial failed.
        """
        mean, scales = self.mean_accuracy, self.scales
        if len(scales) == 1:
            return float(mean[0])
        area = (np.diff(scales) * (mean[1:] + mean[:-1]) / 2).sum()
        return float(area / (scales[-1] - scales[0]))

    def largest_drop(self) -> Drop | None:
        """Return the largest fall of mean accuracy between neighbouring scales, 0 left out.

        None if accuracy never falls, a trial failed, or there are fewer than two scales.
        """
        keep = self.scales != 0
        scales, drops = self.scales[keep], -np.diff(self.mean_accuracy[keep])
        if not len(drops) or np.isnan(drops).any() or drops.max() <= 0:
            return None
        i = int(drops.argmax())
        return Drop(float(scales[i]), float(scales[i + 1]), float(drops[i]))

    @takes_nothing("write the frame, curve.to_frame().to_csv(path)")
    def to_frame(self) -> pd.DataFrame:
        """Return one row per scale and seed: scale, seed, accuracy, loss."""
        seeds, scales = len(self.seeds), len(self.scales)
        return pd.DataFrame(
            {
                "scale": np.repeat(self.scales, seeds),
                "seed": np.tile(self.seeds, scales),
                "accuracy": self.accuracy.T.ravel(),
                "loss": self.loss.T.ravel(),
            }
        )

    def save(self, path: str | Path) -> None:
        """Write the curve's records into a file, whole or not at all; its folder is created.

        `noisecore.read_curves`, `read_records` and `compare` read it. Raises `RecordError` if the
        curve has no records, `OSError` if the file cannot be written.
        """
        file = new_file(path, "digits.json")
        with refusals(f"{file}: cannot be written"):
            write_records(file, self.records, labels=self.labels)

    @knows_arguments
    def plot(
        self, baseline: Baseline | Curve | None = None, *, margins: Margins | str | None = None
    ) -> Figure:
        """Return the curve's picture, as a run draws it: accuracy over scale, and loss below.

        Args:
            baseline: What it is compared with, as in `assert_no_regression`. If given, the
                baseline, its margins and the scales that fail are drawn, too.
            margins: How much may be lost, such as "mean>3,scale>5" in points of accuracy.

        Returns:
            The Matplotlib figure.

        Raises:
            RecordError: There is a baseline, and the curve has no records to compare with it.

        Example:
            >>> curve.plot(baseline=old_curve).savefig("digits.png")
        """
        from noisecore.showing.plots import plot_compared, plot_curve  # a layer above

        return plot_curve(self) if baseline is None else plot_compared(self, baseline, margins)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the table and the picture."""
        from noisecore.showing.plots import render

        picture = base64.b64encode(render(self.plot())["png"]).decode()
        return (
            f"<p><b>{escape(visible(self.name))}</b> on {tested_on(self.images, self.whole)}</p>"
            f"{as_html(table_rows(self))}"
            f'<img alt="accuracy over scale" width="600" src="data:image/png;base64,{picture}">'
        )

    def __repr__(self) -> str:
        means = self.mean_accuracy.round(4).tolist()
        figures = {"scales": self.scales.tolist(), "mean_accuracy": means, "images": self.images}
        return brief("Curve", name=self.name, **figures, **{self.replicates: self.seeds})

    def __str__(self) -> str:
        return as_text(self)
