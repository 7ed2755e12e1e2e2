"""Who made which curve of a run: two tests may share one, and may not give one name to two."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from noisecore.judging.curves import Curve
    from noisecore.records import TrialRecord


def figures_of(curve: Curve) -> list[Any]:
    """Return what two curves of one name must have in common to be the same."""
    return [(record.key, record.trial, record.evaluations) for record in curve.records]


class Made:
    """The curves that the tests of one process made, each with the test that was first.

    run: the id that their records get.
    """

    def __init__(self, run: str) -> None:
        self._run = run
        self._first: dict[str, tuple[str, list[Any]]] = {}

    def own(self, curve: Curve, nodeid: str) -> list[TrialRecord]:
        """Return the records of a curve that a test has made, as the run's own.

        Raises `GivenError` if another test has made other records under the same name.
        """
        from noisecore.running.evaluation import GivenError

        figures = figures_of(curve)
        other, before = self._first.get(curve.name, (nodeid, figures))
        if other != nodeid and before != figures:
            raise GivenError(
                f"{curve.name} is of another model, or of other images, in {other}: give one of "
                "them another name, as in evaluate(..., name='small')"
            )
        self._first[curve.name] = nodeid, figures
        return [replace(record, run=self._run) for record in curve.records]
