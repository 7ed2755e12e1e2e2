"""What a run says: true, enough, and no more than helps."""

from __future__ import annotations

import re

import pytest
from gate_bench import AUTO, GATE, WORSE, worsen
from own_bench import UPDATE

SIMPLE, RIGOROUS = "--noise-gate=simple", "--noise-gate=rigorous"

CLASSES = """
import numpy as np

x, y = images()
np.savez("test.npz", x_test=x, y_test=y)

class Set:
    # A set of tf.data is known by its methods.
    element_spec = ()

    def as_numpy_iterator(self):
        return zip(np.split(x, 4), np.split(y, 4))

def columns():
    return x, y[:, None]

def test_one(robustness, noise_baseline):
    robustness.evaluate(model, DATA, scales=[0.2, 1])
    assert_no_regression(robustness.curve, noise_baseline)
"""


class TestRenewal:
    """A renewal that was not done says why, in a quiet run too."""

    @pytest.mark.parametrize("quiet", [(), ("-q",), ("-qq",)])
    def test_scales_left_out(self, made, given, save_records, quiet) -> None:
        """Where a run of fewer scales cannot replace a curve, the curve and scale are named."""
        worsen(made, save_records, accuracies=WORSE)
        fewer = [*given, "--noise-scales=1", "--noise-update-baseline", "--noise-artifacts=a"]
        result = made.runpytest_inprocess(*fewer, *quiet)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(
            ["the baseline was not renewed for mlp/*", "*not renewed, because scale 4 was not run"]
        )

    @pytest.mark.parametrize("quiet", [(), ("-q",)])
    def test_incomplete(self, own, quiet) -> None:
        """Where a test did not run, it is named."""
        own.make()
        own.change("test_a.py", "    assert_no", "    raise ValueError\n    assert_no")
        result = own.run(UPDATE, *quiet)
        result.stdout.fnmatch_lines(["the baseline was not renewed: *test_one failed*"])


class TestScales:
    """A run says which scales it really has."""

    def test_of_a_marker(self, gate, given) -> None:
        """The header's scales are the profile's, and a marker's own stand below them."""
        gate.makepyfile(test_gate=GATE.format(margins="scales=[1, 2.5]"))
        result = gate.runpytest_inprocess(*given, AUTO)
        result.stdout.fnmatch_lines(
            [
                "noisecore: * scales 1,4 (unless a marker sets other scales), *",
                "noisecore: mlp/gaussian/quick has its own scales: 1,2.5",
            ]
        )

    def test_trained_once(self, gate, given) -> None:
        """A model that is trained once has the scales that it is tested at."""
        gate.makepyfile(
            test_gate=GATE.format(margins="noise='uniform', scales=[1, 9], train=('gaussian', 1)")
        )
        result = gate.runpytest_inprocess(*given, AUTO)
        result.stdout.fnmatch_lines(["noisecore: mlp/uniform/* has its own scales: 0,1,9"])

    def test_none_of_its_own(self, bench, given) -> None:
        """Where all tests have the profile's, one line says it."""
        result = bench.runpytest_inprocess(*given, "-p", "no:benchmark")
        assert "of its own" not in result.stdout.str()

    @pytest.mark.parametrize("accuracies", [{0.0: 0.9, 1.0: 0.8}, {0.0: 0.9, 1.0: 0.8, 6.0: 0.2}])
    def test_changed(self, made, given, save_records, accuracies) -> None:
        """A run of other scales fails for them, and is not called as good as its baseline."""
        worsen(made, save_records, accuracies=accuracies)
        scales = ",".join(f"{scale:g}" for scale in accuracies if scale)
        made.makeini(f"[pytest]\nnoise_scales = {scales}\n")
        own = [each for each in given if "scales" not in each]
        result = made.runpytest_inprocess(*own, AUTO)
        text = " ".join(result.stdout.str().split())
        assert "FAIL: mlp/gaussian/quick: scale 4 of the baseline was not run; " in text
        assert "at the scales that both have, nothing fell" in text
        assert "no worse" not in text
        assert "What to do: Run the scales of the baseline again." in text


