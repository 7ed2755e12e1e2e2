"""Pictures: the baseline in a curve, classes, images under noise."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from records_factory import make_sweep

from noisecore.judging.curves import class_frame, matched_curves
from noisecore.judging.drift import Environment, find_drift
from noisecore.judging.gates import judge_no_regression
from noisecore.noise import Samples
from noisecore.showing.plots import plot_classes, plot_curve, plot_drift, plot_learning, plot_noise

OLD = {0.0: 0.96, 1.0: 0.9, 2.0: 0.85, 4.0: 0.7}
NEW = {0.0: 0.96, 1.0: 0.9, 2.0: 0.84, 4.0: 0.5}


def curve_of(accuracies, **overrides):
    """Return the curve of a sweep."""
    (curve,) = matched_curves(make_sweep(accuracies, **overrides)).values()
    return curve


def lines_of(axes):
    """Return the axes' lines by their label, those of the noisy scales."""
    lines = reversed(axes.get_lines())  # scale 0 is drawn last
    return {line.get_label(): line for line in lines if line.get_label()[0] != "_"}


def note_of(figure):
    """Return the line under the picture."""
    return figure.get_supxlabel().replace("\n", " ")


class TestCurve:
    """A curve: accuracy with its baseline on one axis, loss in a panel below."""

    def test_panels(self) -> None:
        """Accuracy and loss have a panel each, and the title says in words what is shown."""
        figure = plot_curve(curve_of(OLD))
        assert [axes.get_ylabel() for axes in figure.axes] == ["accuracy", "loss"]
        assert figure.get_suptitle() == "Accuracy under gaussian noise: convolutional model"
        assert note_of(figure).startswith("cnn/gaussian/quick; ")
        assert figure.axes[1].get_xlabel() == "scale of the gaussian noise"

    def test_no_loss(self) -> None:
        """A curve without a loss has no empty panel for it."""
        curve = curve_of(OLD)
        figure = plot_curve(replace(curve, loss=np.full_like(curve.loss, np.nan), records=()))
        assert [axes.get_ylabel() for axes in figure.axes] == ["accuracy"]

    def test_baseline(self) -> None:
        """The baseline and its margin are drawn, and the scale that fails is marked."""
        figure = curve_of(NEW).plot(baseline=curve_of(OLD))
        lines = lines_of(figure.axes[0])
        np.testing.assert_allclose(lines["baseline"].get_ydata(), [0.9, 0.85, 0.7])
        least = lines["baseline less its margin"].get_ydata()
        np.testing.assert_allclose(least, [0.87, 0.82, 0.67])
        assert lines["fails at scale 4"].get_xdata() == [4]
        assert lines["fails at scale 4"].get_ydata() == pytest.approx([0.5])
        legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
        assert {"baseline", "baseline less its margin", "fails at scale 4"} < set(legend)
        assert "against the baseline: fail (mean over the noisy scales, scale 4)" in note_of(figure)

    def test_margins(self) -> None:
        """Margins that are given are those that are drawn and judged."""
        figure = curve_of(NEW).plot(baseline=curve_of(OLD), margins="mean>20,scale>30")
        lines = lines_of(figure.axes[0])
        assert lines["baseline less its margin"].get_ydata()[-1] == pytest.approx(0.4)
        assert not [label for label in lines if label.startswith("fails")]
        assert "against the baseline: pass" in note_of(figure)

    def test_no_margin(self) -> None:
        """Where no scale has a margin there is none to draw, and the baseline is there."""
        figure = curve_of(NEW).plot(baseline=curve_of(OLD), margins="scale>none,clean>none")
        assert set(lines_of(figure.axes[0])) == {"baseline"}

    def test_clean_apart(self) -> None:
        """The baseline at scale 0 stands apart as the curve does: hollow, and not joined."""
        axes = curve_of(NEW).plot(baseline=curve_of(OLD)).axes[0]
        clean = next(
            x for x in axes.get_lines() if x.get_marker() == "D" and len(x.get_xdata()) == 1
        )
        assert clean.get_markerfacecolor() == "white"
        assert clean.get_ydata() == pytest.approx([0.96])

    def test_nothing_to_compare(self) -> None:
        """What cannot be compared is drawn without a baseline, and the note says why."""
        other = curve_of(OLD, dataset_sha256="e" * 64)
        verdict = judge_no_regression(curve_of(NEW), other)
        figure = plot_curve(curve_of(NEW), replace(verdict, figures=()))
        assert lines_of(figure.axes[0]) == {}
        assert "no baseline is drawn: cnn/gaussian/" in note_of(figure)
        assert "quick cannot be compared with the baseline" in note_of(figure)


