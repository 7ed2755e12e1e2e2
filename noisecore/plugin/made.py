"""Which test made which curve of a run, with a few of its images for a picture.

Two tests may share a curve, but may not give the same name to two different curves.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from noisecore.noise import Samples
from noisecore.paths import RECORD_BYTES, open_lock, read_file
from noisecore.records import read_json, write_atomically

if TYPE_CHECKING:
    from noisecore.judging.curves import Curve
    from noisecore.records import TrialRecord


def figures_of(curve: Curve) -> list[Any]:
    """Return what two curves of one name must have in common to be the same."""
    return [(record.key, record.trial, record.evaluations) for record in curve.records]


class Made:
    """The curves that the tests of a run made, each with the test that made it first.

    This is kept on disk, because each of xdist's workers makes curves of its own, and a key alone
    does not tell two models of one class apart.

    folder: where it is kept. run: the id that the records get.
    """

    def __init__(self, folder: Path, run: str) -> None:
        self._folder = folder
        self._run = run

    def own(self, curve: Curve, nodeid: str) -> list[TrialRecord]:
        """Return the records of a curve that a test has made, as the run's own.

        Raises `GivenError` if another test has made other records under the same name, `StoreError`
        if the disk refuses.
        """
        from noisecore.running.store import StoreError

        try:
            self._claim(curve, nodeid)
        except OSError as error:
            raise StoreError(
                f"artifacts cannot be written to {self._folder}: {error.strerror or error}"
            ) from None
        return [replace(record, run=self._run) for record in curve.records]

    def _claim(self, curve: Curve, nodeid: str) -> None:
        """Note who made a curve; raise `GivenError` if another test made a different one before."""
        from noisecore.running.evaluation import GivenError

        figures = hashlib.sha256(repr(figures_of(curve)).encode()).hexdigest()
        name = _file_name(curve.name)
        self._folder.mkdir(parents=True, exist_ok=True)
        with open_lock(self._folder / f"{name}.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            said = self._said(self._folder / name)
            other = said.get("nodeid", nodeid)
            if said.get("run") == self._run and other != nodeid and said["figures"] != figures:
                raise GivenError(
                    f"{curve.name} has another model or other images in {other}: give one of them "
                    "another name, as in evaluate(..., name='small')"
                )
            now = {"run": self._run, "nodeid": nodeid, "figures": figures}
            write_atomically(self._folder / name, json.dumps(now))
            pictured = self._folder / f"{name}.npz"
            if curve.samples is None:
                pictured.unlink(missing_ok=True)
            else:
                write_atomically(pictured, curve.samples.to_bytes())

    def samples(self, curves: Iterable[str]) -> dict[str, Samples]:
        """Return, by curve, a few images of each of these curves that this run made of images."""
        found = {}
        for curve in curves:
            path = self._folder / _file_name(curve)
            if self._said(path).get("run") != self._run:
                continue
            with suppress(
                OSError, ValueError
            ):  # then there is no picture, but nothing else is lost
                content = read_file(path.with_suffix(".npz"), RECORD_BYTES)
                found[curve] = Samples.from_bytes(content)
        return found

    @staticmethod
    def _said(path: Path) -> dict[str, Any]:
        try:
            said = read_json(path, RECORD_BYTES)
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}


def _file_name(curve: str) -> str:
    return hashlib.sha256(curve.encode(errors="surrogatepass")).hexdigest()[:20]
