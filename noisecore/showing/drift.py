"""drift.md: what changed from one environment to the next."""

from __future__ import annotations

import math
from collections.abc import Sequence

from noisecore.judging.curves.rows import curve_rows
from noisecore.judging.drift import PACKAGES, Drift, Environment, caught_half, named_packages
from noisecore.judging.gates import regression_lines, regression_rows
from noisecore.showing.markdown import code, fenced, number, shown_estimate, table, text


def make_drift_summary(
    environments: Sequence[Environment],
    found: Sequence[Drift],
    reference: str,
    gate: str,
    own: Sequence[str] = (),
) -> str:
    """Return the content of drift.md: a table per curve, then details of each that did not pass.

    gate: how the verdicts were made, in words. own: a line for each curve that has its own margins.
    """
    versions = {one.name: one.versions for one in environments}
    packages = named_packages(environments)
    trained = any(math.isfinite(one.seconds) for one in found)
    parts = [
        f"# Drift, against {code(reference)}",
        f"The verdicts are by {gate}, and adjusted for the number of environments. *Change* is "
        "that of mean accuracy over the noisy scales, and its *bound* what the verdict rests on. "
        "*Caught* is the drop of this mean that the gate catches half of the time, or a dash "
        "if all answers are the same. *Answers "
        "changed* is the share of answers that are right on one side and wrong on the other, seed "
        "by seed." + " *Training* is the median over the trials." * trained,
        *map(text, own),
    ]
    for name in dict.fromkeys(one.name for one in found):
        rows = [
            [
                code(one.environment),
                *(text(versions[one.environment].get(package) or "?") for package in packages),
                *_row(one),
                *(_training(one, found) if trained else ()),
                f"{one.memory / 2**20:.0f} MiB" if math.isfinite(one.memory) else number(math.nan),
            ]
            for one in found
            if one.name == name
        ]
        head = [
            "environment", *(PACKAGES[package] for package in packages), "mean accuracy",
            "change, points", "bound", "caught", "answers changed", "verdict",
            *(("training", "ratio") if trained else ()), "memory",
        ]  # fmt: skip
        parts += [f"## {code(name)}", table(head, rows), _accuracies(found, name)]
        parts += _turned(found, name)
    with_records = {one.name for one in environments if one.records}
    parts += _details([one for one in found if one.environment in with_records])
    if missing := [one for one in environments if one.reason]:
        parts.append("## Environments without records")
        parts += [
            f"{code(one.name)}:\n\n{fenced(str(one.reason).splitlines(), 'text')}"
            for one in missing
        ]
    return "\n\n".join(parts) + "\n"


def _row(one: Drift) -> list[str]:
    curve = one.curve.without_zero() if one.curve is not None else None
    mean = float(curve.mean_accuracy.mean()) if curve is not None else math.nan
    seen, change, interval = math.nan, "", ""
    if one.verdict is not None:
        for row in regression_rows(one.verdict):
            if row[0] == "mean":
                change, interval = row[3], row[4]
        seen = 100 * caught_half(one.verdict)
    verdict = one.verdict.verdict if one.verdict else "reference"
    return [
        number(mean),
        change,
        interval,
        number(seen, 2),
        _share(one.changed),
        verdict if verdict in ("pass", "reference") else f"**{verdict}**",
    ]


def _training(one: Drift, found: Sequence[Drift]) -> tuple[str, str]:
    fastest = min((each.seconds for each in found if each.name == one.name), default=math.nan)
    return (
        f"{one.seconds:.1f} s" if math.isfinite(one.seconds) else number(math.nan),
        number(one.seconds / fastest if fastest > 0 else math.nan, 2),
    )


def _share(changed: float) -> str:
    if not math.isfinite(changed):
        return number(math.nan)
    return "none" if changed == 0 else f"{100 * changed:.2g} %"


def _accuracies(found: Sequence[Drift], name: str) -> str:
    mine = [one for one in found if one.name == name and one.curve is not None]
    scales = sorted({s for one in mine if one.curve for s in one.curve.scales.tolist()})
    rows = []
    for one in mine:
        cells = {row.scale: row.accuracy for row in curve_rows(one.curve)} if one.curve else {}
        shown = [shown_estimate(cells[s]) if s in cells else "" for s in scales]
        rows.append([code(one.environment), *shown])
    given = any(one.curve is not None and one.curve.replicates == "draws" for one in mine)
    what = "accuracy (95 % over images) at scale" if given else "accuracy ± 95 % at scale"
    head = [what, *(f"{scale:g}" for scale in scales)]
    return table(head, rows)


def _turned(found: Sequence[Drift], name: str) -> list[str]:
    rows = [
        [
            code(one.environment),
            ", ".join(f"{t.image} ({t.before:.2f} to {t.now:.2f})" for t in one.turned),
        ]
        for one in found
        if one.name == name and one.turned
    ]
    part = any(one.curve is not None and one.curve.whole for one in found)
    which = "test images" + " (counted among those that were tested)" * part
    head = ["environment", f"{which} that changed sides most: share right, before and now"]
    return [table(head, rows)] if rows else []


def _details(found: Sequence[Drift]) -> list[str]:
    """Return the verdicts of each environment that are not a pass, then its notes, each once."""
    parts = []
    for environment in dict.fromkeys(one.environment for one in found):
        verdicts = [one.verdict for one in found if one.environment == environment and one.verdict]
        lines = [f"**{v.verdict}**: {text(v.sentence)}" for v in verdicts if v.verdict != "pass"]
        notes = [line for v in verdicts for line in regression_lines(v) if line.startswith("note")]
        lines += [text(line) for line in dict.fromkeys(notes)]
        if lines:
            parts.append(f"### {code(environment)}\n\n" + "\n".join(f"- {line}" for line in lines))
    return ["## Details", *parts] if parts else []
