"""A baseline with curves added, removed or renewed, and lines that say what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from noisecore.judging.baselines.ancestor import First, first_of, what_is_the_same
from noisecore.judging.baselines.comparison import Comparison, compare_records
from noisecore.judging.baselines.file import Baseline, BaselineError, Origin
from noisecore.judging.curves import Curve, matched_curves
from noisecore.judging.margins import Margins
from noisecore.records import TrialRecord


@dataclass(frozen=True, kw_only=True)
class Renewed:
    """A renewed baseline, and what became of each curve.

    short: what changed, in one line. lines: what became of each, in words. changed: the curves that
    were added, renewed or removed. stayed: those that a run with other scales could not replace.
    """

    baseline: Baseline
    short: str
    lines: tuple[str, ...]
    changed: tuple[str, ...]
    stayed: tuple[str, ...]


def renew_baseline(
    old: Baseline | None,
    records: Iterable[TrialRecord],
    *,
    profile: str,
    origins: Mapping[str, Origin],
    vanished: Iterable[str] = (),
    only_missing: bool = False,
    whole: bool = False,
    new_ancestor: bool = False,
) -> Renewed:
    """Return the baseline with the curves of `records` in place of its own, and what changed.

    origins: those of the curves to add; other records are ignored. vanished: curves to remove. With
    `only_missing`, a curve that is already there stays. So does a curve that was not run at all
    scales of the baseline, because old and new scales are not mixed; with `whole`, the run's scales
    replace them all. A renewed curve keeps its first ancestor, unless `new_ancestor` is set or its
    figures now mean something else. Raises `BaselineError` if a trial of a curve to add has no
    figures.
    """
    kept = dict(old.origins) if old else {}
    held = list(old.records) if old else []
    lines, changed, stayed = [], [], []
    for name in sorted(set(vanished) & set(kept)):
        del kept[name]
        held = [record for record in held if record.trial.curve != name]
        lines.append(f"{name}: removed, because no test compares it")
        changed.append(name)
    given = list(records)
    curves = matched_curves(record for record in given if record.trial.curve in origins)
    for name, curve in curves.items():
        if not curve.complete:
            raise BaselineError(f"{name} is not complete: {curve.failures[0]}")
        ours = list(curve.records)  # each once
        if old and name in kept:
            if only_missing:
                lines.append(f"{name}: not renewed")
                continue
            first, told = _ancestor(old, name, ours, new_ancestor=new_ancestor)
            changes, lacking = _renewal(curve, ours, old.of(name))
            if lacking and not whole:
                shown = ", ".join(f"{scale:g}" for scale in lacking)
                lines.append(f"{name}: not renewed, because scale {shown} was not run")
                stayed.append(name)
                continue
            lines += [*changes, *told]
        else:
            lines.append(f"{name}: added, {_counts(curve)}")
            first = None
        changed.append(name)
        held = [record for record in held if record.trial.curve != name]
        held += [_brief(record) for record in ours]
        kept[name] = replace(origins[name], first=first)
    return Renewed(
        baseline=Baseline(profile=profile, origins=kept, records=tuple(held)),
        short=_short(old.origins if old else {}, kept, changed),
        lines=tuple(lines),
        changed=tuple(changed),
        stayed=tuple(stayed),
    )


def _short(old: Mapping[str, Origin], new: Mapping[str, Origin], changed: Sequence[str]) -> str:
    """Return in one line which of the changed curves are new or gone, and whose margins changed."""
    both = [name for name in changed if name in old and name in new]
    listed = {
        "added": [name for name in changed if name not in old],
        "renewed": both,
        "removed": [name for name in changed if name not in new],
    }
    parts = [f"{what} {', '.join(names)}" for what, names in listed.items() if names]
    usual = str(Margins())
    parts += [
        f"the margin of {name} is {new[name].margins or usual}, was {old[name].margins or usual}"
        for name in both
        if new[name].margins != old[name].margins
    ]
    return "; ".join(parts)


def _brief(record: TrialRecord) -> TrialRecord:
    """Return a record without what is not compared: training history and predicted classes.

    What it says of a cache is about the machine that it was made on.
    """
    cost = {k: each for k, each in record.cost.items() if k not in ("cache_note", "outside")}
    shown = tuple(each.brief for each in record.evaluations)
    return replace(record, history=(), evaluations=shown, cost=cost)


def _renewal(
    new: Curve, ours: Sequence[TrialRecord], theirs: Sequence[TrialRecord]
) -> tuple[list[str], list[float]]:
    """Return a line for each change of a curve, and the scales that the run did not test."""
    (before,) = matched_curves(theirs).values()
    lacking = sorted(set(before.scales.tolist()) - set(new.scales.tolist()))
    (comparison,) = compare_records(ours, theirs).values()
    removed = [f"  scale {scale:g}: removed" for scale in lacking]
    return _changes(new, before, comparison) + removed, lacking


def _ancestor(
    old: Baseline, name: str, ours: Sequence[TrialRecord], *, new_ancestor: bool
) -> tuple[First | None, list[str]]:
    """Return the first ancestor that a renewed curve keeps; if it keeps none, a line says why."""
    origin, before = old.origins[name], old.of(name)
    if new_ancestor:
        return None, ["  starts a new line: what was lost since the first ancestor is forgotten"]
    first = origin.first or first_of(before, date=origin.date, commit=origin.commit)
    if first is not None and first.same != what_is_the_same(ours):
        return None, ["  starts a new line: other images, scales or another recipe than before"]
    return first, []


def _changes(new: Curve, old: Curve, comparison: Comparison) -> list[str]:
    lines = [f"{new.name}: renewed, {_counts(new)} in place of {_counts(old)}"]
    for scale in new.scales.tolist():
        ours = new.at(scale).mean
        if scale in old.scales:
            theirs = old.at(scale).mean
            move = 100 * (ours - theirs)
            lines.append(f"  scale {scale:g}: {theirs:.4f} to {ours:.4f} ({move:+.2f} points)")
        else:
            lines.append(f"  scale {scale:g}: added, {ours:.4f}")
    lines += [f"  {line}" for line in comparison.obstacles + comparison.notes]
    if _is_luck(comparison):
        lines.append(
            "  nothing but the seeds differs: a baseline that is renewed because its seeds did "
            "better is too high by luck"
        )
    return lines


def _is_luck(comparison: Comparison) -> bool:
    """Return whether a run is better than its baseline, and nothing that was recorded says why."""
    if comparison.obstacles or comparison.notes or comparison.identical:
        return False
    trained = comparison.replicates == "seeds" and bool(comparison.noisy.any())
    noisy = comparison.noisy
    better = comparison.new[:, noisy].mean() > comparison.baseline[:, noisy].mean()
    return trained and bool(better)


def _counts(curve: Curve) -> str:
    count = len(curve.seeds)
    what = curve.replicates if count > 1 else curve.replicates.removesuffix("s")
    return f"{len(curve.scales)} scales of {count} {what}"
