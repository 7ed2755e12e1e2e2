"""A stranger's mistakes with the public names: one line each, which says what to do."""

from __future__ import annotations

import inspect
import operator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bands import X, Y, sharp
from misuse import refused

import noisecore
from noisecore import Curve, Margins
from noisecore.judging.curves import matched_curves

GATES = {
    "judge_monotonic": {},
    "judge_noise_bites": {"least_drop": 0.1},
    "judge_floor": {"floors": {0.5: 0.1}, "scale": 0.5},
    "judge_at_chance": {"scale": 0.5, "chance": 0.3, "loss": 1},
    "judge_published": {"published": {0.5: (1, 0.5)}},
}

BY_HAND = {
    "name": "mine", "scales": [0, 1], "seeds": [0, 1], "accuracy": [[0.9, 0.8], [0.9, 0.7]],
    "loss": [[1, 2], [1, 2]], "images": 100,
}  # fmt: skip


@pytest.fixture(scope="module")
def curve() -> Curve:
    """Return a curve that was measured."""
    return noisecore.evaluate(sharp, X, Y, scales=[0.5, 2], draws=2, name="digits")


@pytest.fixture(scope="module")
def given(curve, tmp_path_factory):
    """Return what may be given, and what is said of it."""
    baseline = noisecore.write_baseline(tmp_path_factory.mktemp("held") / "quick.json", curve)
    return {
        "path": ("a.json", "read_curves(path) returns the curves of a file"),
        "Path": (Path("a.json"), "'a.json'): read_curves(path)"),
        "records": (list(curve.records), "compare(new, old) takes records and lists"),
        "curves": ([curve], "give the curve itself"),
        "dict": ({"digits": curve}, "give one of its values, such as ['digits']"),
        "baseline": (baseline, "baseline.curves['NAME']"),
        "model": (sharp, "evaluate(model, x, y, scales=[0.1, 1]) returns a curve"),
        "None": (None, "returns a curve"),
    }


MISTYPED = [
    ("evaluate", {"scale": [1]}, "scales"),
    ("evaluate_outputs", {"kinds": "scores"}, "kind"),
    ("train_sweep", {"seed": 3}, "seeds"),
    ("compare", {"margin": "mean>3"}, "margins"),
    ("judge_no_regression", {"margin": "mean>3"}, "margins"),
    ("assert_no_regression", {"modes": "simple"}, "mode"),
    ("write_baseline", {"new_ancestors": True}, "new_ancestor"),
    ("Curve.plot", {"margin": "mean>3"}, "margins"),
]


@pytest.mark.parametrize(("name", "given", "meant"), MISTYPED, ids=[each[0] for each in MISTYPED])
def test_a_mistyped_argument(name, given, meant) -> None:
    """A name that a function does not have is answered with the nearest that it has."""
    function = operator.attrgetter(name)(noisecore)
    said = refused(function, *[None] * 2, **given)
    assert said.startswith(f"unknown argument {next(iter(given))!r}: expected one of ")
    assert said.endswith(f"did you mean {meant!r}?")
    assert "self" not in said
    with pytest.raises(TypeError):  # which Python's own error is, too
        function(**given)


