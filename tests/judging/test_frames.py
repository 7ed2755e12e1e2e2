"""Curves and the train x test matrix as tables."""

from __future__ import annotations

import math

import numpy as np
import pytest
from records_factory import make_record, make_sweep

from noisecore.judging.curves import (
    curve_frame,
    curve_matrix,
    matched_curves,
    matrix_frame,
)

NAME = "cnn/gaussian/quick"


def test_matrix() -> None:
    """Every model at every test scale, seeds first; its diagonal is the matched curve."""
    records = make_sweep({0.0: 0.95, 1.0: 0.9, 2.0: 0.8}, spread=0.02)
    matrix, curve = curve_matrix(records)[NAME], matched_curves(records)[NAME]
    assert matrix.accuracy.shape == (3, 3, 3)
    np.testing.assert_array_equal(matrix.diagonal, curve.accuracy)
    np.testing.assert_allclose(matrix.mean[0], [0.95, 0.89, 0.78])
    assert len(matrix.to_frame()) == 27
    assert matrix.to_frame().iloc[-1].tolist() == pytest.approx([2, 2, 2, 0.82, -math.log(0.82)])


def test_matrix_of_records_with_other_test_scales() -> None:
    """A test scale that a record lacks stays NaN, and so does a failed trial's row."""
    records = [
        make_record(scale=1.0, accuracies={0.0: 0.9, 1.0: 0.8}),
        make_record(scale=2.0, accuracies={0.0: 0.9, 2.0: 0.7}),
        make_record(scale=4.0, status="failed"),
    ]
    matrix = curve_matrix(records)[NAME]
    np.testing.assert_array_equal(matrix.test_scales, [0, 1, 2, 4])
    np.testing.assert_array_equal(
        np.isnan(matrix.accuracy[0]), [[0, 0, 1, 1], [0, 1, 0, 1], [1, 1, 1, 1]]
    )
    np.testing.assert_array_equal(matrix.diagonal, [[0.8, 0.7, np.nan]])


def test_curve_frame() -> None:
    """curve.csv: stable columns, one row per trial, figures untouched, failed trials kept."""
    records = [make_record(accuracies={0.0: 0.9, 1.0: 0.123}), make_record(seed=1, status="failed")]
    frame = curve_frame(records)
    assert list(frame.columns) == [
        *("curve", "dataset", "model", "noise", "recipe", "blank", "scale", "seed", "accuracy"),
        *("loss", "test_images", "train_seconds", "key", "status"),
    ]
    assert frame["accuracy"].iloc[0] == 0.123
    assert frame["train_seconds"].tolist() == [1.5, 2.5]
    assert frame["status"].tolist() == ["complete", "failed"]
    row = frame.to_csv(index=False).splitlines()[2]
    assert row.startswith("cnn/gaussian/quick,mnist-5k,cnn,gaussian,quick,False,1.0,1,,,,2.5,")


def test_matrix_frame() -> None:
    """matrix.csv: one row per trial and test scale, train and test scale in place of scale."""
    frame = matrix_frame(make_sweep({0.0: 0.9, 1.0: 0.8}))
    assert frame.columns[6:8].tolist() == ["train_scale", "test_scale"]
    assert len(frame) == 3 * 2 * 2
    diagonal = frame[frame["train_scale"] == frame["test_scale"]]
    assert (
        diagonal["accuracy"].tolist()
        == curve_frame(make_sweep({0.0: 0.9, 1.0: 0.8}))["accuracy"].tolist()
    )


def test_empty_tables_keep_their_columns() -> None:
    """A run without records writes a header."""
    assert curve_frame([]).columns[0] == "curve"
    assert matrix_frame([]).columns[7] == "test_scale"