def test_a_range_that_was_assumed(own) -> None:
    """Images far below the range that was assumed are told of once, and of which curves."""
    own.change("test_a.py", "*images()", "(images()[0] * 16).astype('uint8'), images()[1]")
    own.change("test_b.py", "*images()", "(images()[0] * 16).astype('uint8'), images()[1]")
    result = own.run(AUTO)
    text = " ".join(result.outlines)
    assert text.count("the pixels were read as 0 to 255") == 1
    assert re.search(r"test_a\S+/gaussian, test_b\S+/gaussian: the pixels were read", text)
    assert "UserWarning" not in text


class TestWhatToDo:
    """A failure names what helps."""

    def test_classes(self, gate, given, save_records) -> None:
        """A fall of a trained model names the classes of the data set that fell most."""
        worsen(gate, save_records, images=45)
        assert gate.runpytest_inprocess(*given, UPDATE, "--noise-artifacts=a").ret == 0
        worsen(gate, save_records, images=45, accuracies={0.0: 0.9, 1.0: 0.2, 4.0: 0.1})
        result = gate.runpytest_inprocess(*given, AUTO, "--noise-artifacts=b")
        result.stdout.fnmatch_lines(["*note: fell most: class * by *.*, class * by *"])

    def test_own_model(self, own) -> None:
        """A model that was given has its classes from its labels, and a command to look closer."""
        own.make()
        own.change("test_a.py", "evaluate(model", "evaluate(worse")
        result = own.run(AUTO, "--noise-gate=simple")
        result.stdout.fnmatch_lines(
            [
                "*note: fell most: class * by *",
                "*look again (pytest test_a.py::test_one --noise-baseline=auto "
                "--noise-gate=rigorous)*",
            ]
        )

    @pytest.mark.parametrize(
        "data",
        ["'test.npz'", "Set()", "*columns()", "x, y[:, None] == [[0, 1, 2]]", "x, y.astype('f')"],
    )
    def test_wherever_labels_come_from(self, own, data) -> None:
        """A file, or a set, that brings the labels has classes; so have all kinds of labels."""
        own.write("test_a.py", CLASSES.replace("DATA", data))
        assert own.run("test_a.py", UPDATE).ret == 0
        own.change("test_a.py", "evaluate(model", "evaluate(worse")
        result = own.run("test_a.py", AUTO)
        result.stdout.fnmatch_lines(["*note: fell most: class * by *"])

    def test_labels_of_given_records(self, own) -> None:
        """Records that are judged again have the classes of the labels that a test gives."""
        own.make()
        own.change("test_a.py", "evaluate(model", "evaluate(worse")
        own.run(AUTO)
        again = "--noise-records=noisecore-results/quick", "--noise-artifacts=again"
        own.run(AUTO, *again).stdout.fnmatch_lines(["*note: fell most: class * by *"])
        own.change("test_a.py", "*images()", "'no.npz'")
        assert "fell most:" not in own.run(AUTO, *again).stdout.str()

    def test_nothing_after_rigorous(self, made, given, save_records) -> None:
        """What rigorous mode has shown is not to be looked at in rigorous mode again."""
        worsen(made, save_records, accuracies=WORSE | {1.0: 0.4})
        result = made.runpytest_inprocess(*given, AUTO, RIGOROUS)
        text = result.stdout.str()
        assert "no regression: fail" in text
        assert "What to do: The drop is significant" in text
        assert "--noise-gate=rigorous" not in text
        assert "to look again" not in text


def test_how_to_go_on(bench, tiny, tensorflow) -> None:
    """A run that ended early says how to go on, in its last line; one that is whole does not."""
    bench.makepyfile(test_a="def test_fails():\n    assert 0\n")
    arguments = [*tiny, "--noise-seeds=1", "--noise-workers=0", "-p", "no:benchmark"]
    # In processes of their own: here other tests may have imported TensorFlow.
    result = bench.runpytest_subprocess(*arguments, "-x", "-q")
    assert re.fullmatch(
        "noisecore: 3 trials have no record yet. To go on: pytest --basetemp=[^ ]* "
        f"{re.escape(' '.join(arguments))} -x -q --noise-resume",
        result.outlines[-1],
    )
    again = bench.runpytest_subprocess(*arguments, "-x", "--noise-resume")
    assert again.outlines[-1].count("--noise-resume") == 1
