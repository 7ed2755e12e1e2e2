"""What to do about a curve that fell, or is undecided: with pytest, and from a script."""

from __future__ import annotations

from dataclasses import dataclass

from noisecore.judging.gates.case import Case
from noisecore.judging.gates.rows import AccuracyRow, SinceFirstRow
from noisecore.judging.gates.verdict import Verdict
from noisecore.judging.margins import Margins


@dataclass(frozen=True, kw_only=True)
class _Ways:
    """How to renew a baseline, start it anew, look again, train more seeds, test more images."""

    renew: str
    anew: str
    rigorous: str
    more_seeds: str
    seeds: str
    images: str


_PYTEST = _Ways(
    renew="--noise-update-baseline",
    anew="--noise-update-baseline --noise-new-ancestor",
    rigorous="--noise-gate=rigorous",
    more_seeds="--noise-gate=rigorous --noise-seeds=10",
    seeds="--noise-seeds",
    images="--noise-images",
)
_SCRIPT = _Ways(
    renew="write_baseline(path, curve)",
    anew="write_baseline(path, curve, new_ancestor=True)",
    rigorous="mode='rigorous'",
    more_seeds="seeds=10, mode='rigorous'",
    seeds="seeds=",
    images="images=",
)


def advice(case: Case, verdict: Verdict) -> str:
    """Return what to do about a failure; it depends on what decided the verdict."""
    ways = _SCRIPT if case.scripted else _PYTEST
    if not verdict.rows(AccuracyRow):
        return f"If this is meant, renew the baseline ({ways.renew}), and commit it."
    failed = verdict.fallen
    if not failed:
        return (
            "Run the scales of the baseline again. If the other scales are meant, renew the "
            f"baseline in the commit that changes them ({ways.renew})."
        )
    if case.accepted or all(isinstance(row, SinceFirstRow) for row in failed):
        return (
            "Look at what changed since the first ancestor: several small losses add up. If the "
            f"loss is meant, start again from this run ({ways.anew}), in a commit that says so."
        )
    assert case.comparison is not None
    options = ways.anew if _lost_since_first(verdict, case.rule.margins) else ways.renew
    cause = f"If the change is meant, renew the baseline in the commit that causes it ({options})."
    if case.rule.mode_for(case.comparison.replicates) == "rigorous":
        return f"{_SHOWN} {cause}"
    given = case.comparison.replicates == "draws"
    doubt = "If you doubt a drop, look again" + ("" if given else " with more seeds")
    return f"{cause} {doubt} ({case.closer or (ways.rigorous if given else ways.more_seeds)})."


def advice_when_undecided(case: Case) -> str:
    """Return what narrows the bounds."""
    ways, found = _SCRIPT if case.scripted else _PYTEST, case.comparison
    images = f"images ({ways.images})" if found is not None and found.whole else "images"
    if found is not None and found.replicates == "draws":
        return f"More {images} or draws narrow the bounds."
    also = f" So do more {images}." if found is not None and found.whole else ""
    return f"More seeds narrow the bounds ({ways.seeds}).{also}"


def _lost_since_first(verdict: Verdict, margins: Margins) -> bool:
    """Return whether a renewal would be refused for the loss since the first ancestor."""
    means = [row for row in verdict.rows(AccuracyRow) if row.scale is None]
    limit = margins.since_first
    return bool(means) and limit is not None and -means[0].difference > limit / 100


_SHOWN = (
    "The drop is significant: another run would show it too. Look at the scales and classes that "
    "fell most, and fix the model."
)
