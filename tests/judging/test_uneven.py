"""A curve whose scales have different seeds: a run did without some of its trials."""

from __future__ import annotations

import numpy as np
import pytest
from records_factory import make_sweep

from noisecore.judging.curves import matched_curves
from noisecore.judging.curves.rows import curve_rows
from noisecore.showing.summary import conclude

SCALES = {0.0: 0.9, 1.0: 0.8, 4.0: 0.6}


@pytest.fixture
def curve():
    """Return a curve with five seeds at scale 4, and two at the others."""
    records = [r for r in make_sweep(SCALES, seeds=range(5)) if wanted(r)]
    return matched_curves(records, planned=[r.trial.label for r in records])[records[0].trial.curve]


def wanted(record) -> bool:
    """Return whether a record is one of those."""
    return record.trial.train_scale == 4 or record.trial.seed < 2


def test_no_failures(curve) -> None:
    """What the run did without is no failure, and the means are over the seeds that there are."""
    assert curve.failures == ()
    assert curve.complete
    assert np.isfinite(curve.mean_accuracy).all()
    assert curve.mean_accuracy[2] == pytest.approx(0.6)
    assert np.isfinite(curve.interval.low).all()
    assert [len(curve.at(scale).seeds) for scale in SCALES] == [2, 2, 5]
    assert [(row.accuracy.seeds, row.missing) for row in curve_rows(curve)] == [
        (2, 0), (2, 0), (5, 0)
    ]  # fmt: skip


def test_shown(curve) -> None:
    """A conclusion is drawn, the table has all scales, and the frame the trials that there are."""
    assert conclude(curve).startswith("Accuracy falls at every step")
    assert conclude(curve.without_zero()).startswith("Accuracy falls at every step")
    assert len(curve.to_frame()) == 9
    assert str(curve).splitlines()[2].split()[:2] == ["0", "0.8940"]


def test_missing_is_missing() -> None:
    """A trial that the run wanted and has no record of is missing, as ever."""
    whole = make_sweep(SCALES, seeds=range(5))
    (curve,) = matched_curves(
        [record for record in whole if wanted(record)],
        planned=[record.trial.label for record in whole],
    ).values()
    assert len(curve.failures) == 6
    assert not curve.complete
    assert np.isnan(curve.mean_accuracy).tolist() == [True, True, False]
