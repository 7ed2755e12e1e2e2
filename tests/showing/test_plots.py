"""Pictures: what they say, in whatever state the records are."""

from __future__ import annotations

import io
import math

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from records_factory import make_record, make_sweep

from noisecore.judging.curves import curve_matrix, matched_curves
from noisecore.showing.plots import (
    plot_curve,
    plot_learning,
    plot_matrix,
    plot_notebook,
    render,
)


def curve_of(records):
    """Return the one curve of the records."""
    (curve,) = matched_curves(records).values()
    return curve


def matrix_of(records):
    """Return the one matrix of the records."""
    (matrix,) = curve_matrix(records).values()
    return matrix


def note_of(figure):
    """Return the line under the picture."""
    return figure.get_supxlabel().replace("\n", " ")


def bars_of(axes):
    """Return the axes' error bar containers by label."""
    return {bars.get_label(): bars for bars in axes.containers}


@pytest.mark.parametrize(
    ("model", "shown"),
    [("cnn", "Convolutional Model"), ("mlp", "Multilayer Perceptron"), ("mine", "mine")],
)
def test_curve_says_what_the_notebook_says(model, shown):
    """The notebook's plot has its title, and loss in blue and accuracy in purple, an axis each."""
    left, right = plot_notebook(curve_of(make_sweep(model=model))).axes
    assert left.get_title() == f"Combined Loss and Accuracy vs Scale Plot ({shown})"
    assert (left.get_ylabel(), right.get_ylabel()) == ("loss", "accuracy")
    red, green, blue = to_rgb(left.yaxis.label.get_color())
    assert blue > green > red
    red, green, blue = to_rgb(right.yaxis.label.get_color())
    assert blue > red > green
    assert right.get_ylim()[0] == left.get_ylim()[0] == 0


def test_curve_draws_means_seeds_and_intervals():
    """A marker stands at each mean, a bar is its t interval, and every seed has its dots."""
    curve = curve_of(make_sweep())
    accuracy = plot_curve(curve).axes[0]
    line, _, (bars,) = bars_of(accuracy)["accuracy"]
    np.testing.assert_allclose(line.get_ydata(), curve.mean_accuracy[1:])
    (_, low), (_, high) = bars.get_segments()[-1]
    interval = curve.at(4.0).interval
    assert (low, high) == (pytest.approx(interval.low), pytest.approx(interval.high))
    dots = [line for line in accuracy.get_lines() if line.get_marker() == "."]
    assert len(dots) == 3
    assert all(dot.get_alpha() < 0.5 for dot in dots)


def test_scale_zero_stands_apart():
    """Scale 0 is a hollow marker left of all scales, behind a line, and not joined to them."""
    top, lowest = plot_curve(curve_of(make_sweep())).axes
    clean, rest = bars_of(top)["accuracy, no noise"][0], bars_of(top)["accuracy"][0]
    assert clean.get_markerfacecolor() == "white"
    assert clean.get_linestyle() == "None"
    assert list(rest.get_xdata()) == [0.1, 0.5, 1, 2, 4]
    for axes in (top, lowest):
        (divider,) = [line for line in axes.get_lines() if line.get_linestyle() == ":"]
        assert clean.get_xdata()[0] < divider.get_xdata()[0] < 0.1
    labels = [label.get_text() for label in lowest.get_xticklabels()]
    assert labels == ["0", "0.1", "0.5", "1", "2", "4"]


def test_one_seed_has_no_bars():
    """A curve of one seed is drawn without intervals, and says so."""
    figure = plot_curve(curve_of(make_sweep(seeds=[7])))
    assert not any(bars.has_yerr for axes in figure.axes for bars in axes.containers)
    assert "one seed, no interval" in note_of(figure)


def test_failed_trials_leave_a_gap_and_a_note():
    """A scale whose trials failed is a gap in the line, and the note counts them."""
    records = [
        make_record(scale=r.trial.train_scale, seed=r.trial.seed, status="failed")
        if r.trial.train_scale == 1
        else r
        for r in make_sweep()
    ]
    figure = plot_curve(curve_of(records))
    drawn = bars_of(figure.axes[0])["accuracy"][0].get_ydata()
    assert [math.isnan(value) for value in drawn] == [False, False, True, False, False]
    assert "3 trials failed or missing" in note_of(figure)


@pytest.mark.parametrize(
    "accuracies",
    [{2.0: 0.8}, {0.0: 0.9}, {0.0: 0.9, 2.0: 0.8}, {0.0: 0.9, 0.001: 0.9, 1.0: 0.5, 10.0: 0.1}],
    ids=["one scale", "clean alone", "one and clean", "wide"],
)
def test_curve_of_any_scales_can_be_drawn(accuracies):
    """One scale, scale 0 alone and scales of four magnitudes all stand inside the axes."""
    figure = plot_curve(curve_of(make_sweep(accuracies)))
    lowest = figure.axes[-1]
    low, high = lowest.get_xlim()
    assert all(low < place < high for place in lowest.get_xticks())
    assert len(lowest.get_xticks()) == len(accuracies)
    assert lowest.get_xscale() == ("log" if 10.0 in accuracies else "linear")
    figure.draw_without_rendering()


def test_curve_without_any_value_can_be_drawn():
    """A curve all of whose trials failed gives empty axes and a note, no error."""
    figure = plot_curve(curve_of([make_record(scale=s, status="failed") for s in (0.0, 1.0)]))
    figure.draw_without_rendering()
    assert "2 trials failed" in note_of(figure)


