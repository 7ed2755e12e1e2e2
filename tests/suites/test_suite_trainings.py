"""Trained with one, tested with all: the table, its file and its picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from records_factory import make_record

from noisecore.judging.curves import CurveError, matched_curves
from noisecore.judging.suites import suites_of
from noisecore.judging.suites.trainings import trainings_of
from noisecore.plugin.reporting.summary import summarise
from noisecore.showing.parts import Parts
from noisecore.showing.plots import plot_trainings, render
from noisecore.showing.report import FromData, write_report

NAME = "cnn/mnist-c/quick"
CLEAN, NOISY = {"fog": 0.6, "brightness": 0.9}, {"fog": 0.7, "brightness": 0.88}


def records(families, scale, *, noise="gaussian", seeds=(0, 1)):
    """Return the records of one training; families: accuracy by family."""
    return [
        make_record(
            scale=scale,
            seed=seed,
            accuracies={0.0: 0.95, 1.0: accuracy},
            noise=f"mnist-c/{family}",
            trained_with=noise if scale else f"mnist-c/{family}",
            trained_with_source="e" * 64,
        )
        for family, accuracy in families.items()
        for seed in seeds
    ]


BOTH = records(NOISY, 0.5) + records(CLEAN, 0.0)


def suites(given=BOTH):
    """Return the suites of records."""
    return suites_of(matched_curves(given).values())


def test_a_row_for_each_training() -> None:
    """Accuracy is the mean over severities; the clean training comes first, and is the measure."""
    (found,) = trainings_of(suites().values()).values()
    assert found.name == NAME
    assert list(found.suites) == ["clean", "gaussian:0.5"]
    assert found.columns == ["clean", "brightness", "fog", "mean"]
    expected = [[0.95, 0.9, 0.6, 0.75], [0.95, 0.88, 0.7, 0.79]]
    np.testing.assert_allclose(found.accuracies(), expected, atol=0.002)
    np.testing.assert_allclose(found.differences()[1], [0, -0.02, 0.1, 0.04], atol=0.002)
    frame = found.to_frame()
    assert list(frame.columns) == ["name", "trained", "tested", "accuracy", "difference"]
    assert len(frame) == 8


def test_without_a_clean_training() -> None:
    """Without a clean training the table has no differences, and only what all suites have."""
    given = records(NOISY, 0.5) + records({"fog": 0.5}, 1.0) + records({"stripe": 0.5}, 1.0)
    (found,) = trainings_of(suites(given).values()).values()
    assert found.columns == ["clean", "fog", "mean"]
    assert np.isnan(found.differences()).all()
    assert "(" not in "".join(map("".join, found.rows()))


def test_one_training_is_no_table() -> None:
    """A model that was trained in one way has no such table."""
    assert trainings_of(suites(records(CLEAN, 0.0)).values()) == {}


def test_in_the_terminal() -> None:
    """A small table has a row for each family, and what a training gained or lost."""
    lines = summarise(Parts(), BOTH, [record.trial.label for record in BOTH], [])
    said = [" ".join(line.split()) for line in lines]
    assert "tested with trained clean trained gaussian:0.5" in said
    assert any(line.startswith("fog 60.0 70.0 (+10.0)") for line in said)


def test_in_the_artifacts(tmp_path) -> None:
    """A run has the table, the picture and a part of the summary; they go when it has none."""

    def write(given):
        labels = [record.trial.label for record in given]
        made = write_report(
            tmp_path, run={}, profile={}, records=given, verdicts=[], planned=labels
        )
        assert made.problems == []

    write(BOTH)
    picture = tmp_path / "plots" / "cnn_mnist-c_quick-trainings.png"
    assert picture.is_file()
    head = (tmp_path / "trainings.csv").read_text().splitlines()[0]
    assert head == "name,trained,tested,accuracy,difference"
    summary = (tmp_path / "summary.md").read_text()
    assert f"## `{NAME}`" in summary
    assert "plots/cnn_mnist-c_quick-trainings" in summary
    write(records(CLEAN, 0.0))
    assert not picture.exists()
    assert not (tmp_path / "trainings.csv").exists()


def test_classes_of_short_curves_are_in_the_table_alone(tmp_path) -> None:
    """A suite of one severity makes no picture by class for each of its families."""
    given = records(CLEAN, 0.0)
    made = write_report(
        tmp_path, run={}, profile={}, records=given, verdicts=[], planned=[],
        from_data=FromData(labels=np.arange(1000) % 4, samples={}),
    )  # fmt: skip
    assert made.problems == []
    assert "mnist-c/fog" in (tmp_path / "classes.csv").read_text()
    assert not [path for path in (tmp_path / "plots").iterdir() if "-classes" in path.stem]


def test_picture() -> None:
    """Cells say the accuracy and the difference; clean images and the mean are apart."""
    figure = plot_trainings(list(suites().values()))
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "clean images",
        "gaussian 0.5",
    ]
    assert "70.0\n+10.0" in {text.get_text() for text in axes.texts}
    assert set(render(figure)) == {"png", "svg"}


@pytest.mark.parametrize("other", [{"dataset_sha256": "0" * 64}, {"test_draw": 5}])
def test_other_images_are_not_put_beside(other) -> None:
    """Suites that were tested on other data, or with another draw, share no table."""
    changed = [replace(r, trial=replace(r.trial, **other)) for r in records(NOISY, 0.5)]
    given = [*suites(changed).values(), *suites(records(CLEAN, 0.0)).values()]
    assert trainings_of(given) == {}


def test_families_at_other_severities_are_left_out() -> None:
    """A family that the suites tested at different severities is not in the table."""
    given = suites().values()
    other = [each for each in given if "gaussian" in each.name]
    curve = other[0]["fog"]
    scales = np.array([0.0, 2.0])
    mixed = replace(
        other[0], curves={**other[0].curves, "fog": replace(curve, scales=scales, records=())}
    )
    (found,) = trainings_of([mixed, *(each for each in given if each not in other)]).values()
    assert found.columns == ["clean", "brightness", "mean"]


@pytest.mark.parametrize(
    "given", [[], [3], 3, None, [np.zeros((3, 3))], list(suites().values())[:1]]
)
def test_other_suites_are_refused(given) -> None:
    """Anything but several trainings of one model is refused in one line."""
    with pytest.raises(CurveError, match="expected two or more suites of one model") as caught:
        plot_trainings(given)
    assert "\n" not in str(caught.value)
