"""A suite: one curve for each family of corruptions, and the figures over all of them."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from noisecore.errors import NoisecoreError, refusals
from noisecore.escaping import brief, described, shorten, shown, visible
from noisecore.functions import unknown
from noisecore.judging.curves import Curve, CurveError
from noisecore.judging.curves.fields import takes_nothing
from noisecore.judging.curves.table import aligned, as_html
from noisecore.noise.corruptions import SUITES, CorruptionSuite, extras_of
from noisecore.records import new_file, write_records

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from noisecore.records import TrialRecord


class UnknownFamilyError(NoisecoreError, KeyError):
    """A suite has no curve of that family; the message lists the families that it has."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, eq=False, kw_only=True)
class Suite(Mapping[str, Curve]):
    """One model under all families of a suite of corruptions: family -> its curve.

    `noisecore.evaluate(..., suite="mnist-c")` and the fixture `robustness` return suites. Gates
    take one where they take a curve, and give one verdict.

    name: what the model is called, and the suite, such as "digits/mnist-c". suite: such as
    "mnist-c". curves: by family, in the suite's order; their names are those of the baseline, such
    as "digits/mnist-c/fog".

    Example:
        >>> suite = Suite(name="digits/mnist-c", suite="mnist-c", curves={"fog": foggy})
        >>> suite["fog"] is foggy
        True
    """

    name: str
    suite: str
    curves: Mapping[str, Curve]

    def __post_init__(self) -> None:
        """Raise `CurveError` unless it is a model's curves by family."""
        if not isinstance(self.name, str):
            raise CurveError(f"name must be a text, got {described(self.name)}")
        if not isinstance(self.suite, str) or self.suite not in SUITES:
            raise CurveError(unknown("suite", str(self.suite), SUITES))
        curves = self.curves
        if not isinstance(curves, Mapping) or not curves:
            raise CurveError(
                f"{self.name}: curves must be a dict from family to curve, got {shown(curves)}"
            )
        known = SUITES[self.suite]
        for family, curve in curves.items():
            if family not in known:
                raise CurveError(unknown(f"family of {self.suite}", str(family), known))
            if not isinstance(curve, Curve):
                raise CurveError(f"{self.name}: {family} must be a curve, got {described(curve)}")
            if curve.noise and curve.noise.split("/")[:2] != [self.suite, family]:
                wanted = f"{self.suite}/{family}"
                raise CurveError(f"{self.name}: expected a curve of {wanted}, got {curve.noise}")
        ids = [curve.id for curve in curves.values() if curve.id is not None]
        # By name: what is trained on clean images is one model, whatever noise it is tested with.
        if len({replace(each, noise="").name for each in ids}) > 1:
            names = ", ".join(curve.name for curve in curves.values())
            raise CurveError(f"{self.name}: its curves must be of one model, got {shorten(names)}")
        ordered = {family: curves[family] for family in known if family in curves}
        object.__setattr__(self, "curves", ordered)

    def __getitem__(self, family: str) -> Curve:
        """Return the curve of a family; raise `UnknownFamilyError` if there is none."""
        try:
            return self.curves[family]
        except (KeyError, TypeError):
            what = f"family of {self.name}"
            raise UnknownFamilyError(unknown(what, str(family), self.curves)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.curves)

    def __len__(self) -> int:
        return len(self.curves)

    @property
    def counted(self) -> tuple[str, ...]:
        """The families that the figures over the suite are of: all but the extras."""
        extras = extras_of(self.suite)
        return tuple(family for family in self.curves if family not in extras)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The families of the suite that are not here, such as frost without photographs."""
        extras = extras_of(self.suite)
        return tuple(f for f in SUITES[self.suite] if f not in self.curves and f not in extras)

    @property
    def note(self) -> str:
        """Which families the figures over the suite are without, such as "without frost"."""
        return f"without {', '.join(self.left_out)}" if self.left_out else ""

    @property
    def records(self) -> list[TrialRecord]:
        """The records of all curves."""
        return [record for curve in self.curves.values() for record in curve.records]

    @property
    def images(self) -> int:
        """How many test images each accuracy is a share of."""
        return max(curve.images for curve in self.curves.values())

    @property
    def complete(self) -> bool:
        """Whether every trial of every family gave its figures."""
        return all(curve.complete for curve in self.curves.values())

    @property
    def clean_accuracy(self) -> float:
        """Mean accuracy at scale 0; NaN if it was not measured, or a trial failed."""
        curve = next(iter(self.curves.values()))
        return float(curve.mean_accuracy[0]) if curve.scales[0] == 0 else math.nan

    @property
    def mean_accuracies(self) -> dict[str, float]:
        """The mean accuracy over the severities, by family; NaN if a trial failed."""
        return {family: _mean(curve) for family, curve in self.curves.items()}

    @property
    def mean_accuracy(self) -> float:
        """The mean of `mean_accuracies` over the families that count; NaN if a trial failed."""
        means = self.mean_accuracies
        counted = [means[family] for family in self.counted]
        return float(np.mean(counted)) if counted else math.nan

    @takes_nothing("write the frame, suite.to_frame().to_csv(path)")
    def to_frame(self) -> pd.DataFrame:
        """Return one row per family, scale and seed: family, scale, seed, accuracy, loss."""
        frames = [
            curve.to_frame().assign(family=family)[["family", "scale", "seed", "accuracy", "loss"]]
            for family, curve in self.curves.items()
        ]
        return pd.concat(frames, ignore_index=True)

    def save(self, path: str | Path) -> None:
        """Write the records of all curves into a file, whole or not at all.

        `noisecore.read_curves`, `read_records` and `compare` read it; its folder is created. Raises
        `RecordError` if the curves have no records, `OSError` if the file cannot be written.
        """
        file = new_file(path, "digits.json")
        first = next(iter(self.curves.values()))
        with refusals(f"{file}: cannot be written"):
            write_records(file, self.records, labels=first.labels)

    def plot(self, path: str | Path | None = None) -> Figure:
        """Return the suite's picture: for each family its accuracy, from clean to the worst.

        path: if given, the picture is also written into this file.
        """
        from noisecore.showing.plots import plot_suite  # a layer above

        figure = plot_suite(self)
        if path is not None:
            file = new_file(path, "suite.png")
            with refusals(f"{file}: cannot be written"):
                file.parent.mkdir(parents=True, exist_ok=True)
                figure.savefig(file, dpi=150, facecolor="white")
        return figure

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the table and the picture."""
        from noisecore.showing.plots import render

        picture = base64.b64encode(render(self.plot())["png"]).decode()
        return (
            f"<p><b>{escape(visible(self.name))}</b> on {self.images} test images"
            f"{', ' + self.note if self.note else ''}</p>{as_html(table_rows(self))}"
            f'<img alt="accuracy by family" width="600" src="data:image/png;base64,{picture}">'
        )

    def __repr__(self) -> str:
        mean = round(self.mean_accuracy, 4)
        return brief("Suite", name=self.name, families=len(self), mean_accuracy=mean)

    def __str__(self) -> str:
        head = f"{visible(self.name)} on {self.images} test images"
        return "\n".join([head, *aligned(table_rows(self)), *filter(None, [self.note])])


