"""Gates: the checks that can fail a build.

`judge_...` returns a `Verdict`; `assert_...` hands it to `collect_verdicts` and raises
`AssertionError` unless it is a pass. What is missing or inconclusive is never a pass.
"""

from noisecore.judging.gates.case import judge_comparison
from noisecore.judging.gates.curve_gates import (
    assert_monotonic,
    assert_noise_bites,
    judge_monotonic,
    judge_noise_bites,
)
from noisecore.judging.gates.point_gates import (
    assert_at_chance,
    assert_floor,
    floor_for,
    judge_at_chance,
    judge_floor,
)
from noisecore.judging.gates.published import assert_published, judge_published
from noisecore.judging.gates.regression import (
    assert_no_regression,
    judge,
    judge_no_regression,
)
from noisecore.judging.gates.regression_text import (
    HEAD,
    regression_head,
    regression_lines,
    regression_rows,
    regression_table,
)
from noisecore.judging.gates.verdict import Verdict, Verdicts, collect_verdicts
from noisecore.judging.margins import (
    ALPHA,
    Margins,
    MarginsError,
    Mode,
    Rule,
    parse_alpha,
    parse_margins,
)

__all__ = [
    "ALPHA",
    "HEAD",
    "Margins",
    "MarginsError",
    "Mode",
    "Rule",
    "Verdict",
    "Verdicts",
    "assert_at_chance",
    "assert_floor",
    "assert_monotonic",
    "assert_no_regression",
    "assert_noise_bites",
    "assert_published",
    "collect_verdicts",
    "floor_for",
    "judge",
    "judge_at_chance",
    "judge_comparison",
    "judge_floor",
    "judge_monotonic",
    "judge_no_regression",
    "judge_noise_bites",
    "judge_published",
    "parse_alpha",
    "parse_margins",
    "regression_head",
    "regression_lines",
    "regression_rows",
    "regression_table",
]