class TestByHand:
    """Curves that somebody puts together."""

    def test_lists(self) -> None:
        """Lists become arrays, and everything works with them."""
        made = Curve(**BY_HAND, image_error=[0.1, 0.1], labels=[0, 1])
        assert made.mean_accuracy.tolist() == [0.9, 0.75]
        assert made.at(1).mean == 0.75
        assert "0.7500" in str(made)
        assert len(made.to_frame()) == 4
        assert noisecore.judge_monotonic(made).verdict == "inconclusive"
        assert replace(made, name="other").seeds == (0, 1)

    @pytest.mark.parametrize(
        ("field", "value", "words"),
        [
            ("name", None, "name must be a text, got None"),
            ("scales", 1, "scales must be numbers such as [0, 0.5, 1], got 1"),
            ("scales", "0,1", "scales must be numbers such as [0, 0.5, 1], got '0,1'"),
            ("scales", [1, 0], "scales must ascend"),
            ("scales", [1, 1], "scales must ascend"),
            ("scales", [0, np.nan], "scales must ascend"),
            ("scales", [[0, 1]], "scales must ascend"),
            ("scales", [-1, 0], "scales must be finite numbers >= 0"),
            ("scales", [0, np.inf], "scales must be finite numbers >= 0"),
            ("seeds", 2, "seeds must be whole numbers such as (0, 1, 2), got 2"),
            ("seeds", "ab", "seeds must be whole numbers such as (0, 1, 2), got 'ab'"),
            ("seeds", [], "at least one scale and one seed"),
            ("accuracy", None, "accuracy must be numbers such as"),
            ("accuracy", [["a", "b"]], "accuracy must be numbers such as"),
            ("accuracy", [[1, 0], [1]], "accuracy must be numbers such as"),
            ("accuracy", [0.9, 0.8], "must have the shape (seeds, scales) = (2, 2), got (2,)"),
            ("accuracy", [[90, 80], [90, 70]], "shares from 0 to 1, got 70 to 90: 97 % is 0.97"),
            (
                "images",
                "many",
                "images must be the number of test images, a whole number, got 'many'",
            ),
            ("image_error", 0.1, "image_error must be numbers"),
            ("replicates", "runs", "replicates must be 'seeds' or 'draws', got 'runs'"),
            ("failures", "none", "failures must be a tuple, got 'none'"),
            ("once", 1.0, "once must be a tuple, got 1.0"),
            ("records", [1], "records must be those of evaluate, train_sweep or read_records"),
            ("records", None, "records must be those of evaluate, train_sweep or read_records"),
        ],
    )
    def test_refused(self, field, value, words) -> None:
        """What a field cannot be is refused where the curve is made."""
        assert words in refused(Curve, **BY_HAND | {field: value})

    def test_methods(self, curve) -> None:
        """A method that takes no path says what writes a file, and shows no other signature."""
        for call in ({"path": "a.csv"}, {"name": 5}):
            assert "to_csv" in refused(curve.to_frame, **call)
        assert "curve.to_frame() takes no argument, got 'a'" in refused(curve.to_frame, "a")
        assert list(inspect.signature(Curve.to_frame).parameters) == ["self"]
        assert "savefig" in refused(curve.plot, "a.png")


class TestPaths:
    """What is given for the path of a file."""

    @pytest.mark.parametrize("given", [None, 5, ["a"], b"a", "", " ", "a\0b"], ids=repr)
    def test_no_path(self, curve, given, tmp_path, monkeypatch) -> None:
        """What is no path is named by every function that takes one."""
        monkeypatch.chdir(tmp_path)
        calls = [
            lambda: curve.save(given),
            lambda: noisecore.read_baseline(given),
            lambda: noisecore.read_records(given),
            lambda: noisecore.write_baseline(given, curve),
        ]
        for call in calls:
            assert "path must be the path of a file, got " in refused(call)

    def test_places(self, curve, tmp_path) -> None:
        """A folder, or a file in the place of a folder, is named; a folder that lacks is made."""
        (tmp_path / "file").write_text("")
        for write, name in ((curve.save, "digits.json"), (self.put(curve), "quick.json")):
            line = refused(write, tmp_path)
            assert line == (
                f"{tmp_path} is a folder: give the path of a file, such as {tmp_path / name}"
            )
            write(tmp_path / "new" / "folder" / name)
        line = refused(curve.save, tmp_path / "file" / "a.json")
        assert line == f"{tmp_path / 'file' / 'a.json'}: cannot be written: File exists"
        baseline = noisecore.read_baseline(tmp_path / "new" / "folder" / "quick.json")
        assert "cannot be written" in refused(self.put(baseline), tmp_path / "file" / "a.json")

    @staticmethod
    def put(curve):
        """Return what puts a curve into a baseline at a path."""
        return lambda path: noisecore.write_baseline(path, curve)

    def test_the_other_kind(self, curve, tmp_path) -> None:
        """Of a missing baseline, or a file of the other kind, it is said what reads or writes."""
        baseline, saved = tmp_path / "quick.json", tmp_path / "digits.json"
        assert "write_baseline(path, curve) writes one" in refused(
            noisecore.read_baseline, baseline
        )
        noisecore.write_baseline(baseline, curve)
        curve.save(saved)
        assert "read_baseline(path) reads it" in refused(noisecore.read_records, baseline)
        for call in (noisecore.read_baseline, self.put(curve)):
            assert "it holds records: read_curves(path) reads" in refused(call, saved)

    @pytest.mark.parametrize(("name", "value"), [("profile", 5), ("new_ancestor", "no")])
    def test_choices(self, curve, tmp_path, name, value) -> None:
        """A choice that would make a file which cannot be read, or forget, is refused."""
        path = tmp_path / "quick.json"
        line = refused(noisecore.write_baseline, path, curve, **{name: value})
        assert line.startswith(f"{name} must be ")
        assert not path.exists()


