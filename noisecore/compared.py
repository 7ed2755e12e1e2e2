"""Compare two runs, curve by curve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from noisecore.errors import ArgumentTypeError
from noisecore.escaping import described
from noisecore.functions import knows_arguments
from noisecore.judging.baselines import Baseline
from noisecore.judging.curves import Curve
from noisecore.judging.gates import judge
from noisecore.judging.gates.arguments import curve_from, warn_if_swapped
from noisecore.judging.gates.verdict import Verdict, make_verdict
from noisecore.judging.margins import (
    ALPHA,
    Margins,
    Mode,
    changed_margins,
    check_mode,
    parse_alpha,
)
from noisecore.judging.results import is_sequential, read_any, read_old
from noisecore.judging.suites import Suite
from noisecore.records import RecordError, TrialRecord, as_path

Run = str | Path | Baseline | Curve | Mapping[str, Curve] | Iterable[Curve | TrialRecord]


@knows_arguments
def compare(
    new: Run,
    old: Run,
    *,
    margins: Margins | str | None = None,
    mode: Mode | None = None,
    alpha: float = ALPHA,
) -> dict[str, Verdict]:
    """Judge one run against another, as a run is judged against its baseline.

    Each curve is judged on its own, a whole suite with one verdict.

    Args:
        new: The run that is judged: a curve, curves, records, a baseline, or the path of a file or
            folder that holds them (a baseline, or anything that `read_records` reads).
        old: The run that it is compared with, in the same forms. Two single curves, or two suites,
            may have different names.
        margins: How much may be lost, such as "mean>3,scale>5" in points of accuracy. None takes
            the curve's own margins from a baseline, otherwise the usual ones.
        mode: "simple" or "rigorous". None takes "rigorous" for given models, "simple" for trained.
        alpha: How often an unchanged run may fail, over all curves.

    Returns:
        A verdict for each whole suite, and for each other curve, by name. A curve that only one of
        the runs has is inconclusive. If all of `new` was measured before all of `old`, a warning
        asks if the two were swapped.

    Raises:
        RecordError: A path holds no records, or records do not belong together.
        MarginsError: The margins or alpha cannot be read.

    Example:
        >>> verdicts = compare(curve, old_curve)
        >>> [verdict.verdict for verdict in verdicts.values()]
        ['pass']
    """
    from noisecore.judging.gates import judge_no_regression

    alpha = parse_alpha(alpha)
    check_mode(mode)
    if (isinstance(new, Curve) and isinstance(old, Curve)) or (
        isinstance(new, Suite) and isinstance(old, Suite)
    ):
        verdict = judge_no_regression(new, old, margins=margins, mode=mode, alpha=alpha)
        return {new.name: verdict}
    ours = _records(new)
    theirs = read_old(as_path(old)) if isinstance(old, str | Path) else old
    theirs = theirs if isinstance(theirs, Baseline) else _records(theirs)
    given = None if margins is None else changed_margins(Margins(), margins)
    auto = isinstance(new, str | Path) and is_sequential(as_path(new))
    found = judge(ours, theirs, mode=mode, margins=given, alpha=alpha, sequential=auto)
    held = theirs.records if isinstance(theirs, Baseline) else theirs
    warn_if_swapped(ours, held)
    names = [dict.fromkeys(record.trial.curve for record in side) for side in (ours, held)]
    compared = {name for verdict in found.values() for name in verdict.names}
    for name in sorted({*names[0], *names[1]} - compared):
        where = "new" if name in names[0] else "old"
        sentence = f"{name} is only in the {where} run: there is nothing to compare it with"
        found[name] = make_verdict("no regression", name, "inconclusive", sentence)
    return found


def _records(run: Run) -> list[TrialRecord]:
    """Return the records of a run, wherever they are; raise `RecordError` if there are none."""
    if isinstance(run, str | Path):
        return read_any(as_path(run))
    if isinstance(run, Baseline):
        return list(run.records)
    run = run.values() if isinstance(run, Mapping) else run
    parts = list(run) if isinstance(run, Iterable) else [run]
    records: list[TrialRecord] = []
    for part in parts:
        if not isinstance(part, Curve | TrialRecord):
            odd = part if isinstance(run, list | tuple) else run
            raise ArgumentTypeError(
                "a run must be curves, records, a baseline or a path, got "
                f"{described(odd)}{curve_from(odd)}"
            )
        records += part.records if isinstance(part, Curve) else (part,)
    if not records:
        raise RecordError("there are no records to compare: give curves that were measured")
    return records
