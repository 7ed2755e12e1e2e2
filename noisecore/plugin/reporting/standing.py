"""What the verdicts of a run depend on, if its command line does not show it."""

from __future__ import annotations

from collections.abc import Sequence

from noisecore.plugin.baseline.held import shown
from noisecore.plugin.settings import Settings
from noisecore.records import Trial, TrialRecord, noted


def stands_on(settings: Settings, records: Sequence[TrialRecord], run: str) -> str:
    """Return a line that says that saved records were judged, and their dates; empty if none were.

    run: the id of this run, which is in the records that its own tests made.
    """
    if settings.records is None:
        return ""
    saved = [record for record in records if record.run != run]
    days = sorted({str(record.cost.get("started", "an unknown day"))[:10] for record in saved})
    when = " to ".join(dict.fromkeys([days[0], days[-1]])) if days else "no day"
    made = dict.fromkeys(record.trial.curve for record in records if record.run == run)
    what = "no model was evaluated or trained"
    if made:
        what = f"no model was trained, and only that of {', '.join(made)} was evaluated"
    said = f" ({settings.unseen['records']})" if "records" in settings.unseen else ""
    return (
        f"{what}: the verdicts are of saved records in {shown(settings.records)}{said}, made on "
        f"{when}"
    )


def cached(settings: Settings, records: Sequence[TrialRecord]) -> list[str]:
    """Return how many trainings the cache has saved, and why others were not cached or taken.

    Empty if there is no cache, or nothing was trained.
    """
    trained = {record.key: record for record in records if isinstance(record.trial, Trial)}
    if settings.cache is None or settings.records is not None or not trained:
        return []
    taken = sum(record.is_cached for record in trained.values())
    said = f"{taken} of {len(trained)} trainings taken from the cache ({shown(settings.cache)})"
    return [said, *(f"cache: {note}" for note in noted(records, "cache_note"))]


def hidden(settings: Settings) -> str:
    """Return which settings of the gate the command line does not show; empty if it shows all."""
    texts = [text for name, text in settings.unseen.items() if name != "records"]
    return f"the gate is set by {', '.join(texts)}" if texts else ""
