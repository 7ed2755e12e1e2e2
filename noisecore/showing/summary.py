"""summary.md: a run in words and tables, computed from its records and verdicts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from noisecore.judging.curves import Curve
from noisecore.judging.curves.rows import curve_rows
from noisecore.judging.curves.table import tested_on
from noisecore.judging.gates import Verdict, regression_head, regression_lines, regression_rows
from noisecore.judging.gates.rows import FloorRow, PublishedRow
from noisecore.judging.results import Results, assemble
from noisecore.judging.suites import Suite, suites_of, table_rows
from noisecore.judging.suites.trainings import trainings_of
from noisecore.records import Trial, TrialRecord
from noisecore.showing.markdown import bullets, code, fenced, number, shown_estimate, table, text

_ORDER = ("fail", "inconclusive", "pass")


def conclude(curve: Curve) -> str:
    """Return what the curve shows, in words: the trend, the largest drop and where it lies.

    Scale 0 is not part of the trend and is named last. No conclusion is drawn from a curve with a
    missing trial.
    """
    rows = curve_rows(curve)
    clean = [row for row in rows if row.scale == 0 and row.accuracy.seeds]
    reference = f"Without noise (scale 0) it is {clean[0].accuracy.mean:.4f}." if clean else ""
    if not any(row.scale > 0 for row in rows):
        return f"Accuracy was measured only at scale 0, without noise. {reference}".strip()
    claimed = curve.without_zero()
    figures = np.concatenate([claimed.at(scale).accuracy for scale in claimed.scales.tolist()])
    if missing := int(np.isnan(figures).sum()):
        return (
            f"No conclusion can be drawn: {missing} of {figures.size} trials have no "
            f"figures. {reference}"
        ).strip()
    scales, means = claimed.scales, claimed.mean_accuracy
    if len(scales) == 1:
        only = f"Accuracy is {means[0]:.4f} at scale {scales[0]:g}; one scale shows no trend."
        return f"{only} {reference}".strip()
    words = [_trend(scales.tolist(), means.tolist())]
    if drop := curve.largest_drop():
        start, end = (float(means[scales == s][0]) for s in (drop.scale_from, drop.scale_to))
        words.append(
            f"The largest drop, {drop.drop:.4f}, lies between scale {drop.scale_from:g} and "
            f"{drop.scale_to:g}: from {start:.4f} to {end:.4f}."
        )
    return " ".join([*words, reference]).strip()


def overall_verdict(results: Results) -> str:
    """Return one word for the run: what is missing, failed or undecided is never a pass."""
    found = {verdict.verdict for verdict in results.verdicts}
    if "fail" in found or results.failed:
        return "fail"
    if results.missing:
        return "incomplete"
    if "inconclusive" in found:
        return "inconclusive"
    return "pass" if found else "not judged"


def make_summary(results: Results, plots: Mapping[str, Sequence[str]]) -> str:
    """Return the content of summary.md.

    plots: the files of each curve by its name (the empty name for pictures of the whole run),
    without their suffix and relative to the summary, such as `plots/cnn_gaussian_quick-curve`.
    """
    curves, _, problem = assemble(results.records, results.planned)
    name = results.profile.get("name", "unknown")
    parts = [f"# noisecore, profile {code(name)}: {overall_verdict(results)}", _standing(results)]
    if isinstance(notes := results.run.get("notes"), list):
        parts += [f"**{text(str(note))}**" for note in notes]
    if problem:
        parts.append(f"**No curve could be made of the records:** {text(problem)}")
    parts += _verdicts(results.verdicts)
    for suite in suites_of(curves.values()).values():
        parts += [
            f"## {code(suite.name)}",
            *filter(None, [text(suite.note)]),
            table(*_suite_table(suite)),
            *_regression(suite.name, results.verdicts),
            *_pictures(plots.get(suite.name, ())),
        ]
    for trained in trainings_of(suites_of(curves.values()).values()).values():
        head, *rows = [[text(cell.strip()) for cell in row] for row in trained.rows()]
        told = f"{trained.head[0].upper()}{trained.head[1:]}."
        parts += [f"## {code(trained.name)}", told, table(head, rows)]
        parts += _pictures(plots.get(trained.name, ()))
    for curve in curves.values():
        parts += [
            f"## {code(curve.name)}",
            text(conclude(curve)),
            *([f"It was tested on {tested_on(curve.images, curve.whole)}."] if curve.whole else []),
            _curve_table(curve, results.verdicts),
            *_regression(curve.name, results.verdicts),
            *_pictures(plots.get(curve.name, ())),
        ]
    parts += _published(results.verdicts)
    if isinstance(commands := results.run.get("next"), Mapping):
        for purpose, lines in commands.items():
            parts += [f"## {text(str(purpose).rstrip(':').capitalize())}", fenced(lines, "sh")]
    if plots.get(""):
        parts += ["## All curves", *_pictures(plots[""])]
    if results.failed:
        lines = [
            f"{code(record.trial.label)}: {text(record.reason or 'no reason was recorded')}"
            for record in results.failed
        ]
        parts += ["## Failed trials", bullets(lines)]
    if results.missing:
        parts += ["## Trials without a record", bullets(map(code, results.missing))]
    parts += ["## How it was made", _provenance(results)]
    return "\n\n".join(parts) + "\n"


def _trend(scales: list[float], means: list[float]) -> str:
    steps = list(zip(scales, scales[1:], np.diff(means).tolist(), strict=False))
    rising = [step for step in steps if step[2] > 0]
    level = [step for step in steps if step[2] == 0]
    ends = f"from {means[0]:.4f} at scale {scales[0]:g} to {means[-1]:.4f} at scale {scales[-1]:g}"
    if not rising and not level:
        return f"Accuracy falls at every step as the scale grows, {ends}."
    if len(level) == len(steps):
        return f"Accuracy does not change as the scale grows: {means[0]:.4f} at every scale."
    if len(rising) == len(steps):
        return f"Accuracy rises at every step as the scale grows, {ends}."
    change = means[-1] - means[0]
    verb = "falls" if change < 0 else "rises" if change > 0 else "ends where it began"
    parts = [
        f"{what} at {len(chosen)} of {len(steps)} steps ("
        + ", ".join(f"{a:g} to {b:g}{f': {rise:+.4f}' if rise else ''}" for a, b, rise in chosen)
        + ")"
        for what, chosen in (("rises", rising), ("stays level", level))
        if chosen
    ]
    return f"Accuracy {verb} over all, {ends}, but {' and '.join(parts)}."


def _standing(results: Results) -> str:
    """Return how many trials ran, and how the gates ended."""
    total = len(results.records) + len(results.missing)
    how = "were saved by earlier runs" if results.run.get("records") else "ran"
    trials = f"{len(results.records)} of {total} trials {how}"
    if taken := sum(record.is_cached for record in results.records):
        trials += f", {taken} of them in an earlier run, from the cache"
    if results.failed:
        trials += f", {len(results.failed)} of them failed"
    counts = {word: sum(verdict.verdict == word for verdict in results.verdicts) for word in _ORDER}
    gates = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    run = results.run
    which = " ".join(
        f"{word} {code(run[key])}" if key == "id" else f"{word} {text(run[key])}"
        for word, key in (("Run", "id"), ("of", "started"))
        if run.get(key)
    )
    return f"{which + ': ' if which else ''}{trials}; gates: {gates or 'none was judged'}."


def _verdicts(verdicts: Sequence[Verdict]) -> list[str]:
    if not verdicts:
        return []
    ordered = sorted(verdicts, key=lambda verdict: verdict.urgency)
    lines = [f"**{v.verdict}**, {v.gate}: {text(v.sentence)}" for v in ordered]
    return ["## Verdicts", "\n".join(f"- {line}" for line in lines)]


def _curve_table(curve: Curve, verdicts: Sequence[Verdict]) -> str:
    floors = {
        row.scale: f"{verdict.verdict} ({number(row.floor)})"
        for verdict in verdicts
        if verdict.gate == "floor" and verdict.curve == curve.name
        for row in verdict.rows(FloorRow)
    }
    given = curve.replicates == "draws"
    accuracy = "accuracy (95 % over images)" if given else "accuracy (95 %)"
    head = ["scale", accuracy, "loss", curve.replicates, *(["floor"] if floors else [])]
    seeds = len(curve.seeds)
    rows = [
        [
            f"{row.scale:g}",
            shown_estimate(row.accuracy),
            number(row.loss.mean),
            f"{row.accuracy.seeds} of {seeds}" if row.missing else f"{row.accuracy.seeds}",
            *([floors.get(row.scale, "")] if floors else []),
        ]
        for row in curve_rows(curve)
    ]
    return table(head, rows)


def _suite_table(suite: Suite) -> tuple[Sequence[str], list[list[str]]]:
    head, *rows = [[text(cell.strip()) for cell in row] for row in table_rows(suite)]
    return head, rows


def _regression(curve: str, verdicts: Sequence[Verdict]) -> list[str]:
    """Return the comparison of a curve or suite with the baseline, in points of accuracy."""
    parts: list[str] = []
    for verdict in verdicts:
        if verdict.gate != "no regression" or verdict.curve != curve:
            continue
        parts.append(f"Against the baseline, in points: **{verdict.verdict}**.")
        rows = regression_rows(verdict)
        if rows:
            bad = ("fail", "inconclusive")
            bold = [[*row[:-1], f"**{row[-1]}**" if row[-1] in bad else row[-1]] for row in rows]
            parts.append(table(regression_head(verdict), bold))
        if lines := regression_lines(verdict):
            parts.append(bullets(map(text, lines)))
    return parts


def _published(verdicts: Sequence[Verdict]) -> list[str]:
    head = [
        "figure", "published accuracy", "measured", "sd", "95 % prediction", "adjusted p",
        "within", "could refute, points", "published loss", "measured loss", "seeds",
    ]  # fmt: skip
    parts: list[str] = []
    for verdict in verdicts:
        rows = [
            [
                text(row.name),
                number(row.published_accuracy),
                number(row.mean),
                number(row.sd),
                f"{number(row.lo)} to {number(row.hi)}",
                number(row.holm_p, 3),
                "\N{EN DASH}" if row.within is None else "yes" if row.within else "**no**",
                _points(row.refutable),
                number(row.published_loss),
                number(row.mean_loss),
                str(row.seeds),
            ]
            for row in verdict.rows(PublishedRow)
        ]
        if rows:
            parts += ["## Published and measured", text(verdict.sentence), table(head, rows)]
    return parts


def _points(share: float | None) -> str:
    return number(None if share is None else 100 * share, 2)


def _pictures(stems: Iterable[str]) -> list[str]:
    return [f"![{stem.rpartition('/')[2]}]({stem}.png)\n\n[SVG]({stem}.svg)" for stem in stems]


def _provenance(results: Results) -> str:
    rows: dict[str, str] = {}
    for key, value in results.run.items():
        if key in ("next", "notes"):
            continue
        shown = (
            ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, Mapping) else value
        )
        rows[str(key)] = code(shown) if key in ("command", "id") else text(shown)
    trials = [record.trial for record in results.records]
    rows["data set"] = _distinct(
        f"{trial.dataset}, SHA-256 {trial.dataset_sha256}" for trial in trials
    )
    rows["recipe"] = _distinct(
        trial.recipe.name
        + ": "
        + ", ".join(f"{name} {value}" for name, value in trial.recipe.values().items())
        for trial in trials
        if isinstance(trial, Trial)
    )
    for name in dict.fromkeys(key for record in results.records for key in record.environment):
        values = (r.environment[name] for r in results.records if name in r.environment)
        rows[name] = _distinct(map(str, values))
    seconds = _train_seconds(results.records)
    if seconds:
        rows["training"] = f"{seconds:.0f} s over all trials"
    return table(["what", "value"], [[text(key), value] for key, value in rows.items() if value])


def _train_seconds(records: Sequence[TrialRecord]) -> float:
    found = {r.key: r.cost.get("train_seconds") for r in records if not r.is_cached}
    return sum(
        value for value in found.values() if isinstance(value, int | float) and math.isfinite(value)
    )


def _distinct(values: Iterable[str]) -> str:
    return "; ".join(text(value) for value in dict.fromkeys(values))