@pytest.mark.parametrize("draw", ["curve", "notebook", "compared", "matrix", "learning"])
@pytest.mark.parametrize("model", ["cnn", "a_builder_with_an_unusually_long_name"])
def test_no_text_leaves_the_picture_or_meets_another(draw, model):
    """No title, label, legend or note is cut, meets another, or is smaller than 8 points."""
    records = make_sweep(model=model, recipe="notebook+epochs=2,batch_size=64", clip=(0.0, 1.0))
    figure = {
        "curve": lambda: plot_curve(curve_of(records)),
        "notebook": lambda: plot_notebook(curve_of(records)),
        "compared": lambda: curve_of(records).plot(curve_of(records)),
        "matrix": lambda: plot_matrix(matrix_of(records)),
        "learning": lambda: plot_learning(records),
    }[draw]()
    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) >= 8
    # Ticks beyond an axis' limits are kept, and not drawn.
    boxes = {text.get_text(): text.get_window_extent() for text in texts if text.get_visible()}
    named = [box for label, box in boxes.items() if not label.replace(".", "").isdigit()]
    for box in named:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1
    for n, box in enumerate(named):
        assert not any(box.overlaps(other) for other in named[n + 1 :])


def test_learning_has_a_panel_a_curve_and_a_line_a_scale():
    """A panel is titled in words, each train scale is a line of its mean and a band of seeds."""
    records = make_sweep() + make_sweep({0.0: 0.9, 1.0: 0.8}, model="mlp")
    figure = plot_learning(records)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "convolutional model, gaussian noise",
        "multilayer perceptron, gaussian noise",
    ]
    assert [axes.texts[0].get_text() for axes in figure.axes] == [
        "cnn/gaussian/quick",
        "mlp/gaussian/quick",
    ]
    cnn, mlp = figure.axes
    assert [line.get_label() for line in mlp.get_lines()] == ["0", "1"]
    assert len(cnn.get_lines()) == len(cnn.collections) == 6
    assert list(cnn.get_lines()[0].get_xdata()) == [1, 2, 3]
    assert cnn.get_lines()[-1].get_ydata()[-1] == pytest.approx(0.6)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["0", "0.1", "0.5", "1", "2", "4"]


def test_learning_colours_follow_the_scale():
    """Lines grow lighter with the scale, a scale has one colour in all panels, and 0 is dashed."""
    figure = plot_learning(make_sweep() + make_sweep({0.0: 0.9, 4.0: 0.8}, model="mlp"))
    cnn, mlp = figure.axes
    clean, *noisy = cnn.get_lines()
    brightness = [np.dot(to_rgb(line.get_color()), (0.2126, 0.7152, 0.0722)) for line in noisy]
    assert brightness == sorted(brightness)
    assert brightness[-1] < 0.75  # still seen on white
    assert clean.get_linestyle() == "--"
    np.testing.assert_array_equal(mlp.get_lines()[1].get_color(), noisy[-1].get_color())


def test_learning_counts_failed_trials():
    """Failed trials are not drawn, and counted under the picture; no trial at all is no error."""
    failed = plot_learning([make_record(), make_record(seed=1, status="failed")])
    assert "1 trial failed" in note_of(failed)
    plot_learning([]).draw_without_rendering()


def test_matrix_prints_every_mean_and_outlines_the_matched():
    """Every cell shows its mean in a colour that can be read, matched cells are outlined."""
    records = make_sweep({0.0: 0.96, 1.0: 0.9, 4.0: 0.3})
    axes = plot_matrix(matrix_of(records)).axes[0]
    assert [text.get_text() for text in axes.texts] == [
        "0.960", "0.890", "0.280", "0.950", "0.900", "0.290", "0.940", "0.890", "0.300",
    ]  # fmt: skip
    assert [text.get_color() for text in axes.texts] == ["black", "black", "white"] * 3
    outlined = {
        (round(p.get_x() + p.get_width() / 2), round(p.get_y() + p.get_height() / 2))
        for p in axes.patches
        if isinstance(p, Rectangle)
    }
    assert outlined == {(0, 0), (1, 1), (2, 2)}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "1", "4"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("test scale", "train scale")


def test_matrix_hatches_what_is_missing():
    """Cells without a value have no number, and the note says what the hatching means."""
    failed = make_record(scale=1.0, status="failed", test_scales=(0.0, 1.0))
    figure = plot_matrix(
        matrix_of([make_record(scale=0.0, accuracies={0.0: 0.9, 1.0: 0.5}), failed])
    )
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.900", "0.500"]
    assert "hatched: no value" in note_of(figure)


def test_files_are_the_same_each_time():
    """The same records give the same bytes, PNG and SVG, with no date and no version in them."""
    first, second = (render(plot_curve(curve_of(make_sweep()))) for _ in range(2))
    assert first == second
    assert set(first) == {"png", "svg"}
    assert b"<dc:date>" not in first["svg"]
    assert all(matplotlib.__version__.encode() not in content for content in first.values())


def test_nothing_global_is_touched():
    """Drawing neither loads pyplot into use nor changes Matplotlib's settings."""
    before = dict(matplotlib.rcParams)
    render(plot_curve(curve_of(make_sweep())))
    assert dict(matplotlib.rcParams) == before


def test_each_file_is_drawn_once(monkeypatch):
    """A figure is drawn once for each of its files, with the bytes of Matplotlib's two draws."""
    drawn = []
    draw = Figure.draw
    monkeypatch.setattr(Figure, "draw", lambda *args: (drawn.append(args), draw(*args)))
    figure = plot_curve(curve_of(make_sweep()))
    files = render(figure)
    assert len(drawn) == len(files)
    usual, saved = plot_curve(curve_of(make_sweep())), io.BytesIO()
    usual.savefig(saved, format="png", dpi=150, metadata={"Software": None}, facecolor="white")
    assert len(drawn) == len(files) + 2
    assert saved.getvalue() == files["png"]
    assert "draw" not in vars(figure)  # whoever shows it later draws it as usual
