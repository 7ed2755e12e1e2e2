"""Trained with one, tested with all: suites of one model that was trained in several ways."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from noisecore.escaping import described, shorten, visible
from noisecore.judging.curves import CurveError
from noisecore.judging.suites.suite import Suite


@dataclass(frozen=True, eq=False)
class Trainings:
    """Suites of one model, by what it was trained with; "clean" comes first.

    name: the model's and the suite's, such as "mlp/mnist-c/quick". suites: such as "gaussian:0.5"
    -> the suite.
    """

    name: str
    suites: dict[str, Suite]

    @property
    def families(self) -> list[str]:
        """The families that each of the suites has, at the same severities."""
        return _families(self.suites.values())

    @property
    def head(self) -> str:
        """What the cells of `rows` are."""
        more = ", in brackets how many points more than after training on clean images"
        return "accuracy in %" + more * ("clean" in self.suites)

    @property
    def columns(self) -> list[str]:
        """The families, after them their mean; before them clean images."""
        return ["clean", *self.families, "mean"]

    def accuracies(self) -> NDArray[np.float64]:
        """Return mean accuracies, (trainings, columns); NaN where a trial failed.

        The mean is over the families that count and that all suites have.
        """
        rows = []
        for suite in self.suites.values():
            means = suite.mean_accuracies
            counted = [means[family] for family in self.families if family in suite.counted]
            mean = float(np.mean(counted)) if counted else math.nan
            rows.append([suite.clean_accuracy, *(means[each] for each in self.families), mean])
        return np.array(rows)

    def differences(self) -> NDArray[np.float64]:
        """Return by how much each row is above that of the clean training; NaN without one."""
        accuracies = self.accuracies()
        clean = accuracies[0] if "clean" in self.suites else np.full(len(self.columns), math.nan)
        found: NDArray[np.float64] = accuracies - clean
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return one row per training and column: name, trained, tested, accuracy, difference."""
        figures = zip(self.accuracies(), self.differences(), strict=True)
        rows = [
            (self.name, trained, tested, accuracy, difference)
            for trained, pair in zip(self.suites, figures, strict=True)
            for tested, accuracy, difference in zip(self.columns, *pair, strict=True)
        ]
        return pd.DataFrame(rows, columns=_COLUMNS)

    def rows(self) -> list[tuple[str, ...]]:
        """Return the cells of a table in percent, the head first: a row for each family."""
        head = ("tested with", *(f"trained {visible(each)}" for each in self.suites))
        cells = [
            tuple(map(_cell, values, changes, self.suites))
            for values, changes in zip(self.accuracies().T, self.differences().T, strict=True)
        ]
        width = max(map(len, self.columns))
        return [
            (head[0].ljust(width), *head[1:]),
            *((name.ljust(width), *row) for name, row in zip(self.columns, cells, strict=True)),
        ]


_COLUMNS = ["name", "trained", "tested", "accuracy", "difference"]


def _cell(value: float, change: float, trained: str) -> str:
    if math.isnan(value):
        return "-"
    known = trained != "clean" and not math.isnan(change)
    return f"{100 * value:.1f}" + f" ({100 * change:+.1f})" * known


def trainings_of(suites: Iterable[Suite]) -> dict[str, Trainings]:
    """Return the models among suites that were trained in several ways, by name."""
    found: dict[tuple[str, object], dict[str, Suite]] = {}
    for suite in suites:
        curve_id = next(iter(suite.values())).id
        if curve_id is None or curve_id.trained is None:
            continue
        noise, scale = curve_id.trained
        label = "/".join([suite.suite, *curve_id.noise.split("/")[2:]])
        name = replace(curve_id, noise=label, trained=None).name
        ways = found.setdefault((name, _tested_on(suite)), {})
        ways[f"{noise}:{scale:g}" if scale else "clean"] = suite
    return {
        name: Trainings(name, dict(sorted(ways.items(), key=lambda way: way[0] != "clean")))
        for (name, _), ways in found.items()
        if len(ways) > 1 and _families(ways.values())
    }


def _families(suites: Iterable[Suite]) -> list[str]:
    first, *others = suites
    return [
        family
        for family, curve in first.items()
        if all(
            family in each and np.array_equal(each[family].scales, curve.scales) for each in others
        )
    ]


def _tested_on(suite: Suite) -> object:
    """Return what must be the same, or the accuracies cannot be put side by side."""
    trials = [record.trial for record in suite.records[:1]]
    return tuple((t.dataset_sha256, t.subset, t.test_draw, t.model_source) for t in trials)


def one_model(suites: Sequence[Suite]) -> Trainings:
    """Return suites of one model and several trainings; raise `CurveError` on anything else."""
    given = list(suites) if isinstance(suites, Iterable) else [suites]
    if given and all(isinstance(each, Suite) for each in given):
        found = list(trainings_of(given).values())
        if len(found) == 1 and len(found[0].suites) == len(given):
            return found[0]
    named = (visible(each.name) if isinstance(each, Suite) else described(each) for each in given)
    raise CurveError(
        "expected two or more suites of one model that was trained with different noises and "
        f"tested on the same images, got {shorten(', '.join(named)) or 'none'}: give "
        "robustness.suites, or what train_sweep(..., suite=, train=) returns for each training"
    )
