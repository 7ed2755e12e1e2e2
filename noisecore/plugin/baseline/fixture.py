"""The fixture `noise_baseline`: the baseline of the run, as one test sees it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from noisecore.judging.margins import Margins, Mode
from noisecore.plugin.baseline.held import RunBaseline
from noisecore.plugin.fixture import Robustness
from noisecore.plugin.staging import check_case, made_records

if TYPE_CHECKING:
    from noisecore.judging.baselines import Baseline
    from noisecore.judging.curves import Curve
    from noisecore.judging.gates.case import Case


class NoiseBaseline:
    """What the fixture `noise_baseline` gives: the baseline of the run, as one test sees it."""

    def __init__(self, baseline: RunBaseline, robustness: Robustness, nodeid: str) -> None:
        self._baseline = baseline
        self._robustness = robustness
        self._nodeid = nodeid

    @property
    def path(self) -> Path:
        """The path of the baseline's file."""
        return self._baseline.path

    @property
    def baseline(self) -> Baseline | None:
        """What the file held as the run began, None if it was not there."""
        return self._baseline.baseline

    def case(
        self,
        curve: Curve,
        *,
        margins: Margins | str | None = None,
        mode: Mode | None = None,
        alpha: float | None = None,
    ) -> Case:
        """Return a curve and the baseline, once the run has kept its records."""
        from noisecore.judging.gates.arguments import warn_if_swapped

        kept = self._robustness.keep(curve)
        if self.baseline is not None:
            warn_if_swapped(kept.records, self.baseline.of(kept.name))
        made = made_records(self._robustness, kept)
        case = self._baseline.case(
            kept,
            self._robustness.request(curve.name),
            nodeid=self._nodeid,
            evaluated=self._robustness.evaluated,
            margins=margins,
            mode=mode,
            alpha=alpha,
            made=made,
        )
        if made is not None:
            check_case(self._robustness, case, made)
        return replace(case, note=partial(self._robustness.judged.append, curve.name))
