"""Checks and prepares what the collected tests ask for, before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from noisecore.functions import unknown
from noisecore.plugin.baseline.held import NOT_ASKED, compares, skipped_files
from noisecore.plugin.baseline.reading import read
from noisecore.plugin.baseline.vanished import find_unclaimed, find_vanished
from noisecore.plugin.clock import CLOCK
from noisecore.plugin.marker import REQUESTS, read_requests
from noisecore.plugin.options import in_ci
from noisecore.plugin.seen import SEEN
from noisecore.plugin.settings import SETTINGS, Settings
from noisecore.records import RecordError

if TYPE_CHECKING:
    from noisecore.plugin.marker import Request

_HOW_TO_RUN = "train models: add --noise-scales (in noisecore's own repository: --scales)"


def trains(config: pytest.Config) -> bool:
    """Return whether the benchmarks that train are run, and not only listed."""
    return config.stash[SETTINGS].running and not config.option.collectonly


def evaluates(item: pytest.Item) -> bool:
    """Return whether a test takes the fixture to evaluate a model of its own."""
    takes = "robustness" in getattr(item, "fixturenames", ())
    return takes and item.get_closest_marker("robustness") is None


def measures(item: pytest.Item) -> bool:
    """Return whether a test asks for trials, or evaluates a model of its own."""
    return REQUESTS in item.stash or "robustness" in getattr(item, "fixturenames", ())


def collect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Read what the tests ask for, and deselect those of another profile."""
    settings = config.stash[SETTINGS]
    other, skipped, unanswered = [], "", ""
    for item in items:
        marker = item.get_closest_marker("robustness")
        if marker is None:
            if evaluates(item) and compares(item) and settings.baseline.path is None:
                unanswered = _skip(item, NOT_ASKED) or unanswered
            continue
        wanted = marker.kwargs.get("profile", settings.profile.name)
        if not isinstance(wanted, str):
            raise pytest.UsageError(
                f"noisecore: {item.nodeid}: marker robustness: profile must be a name, "
                f"got {type(wanted).__name__}"
            )
        if wanted not in settings.known:
            problem = unknown("profile", wanted, settings.known)
            raise pytest.UsageError(f"noisecore: {item.nodeid}: marker robustness: {problem}")
        if wanted != settings.profile.name:
            other.append(item)
            continue
        requests = read_requests(item, marker, settings.profile)
        if compares(item) and "noise_scale" in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(
                f"noisecore: {item.nodeid}: a curve is compared with the baseline as a whole: "
                "take noise_baseline without noise_scale"
            )
        # With -p no:benchmark that marker is unknown, and --strict-markers would refuse it.
        known = config.pluginmanager.hasplugin("benchmark")
        if known and "benchmark" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.benchmark(timer=CLOCK))
        if not settings.running:
            skipped = _skip(item, _HOW_TO_RUN) or skipped
        elif compares(item) and settings.baseline.path is None:
            unanswered = _skip(item, NOT_ASKED) or unanswered
        else:
            _refuse_slow_precision(item, requests, settings)
            item.stash[REQUESTS] = requests
    if other:
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in set(other)]
    _refuse_unused(config, items)
    if not in_ci() or config.option.collectonly:
        return
    if skipped:
        raise pytest.UsageError(
            "noisecore: CI is set, and every benchmark that trains would be skipped, so that a "
            f"green build would have measured nothing: these {_HOW_TO_RUN}, or leave them out "
            "with -m 'not robustness'"
        )
    if unanswered and not settings.baseline.declined:
        raise pytest.UsageError(
            f"noisecore: CI is set, and {unanswered} would be skipped, so that a green build would "
            f"have compared nothing: {NOT_ASKED}, or --noise-baseline=none if nothing is "
            "to be compared"
        )


def _refuse_unused(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Raise `pytest.UsageError` if a baseline was given, but no test of the run can use it.

    If no test is run at all, pytest reports that itself, with its own exit code.
    """
    settings = config.stash[SETTINGS]
    measured = any(REQUESTS in item.stash or evaluates(item) for item in items)
    if not items or measured or settings.running or config.option.collectonly:
        return
    remedy = (
        "needs a run: add --noise-scales (in noisecore's own repository: --scales), or "
        "--noise-records"
    )
    seen = config.stash[SEEN]
    if any(map(evaluates, seen.items.values())):
        remedy = "needs a test that takes the fixture robustness, and none was selected"
    elif seen.skipped and not any(i.get_closest_marker("robustness") for i in seen.items.values()):
        first, *rest = skipped_files(seen.skipped)
        more = f" (and {len(rest)} more)" if rest else ""
        remedy = (
            f"needs a test that takes the fixture robustness, and found none: {first}{more}: "
            "install what is missing, or leave the option out where such a file is skipped"
        )
    for name in ("baseline", "update-baseline"):
        if settings.typed.get(name, "none") != "none":
            raise pytest.UsageError(f"noisecore: --noise-{name} {remedy}")


def _skip(item: pytest.Item, reason: str) -> str:
    """Skip a test that needs an option; return its node id, or "" if it is skipped anyway."""
    anyway = item.get_closest_marker("skip") is not None
    item.add_marker(pytest.mark.skip(reason=reason))
    return "" if anyway else item.nodeid


def _refuse_slow_precision(
    item: pytest.Item, requests: Sequence[Request], settings: Settings
) -> None:
    """Raise `pytest.UsageError` if a test asks for bfloat16 where that is slower than float32."""
    from noisecore.running.machine import fast_bfloat16

    remote = settings.records is not None or settings.scheduler is not None
    asked = any(request.recipe.precision == "mixed_bfloat16" for request in requests)
    if asked and not (remote or settings.force_precision or fast_bfloat16()):
        raise pytest.UsageError(
            f"noisecore: {item.nodeid}: this machine has no fast path for mixed_bfloat16 (a "
            "processor with AVX-512 BF16 or AMX, an NVIDIA GPU of compute capability 8.0): use "
            "--noise-precision=float32, or --noise-force-precision"
        )


def vanished(
    session: pytest.Session, items: Sequence[pytest.Item]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return why no test compares a curve of the baseline any more, for each that vanished.

    The second mapping says where other curves were looked for. These have vanished unless one of
    the `items` compares them.
    """
    config = session.config
    settings, seen = config.stash[SETTINGS], config.stash[SEEN]
    own = any(evaluates(item) for item in seen.items.values())
    running = (trains(config) or own) and not config.option.collectonly
    if not running or settings.baseline.path is None:
        return {}, {}
    try:
        held = read(settings.baseline.path, settings.profile)
    except RecordError as error:
        raise pytest.UsageError(f"noisecore: {error}") from None
    found = find_vanished(held, seen, settings, session)
    return found, find_unclaimed(held, items, seen, session)
