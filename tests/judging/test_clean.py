"""Accuracy on clean images is judged against the baseline, beside that under noise."""

from __future__ import annotations

import pytest
from records_factory import make_case as case
from records_factory import make_sweep

from noisecore.judging.gates import Margins, judge_no_regression
from noisecore.judging.gates.rows import AccuracyRow, MeanRow, NoteRow

LEVEL = {0.5: 0.9, 1.0: 0.85, 4.0: 0.6}


def shifted(points: float) -> dict[float, float]:
    """Return the noisy scales' accuracies moved by points."""
    return {scale: level + points / 100 for scale, level in LEVEL.items()}


class TestClean:
    """Accuracy on clean images has a row, and a margin of its own."""

    OLD = {0.0: 0.95, **LEVEL}  # noqa: RUF012 (never changed)

    @pytest.mark.parametrize("mode", ["simple", "rigorous"])
    @pytest.mark.parametrize(
        ("clean", "noisy", "words"),
        [
            (-95.0, -30.0, "worse everywhere than its baseline"),
            (-5.0, 0.0, "worse on clean images only than its baseline"),
            (0.0, -30.0, "more fragile than its baseline"),
        ],
    )
    def test_which_it_is(self, mode, clean, noisy, words) -> None:
        """A fall on clean images fails, and the sentence says where the model became worse."""
        new = {scale: 0.95 + clean / 100 if scale == 0 else level + noisy / 100
               for scale, level in self.OLD.items()}  # fmt: skip
        verdict = judge_no_regression(case(make_sweep(new), make_sweep(self.OLD), mode=mode))
        assert verdict.verdict == "fail"
        assert words in verdict.sentence
        assert [row.scale for row in verdict.rows(AccuracyRow)] == [
            None, 0.0, 0.5, 1.0, 4.0
        ]  # fmt: skip

    def test_better_somewhere(self) -> None:
        """A model that fell on clean images and rose under noise is not worse everywhere."""
        new = {0.0: 0.85, 0.5: 0.8, 1.0: 0.9, 4.0: 0.7}
        verdict = judge_no_regression(case(make_sweep(new), make_sweep(self.OLD)))
        assert "is worse at some scales than its baseline" in verdict.sentence

    @pytest.mark.parametrize("mode", ["simple", "rigorous"])
    def test_the_mean_is_of_noisy_scales(self, mode) -> None:
        """A model without any accuracy on clean images has the mean that it had before."""
        new = {**shifted(-0.5), 0.0: 0.0}
        off = Margins(clean=None)
        verdict = judge_no_regression(
            case(make_sweep(new), make_sweep(self.OLD), mode=mode, margins=off)
        )
        assert verdict.verdict == "pass"
        mean = verdict.rows(MeanRow)[0]
        assert mean.difference == pytest.approx(-0.005)

    def test_a_baseline_without_it(self) -> None:
        """A baseline without scale 0 is compared as before, with a note, whatever the scales."""
        verdict = judge_no_regression(case(make_sweep(self.OLD), make_sweep(LEVEL), whole=True))
        assert verdict.verdict == "pass"
        notes = [row.note for row in verdict.rows(NoteRow)]
        assert "scale 0 is not in the baseline: accuracy on clean images is not compared" in notes

    def test_a_run_without_it(self) -> None:
        """A run that no longer has scale 0 lacks a scale, as any other."""
        verdict = judge_no_regression(case(make_sweep(LEVEL), make_sweep(self.OLD), whole=True))
        assert verdict.verdict == "fail"
        assert "scale 0 of the baseline was not run" in verdict.sentence
