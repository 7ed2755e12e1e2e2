"""What a green run does not show by itself is told: records, settings and tests left out."""

from __future__ import annotations

import shutil
import time

import pytest
from own_bench import AUTO, ONE, TWO, UPDATE

HEAD = "[pytest]\npythonpath = .\n"
SAVED = "no model was evaluated or trained: the verdicts are of saved records in records"


def words(result) -> str:
    """Return what a run printed, in one line."""
    return " ".join(result.stdout.str().split())


class TestSavedRecords:
    """Saved records say nothing of the model as it is now."""

    @pytest.fixture
    def saved(self, own):
        """A repository with a baseline and saved records, whose model has become worse since."""
        own.make()
        (own.folder / "trials").rename(own.path / "records")
        own.change("test_a.py", "evaluate(model", "evaluate(worse")
        return own

    @pytest.mark.parametrize("more", [(), ("-q",), ("-n2",)], ids=["alone", "quiet", "xdist"])
    def test_by_the_configuration(self, saved, more) -> None:
        """A green run that the configuration made one of saved records says so, and of when."""
        saved.pytester.makeini(f"{HEAD}noise_records = records\nnoise_baseline = auto\n")
        result = saved.run(*more)
        assert result.ret == 0, result.stdout.str()
        (line,) = [line for line in result.outlines if line.startswith(SAVED)]
        assert "(noise_records=records in tox.ini), made on 2" in line
        assert saved.results["run"]["notes"] == [line]
        summary = (saved.folder / "summary.md").read_text()
        assert f"**{SAVED}" in summary
        assert "6 of 6 trials were saved by earlier runs; gates: 2 pass." in summary

    def test_header(self, saved) -> None:
        """The header says it before anything is run."""
        result = saved.run("--noise-records=records", "--noise-artifacts=again", AUTO)
        result.stdout.fnmatch_lines(["noisecore: judges the saved records in *: no model is *"])
        assert f"{SAVED}, made on 2" in words(result)

    def test_evaluated_all_the_same(self, saved) -> None:
        """A model that a test evaluated by itself, for want of records, is named."""
        saved.write(
            "test_c.py",
            "from noisecore import evaluate\n"
            "def test_three(robustness):\n"
            "    curve = evaluate(model, *images(), scales=[1], name='c')\n"
            "    assert_floor(curve, {1: 0.5}, scale=1)\n",
        )
        result = saved.run("--noise-records=records", "--noise-artifacts=again", AUTO)
        assert "no model was trained, and none evaluated but that of c/gaussian: the" in (
            words(result)
        )

    def test_older_than_the_baseline(self, saved) -> None:
        """Records that were made before the baseline are judged with the question if it is so."""
        own = saved.path / "old"
        shutil.copytree(saved.path / "records", own)
        time.sleep(1)  # days are written to the second
        assert saved.run(UPDATE, "--noise-new-ancestor").ret == 0
        old = saved.run("--noise-records=old", "--noise-artifacts=again", AUTO)
        assert "were the two swapped?" in words(old)
        assert "swapped" not in words(saved.run(AUTO))

    def test_not_said_of_others(self, own) -> None:
        """A run that evaluates says nothing of the kind."""
        own.make()
        assert SAVED not in words(own.run(AUTO))
        assert "notes" not in own.results["run"]


# A line of the configuration, and what is said of it.
SETTINGS = [
    ("noise_margins = mean>50,scale>50", "noise_margins=mean>50,scale>50 in tox.ini"),
    ("noise_alpha = 1e-9", "noise_alpha=1e-9 in tox.ini"),
    ("noise_gate = simple", "noise_gate=simple in tox.ini"),
    ("noise_inconclusive = pass", "noise_inconclusive=pass in tox.ini"),
    ("noise_baseline = other.json", "noise_baseline=other.json in tox.ini"),
    ("noise_baseline = none", "noise_baseline=none in tox.ini"),
    ("noise_baseline_dir = elsewhere", "noise_baseline_dir=elsewhere in tox.ini"),
    ("addopts = --noise-inconclusive=pass", "noise_inconclusive=pass in addopts"),
]


class TestSettings:
    """What the configuration makes of the gate is not on the command line."""

    @pytest.mark.parametrize(("line", "told"), SETTINGS)
    def test_told(self, own, line, told) -> None:
        """Each setting that the gate hangs on is named, with where it stands."""
        own.pytester.makeini(f"{HEAD}{line}\n")
        options = [] if "noise_baseline =" in line else [AUTO]
        assert f"the gate is set by {told}" in words(own.run("test_a.py", *options))

    @pytest.mark.parametrize("line", ["noise_baseline = auto", "noise_alpha = 0.01", ""])
    def test_usual(self, own, line) -> None:
        """What is the usual, or stands on the command line, is not told again."""
        own.pytester.makeini(f"{HEAD}{line}\n")
        options = ["--noise-margins=mean>50", "-o", "noise_inconclusive=pass"]
        assert "the gate is set by" not in words(own.run("test_a.py", *options))

    def test_margins_that_allow_all(self, own) -> None:
        """A comparison that bounds nothing says so in the place of a verdict on the model."""
        own.make()
        own.change("test_a.py", "evaluate(model", "evaluate(worse")
        none = "--noise-margins=mean>none,scale>none,clean>none,since-first>none"
        told = f"PASS: nothing of {ONE} was judged, for its margins allow any loss"
        assert told in words(own.run(AUTO, none))