class TestMargins:
    """Margins, modes and levels."""

    def test_names(self, curve) -> None:
        """A name that is mistyped is answered by all names, and by the nearest."""
        line = refused(noisecore.compare, curve, curve, margins="maen>3")
        assert "expected one of clean, mean, memory, scale, seconds, since-first" in line
        assert "did you mean 'mean'?" in line
        assert "did you mean" not in refused(noisecore.compare, curve, curve, margins="mean=3")

    @pytest.mark.parametrize("given", [{}, {"mean": 3}, ["mean>3"], 3, True], ids=repr)
    def test_kinds(self, curve, given) -> None:
        """What is neither a text nor margins is shown both."""
        line = refused(noisecore.judge_no_regression, curve, curve, margins=given)
        assert "a text such as 'mean>3,scale>5', or Margins(mean=3, scale=5), got" in line

    @pytest.mark.parametrize(
        "given",
        [{"mean": -3}, {"mean": "a"}, {"mean": [3]}, {"scale": 300}, {"memory": 0.5},
         {"clean": True}, {"mean": np.nan}],
        ids=repr,
    )  # fmt: skip
    def test_values(self, given) -> None:
        """A margin that a text may not have, `Margins` may not have either."""
        assert "such as 2, or none" in refused(Margins, **given)

    def test_mode(self, curve) -> None:
        """An unknown mode is refused by every way in."""
        for new in (curve, [curve]):
            for mode in ("strict", ["simple"]):
                assert "mode must be" in refused(noisecore.compare, new, curve, mode=mode)


class TestInPlaceOfACurve:
    """What is given where a curve is wanted."""

    @pytest.mark.parametrize("gate", GATES)
    def test_gates(self, given, gate) -> None:
        """Every gate says how a curve is had from it."""
        for name, (value, words) in given.items():
            if (gate, name) != ("judge_published", "dict"):  # which takes points by name
                assert words in refused(getattr(noisecore, gate), value, **GATES[gate])

    def test_regression(self, curve, given) -> None:
        """So does the gate against a baseline, of both sides."""
        for name, (value, words) in given.items():
            assert words in refused(noisecore.judge_no_regression, value, curve)
            if name in ("path", "Path", "None"):
                words = "read_baseline(path) re"
            if name != "baseline":
                assert words in refused(noisecore.judge_no_regression, curve, value)

    def test_write(self, curve, given, tmp_path) -> None:
        """So does what writes a baseline, which takes several."""
        path = tmp_path / "quick.json"
        for name in ("path", "Path", "model"):
            value, words = given[name]
            assert words in refused(noisecore.write_baseline, path, value)
        assert "give the curve itself" in refused(
            noisecore.write_baseline, path, list(curve.records)
        )
        assert "has no records to compare" in refused(
            noisecore.write_baseline, path, replace(curve, records=())
        )
        assert not path.exists()

    def test_compare(self, curve) -> None:
        """So does a comparison, which takes more."""
        for value in (sharp, 5, curve.at(2), ["a"], curve.to_frame()):
            for run in ((value, curve), (curve, value)):
                assert "a run must be curves, records" in refused(noisecore.compare, *run)


class TestTwice:
    """Records that come twice."""

    def test_same(self, curve, tmp_path) -> None:
        """What comes twice and is the same stands once in a baseline."""
        twice = replace(curve, records=[*curve.records, *curve.records])
        for given in (twice, [curve, curve]):
            held = noisecore.write_baseline(tmp_path / "quick.json", given)
            assert len(held.records) == len(curve.records)

    def test_different(self, curve, tmp_path) -> None:
        """Two of one key that differ are named, and what to do, wherever they are given."""
        (first, *_) = curve.records
        worse = tuple(replace(each, loss=each.loss + 1) for each in first.evaluations)
        others = [replace(first, evaluations=worse), *curve.records[1:]]
        (other,) = matched_curves(others).values()
        mixed = [*curve.records, *others]
        for call in (
            lambda: noisecore.write_baseline(tmp_path / "quick.json", [curve, other]),
            lambda: noisecore.compare(mixed, curve),
            lambda: noisecore.compare([curve], mixed),
        ):
            line = refused(call)
            assert f"two that differ: {first.key} twice; give the records of only one" in line