class TestClasses:
    """Accuracy by class: all of a few, the best and the worst of many."""

    def frame(self, classes: int) -> pd.DataFrame:
        """Return a table in which class k is right for a share of k / classes."""
        rows = [
            ("c", scale, seed, label, label / classes / (1 + scale), 50)
            for scale in (0.0, 0.5, 2.0)
            for seed in (0, 1)
            for label in range(classes)
        ]
        return pd.DataFrame(rows, columns=["curve", "scale", "seed", "class", "accuracy", "images"])

    def test_few(self) -> None:
        """One line per class, the means over its seeds; the legend has the best class first."""
        labels = np.arange(1000) % 4
        frame = class_frame(make_sweep({0.5: 0.9, 2.0: 0.6}, seeds=[0, 1, 2]), labels)
        figure = plot_classes(frame, "mine")
        (axes,) = figure.axes
        *lines, mean = axes.lines
        for line in lines:
            mine = frame[frame["class"] == int(line.get_label())]
            expected = [mine[mine["scale"] == scale]["accuracy"].mean() for scale in (0.5, 2.0)]
            assert line.get_ydata() == pytest.approx(expected)
        assert mean.get_ydata() == pytest.approx([0.9, 0.6])
        shown = [text.get_text() for text in axes.get_legend().get_texts()]
        means = {line.get_label(): line.get_ydata().mean() for line in lines}
        assert shown[-1] == "mean"
        assert [means[name] for name in shown[:-1]] == sorted(means.values(), reverse=True)
        assert "mine; means of 3 seeds; 250 test images per class" in note_of(figure)

    def test_many(self) -> None:
        """Of 200 classes the ten best and the ten worst have a panel each; the title says so."""
        figure = plot_classes(self.frame(200), "c")
        assert "the 10 best and the 10 worst of 200 classes" in figure.get_suptitle()
        best, worst = ([line.get_label() for line in axes.lines] for axes in figure.axes)
        assert best == [*map(str, range(199, 189, -1)), "mean"]
        assert worst == [*map(str, range(9, -1, -1)), "mean"]
        for axes in figure.axes:
            looks = {(x.get_color(), x.get_linestyle(), x.get_marker()) for x in axes.lines}
            assert len(looks) == 11
            assert len({x.get_marker() for x in axes.lines}) == 11  # also in a grey print


class TestNoise:
    """Images under noise: one grey scale for all of them."""

    @pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (8, 8, 3)])
    def test_one_scale(self, shape) -> None:
        """All panels have the range of the clean images, which a bar and the note state."""
        rng = np.random.default_rng(0)
        clean = rng.uniform(-0.4, 2.8, (2, *shape)).astype(np.float32)
        noisy = {scale: clean + scale * rng.normal(size=clean.shape) for scale in (0.5, 4.0)}
        figure = plot_noise(Samples(clean=clean, noisy=noisy, unit="steps"), "gaussian noise")
        axes, bar = figure.axes
        assert len(axes.images) == 9  # two images and the noise alone; clean and two scales
        shown = [label.get_text() for label in axes.get_xticklabels()]
        assert shown == ["clean", "scale 0.5", "scale 4"]
        assert bar.get_ylabel() == "steps"
        assert f"{clean.min():.3g} to {clean.max():.3g}" in note_of(figure)
        if shape[-1] != 3:
            limits = {image.get_clim() for image in axes.images}
            assert limits == {(float(clean.min()), float(clean.max()))}

    def test_noise_alone(self) -> None:
        """The last row is what the noise adds to the first image, on an even grey."""
        clean = np.array([[[0.0, 1.0]]], np.float32)
        samples = Samples(clean=clean, noisy={1.0: clean + np.float32(0.25)}, unit="x")
        *_, even, alone = plot_noise(samples, "noise").axes[0].images
        np.testing.assert_allclose(even.get_array(), [[0.5, 0.5]])
        np.testing.assert_allclose(alone.get_array(), [[0.75, 0.75]])

    def test_blank(self) -> None:
        """Images of zeros, as the control's, are drawn in a range that is not empty."""
        zero = np.zeros((1, 4, 4, 1), np.float32)
        figure = plot_noise(Samples(clean=zero, noisy={1.0: zero}, unit="pixels"), "noise")
        figure.draw_without_rendering()


def test_one_training_is_drawn_once() -> None:
    """A training that several curves test has one panel, and its seeds count once."""
    records = [
        replace(each, trial=replace(each.trial, trained_with="clean", trained_with_source="b" * 64,
                                    noise=noise))
        for noise in ("uniform", "gaussian")
        for each in make_sweep({0.0: 0.9})
    ]  # fmt: skip
    (axes,) = plot_learning(records).axes
    assert axes.get_title(loc="left") == "convolutional model trained on clean images"
    assert len(axes.get_lines()) == 1


def test_titles_are_words() -> None:
    """No title is a name with slashes alone: it says which model and which noise."""
    records = make_sweep(noise="salt_and_pepper", blank=True)
    (curve,) = matched_curves(records).values()
    title = plot_curve(curve).get_suptitle().replace("\n", " ")
    assert title == "Accuracy under salt and pepper noise: convolutional model on blank images"
    assert not re.search(r"\S/\S", plot_learning(records).axes[0].get_title(loc="left"))


def test_drift_has_no_empty_panel() -> None:
    """A curve of which nothing is known in a panel has none; the lowest names the environments."""
    known = {"train_seconds": 4.0, "peak_memory_bytes": 2**20}

    def environment(name, *models):
        costs = {"a": known, "z": {}}
        made = [each for m in models for each in make_sweep(OLD, model=m, cost=costs[m])]
        return Environment(name=name, records=tuple(made))

    both = [environment("new", "a", "z"), environment("old", "a", "z")]
    figure = plot_drift(find_drift(both, "new"))
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_ylabel() for axes in shown] == [
        "accuracy", "change, points", "training, s", "peak memory, MiB",
        "accuracy", "change, points",
    ]  # fmt: skip
    assert all(axes.containers for axes in shown)
    assert shown[0].get_title(loc="left") == "a, gaussian noise"
    figure.draw_without_rendering()
    named = [axes for axes in shown if axes.xaxis.get_tick_params()["labelbottom"]]
    assert named == shown[2:]
