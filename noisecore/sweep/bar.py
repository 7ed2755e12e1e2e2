"""The progress bar of a sweep, drawn by tqdm: in a notebook, on a terminal, in a log."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from noisecore.escaping import visible
from noisecore.records import Trial

if TYPE_CHECKING:
    from noisecore.running.events import Event

_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| [{elapsed}<{remaining}{postfix}]"


@contextmanager
def progress_bar(name: str, total: int) -> Iterator[Callable[[Event], None]]:
    """Show a bar in the block, and yield a function that takes the engine's events in any thread.

    name: of the curve. total: how many trials it has. The bar moves with each epoch.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # in a notebook without ipywidgets the plain bar will do
        from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        """A bar that gives tqdm's lock back if the stream fails: others would wait for ever."""

        def refresh(self, nolock: bool = False, lock_args: Any = None) -> None:
            if nolock:
                super().refresh(nolock=True)
                return
            with self.get_lock():
                super().refresh(nolock=True)

    heard = _Bar(visible(name), total)
    with suppress(OSError, ValueError):  # the stream may be closed or full
        heard.bar = Bar(
            total=total,
            desc=heard.words(),
            bar_format=_FORMAT,
            smoothing=0,  # by the pace of all so far: trials end side by side, so in bursts
            dynamic_ncols=True,
        )
    try:
        yield heard
    finally:
        if heard.bar is not None:
            with suppress(OSError, ValueError):
                heard.bar.close()


class _Bar:
    """Takes the engine's events, one at a time; it works even if the bar cannot be shown.

    bar: of tqdm, None if it could not be shown.
    """

    def __init__(self, name: str, total: int) -> None:
        self.bar: Any = None
        self._name = name
        self._total = total
        self._done = 0
        self._shares: dict[Trial, float] = {}  # how far a trial has moved the bar

    def __call__(self, event: Event) -> None:
        """Handle one event, and show what it changes."""
        if self.bar is None:
            return
        with suppress(OSError, ValueError):
            if event.kind == "epoch" and event.epoch is not None:
                # The last share is for the tests, and for the record.
                self._move(event.trial, (event.epoch + 1) / (event.trial.recipe.epochs + 1))
            elif event.record is not None:
                self._done += 1
                self.bar.set_description_str(self.words(), refresh=False)
                at = event.trial.curve_scales[0]
                if event.record.status == "complete":
                    said = f"accuracy {event.record.at(at).accuracy:.4f} at scale {at:g}"
                    said += ", from the cache" * event.record.is_cached
                else:
                    said = f"failed at scale {at:g}"
                self.bar.set_postfix_str(said, refresh=False)
                if event.kind == "reused":
                    self.bar.initial += 1  # it took no time, and says nothing about the others
                self._move(event.trial, 1.0)

    def _move(self, trial: Trial, share: float) -> None:
        """Move the bar to a share of a trial; a trial that is run again does not move it back."""
        moved = self._shares.get(trial, 0.0)
        if share > moved:
            self._shares[trial] = share
            self.bar.update(share - moved)

    def words(self) -> str:
        """Return the text before the bar: how many of all trials are done."""
        return f"{self._name}, {self._done}/{self._total} trials"
