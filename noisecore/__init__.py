"""Measure how a model's accuracy falls as noise grows, and fail the build when it falls too far.

The names in `__all__` are the public face. They are loaded when they are first used, so that
`import noisecore` loads neither NumPy nor anything larger. All other modules may change.

With pytest two fixtures do the same and keep the records: `robustness.evaluate(...)` measures a
model, and `noise_baseline` is what `assert_no_regression` compares its curve with.
"""

__version__ = "0.1.0"

TYPE_CHECKING = False  # not typing's, which takes longer to import than all of this
if TYPE_CHECKING:
    from noisecore.callables import named as named
    from noisecore.compared import compare as compare
    from noisecore.data import Dataset as Dataset
    from noisecore.data import load_dataset as load_dataset
    from noisecore.errors import NoisecoreError as NoisecoreError
    from noisecore.judging.baselines import Baseline as Baseline
    from noisecore.judging.baselines import read_baseline as read_baseline
    from noisecore.judging.curves import Curve as Curve
    from noisecore.judging.gates import Verdict as Verdict
    from noisecore.judging.gates import assert_at_chance as assert_at_chance
    from noisecore.judging.gates import assert_floor as assert_floor
    from noisecore.judging.gates import assert_monotonic as assert_monotonic
    from noisecore.judging.gates import assert_no_regression as assert_no_regression
    from noisecore.judging.gates import assert_noise_bites as assert_noise_bites
    from noisecore.judging.gates import assert_published as assert_published
    from noisecore.judging.gates import floor_for as floor_for
    from noisecore.judging.gates import judge_at_chance as judge_at_chance
    from noisecore.judging.gates import judge_floor as judge_floor
    from noisecore.judging.gates import judge_monotonic as judge_monotonic
    from noisecore.judging.gates import judge_no_regression as judge_no_regression
    from noisecore.judging.gates import judge_noise_bites as judge_noise_bites
    from noisecore.judging.gates import judge_published as judge_published
    from noisecore.judging.margins import Margins as Margins
    from noisecore.judging.results import read_records as read_records
    from noisecore.judging.saved import read_curves as read_curves
    from noisecore.judging.suites import Suite as Suite
    from noisecore.measure import evaluate as evaluate
    from noisecore.measure import evaluate_outputs as evaluate_outputs
    from noisecore.noise import apply_noise as apply_noise
    from noisecore.profiles import Profile as Profile
    from noisecore.recipes import Recipe as Recipe
    from noisecore.renewing import write_baseline as write_baseline
    from noisecore.sweep import train_sweep as train_sweep
    from noisecore.testing import check_noise as check_noise

_HOMES = {
    "errors": ("NoisecoreError",),
    "callables": ("named",),
    "compared": ("compare",),
    "data": ("Dataset", "load_dataset"),
    "judging.baselines": ("Baseline", "read_baseline"),
    "judging.curves": ("Curve",),
    "judging.gates": (
        "Verdict",
        "assert_at_chance",
        "assert_floor",
        "assert_monotonic",
        "assert_no_regression",
        "assert_noise_bites",
        "assert_published",
        "floor_for",
        "judge_at_chance",
        "judge_floor",
        "judge_monotonic",
        "judge_no_regression",
        "judge_noise_bites",
        "judge_published",
    ),
    "judging.margins": ("Margins",),
    "judging.results": ("read_records",),
    "judging.saved": ("read_curves",),
    "judging.suites": ("Suite",),
    "measure": ("evaluate", "evaluate_outputs"),
    "noise": ("apply_noise",),
    "profiles": ("Profile",),
    "recipes": ("Recipe",),
    "renewing": ("write_baseline",),
    "sweep": ("train_sweep",),
    "testing": ("check_noise",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOME:
        import sys

        # With these two, Python can suggest a similar name.
        line = f"module 'noisecore' has no attribute {name!r}"
        raise AttributeError(line, name=name, obj=sys.modules[__name__])
    value = getattr(import_module(f"noisecore.{_HOME[name]}"), name)
    globals()[name] = value  # so that it is found at once the next time
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
