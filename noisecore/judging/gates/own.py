"""A curve's own margins: those in its baseline, or in one that would be made from its records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from noisecore import __version__
from noisecore.judging.baselines import Baseline, Origin
from noisecore.judging.gates.outlook import fitting_margin
from noisecore.judging.margins import Margins, parse_margins
from noisecore.records import GivenTrial, TrialRecord


def own_margins(old: Baseline | Sequence[TrialRecord]) -> dict[str, Margins]:
    """Return the margins of the curves that have their own, by name.

    They apply if the user gives none, as in pytest. For a baseline, they are those in its file; for
    records, those that a baseline made from them would have.
    """
    return {name: parse_margins(text) for name, text in _own_texts(old).items()}


def own_lines(
    old: Baseline | Sequence[TrialRecord],
    curves: Iterable[str] | Mapping[str, str],
    option: str = "--margins",
) -> list[str]:
    """Return a line for each of these curves that has its own margins; it says why.

    curves: their names; or for each name that is shown, such as a suite's, the curve that is meant.
    option: the option that sets other margins.
    """
    shown = curves if isinstance(curves, Mapping) else {name: name for name in curves}
    kept = ", and is kept in the baseline" if isinstance(old, Baseline) else ""
    texts, by_curve = _own_texts(old), _by_curve(old)
    return [
        f"{name}: the margin {texts[curve]} fits {_images(by_curve[curve])} images{kept}; {option} "
        "overrides it"
        for name, curve in shown.items()
        if curve in texts
    ]


def fitting_margins(records: Sequence[TrialRecord]) -> str | None:
    """Return the margins that fit a given model on so many images; None if the usual ones do."""
    default, images = Margins().mean, _images(records)
    if default is None or not images or not isinstance(records[0].trial, GivenTrial):
        return None
    margin = fitting_margin(images, default)
    if margin is None or margin <= default:
        return None
    scale = Margins().scale or 0.0
    return f"mean>{margin:g}" + (f",scale>{margin:g}" if margin > scale else "")


def origin_of(
    records: Sequence[TrialRecord], *, started: str, commit: str | None, tests: Iterable[str]
) -> Origin:
    """Return where a curve comes from; its records say when they were made.

    started: the date to use if they do not say it. commit, tests: as in `Origin`.
    """
    dates = [record.cost["started"] for record in records if "started" in record.cost]
    versions = {record.environment.get("noisecore", __version__) for record in records}
    return Origin(
        date=max(dates, default=started),
        commit=commit,
        noisecore=" and ".join(sorted(map(str, versions))),
        tests=tuple(sorted(tests)),
        margins=fitting_margins(records),
    )


def _own_texts(old: Baseline | Sequence[TrialRecord]) -> dict[str, str]:
    if isinstance(old, Baseline):
        found = {name: origin.margins for name, origin in old.origins.items()}
    else:
        found = {name: fitting_margins(records) for name, records in _by_curve(old).items()}
    return {name: text for name, text in found.items() if text is not None}


def _by_curve(old: Baseline | Sequence[TrialRecord]) -> Mapping[str, list[TrialRecord]]:
    found: dict[str, list[TrialRecord]] = {}
    for record in old.records if isinstance(old, Baseline) else old:
        found.setdefault(record.trial.curve, []).append(record)
    return found


def _images(records: Sequence[TrialRecord]) -> int:
    return min((each.images for record in records for each in record.evaluations), default=0)
