"""The run in a few lines, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from noisecore.escaping import visible
from noisecore.plugin.progress import duration, outcome
from noisecore.records import RecordError, TrialRecord
from noisecore.showing.parts import Parts
from noisecore.showing.terminal import wrap_text

if TYPE_CHECKING:
    from noisecore.judging.gates import Verdict


def summarise(
    parts: Parts,
    records: Sequence[TrialRecord],
    planned: Sequence[str],
    verdicts: Sequence[Verdict],
) -> list[str]:
    """Return a few lines per curve, and verdicts that are not a pass; `parts` has what failed."""
    from noisecore.judging.curves.table import aligned
    from noisecore.judging.results import assemble
    from noisecore.judging.suites import suites_of
    from noisecore.judging.suites.trainings import trainings_of
    from noisecore.showing.summary import conclude

    seconds = sum(each.cost.get("seconds", 0.0) for each in records if not each.is_cached)
    lines = [f"{len(records)} of {len(planned)} trials, {duration(seconds)} of training and tests"]
    if reused := sum("resumed_from" in record.cost for record in records):
        lines.append(f"{reused} of them are from an earlier run")
    lines += [outcome(record) for record in records if record.status == "failed"]
    curves, _, problem = assemble(records, planned)
    with parts.making("the curves"):
        if problem:
            raise RecordError(problem)
    suites = suites_of(curves.values())
    for suite in suites.values():
        with parts.making(f"the lines of {visible(suite.name)}"):
            lines += ["", *str(suite).split("\n")]
            lines += _comparisons([suite.name, *(each.name for each in suite.values())], verdicts)
    for name, trained in trainings_of(suites.values()).items():
        with parts.making(f"the lines of {visible(name)}"):
            lines += ["", *wrap_text(f"{visible(name)}: {trained.head}"), *aligned(trained.rows())]
    together = {curve.name for suite in suites.values() for curve in suite.values()}
    for curve in curves.values():
        if curve.name not in together:
            with parts.making(f"the lines of {visible(curve.name)}"):
                lines += ["", *str(curve).split("\n"), *wrap_text(conclude(curve))]
                lines += _comparisons([curve.name], verdicts)
    for verdict in sorted(verdicts, key=lambda verdict: verdict.urgency):
        said = verdict.gate == "no regression" and verdict.curve in {**curves, **suites}
        if verdict.verdict != "pass" and not said:
            sentence = f"{verdict.verdict.upper()} {verdict.gate}: {verdict.sentence}"
            lines += ["", *wrap_text(sentence)]
    return [*lines, ""]


def _comparisons(names: Sequence[str], verdicts: Sequence[Verdict]) -> list[str]:
    """Return the comparisons with the baseline of curves, or of a suite, in lines."""
    from noisecore.judging.gates import regression_table

    lines: list[str] = []
    for verdict in verdicts:
        if verdict.gate == "no regression" and verdict.curve in names:
            sentence = f"{verdict.verdict.upper()}: {verdict.sentence}"
            table = regression_table(verdict).split("\n")
            lines += ["", "against the baseline:", *filter(None, table), *wrap_text(sentence)]
    return lines
