"""One invocation: its trials, its records, and the report of them."""

from __future__ import annotations

import fcntl
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

import numpy as np
import pytest

import noisecore
from noisecore.data import load_dataset, unit_images
from noisecore.noise import Stream, apply_noise, get_noise
from noisecore.plugin.declare import Request
from noisecore.plugin.options import Choices
from noisecore.plugin.progress import Progress, duration, outcome
from noisecore.records import TrialRecord, write_atomically
from noisecore.running import compat
from noisecore.running.engine import Engine, Event, available_workers
from noisecore.running.store import Store
from noisecore.running.training import standardise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _pytest.terminal import TerminalReporter

    from noisecore.judging.gates import Verdict
    from noisecore.showing.report import NoisePictures


class Run:
    """One invocation of pytest that trains, or one xdist worker's share of it.

    Making one checks all that can be checked before the first trial: TensorFlow, the data set,
    the artifact folder. Raises `TensorFlowError`, `DatasetError` or `StoreError`.
    """

    def __init__(self, choices: Choices, run_id: str) -> None:
        self.choices = choices
        self.id = run_id
        self.store = Store(choices.artifacts / "trials", run_id)
        self._versions = compat.versions()
        self._dataset = load_dataset(choices.profile.dataset, choices.data_dir)
        self.store.prepare()
        self._engine: Engine | None = None
        self._planned: list[str] = []
        self._progress: Progress | None = None
        self._lock: IO[str] | None = None
        self._started = datetime.now(UTC)
        self._clock = time.monotonic()
        self._lines: list[str] = []

    def lock(self) -> None:
        """Hold the artifact folder for this run; raise `pytest.UsageError` if another one does."""
        self._lock = open(self.choices.artifacts / ".lock", "w")  # noqa: SIM115 (held until the end)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise pytest.UsageError(
                f"noisecore: another run is writing to {self.choices.artifacts}: wait for it, "
                "or choose another folder with --noise-artifacts"
            ) from None

    def submit(self, requests: Sequence[Request]) -> None:
        """Make the trials of all requests known, each once; nothing is trained yet."""
        trials = list(
            dict.fromkeys(trial for request in requests for trial in request.trials(self._dataset))
        )
        workers = self.choices.workers
        if os.environ.get("PYTEST_XDIST_WORKER"):
            workers = min(1, 1 if workers is None else workers)
        elif workers is None:
            workers = available_workers(len(trials))
        self._engine = Engine(
            trials,
            store=self.store,
            location=(self.choices.profile.dataset, self.choices.data_dir),
            workers=workers,
            listener=self._hear,
        )
        self._planned = [trial.label for trial in trials]
        # The controller of xdist has not seen the tests: this tells it what was asked for.
        write_atomically(self._plan_file, json.dumps({"run": self.id, "planned": self._planned}))

    @contextmanager
    def working(self, config: pytest.Config) -> Iterator[None]:
        """Train side by side while the tests of the block wait, each for its own."""
        reporter: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
        if self._engine is None:
            yield
            return
        if reporter is not None and not hasattr(config, "workerinput"):
            self._progress = Progress(reporter, len(self._planned), clock=time.monotonic)
        try:
            self._engine.start()
        except compat.TensorFlowError as error:
            raise pytest.UsageError(f"noisecore: {error}") from None
        try:
            yield
        finally:
            self._engine.close()
            if self._progress is not None:
                self._progress.clear()

    def wait(self, request: Request) -> list[TrialRecord]:
        """Return the records that a test asked for, when they are there."""
        if self._engine is None:
            raise RuntimeError("no trials were submitted")
        try:
            return self._engine.wait(request.trials(self._dataset))
        finally:
            if self._progress is not None:
                self._progress.clear()

    def report(self, verdicts: Sequence[Mapping[str, Any]]) -> None:
        """Write all artifacts from the records on disk and the verdicts; keep the summary."""
        from noisecore.judging.gates import Verdict
        from noisecore.showing.report import write_report

        records = self.store.records()
        judged = [Verdict.from_dict(verdict) for verdict in verdicts]
        planned = self._read_plan()
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
                f"records are in {self.store.folder}: free the folder, then run "
                f"'python -m noisecore report {folder}'"
            )
        self._lines += _summarise(records, planned, judged)
        self._lines.append(f"artifacts: {_shown(folder)}")

    def summary(self) -> list[str]:
        """Return the lines of the terminal summary."""
        return self._lines

    @property
    def _plan_file(self) -> Any:
        return self.store.folder / ".plan"

    def _read_plan(self) -> list[str]:
        try:
            plan = json.loads(self._plan_file.read_text())
        except (OSError, ValueError):
            return []
        return list(plan["planned"]) if plan.get("run") == self.id else []

    def _hear(self, event: Event) -> None:
        if self._progress is not None:
            self._progress(event)

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
                **self._versions,
            },
        }

    def _noise_pictures(self) -> NoisePictures:
        from noisecore.showing.report import NoisePictures

        profile, data = self.choices.profile, self._dataset
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
        lines += ["", *str(curve).splitlines(), conclude(curve)]
    lines += [
        f"{verdict.verdict.upper()} {verdict.gate}: {verdict.sentence}"
        for verdict in verdicts
        if verdict.verdict != "pass"
    ]
    return [*lines, ""]
