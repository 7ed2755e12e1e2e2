"""What collected tests ask for: checked, and made ready, before anything is trained."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from noisecore.functions import unknown
from noisecore.plugin import baseline
from noisecore.plugin.choices import Choices
from noisecore.plugin.declare import read_requests
from noisecore.plugin.fixture import CLOCK
from noisecore.plugin.keys import CHOICES, REQUESTS, VANISHED
from noisecore.records import RecordError

if TYPE_CHECKING:
    from noisecore.plugin.declare import Request

_HOW_TO_RUN = "train models: add --noise-scales (in noisecore's own repository: --scales)"


def trains(config: pytest.Config) -> bool:
    """Return whether the benchmarks that train are run, and not only listed."""
    return config.stash[CHOICES].running and not config.option.collectonly


def evaluates(item: pytest.Item) -> bool:
    """Return whether a test takes the fixture to evaluate a model of its own."""
    takes = "robustness" in getattr(item, "fixturenames", ())
    return takes and item.get_closest_marker("robustness") is None


def collect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Read what the tests ask for, and leave out those of another profile."""
    choices = config.stash[CHOICES]
    other, skipped = [], ""
    for item in items:
        marker = item.get_closest_marker("robustness")
        if marker is None:
            if evaluates(item) and baseline.compares(item) and choices.baseline.path is None:
                item.add_marker(pytest.mark.skip(reason=baseline.NOT_ASKED))
            continue
        wanted = marker.kwargs.get("profile", choices.profile.name)
        if wanted not in choices.known:
            problem = unknown("profile", str(wanted), choices.known)
            raise pytest.UsageError(f"noisecore: {item.nodeid}: marker robustness: {problem}")
        if wanted != choices.profile.name:
            other.append(item)
            continue
        requests = read_requests(item, marker, choices.profile)
        if baseline.compares(item) and "noise_scale" in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(
                f"noisecore: {item.nodeid}: a curve is compared with the baseline as a whole: "
                "take noise_baseline without noise_scale"
            )
        if "benchmark" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.benchmark(timer=CLOCK))
        if not choices.running:
            skipped = _HOW_TO_RUN
        elif baseline.compares(item) and choices.baseline.path is None:
            skipped = skipped or baseline.NOT_ASKED
        else:
            _refuse_slow_precision(item, requests, choices)
            item.stash[REQUESTS] = requests
            continue
        item.add_marker(pytest.mark.skip(reason=skipped))
    if other:
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in set(other)]
    measured = any(REQUESTS in item.stash or evaluates(item) for item in items)
    for name in ("baseline", "update-baseline"):
        asked = choices.given.get(name, "none") != "none"
        if asked and not (measured or choices.running or config.option.collectonly):
            raise pytest.UsageError(
                f"noisecore: --noise-{name} needs a run: add --noise-scales (in noisecore's own "
                "repository: --scales), or --noise-records"
            )
    if skipped and not measured and os.environ.get("CI") and not config.option.collectonly:
        raise pytest.UsageError(
            "noisecore: CI is set, and every benchmark that trains would be skipped, so that a "
            f"green build would have measured nothing: these {skipped}, or leave them out "
            "with -m 'not robustness'"
        )


def _refuse_slow_precision(
    item: pytest.Item, requests: Sequence[Request], choices: Choices
) -> None:
    """Raise `pytest.UsageError` if a test asks for bfloat16 where that is slower than float32."""
    from noisecore.running.machine import fast_bfloat16

    elsewhere = choices.records is not None or choices.scheduler is not None
    asked = any(request.recipe.precision == "mixed_bfloat16" for request in requests)
    if asked and not (elsewhere or choices.force_precision or fast_bfloat16()):
        raise pytest.UsageError(
            f"noisecore: {item.nodeid}: this machine has no fast path for mixed_bfloat16 (a "
            "processor with AVX-512 BF16 or AMX, an NVIDIA GPU of compute capability 8.0): use "
            "--noise-precision float32, or --noise-force-precision"
        )


def append_vanished(
    session: pytest.Session, items: list[pytest.Item], left: list[pytest.Item]
) -> None:
    """Append to the items that are left one that fails if a curve is no longer compared."""
    config = session.config
    choices = config.stash[CHOICES]
    own = any(evaluates(item) for item in items)
    running = (trains(config) or own) and not config.option.collectonly
    if not running or choices.baseline.path is None:
        return
    try:
        held = baseline.read(choices.baseline.path, choices.profile)
    except RecordError as error:
        raise pytest.UsageError(f"noisecore: {error}") from None
    config.stash[VANISHED] = gone = baseline.find_vanished(held, items, choices, config)
    if choices.baseline.update == "all" or not (
        gone or any(REQUESTS in i.stash or evaluates(i) for i in left)
    ):
        return
    item: baseline.Vanished = baseline.Vanished.from_parent(
        session, name="baseline", nodeid="noisecore::baseline"
    )
    item.file = choices.baseline.path
    item.curves = gone
    left.append(item)