def _mean(curve: Curve) -> float:
    """Return the mean accuracy of a curve over its severities."""
    noisy = curve.mean_accuracy[curve.scales > 0]
    return float(noisy.mean()) if noisy.size else math.nan


def table_rows(suite: Suite) -> list[tuple[str, ...]]:
    """Return the cells of the table, the head first: a row for each family, then their mean."""
    rows: list[tuple[str, ...]] = [("family", "clean", "mean", "worst", "at severity")]
    for family, curve in suite.curves.items():
        extra = "" if family in suite.counted else " (extra)"
        noisy = curve.mean_accuracy[curve.scales > 0]
        clean = curve.mean_accuracy[0] if curve.scales[0] == 0 else math.nan
        known = noisy.size and not np.isnan(noisy).any()
        worst = int(noisy.argmin()) if known else 0
        at = f"{curve.scales[curve.scales > 0][worst]:g}" if known else "-"
        least = float(noisy[worst]) if known else math.nan
        cells = (_figure(clean), _figure(_mean(curve)), _figure(least))
        rows.append((visible(family) + extra, *cells, at))
    overall = _figure(suite.clean_accuracy), _figure(suite.mean_accuracy)
    rows.append((f"mean of {len(suite.counted)}", *overall, "", ""))
    width = max(len(row[0]) for row in rows)
    return [(row[0].ljust(width), *row[1:]) for row in rows]


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.4f}"


def suite_of(chosen: CorruptionSuite, curves: Iterable[Curve]) -> Suite:
    """Return the suite of a model's curves: of those whose noise is a family of it."""
    noises = {corruption.__name__ for corruption in chosen.families().values()}
    (suite,) = suites_of((curve for curve in curves if curve.noise in noises), least=1).values()
    return suite


def suites_of(curves: Iterable[Curve], *, least: int = 2) -> dict[str, Suite]:
    """Return the suites among curves, by name: the families of one model, and of one training.

    least: how many families make a suite.
    """
    found: dict[str, tuple[str, dict[str, Curve]]] = {}
    for curve in curves:
        suite, _, rest = curve.noise.partition("/")
        family, *bits = rest.split("/")
        if curve.id is not None and family in SUITES.get(suite, ()):
            name = replace(curve.id, noise="/".join([suite, *bits])).name
            found.setdefault(name, (suite, {}))[1][family] = curve
    return {
        name: Suite(name=name, suite=suite, curves=families)
        for name, (suite, families) in found.items()
        if len(families) >= least
    }
