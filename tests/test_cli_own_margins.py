"""The commands judge by what pytest judges by: a baseline's own margins, ancestors and curves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bands import CLASSES, evaluate, make_images, sharp
from records_factory import make_sweep, save

from noisecore.cli import main
from noisecore.judging.baselines import Origin, read_baseline, renew_baseline, write_baseline
from noisecore.judging.gates import judge
from noisecore.judging.gates.own import fitting_margins
from noisecore.showing.report import write_report

CURVE = "mine/gaussian"
ORIGIN = Origin(date="2026-01-01", commit=None, noisecore="1", tests=("test_a.py",))
X, Y = make_images(1000)
LEVEL = {0.0: 0.95, 0.5: 0.9, 4.0: 0.6}


def unsure(images):
    """Answer as `sharp`, but for one image in fifty, which gets another class."""
    answers = sharp(images)
    answers[::50] = answers[::50][:, [*range(1, CLASSES), 0]]
    return answers


def given(model=sharp):
    """Return the records of a given model on a thousand images."""
    return evaluate(model, X, Y, scales=[0.1, 0.2])


def baseline(path, records, **origins):
    """Write a baseline of records, its curves with these origins; return its path."""
    origins = origins or {"mine": replace(ORIGIN, margins="mean>9,scale>9,clean>9")}
    names = {record.trial.curve.partition("/")[0]: record.trial.curve for record in records}
    origins = {names[name]: origin for name, origin in origins.items()}
    write_baseline(path, renew_baseline(None, records, profile="quick", origins=origins).baseline)
    return str(path)


def words(text: str) -> str:
    """Return a text in one line."""
    return " ".join(text.split())


@pytest.fixture
def held(tmp_path):
    """Return a baseline whose margins are wide, and a run that is worse than the usual ones."""
    return baseline(tmp_path / "quick.json", given()), save(tmp_path / "run", given(unsure))


class TestCompare:
    """`compare`, against a baseline."""

    def test_stored_margins(self, held, capsys) -> None:
        """The margins of the baseline hold, and it is said; those given by hand go first."""
        old, new = held
        assert main(["compare", old, new]) == 0
        assert (
            f"{CURVE}: the margin mean>9,scale>9,clean>9 fits 1000 images, and is kept in the "
            "baseline; --margins overrides it"
        ) in words(capsys.readouterr().out)
        assert main(["compare", old, new, "--margins=mean>0.5,clean>0.5"]) == 1
        assert "kept in the baseline" not in capsys.readouterr().out

    def test_margins_that_records_would_have(self, tmp_path, capsys) -> None:
        """Of a run that a baseline could be made of, the margins of that baseline hold."""
        few = save(tmp_path / "few", evaluate())
        own = fitting_margins(evaluate())
        assert own == "mean>3.3,scale>3.3"
        assert main(["compare", few, few]) == 0
        said = words(capsys.readouterr().out)
        assert f"{CURVE}: the margin {own} fits 300 images; --margins overrides it" in said

    def test_loss_since_the_first_ancestor(self, tmp_path, capsys) -> None:
        """What a renewed baseline lost since its first ancestor fails here, too."""
        path = tmp_path / "quick.json"
        lower, lowest = ({s: a - k * 0.014 * (s > 0) for s, a in LEVEL.items()} for k in (1, 2))
        (name,) = {record.trial.curve for record in make_sweep(LEVEL)}
        for level in (LEVEL, lower):
            old = read_baseline(path) if path.exists() else None
            made = make_sweep(level, spread=0.001, seeds=range(3))
            found = renew_baseline(old, made, profile="quick", origins={name: ORIGIN})
            write_baseline(path, found.baseline)
        new = save(tmp_path / "new", make_sweep(lowest, spread=0.001, seeds=range(3, 6)))
        assert main(["compare", str(path), new]) == 1
        assert "since its first ancestor of 2026-01-01" in words(capsys.readouterr().out)
        assert main(["compare", str(path), new, "--margins=since-first>none"]) == 0

    def test_all_curves_share_the_level(self, tmp_path) -> None:
        """The level is that of all curves of the baseline, however many are compared today."""
        made = [*make_sweep(LEVEL), *make_sweep(LEVEL, model="mlp")]
        path = baseline(tmp_path / "two.json", made, cnn=ORIGIN, mlp=ORIGIN)
        (verdict,) = judge(make_sweep({**LEVEL, 4.0: 0.61}), read_baseline(path)).values()
        assert verdict.figures[0].level == pytest.approx(1 - 0.005 / 2)


class TestOthers:
    """`power` and `drift`."""

    def test_power(self, held, capsys) -> None:
        """The rates of a given model are those of its own margins."""
        old, _ = held
        assert main(["power", old, "--pairs=10", "--drops=1"]) == 0
        said = capsys.readouterr().out
        assert "\nmean>9,scale>9,clean>9,since-first>2, alpha 0.01\n" in said
        assert "is kept in the baseline" in words(said)
        assert main(["power", old, "--pairs=10", "--drops=1", "--margins=mean>3"]) == 0
        said = capsys.readouterr().out
        assert "\nmean>3,scale>3,clean>1.5,since-first>2, alpha 0.01\n" in said

    def test_drift(self, tmp_path, capsys) -> None:
        """A given model on few images is judged by the margin that fits them, as in pytest."""
        for name in ("a", "b"):
            write_report(
                tmp_path / name, run={"id": "x"}, profile={"name": "quick"}, records=evaluate(),
                verdicts=[], planned=[],
            )  # fmt: skip
        folders = [str(tmp_path / name) for name in ("a", "b")]
        assert main(["drift", *folders, f"--out={tmp_path / 'out'}"]) == 0
        line = "the margin mean>3.3,scale>3.3 fits 300 images; --margins overrides it"
        assert line in capsys.readouterr().out.replace("\\", "")
        assert main(["drift", *folders, f"--out={tmp_path / 'out'}", "--margins=mean>1"]) == 0
        assert "fits 300 images" not in capsys.readouterr().out
