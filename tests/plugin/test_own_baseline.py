"""The baseline of a model that was given: the margin it holds, and if the model is the same."""

from __future__ import annotations

import json
import subprocess

import pytest
from own_bench import AUTO, ONE, TWO, UPDATE

# A training whose seed is not fixed, as the file beside it says.
TRAINED = """
from pathlib import Path

def model(x):
    scores = np.stack([x[:, 2 * k : 2 * k + 2].mean(axis=(1, 2, 3)) for k in range(3)], 1)
    kind = Path("trained").read_text()
    if kind == "anew":
        scores[::50] = -scores[::50]
    return worse(x) if kind == "fragile" else scores
"""
ANEW = (
    "the model gives other answers to clean images than before at the same commit: it was trained"
)


def margins(own) -> dict[str, str | None]:
    """Return what the baseline holds, by curve."""
    curves = json.loads(own.baseline.read_text())["curves"]
    return {name: curve.get("margins") for name, curve in curves.items()}


def allowed(own) -> dict[float | None, float]:
    """Return what the first curve of the last run was allowed to lose, in points by scale."""
    rows = own.results["verdicts"][0]["figures"]
    return {row["scale"]: round(100 * row["allowed"], 6) for row in rows if "scale" in row}


class TestMargins:
    """A baseline holds the margins that fit the number of its images, if those for all do not."""

    @pytest.mark.parametrize(
        ("images", "held", "points"),
        [
            (100, "mean>6.4,scale>6.4", {None: 6.4, 0.0: 1.5, 0.2: 6.4, 1.0: 6.4}),
            (400, "mean>2.8", {None: 2.8, 0.0: 1.5, 0.2: 3.0, 1.0: 3.0}),
            (1200, None, {None: 1.5, 0.0: 1.5, 0.2: 3.0, 1.0: 3.0}),
        ],
    )
    def test_kept_and_used(self, own, images, held, points) -> None:
        """They are stored as the baseline is made, told of, and judge the next run."""
        own.change("test_a.py", "*images()", f"*images({images})")
        made = own.run("test_a.py", UPDATE)
        assert made.ret == 0
        assert margins(own)[ONE] == held
        text = " ".join(made.stdout.str().split())
        assert (f"the margin {held} fits {images} images, and is kept" in text) == bool(held)
        assert own.run("test_a.py", AUTO).ret == 0
        assert allowed(own) == points

    @pytest.mark.parametrize(
        ("images", "held"),
        [
            (1, None),
            (2, None),
            (10, None),
            (25, "mean>17.1,scale>17.1"),
            (50, "mean>10.3,scale>10.3"),
        ],
    )
    def test_few_images(self, own, images, held) -> None:
        """Of however few images, what is written can be read, renewed and read again."""
        own.change("test_a.py", "*images()", f"*(each[:{images}] for each in images())")
        made = own.run("test_a.py", UPDATE)
        assert made.ret == 0
        assert margins(own)[ONE] == held
        text = " ".join(made.stdout.str().split())
        have = f"{images} images are" if images > 1 else "1 image is"
        told = (
            f"{have} too few for a margin that fits: the usual margins hold, and few changes can "
            "be judged by them. Give 21 images or more; from 1150 on the usual margins fit"
        )
        assert (told in text) == (held is None)
        assert own.run("test_a.py", AUTO).ret == 0
        own.change("test_a.py", "evaluate(model", "evaluate(worse")
        again = own.run("test_a.py", UPDATE, "--noise-new-ancestor")
        assert "cannot be read" not in again.stdout.str()
        assert margins(own)[ONE] == held
        assert "baseline of" in own.run("test_a.py", AUTO).stdout.str()

    @pytest.mark.parametrize("where", ["option", "configuration"])
    def test_given_by_hand(self, own, where) -> None:
        """Margins that a person gives hold in their place; what these do not name is the usual."""
        own.make()
        options = ["--noise-margins=mean>1"]
        if where == "configuration":
            own.pytester.makeini("[pytest]\npythonpath = .\nnoise_margins = mean>1\n")
            options = []
        assert own.run(AUTO, *options).ret == 0
        assert allowed(own) == {None: 1.0, 0.0: 1.5, 0.2: 3.0, 1.0: 3.0}
        own.pytester.makeini("[pytest]\npythonpath = .\n")
        assert own.run(AUTO).ret == 0
        assert allowed(own)[None] == 2.8

    def test_said_by_the_test(self, own) -> None:
        """Margins that a test gives hold before all others; what they do not name stays."""
        own.make()
        own.change("test_a.py", "noise_baseline)\n", "noise_baseline, margins='scale>6')\n")
        assert own.run(AUTO).ret == 0
        assert allowed(own) == {None: 2.8, 0.0: 1.5, 0.2: 6.0, 1.0: 6.0}
        assert own.run(AUTO, "--noise-margins=mean>1,scale>2").ret == 0
        assert allowed(own) == {None: 1.0, 0.0: 1.5, 0.2: 6.0, 1.0: 6.0}

    @pytest.mark.parametrize(
        ("given", "words"), [("'drop>3'", "margins must be written as"), ("3", "must be a text")]
    )
    def test_bad_margins_of_a_test(self, own, given, words) -> None:
        """Margins that cannot be read fail the test in one line, also without a baseline."""
        own.change("test_a.py", "noise_baseline)\n", f"noise_baseline, margins={given})\n")
        result = own.run("test_a.py", UPDATE)
        assert result.ret == 1
        lines = [line for line in result.outlines if line.startswith("E ")]
        assert [words in line for line in lines] == [True]

    def test_marker_of_a_test_that_evaluates(self, own) -> None:
        """Who looks for them at the marker, which is for trainings, is told where they belong."""
        own.change(
            "test_a.py", "def test_one", "@pytest.mark.robustness(margins='mean>3')\ndef test_one"
        )
        result = own.run("test_a.py", UPDATE)
        assert result.ret == 4
        assert "says its margins in assert_no_regression(curve, noise_baseline, margins=...)" in (
            result.stderr.str()
        )

    def test_decide(self, own) -> None:
        """A fall between both fails by those of the baseline where those by hand let it pass."""
        own.make()
        own.change("test_a.py", "evaluate(model", "evaluate(worse")
        assert own.run(AUTO).ret == 1
        assert own.run(AUTO, "--noise-margins=mean>12,scale>20").ret == 0

    def test_renewed(self, own) -> None:
        """A renewal with other images holds what fits those, and leaves the other curve's."""
        own.make()
        own.change("test_a.py", "*images()", "*images(1200)")
        assert own.run("test_a.py", UPDATE).ret == 0
        assert margins(own) == {ONE: None, TWO: "mean>2.8"}


