"""The fixture `robustness`: what a test sees of its trials."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from noisecore.callables import name_of
from noisecore.data import DatasetError, class_numbers
from noisecore.escaping import described, shown, visible
from noisecore.functions import unknown
from noisecore.judging.margins import MarginsError, parse_margins
from noisecore.noise import Noise, NoiseError
from noisecore.plugin.choices import Choices
from noisecore.plugin.failing import failure
from noisecore.profiles import Profile
from noisecore.records import CurveId, TrialRecord

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from noisecore.judging.curves import Curve, Point
    from noisecore.judging.gates import Case
    from noisecore.plugin.baseline import Reference
    from noisecore.plugin.declare import Request
    from noisecore.plugin.run import Run


_OWN = ("run", "on_labels")  # what the fixture gives itself


def _check_names(given: Mapping[str, Any], function: Callable[..., Any]) -> None:
    """Fail the test on an argument that `function` has not, or that the fixture gives itself."""
    known = [each for each in inspect.signature(function).parameters if each not in _OWN]
    for name in given:
        if name not in known:
            raise failure(f"noisecore: {unknown('argument', name, known)}")


def _check_margins(margins: str | None) -> None:
    """Fail the test on margins that cannot be read."""
    try:
        if margins is not None:
            parse_margins(margins)
    except MarginsError as error:
        raise failure(f"noisecore: {error}") from None


def _class_numbers(y: Any) -> NDArray[np.int64] | None:
    """Return the class of each test image, None where `y` does not say it: x may bring the labels.

    That is for records that are judged anew, whose data nobody reads.
    """
    from noisecore.running.evaluation import GivenError
    from noisecore.running.evaluation.arrays import as_array

    try:
        return class_numbers(as_array(y, "y"), "y")[0]
    except (DatasetError, GivenError):
        return None


class _ReplayClock:
    """A timer for pytest-benchmark: the seconds that records hold, while they are replayed.

    At any other time it is the usual one, so that a test can measure what it does itself.
    """

    __name__ = "recorded_training_seconds"

    def __init__(self) -> None:
        self.now: float | None = None

    def __call__(self) -> float:
        return time.perf_counter() if self.now is None else self.now

    def replay(self, benchmark: Any, seconds: list[float]) -> None:
        """Give `benchmark` a round of each of these lengths."""
        left = iter(seconds)
        now = self.now = 0.0

        def advance() -> None:
            nonlocal now
            now += next(left, 0.0)
            self.now = now

        try:
            benchmark.pedantic(advance, rounds=len(seconds))
        finally:
            self.now = None


CLOCK = _ReplayClock()


class Robustness:
    """The records of one test's trials, as curves or a point.

    profile: the run's. rigorous: whether it is judged in rigorous mode. records: a list for each
    condition that the test's marker declares, and for each model that it evaluates. evaluated:
    the names of the curves of these; labels: of their records. compared: the curves that the test
    has to compare with the baseline.
    """

    def __init__(
        self,
        choices: Choices,
        requests: Sequence[Request],
        run: Run,
        nodeid: str,
        *,
        compares: bool = False,
    ) -> None:
        self.profile: Profile = choices.profile
        self.rigorous = choices.baseline.rigorous
        self.records: list[list[TrialRecord]] = []
        self.evaluated: list[str] = []
        self.labels: list[str] = []
        self._compares = compares
        self._requests = requests
        self._run = run
        self._nodeid = nodeid
        self._labels: dict[str, NDArray[np.int64] | None] = {}

    def evaluate(
        self,
        model: Any,
        x: Any,
        y: Any = None,
        *,
        scales: Iterable[float],
        noise: str | Noise = "gaussian",
        name: str = "",
        **how: Any,
    ) -> Curve:
        """Test a trained model at scale 0 and at each of `scales`; return its curve.

        The curve is named by the test, and by `name` where a test has several. All else is as in
        `noisecore.running.evaluation.evaluate_given`, whose further arguments `how` may hold:
        draws, units, value_range, clip, batch_size, dataset, least_clean, outputs, channels. What
        cannot be evaluated fails the test, in one line.
        """
        from noisecore.running.evaluation import evaluate_given

        _check_names(how, evaluate_given)
        return self._keep(
            lambda **own: evaluate_given(model, x, y, scales=scales, noise=noise, **own, **how),
            name,
            name_of(noise) if callable(noise) else str(noise),
            how,
            y,
        )

    def evaluate_outputs(
        self,
        outputs: Mapping[float, ArrayLike],
        y: ArrayLike,
        *,
        noise: str = "gaussian",
        name: str = "",
        **how: Any,
    ) -> Curve:
        """Take what a model gave elsewhere, by the scale of the noise; return its curve.

        As `evaluate`, for images that were made noisy and shown to the model by somebody else:
        `noisecore.running.evaluation.evaluate_outputs` says what `outputs` and `how` may be.
        """
        from noisecore.running.evaluation import evaluate_outputs

        _check_names(how, evaluate_outputs)
        return self._keep(
            lambda **own: evaluate_outputs(outputs, y, noise=noise, **own, **how),
            name,
            str(noise),
            how,
            y,
        )

    def _keep(
        self,
        make: Callable[..., list[TrialRecord]],
        name: str,
        noise: str,
        how: Mapping[str, Any],
        y: Any,
    ) -> Curve:
        """Return the curve of the records that `make` makes, which are kept first."""
        from noisecore.judging.curves import matched_curves
        from noisecore.running.evaluation import GivenError, clip_bounds
        from noisecore.running.store import StoreError

        if not isinstance(name, str):
            raise failure(f"noisecore: name must be a text, got {shown(name)}")
        owner = f"{self._nodeid} {name}" if name else self._nodeid
        try:
            clip = clip_bounds(how.get("clip"), how.get("units", "range"))
        except GivenError as error:
            raise failure(f"noisecore: {error}") from None
        curve = CurveId(model=owner, noise=noise, clip=clip).name
        if curve in self.evaluated:
            raise failure(
                f"noisecore: {curve} was evaluated already: give the curves of one test names, "
                "as in evaluate(..., name='small')"
            )
        found: list[NDArray[np.int64]] = []
        own = {"name": owner, "run": self._run.id, "on_labels": found.append}
        try:
            records = self._run.source.evaluate(curve, lambda: make(**own))
        except (DatasetError, GivenError, NoiseError, StoreError) as error:
            raise failure(f"noisecore: {error}") from None
        self.evaluated.append(curve)
        self._labels[curve] = found[0] if found else _class_numbers(y)
        self.labels += [record.trial.label for record in records]
        self.records.append(records)
        return matched_curves(records)[curve]

    @property
    def compared(self) -> list[str]:
        """The names of the curves that the test has to compare with the baseline."""
        asked = [request.curve for request in self._requests]
        return [*asked, *self.evaluated] if self._compares else []

    @property
    def curves(self) -> list[Curve]:
        """The matched curve (train scale = test scale) of each condition, in their order."""
        from noisecore.judging.curves import matched_curves

        return [curve for records in self.records for curve in matched_curves(records).values()]

    @property
    def curve(self) -> Curve:
        """The matched curve of a test with one condition."""
        curves = self.curves
        if not curves:
            raise ValueError(
                "there is no curve: a test gets one by @pytest.mark.robustness(), in its own "
                "function and not in its fixtures, or by robustness.evaluate(...)"
            )
        if len(curves) > 1:
            raise ValueError(f"this test has {len(curves)} curves: use robustness.curves")
        return curves[0]

    @property
    def point(self) -> Point:
        """The scale of a test with one condition and one scale."""
        curve = self.curve
        if len(curve.scales) > 1:
            raise ValueError(
                f"this test has {len(curve.scales)} scales: use robustness.curve.at(scale), or "
                "take noise_scale to run once for each"
            )
        return curve.at(float(curve.scales[0]))

    def against(
        self, baseline: Reference, curve: Curve | None = None, *, margins: str | None = None
    ) -> Case:
        """Return the case of this test's one curve against the fixture `noise_baseline`.

        Where a test evaluates several models, `curve` says which. margins: for this curve, such as
        "mean>3,scale>5"; what they do not name is as it would be without.
        """
        from noisecore.judging.curves import Curve
        from noisecore.plugin.baseline import Reference

        if not isinstance(baseline, Reference):
            raise TypeError(
                "baseline must be the fixture noise_baseline, an argument of the test: "
                f"robustness.against(noise_baseline), got {described(baseline)}"
            )
        if not isinstance(curve, Curve | None):
            raise TypeError(
                "curve must be one that robustness.evaluate gave, or left out, got "
                f"{described(curve)}"
            )
        _check_margins(margins)
        if curve is None and len(self.records) != 1:
            raise ValueError(
                f"this test has {len(self.records)} curves: compare one a test, or name the one "
                "that was evaluated: robustness.against(noise_baseline, curve)"
            )
        if self._requests and (curve is None or curve.name not in self.evaluated):
            (request,) = self._requests
            return baseline.case(
                request.curve, self.records[0], request, nodeid=self._nodeid, margins=margins
            )
        records = {each[0].trial.curve: each for each in self.records}
        name = next(iter(records)) if curve is None else curve.name
        if name not in records:
            raise ValueError(f"{name} was not evaluated by this test, but {', '.join(records)}")
        labels = self._labels.get(name)
        return baseline.case(
            name,
            records[name],
            nodeid=self._nodeid,
            evaluated=self.evaluated,
            labels=labels,
            margins=margins,
        )

    def properties(self) -> list[tuple[str, object]]:
        """Return what JUnit keeps of the test: accuracy and its interval at each scale."""
        from noisecore.judging.curves.rows import curve_rows

        found: list[tuple[str, object]] = []
        try:
            curves = self.curves
        except ValueError:  # records that do not belong together: the test fails for it
            return []
        for curve in curves:
            for row in curve_rows(curve):
                at, accuracy = visible(f"{curve.name} scale {row.scale:g}"), row.accuracy
                found.append((f"{at}: accuracy", f"{accuracy.mean:.4f}"))
                if np.isfinite(accuracy.low):
                    interval = f"{accuracy.low:.4f} to {accuracy.high:.4f}"
                    found.append((f"{at}: 95 % interval", interval))
        return found

    def record(self, benchmark: Any) -> None:
        """Put the training seconds of the seeds into pytest-benchmark's `benchmark` as rounds.

        Accuracy, loss and seeds go into its `extra_info`, in the order of the seeds.
        """
        if not callable(getattr(benchmark, "pedantic", None)):
            raise TypeError(
                "benchmark must be the fixture of pytest-benchmark, an argument of the test, got "
                f"{described(benchmark)}"
            )
        point = self.point
        (records,) = self.records
        benchmark.group = visible(point.curve)
        benchmark.extra_info |= {
            "scale": point.scale,
            "seeds": list(point.seeds),
            "accuracy": point.accuracy.tolist(),
            "loss": point.loss.tolist(),
        }
        CLOCK.replay(benchmark, [record.cost["train_seconds"] for record in records])
