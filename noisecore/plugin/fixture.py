"""The fixture `robustness`: what a test sees of its trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, overload

import pytest

from noisecore.data import DatasetError, labels_of
from noisecore.errors import ArgumentError, ArgumentTypeError, warn
from noisecore.escaping import described, shown, visible
from noisecore.noise import Noise, NoiseError
from noisecore.plugin.asked import suites_asked, the_curve, the_suite
from noisecore.plugin.clock import CLOCK
from noisecore.plugin.failing import failure
from noisecore.plugin.given import check_names, noises_of, numbers_of, what_is_tested
from noisecore.plugin.made import Made, figures_of
from noisecore.plugin.settings import Settings
from noisecore.profiles import Profile
from noisecore.records import CurveId, TrialRecord

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from noisecore.judging.curves import Curve, Point
    from noisecore.judging.gates.case import Case
    from noisecore.judging.gates.regression import Standard
    from noisecore.judging.suites import Suite
    from noisecore.noise.corruptions import CorruptionSuite
    from noisecore.plugin.baseline.held import RunBaseline
    from noisecore.plugin.marker import Request
    from noisecore.plugin.sources import Source


class Robustness:
    """The curves of one test: of the trials that its marker asks for, and of what it evaluates.

    profile: the run's. rigorous: whether it is judged in rigorous mode. former: the model's name
    now, of each curve that noisecore 0.1 put into the baseline under another name; that old name is
    the key. judged: the names of the curves that the test has judged against the baseline. source:
    of the run's records.
    """

    def __init__(
        self,
        settings: Settings,
        requests: Sequence[Request],
        nodeid: str,
        *,
        source: Source,
        made: Made,
        baseline: RunBaseline | None,
    ) -> None:
        self.profile: Profile = settings.profile
        self.rigorous = settings.baseline.rigorous
        self._requests = requests
        self._nodeid = nodeid
        self.source = source
        self._made = made
        self._baseline = baseline
        self._asked: list[list[TrialRecord]] = []
        self._evaluated: dict[str, Curve] = {}
        self.former: dict[str, str] = {}
        self.judged: list[str] = []

    @overload
    def evaluate(
        self, model: Any, x: Any, y: Any = None, *, suite: None = None, **how: Any
    ) -> Curve: ...

    @overload
    def evaluate(
        self, model: Any, x: Any, y: Any = None, *, suite: str | CorruptionSuite, **how: Any
    ) -> Suite: ...

    def evaluate(
        self,
        model: Any,
        x: Any,
        y: Any = None,
        *,
        scales: Iterable[float] | None = None,
        noise: str | Noise | None = None,
        suite: str | CorruptionSuite | None = None,
        name: str = "",
        **how: Any,
    ) -> Curve | Suite:
        """Test a trained model at scale 0 and at each of `scales`; return its curve.

        This works as `noisecore.evaluate` does, also with a `suite` of corruptions. `how` may hold
        its further arguments: draws, units, value_range, clip, batch_size, dataset, least_clean,
        outputs, channels, and images, which comes before that of the run. The records are kept
        among the run's artifacts. name: the curve's name, which stays the same when the test is
        renamed or moved; without it, the curve is named after the test. An input that cannot be
        evaluated fails the test, in one line.
        """
        from noisecore.judging.suites import suite_of
        from noisecore.measure import evaluate, measured_curves
        from noisecore.running.evaluation import evaluate_given

        check_names(how, evaluate)  # before scales, which may be what a wrong name meant
        given = what_is_tested(noise, suite, scales)
        found: list[Curve] = []

        def measure(owner: str, noise: str) -> Curve:
            if not found:  # the families of a suite are measured at once
                chosen: dict[str, Any] = {"name": owner, "pictured": True, **given}
                chosen |= {"images": self.profile.images, **how}
                found.extend(measured_curves(evaluate_given, model, x, y, **chosen))
            return next(curve for curve in found if curve.noise == noise)

        noises = noises_of(given["noise"])
        curves = [self._measure(partial(measure, noise=n), name, n, how, y) for n in noises]
        return curves[0] if suite is None else suite_of(given["noise"], curves)

    def evaluate_outputs(
        self,
        outputs: Mapping[float, ArrayLike],
        y: ArrayLike,
        *,
        noise: str = "gaussian",
        name: str = "",
        **how: Any,
    ) -> Curve:
        """Accept outputs that a model gave earlier, by scale of the noise; return its curve.

        This works as `evaluate` does, if other code added the noise to the images and called the
        model: `noisecore.evaluate_outputs` says what `outputs` and `how` may be.
        """
        from noisecore.measure import evaluate_outputs

        check_names(how, evaluate_outputs)
        return self._measure(
            lambda owner: evaluate_outputs(outputs, y, noise=noise, name=owner, **how),
            name,
            str(noise),
            how,
            y,
        )

    def _measure(
        self,
        measure: Callable[[str], Curve],
        name: str,
        noise: str,
        how: Mapping[str, Any],
        y: Any,
    ) -> Curve:
        """Keep the records of the curve that `measure` makes under its name; return the curve."""
        from noisecore.judging.curves import matched_curves
        from noisecore.running.evaluation import GivenError, clip_bounds
        from noisecore.running.store import StoreError

        if not isinstance(name, str):
            raise failure(f"noisecore: name must be a text, got {shown(name)}")
        owner = name or self._nodeid
        try:
            clip = clip_bounds(how.get("clip"), how.get("units", "range"))
        except GivenError as error:
            raise failure(f"noisecore: {error}") from None
        curve_id = CurveId(model=owner, noise=noise, clip=clip)
        # What noisecore 0.1 called it: after the test, even if it had a name.
        former = replace(curve_id, model=f"{self._nodeid} {name}") if name else None
        if curve_id.name in self._evaluated:
            raise failure(
                f"noisecore: {curve_id.name} was evaluated already: give each curve of a test its "
                "own name, as in evaluate(..., name='small')"
            )
        made: list[Curve] = []

        def records() -> list[TrialRecord]:
            made.append(measure(owner))
            return self._made.own(made[0], self._nodeid)

        try:
            found = self.source.obtain(curve_id, records, former=former)
        except (DatasetError, GivenError, NoiseError, StoreError) as error:
            raise failure(f"noisecore: {error}") from None
        known = self._baseline
        if former and known is not None and known.rename(former.name, owner):
            self.former[former.name] = owner
        labels = made[0].labels if made else numbers_of(y)
        curve = self._evaluated[curve_id.name] = matched_curves(found, labels=labels)[curve_id.name]
        return curve

    def keep(self, curve: Curve) -> Curve:
        """Keep the records of a curve that `noisecore.evaluate` made; return the curve."""
        from noisecore.judging.curves import matched_curves
        from noisecore.running.evaluation import GivenError
        from noisecore.running.store import StoreError

        known = self._evaluated.get(curve.name)
        if curve.name in self._names or not curve.records:
            return curve
        if curve.name != curve.records[0].trial.curve:  # the test renamed it: no gate compares it
            return curve
        if known is not None and figures_of(known) == figures_of(curve):
            return known
        if known is not None:
            raise failure(
                f"noisecore: two curves of this test are called {curve.name}: give one of them "
                "another name, as in evaluate(..., name='small')"
            )
        try:
            records = self.source.keep(curve.name, self._made.own(curve, self._nodeid))
        except (GivenError, StoreError) as error:
            raise failure(f"noisecore: {error}") from None
        kept = matched_curves(records, labels=curve.labels)[curve.name]
        self._evaluated[curve.name] = kept
        return kept

    def asked(self, records: list[list[TrialRecord]]) -> None:
        """Take the records of each condition that the marker declares."""
        self._asked = records

    @property
    def _names(self) -> list[str]:
        return [request.curve for request in self._requests]

    @property
    def records(self) -> list[list[TrialRecord]]:
        """The records of each curve, in the order of `curves`."""
        return [*self._asked, *(list(curve.records) for curve in self._evaluated.values())]

    @property
    def evaluated(self) -> list[str]:
        """The names of the curves that the test evaluated."""
        return list(self._evaluated)

    @property
    def labels(self) -> list[str]:
        """The labels of the records of the curves that the test evaluated."""
        return [each.trial.label for curve in self._evaluated.values() for each in curve.records]

    @property
    def compared(self) -> list[str]:
        """The names of the curves that the test has to compare with the baseline."""
        return [*self._names, *self._evaluated] if self._baseline else []

    @property
    def curves(self) -> list[Curve]:
        """The curve of each condition in the marker, then of each model that was evaluated."""
        from noisecore.judging.curves import matched_curves

        dataset = self.source.dataset
        asked = [
            curve
            for each in self._asked
            for curve in matched_curves(
                each, labels=labels_of(dataset, each[0].trial.subset)
            ).values()
        ]
        return [*asked, *self._evaluated.values()]

    @property
    def curve(self) -> Curve:
        """The curve of a test that has exactly one."""
        return the_curve(self.curves, self._requests)

    @property
    def suites(self) -> list[Suite]:
        """The suite of each condition in the marker that says `suite=`."""
        return suites_asked(self.curves, self._requests)

    @property
    def suite(self) -> Suite:
        """The suite of a test whose marker asks for exactly one."""
        return the_suite(self.suites)

    @property
    def point(self) -> Point:
        """The scale of a test with one condition and one scale."""
        curve = self.curve
        if len(curve.scales) > 1:
            raise ArgumentError(
                f"this test has {len(curve.scales)} scales: use robustness.curve.at(scale), or "
                "take noise_scale to run once for each"
            )
        return curve.at(float(curve.scales[0]))

    def against(
        self, baseline: Standard, curve: Curve | None = None, *, margins: str | None = None
    ) -> Case:
        """Return what `assert_no_regression` took in noisecore 0.1; it takes the curve itself now.

        Write `assert_no_regression(robustness.curve, noise_baseline, margins=...)` instead.
        """
        from noisecore.judging.curves import Curve
        from noisecore.judging.gates.regression import Standard

        warn(
            "robustness.against(noise_baseline) is deprecated: write "
            "assert_no_regression(curve, noise_baseline)",
            DeprecationWarning,
        )
        if not isinstance(baseline, Standard):
            raise ArgumentTypeError(
                "baseline must be the fixture noise_baseline, an argument of the test, got "
                f"{described(baseline)}"
            )
        if not isinstance(curve, Curve | None):
            raise ArgumentTypeError(
                "curve must be one that robustness.evaluate gave, or left out, got "
                f"{described(curve)}"
            )
        if curve is None and len(self.records) != 1:
            raise ArgumentError(
                f"this test has {len(self.records)} curves: say which one to compare: "
                "assert_no_regression(curve, noise_baseline)"
            )
        chosen = self.curve if curve is None else curve
        return baseline.case(chosen, margins=margins, mode=None, alpha=None)

    def request(self, curve: str) -> Request | None:
        """Return the marker's request for a curve, None if the marker does not ask for it."""
        return next((each for each in self._requests if each.curve == curve), None)

    def record(self, benchmark: Any) -> None:
        """Put the training seconds of the seeds into pytest-benchmark's `benchmark` as rounds.

        Trainings from a cache are left out. Accuracy, loss and seeds go into its `extra_info`.
        """
        if not callable(getattr(benchmark, "pedantic", None)):
            raise ArgumentTypeError(
                "benchmark must be the fixture of pytest-benchmark, an argument of the test, got "
                f"{described(benchmark)}"
            )
        point = self.point
        (records,) = self.records
        (request,) = self._requests or (None,)
        if request is not None and request.staged:  # the baseline's seconds are not this run's
            records = self.source.measured(request)
        benchmark.group = visible(point.curve)
        benchmark.extra_info |= {
            "scale": point.scale,
            "seeds": list(point.seeds),
            "accuracy": point.accuracy.tolist(),
            "loss": point.loss.tolist(),
        }
        CLOCK.replay(benchmark, [r.cost["train_seconds"] for r in records if not r.is_cached])


# In the stash of a test.
HANDLE: pytest.StashKey[Robustness] = pytest.StashKey()