class TestTrainedAnew:
    """A model that a test trains itself is another one each time, unless its seed is fixed."""

    @pytest.fixture
    def repository(self, own):
        """A committed repository with a baseline; return a function that trains and compares."""
        with open(own.path / "mine.py", "a") as file:
            file.write(TRAINED)
        (own.path / "test_b.py").unlink()
        self.git(own, "init", "-q")
        self.git(own, "add", "mine.py", "test_a.py")
        self.git(own, "commit", "-q", "-m", "first")
        (own.path / "trained").write_text("once")
        assert own.run(UPDATE).ret == 0

        def compare(kind: str) -> list[str]:
            (own.path / "trained").write_text(kind)
            own.run(AUTO)
            (verdict,) = own.results["verdicts"]
            return [row["note"] for row in verdict["figures"] if "note" in row]

        return compare

    @staticmethod
    def git(own, *arguments: str) -> None:
        """Call git in the repository, as somebody."""
        who = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *who, *arguments], cwd=own.path, check=True, timeout=60)

    def test_at_the_same_commit(self, repository) -> None:
        """Other answers to clean images at the baseline's own commit are told of, with a remedy."""
        (note,) = [line for line in repository("anew") if "trained" in line]
        assert note.startswith(ANEW)
        assert "fix the seed of its training" in note

    @pytest.mark.parametrize("kind", ["once", "fragile"])
    def test_same_clean_answers(self, repository, kind) -> None:
        """The same answers to clean images are no sign of it, whatever noise does to them."""
        assert ANEW not in " ".join(repository(kind))

    def test_at_another_commit(self, own, repository) -> None:
        """At another commit a model may be another one."""
        self.git(own, "commit", "-q", "--allow-empty", "-m", "second")
        assert ANEW not in " ".join(repository("anew"))

    def test_with_changed_files(self, own, repository) -> None:
        """So may it with changes that are not committed."""
        with open(own.path / "mine.py", "a") as file:
            file.write("# another text\n")
        assert ANEW not in " ".join(repository("anew"))

    def test_a_baseline_of_changed_files(self, own, repository) -> None:
        """And where the baseline was made with such."""
        with open(own.path / "mine.py", "a") as file:
            file.write("# another text\n")
        (own.path / "trained").write_text("once")
        own.baseline.unlink()
        assert own.run(UPDATE).ret == 0
        assert ANEW not in " ".join(repository("anew"))
