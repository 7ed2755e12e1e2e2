"""One invocation: its trials, its records, and the report of them."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from textwrap import wrap
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pytest

import noisecore
from noisecore.data import unit_images
from noisecore.noise import Stream, apply_noise, get_noise
from noisecore.plugin.options import Choices
from noisecore.plugin.progress import duration, outcome
from noisecore.plugin.sources import Source
from noisecore.records import TrialRecord
from noisecore.running.training import standardise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from noisecore.judging.gates import Verdict
    from noisecore.showing.report import NoisePictures


_WIDTH = 80  # of the terminal summary


class Run:
    """One invocation of pytest that judges records, or one xdist worker's share of it.

    source: where its records come from.
    """

    def __init__(self, choices: Choices, run_id: str, source: Source) -> None:
        self.choices = choices
        self.id = run_id
        self.source = source
        self._lock: IO[str] | None = None
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._lines: list[str] = []

    def lock(self) -> None:
        """Hold the artifact folder for this run; raise `pytest.UsageError` if that cannot be."""
        folder = self.choices.artifacts
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = open(folder / ".lock", "w")  # noqa: SIM115 (held until the end)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise pytest.UsageError(
                f"noisecore: another run is writing to {folder}: wait for it, or choose another "
                "folder with --noise-artifacts"
            ) from None
        except OSError as error:
            raise pytest.UsageError(
                f"noisecore: artifacts cannot be written to {folder}: {error.strerror or error}: "
                "choose another folder with --noise-artifacts"
            ) from None

    def unlock(self) -> None:
        """Let others write to the artifact folder."""
        if self._lock is not None:
            self._lock.close()

    def report(self, verdicts: Sequence[Mapping[str, Any]]) -> None:
        """Write all artifacts from the records on disk and the verdicts; keep the summary."""
        from noisecore.judging.gates import Verdict
        from noisecore.showing.report import write_report

        records = self.source.records()
        judged = [Verdict.from_dict(verdict) for verdict in verdicts]
        planned = self.source.planned()
        if not planned:
            return  # nothing was begun: an earlier run's artifacts stay as they are
        folder = self.choices.artifacts
        try:
            write_report(
                folder,
                run=self._about(),
                profile=_plain_profile(self.choices),
                records=records,
                verdicts=judged,
                planned=planned,
                noise_pictures=self._noise_pictures,
            )
        except OSError as error:
            self._lines.append(
                f"the report could not be written to {folder}: {error.strerror or error}; the "
                f"records that were written before are in {folder / 'trials'}"
            )
        self._lines += _summarise(records, planned, judged)
        self._lines.append(f"artifacts: {_shown(folder)}")

    def summary(self) -> list[str]:
        """Return the lines of the terminal summary."""
        return self._lines

    def _about(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self._clock, 1),
            "command": shlex.join(["pytest", *sys.argv[1:]]),
            "versions": {
                "noisecore": noisecore.__version__,
                "python": platform.python_version(),
                "numpy": np.__version__,
                "pytest": pytest.__version__,
                **self.source.versions,
            },
        }

    def _noise_pictures(self) -> NoisePictures | None:
        from noisecore.showing.report import NoisePictures

        profile, data = self.choices.profile, self.source.dataset
        if data is None:
            return None
        noise = get_noise(profile.noise)
        _, test = standardise(
            unit_images(data.x_train), unit_images(data.x_test), profile.recipe.standardisation
        )
        stream = Stream(profile.test_draw, "test")

        def noisy(images: Any, scale: float) -> Any:
            return apply_noise(noise, images, scale, stream, clip=profile.clip)

        middle = profile.scales[len(profile.scales) // 2]
        two = np.zeros_like(test[:2])
        unit = "standardised pixels"
        if profile.recipe.standardisation == "none":
            unit = "pixels in [0, 1]"
        return NoisePictures(
            clean=test[0],
            frames=list(noisy(two, middle)),
            noisy=[(scale, noisy(test[:1], scale)[0]) for scale in profile.scales],
            unit=unit,
        )


def _plain_profile(choices: Choices) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(asdict(choices.profile)))
    return plain


def _shown(path: Any) -> str:
    """Return a path as a person would type it here."""
    shown = os.path.relpath(path)
    return str(path) if shown.startswith("..") else shown


def _summarise(
    records: Sequence[TrialRecord], planned: Sequence[str], verdicts: Sequence[Verdict]
) -> list[str]:
    """Return a few lines a curve, and the verdicts that are no pass."""
    from noisecore.judging.curves import matched_curves
    from noisecore.showing.summary import conclude

    seconds = sum(record.cost.get("seconds", 0.0) for record in records)
    lines = [f"{len(records)} of {len(planned)} trials, {duration(seconds)} of training and tests"]
    lines += [outcome(record) for record in records if record.status == "failed"]
    for curve in matched_curves(records).values():
        lines += ["", *str(curve).splitlines(), *wrap(conclude(curve), _WIDTH)]
    for verdict in verdicts:
        if verdict.verdict != "pass":
            sentence = f"{verdict.verdict.upper()} {verdict.gate}: {verdict.sentence}"
            lines += ["", *wrap(sentence, _WIDTH)]
    return [*lines, ""]