# What keeps all tests that compare from being run, while another test is.
LEFT_OUT = {
    "deselected": (["-k", "other"], ("", "")),
    "marked": (["-m", "not slow"], ("import pytest", "import pytest\npytestmark=pytest.mark.slow")),
    "skipped": ([], ("import pytest", "import pytest\npytest.importorskip('zz')")),
}


@pytest.mark.parametrize("more", [(), ("-n1",)], ids=["alone", "xdist"])
@pytest.mark.parametrize("how", LEFT_OUT)
def test_left_out(own, how, more) -> None:
    """Where none of the tests that compare is run, the curves are listed that were not compared."""
    own.make()
    own.write("test_c.py", "def test_other(): pass\n")
    arguments, change = LEFT_OUT[how]
    for file in ("test_a.py", "test_b.py"):
        own.change(file, *change)
    markers = "markers = slow\nnoise_baseline = auto\n"
    own.pytester.makeini(HEAD + markers)
    result = own.run(*arguments, *more)
    assert result.ret == 0, result.stdout.str()
    assert f": 0 of 2 curves and 0 of 6 scales compared; not compared: {ONE}, {TWO}" in (
        words(result)
    )
    own.run("test_c.py").stdout.no_fnmatch_line("*not compared*")


@pytest.mark.parametrize("more", [(), ("-n1",)], ids=["alone", "xdist"])
def test_a_skipped_file(own, usage_line, more) -> None:
    """Where the only file that compares was skipped, what is said is why, and what to do."""
    (own.path / "test_b.py").unlink()
    assert own.run(UPDATE).ret == 0
    own.write("test_c.py", "def test_other(): pass\n")
    own.change("test_a.py", "import pytest\n", "import pytest\npytest.importorskip('zz')\n")
    why = "test_a.py was skipped as a whole: could not import 'zz': No module named 'zz'"
    line = usage_line(own.run(AUTO, *more))
    assert f"{why}: install what is missing, or leave" in line
    assert "--noise-scales" not in line
    own.pytester.makeini(f"{HEAD}noise_baseline = auto\n")
    assert f"not compared: {ONE}; {why}" in words(own.run("-q", *more))


class TestQuiet:
    """A quiet run says what its green would hide."""

    def test_left_out(self, own) -> None:
        """A test that is deselected or skipped leaves a line, also with -q."""
        own.make()
        own.change("test_a.py", "evaluate(model", "evaluate(worse")
        result = own.run("-q", AUTO, "--deselect=test_a.py::test_one")
        assert result.ret == 0
        assert f"not compared: {ONE}" in words(result)
        own.change("test_a.py", "    robustness.", "    pytest.skip('slow')\n    robustness.")
        assert f"not compared: {ONE}" in words(own.run("-q", AUTO))

    def test_nothing_to_say(self, own) -> None:
        """Where nothing is hidden, it says nothing."""
        own.make()
        result = own.run("-q", AUTO)
        assert result.ret == 0
        assert "= noisecore =" not in result.stdout.str()

    def test_other_scales_hide_no_loss(self, own) -> None:
        """A renewal with one scale more is refused if the model became worse at the others."""
        own.make()
        own.change("test_a.py", "evaluate(model", "evaluate(worse")
        own.change("test_a.py", "scales=[0.2, 1]", "scales=[0.2, 1, 2]")
        before = own.baseline
        result = own.run("test_a.py", "--noise-update-baseline")
        assert result.ret == 1
        assert "with other scales, which forget its first ancestor" in words(result)
        assert "if the loss is meant, add --noise-new-ancestor" in words(result)
        assert own.baseline == before
        assert own.run("test_a.py", "--noise-update-baseline", "--noise-new-ancestor").ret == 0

    @pytest.mark.parametrize("more", [(), ("-n1",)], ids=["alone", "xdist"])
    def test_a_renewal(self, own, more) -> None:
        """What was written into the baseline, and where, is one line, also with -q."""
        where = "baseline written: benchmarks/baselines/quick.json:"
        assert f"{where} added {ONE}, {TWO}" in own.run("-q", UPDATE, *more).outlines
        own.change("test_a.py", "*images()", "*images(100)")
        own.change("test_b.py", "def test_two", "def test_three")
        three = TWO.replace("two", "three")
        margins = "mean>6.4,scale>6.4, was mean>2.8"
        told = f"added {three}; renewed {ONE}; removed {TWO}; the margin of {ONE} is {margins}"
        assert f"{where} {told}" in own.run("-q", UPDATE, *more).outlines
        again = own.run("-q", "--noise-update-baseline=missing", *more)
        assert "the baseline is as it was" in again.outlines
