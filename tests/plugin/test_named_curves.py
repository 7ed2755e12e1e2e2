"""A curve that has a name keeps it, wherever its test goes, and two tests may judge one curve."""

from __future__ import annotations

import json

import pytest
from own_bench import AUTO, UPDATE

NAMED = """
def test_one(robustness, noise_baseline):
    curve = robustness.evaluate(model, *images(), scales=[0.2, 1], name="digits")
    assert_no_regression(curve, noise_baseline)
"""
SHARED = """
import noisecore

@pytest.fixture(scope="session")
def curve():
    return noisecore.evaluate(model, *images(), scales=[0.2, 1], name="digits")

def test_falls(curve, robustness):
    assert_monotonic(curve)

def test_holds(curve, noise_baseline):
    assert_no_regression(curve, noise_baseline)

def test_holds_again(curve, noise_baseline):
    assert_no_regression(curve, noise_baseline, mode="simple")
"""


@pytest.fixture
def alone(own):
    """A repository with one test file, whose curve has a name."""
    (own.path / "test_b.py").unlink()
    own.write("test_a.py", NAMED)
    return own


def made(own) -> None:
    """Make the baseline."""
    result = own.run(UPDATE)
    assert result.ret == 0, result.stdout.str()
    assert own.curves == ["digits/gaussian"]


def test_renamed_and_moved(alone) -> None:
    """A test that is renamed, and moved to another file, is compared with what it was before."""
    made(alone)
    (alone.path / "test_a.py").unlink()
    alone.write("test_z.py", NAMED.replace("test_one", "test_other"))
    assert alone.run(AUTO).ret == 0
    alone.change("test_z.py", "evaluate(model", "evaluate(worse")
    assert alone.run(AUTO).ret == 1


@pytest.mark.parametrize("xdist", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_another_name(alone, xdist) -> None:
    """A curve whose name was changed is not in the baseline, and the line says what is."""
    made(alone)
    alone.change("test_a.py", 'name="digits"', 'name="numbers"')
    result = alone.run(AUTO, *xdist)
    assert result.ret == 1
    line = "*numbers/gaussian is not in the baseline *, which holds digits/gaussian: add it with*"
    result.stdout.fnmatch_lines([line])


def test_given_up_for_another(alone) -> None:
    """A named curve that no test compares any more vanished: an item of its own fails."""
    alone.write("test_a.py", NAMED + NAMED.replace("test_one", "test_two").replace("digits", "b"))
    assert alone.run(UPDATE).ret == 0
    alone.change("test_a.py", 'name="digits"', 'name="b"')
    result = alone.run(AUTO)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["  digits/gaussian: no test in test_a.py compares it"])
    assert alone.run(UPDATE).ret == 0
    assert alone.curves == ["b/gaussian"]


def test_deselected(alone) -> None:
    """A named curve whose test is deselected has not vanished."""
    alone.write("test_a.py", NAMED + NAMED.replace("test_one", "test_two").replace("digits", "b"))
    assert alone.run(UPDATE).ret == 0
    assert alone.run(AUTO, "-k", "test_two").ret == 0


@pytest.mark.parametrize("xdist", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_baseline_of_noisecore_0_1(alone, xdist) -> None:
    """A baseline that has the name behind the test's is read, compared, and renewed."""
    made(alone)
    text = alone.baseline.read_text()
    # As noisecore 0.1 wrote it: schema 1 has no checksums.
    data = json.loads(text.replace('"digits', '"test_a.py::test_one digits'))
    data["schema"] = 1
    for part in (*data["curves"].values(), *data["trials"]):
        del part["checksum"]
    for trial in data["trials"]:
        trial["schema"] = 1
    alone.baseline.write_text(json.dumps(data))
    assert alone.curves == ["test_a.py::test_one digits/gaussian"]
    assert alone.run(AUTO, *xdist).ret == 0
    alone.change("test_a.py", "evaluate(model", "evaluate(worse")
    result = alone.run(AUTO, *xdist)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*no regression: fail: digits/gaussian*"])
    renewed = alone.run(UPDATE, "--noise-new-ancestor", *xdist)
    assert renewed.ret == 0, renewed.stdout.str()
    assert alone.curves == ["digits/gaussian"]


@pytest.mark.parametrize("xdist", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_shared_by_tests(alone, xdist) -> None:
    """A curve of a session's fixture is judged by several tests, kept, and compared."""
    alone.write("test_a.py", SHARED)
    assert alone.run(UPDATE, *xdist).ret == 0
    assert alone.curves == ["digits/gaussian"]
    (curve,) = alone.results["curves"]
    assert curve["name"] == "digits/gaussian"
    assert len(alone.results["verdicts"]) == 3
    assert alone.run(AUTO, *xdist).ret == 0
    alone.change("test_a.py", "evaluate(model", "evaluate(worse")
    failing = alone.run(AUTO, *xdist)
    assert failing.ret == 1
    failing.assert_outcomes(passed=2, failed=2)  # one is noisecore::baseline


@pytest.mark.parametrize("xdist", [(), ("-n", "2", "--dist=each")], ids=["alone", "xdist"])
def test_one_name_for_two(alone, xdist) -> None:
    """Two models under one name are refused in one line, which says where the other is."""
    alone.write("test_b.py", NAMED.replace("evaluate(model", "evaluate(worse"))
    result = alone.run(UPDATE, *xdist)
    assert result.ret == 1
    assert not alone.baseline.exists()
    result.stdout.fnmatch_lines(
        ["noisecore: digits/gaussian has another model or other images in test_a.py::*"]
    )


CLASSES = """
class Net:
    def __init__(self, ask):
        self.ask = ask

    def predict_proba(self, images):
        return self.ask(images.reshape(-1, 8, 8, 1))

@pytest.mark.parametrize("ask", [model, worse])
def test_one(ask, robustness, noise_baseline):
    curve = robustness.evaluate(Net(ask), *images(), scales=[0.2, 1], name="digits")
    assert_no_regression(curve, noise_baseline)
"""


@pytest.mark.parametrize("xdist", [(), ("-n", "2", "--dist=load")], ids=["alone", "xdist"])
def test_one_name_for_two_of_one_class(alone, xdist) -> None:
    """Two models of one class and name are refused, also where each has a process of its own."""
    alone.write("test_a.py", CLASSES)
    result = alone.run(UPDATE, *xdist)
    assert result.ret == 1
    assert not alone.baseline.exists()
    result.stdout.fnmatch_lines(["noisecore: digits/gaussian has another model or other *"])


def test_two_of_one_name_in_a_test(alone) -> None:
    """Two curves of one name that a test judges are refused in one line."""
    alone.write("test_a.py", """
import noisecore

def test_one(noise_baseline):
    for each in (model, worse):
        curve = noisecore.evaluate(each, *images(), scales=[0.2, 1], name="digits")
        assert_no_regression(curve, noise_baseline)
""")  # fmt: skip
    alone.change(
        "test_a.py", "        assert_no", "        noise_baseline.case(curve)\n        assert_no"
    )
    result = alone.run(AUTO)
    assert result.ret == 1


def test_the_old_way_warns(alone) -> None:
    """What noisecore 0.1 gave to the gate works for one release, and warns."""
    alone.change("test_a.py", "(curve, noise_baseline)", "(robustness.against(noise_baseline))")
    result = alone.run(UPDATE)
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*DeprecationWarning: robustness.against(noise_baseline) is *"])
