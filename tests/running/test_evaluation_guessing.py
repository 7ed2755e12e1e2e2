"""Answers that ignore the images are known for it, and right ones are not taken for them."""

from __future__ import annotations

import numpy as np
import pytest
from bands import X, Y, evaluate, sharp

from noisecore.noise import Stream, apply_noise, gaussian
from noisecore.running.evaluation import GivenError, evaluate_outputs
from noisecore.running.evaluation.guessing import guessed, matches


def elsewhere(answers, labels, **how):
    """Evaluate answers, class numbers, and others under noise."""
    classes = int(max(np.max(answers), np.max(labels))) + 1
    clean = np.eye(classes)[answers]
    noisy = 0.9 * clean + 0.1 / classes
    return evaluate_outputs({0: clean, 0.5: noisy}, labels, name="mine", **how)


class TestChance:
    """What answers reach that ignore the images."""

    @pytest.mark.parametrize(
        ("answers", "labels"),
        [
            ([40, 30, 30], [10, 20, 70]),
            ([95, 5], [90, 10]),
            ([2, 1, 1], [1, 1, 2]),
            ([0, 7, 3, 0], [4, 2, 4, 0]),
            ([1, 1], [1, 1]),
        ],
    )
    def test_mean_and_variance(self, answers, labels) -> None:
        """They are those of the same answers in any other order, as dealing them out shows."""
        rng = np.random.default_rng(0)
        given, true = (np.repeat(np.arange(len(each)), each) for each in (answers, labels))
        dealt = np.array([(rng.permutation(given) == true).sum() for _ in range(20_000)])
        mean, variance = matches(np.array(answers), np.array(labels))
        assert mean == pytest.approx(dealt.mean(), abs=5 * dealt.std() / len(dealt) ** 0.5 + 1e-9)
        assert variance == pytest.approx(dealt.var(), rel=0.06)

    def test_one_answer_never_varies(self) -> None:
        """Answers of one class alone have no variance, whatever rounding makes of it."""
        for labels in ([113, 887], [1, 2, 3], [33333, 66667]):
            answers = np.zeros(len(labels), np.int64)
            answers[0] = sum(labels)
            mean, variance = matches(answers, np.array(labels))
            assert mean == pytest.approx(labels[0])
            assert variance == pytest.approx(0, abs=1e-6 * sum(labels))
            assert guessed(labels[0], answers, np.array(labels))

    def test_one_in_twenty(self) -> None:
        """Of guessers, about one in twenty is lucky enough to pass."""
        rng = np.random.default_rng(1)
        passed = 0
        for _ in range(2000):
            labels, answers = (
                rng.integers(0, 5, 500),
                rng.choice(5, 500, p=[0.6, 0.1, 0.1, 0.1, 0.1]),
            )
            counts = [np.bincount(each, minlength=5) for each in (answers, labels)]
            passed += not guessed(int((labels == answers).sum()), *counts)
        assert 0.02 < passed / 2000 < 0.08


class TestRightAnswers:
    """What is no error."""

    @pytest.mark.parametrize("labels", [[0, 1], [1, 0, 0], [0, 1, 2], [0] * 99 + [1]])
    def test_a_perfect_score(self, labels) -> None:
        """All right is never suspicious, of however few images."""
        records = elsewhere(labels, labels)
        assert records[0].evaluations[0].accuracy == 1.0

    def test_two_images_and_a_model(self) -> None:
        """Nor is it for a model that is asked."""
        chosen = [int(np.flatnonzero(Y == 0)[0]), int(np.flatnonzero(Y == 1)[0])]
        (record,) = evaluate(x=X[chosen], y=Y[chosen], draws=1)
        assert record.evaluations[0].accuracy == 1.0

    def test_rare_classes(self) -> None:
        """0.98 where one class is 0.95 of the labels is no guess, if the others are seen."""
        labels = np.array([0] * 95 + [1] * 5)
        answers = labels.copy()
        answers[[0, 95]] = 1 - answers[[0, 95]]
        assert elsewhere(answers, labels)[0].evaluations[0].accuracy == 0.98

    def test_less_than_the_commonest_class(self) -> None:
        """A model that is worse than its commonest class, but sees the images, is measured."""
        labels = np.array([0] * 90 + [1] * 10)
        answers = labels.copy()
        answers[:15] = 1
        assert elsewhere(answers, labels)[0].evaluations[0].accuracy == 0.85

    def test_one_class_alone(self) -> None:
        """Labels of one class alone are not judged."""
        elsewhere([0, 0, 1], [0, 0, 0])


class TestGuesses:
    """What is suspicious, and how to say that it is right."""

    @pytest.mark.parametrize(
        ("answers", "labels"),
        [
            ([0] * 100, [0] * 95 + [1] * 5),  # 0.95, by one answer
            ([1] + [0] * 99, [0] * 95 + [1] * 5),  # nearly so
            ([1, 2, 0] * 20, [0, 1, 2] * 20),  # never right
            ([0, 1, 1], [0, 1, 0]),  # too few to tell
        ],
    )
    def test_one_line(self, answers, labels) -> None:
        """It is refused in one line that names `least_clean`, which then settles it."""
        with pytest.raises(GivenError, match="no better than answers that ignore") as caught:
            elsewhere(answers, labels)
        line = str(caught.value)
        assert "\n" not in line
        least = float(line.rpartition("least_clean=")[2])
        elsewhere(answers, labels, least_clean=least)

    def test_the_line_says_by_what(self) -> None:
        """It gives what such answers reach by chance, and the commonest class's share."""
        with pytest.raises(GivenError) as caught:
            elsewhere([3] * 20 + [2] * 80, [1] * 30 + [2] * 30 + [3] * 40)
        assert str(caught.value) == (
            "accuracy on clean images is 0.3000, no better than answers that ignore the images "
            "(0.3200 for these answers and labels; class 3 alone is 0.4000 of the labels): was the "
            "model trained on standardised images, or on other labels? If it is right, say so "
            "with least_clean=0.3"
        )

    @pytest.mark.parametrize("least", [0.97, 1])
    def test_least_clean_refuses_below_it(self, least) -> None:
        """What is declared is asked of a good model too."""
        labels = np.array([0, 1] * 50)
        answers = labels.copy()
        answers[:4] = 1 - answers[:4]
        with pytest.raises(GivenError, match=r"must be at least least_clean, .* got 0.9600"):
            elsewhere(answers, labels, least_clean=least)
        elsewhere(answers, labels, least_clean=0.96)


class TestOneMeasurement:
    """A noise that draws nothing is measured once."""

    @staticmethod
    def counted():
        """Return a model, and the list of the images that it was asked for."""
        asked = []

        def model(images):
            asked.append(len(images))
            return sharp(images)

        return model, asked

    @pytest.mark.parametrize("draws", [1, 3])
    def test_the_model_is_asked_once(self, draws) -> None:
        """A blur asks the model once for all draws, and each draw has its record."""
        model, asked = self.counted()
        records = evaluate(model, noise="gaussian_blur", scales=[0.5, 1, 2], draws=draws)
        assert sum(asked) == len(X) * (1 + 3)
        assert len(records) == draws
        assert all(each.evaluations == records[0].evaluations for each in records)

    def test_other_draws_are_asked_for(self) -> None:
        """Noise that draws is shown to the model draw by draw."""
        model, asked = self.counted()
        records = evaluate(model, draws=3)
        assert sum(asked) == len(X) * (1 + 2 * 3)
        for draw, record in enumerate(records):
            noisy = apply_noise(gaussian, X, 0.5, Stream(draw, "test"))
            np.testing.assert_array_equal(record.at(0.5).right, sharp(noisy).argmax(axis=1) == Y)

    def test_a_model_that_draws_itself(self) -> None:
        """Equal images are one measurement, also for a model that answers otherwise each time."""
        rng = np.random.default_rng(0)

        def model(images):
            answers = sharp(images)
            return answers[rng.permutation(len(answers))] if rng.random() < 0.5 else answers

        records = evaluate(model, noise="gaussian_blur", draws=3, least_clean=0)
        assert records[0].evaluations == records[1].evaluations == records[2].evaluations

    def test_noise_that_rarely_draws(self) -> None:
        """Draws that are equal by chance share an answer, and the others have their own."""

        def rare(images, scale, *, rng):
            return images + np.float32(scale) * np.float32(1 + (rng.random() < 0.5))

        model, asked = self.counted()
        records = evaluate(
            model, noise=rare, scales=[0.1], draws=6, units="own", x=X[:200], y=Y[:200]
        )
        hashes = [record.at(0.1).images_sha256 for record in records]
        assert 1 < len(set(hashes)) < 6
        assert len(asked) == 2 + sum(each != hashes[0] for each in hashes)


class TestUnmoved:
    """A model that never looks at the images is as good under noise, and says nothing of it."""

    @pytest.mark.parametrize("least", [None, 0.5])
    @pytest.mark.parametrize("noise", ["gaussian", "gaussian_blur"])
    def test_kept_answers_are_refused(self, least, noise) -> None:
        """Answers that were computed once are refused, in one line that says what to do."""
        kept = sharp(X)
        with pytest.raises(GivenError, match="must answer to the images") as caught:
            evaluate(lambda images: kept[: len(images)], noise=noise, least_clean=least)
        line = str(caught.value)
        assert "\n" not in line
        assert "give greater scales" in line

    def test_many_batches(self) -> None:
        """So are those that were kept batch by batch."""
        asked = 0

        def kept(images):
            nonlocal asked
            first = asked // 3 * 50  # asked for clean images, and at two scales
            asked += 1
            return sharp(X[first : first + len(images)])

        with pytest.raises(GivenError, match="must answer to the images"):
            evaluate(kept, batch_size=50, draws=1)

    def test_scales_too_small(self) -> None:
        """What is coarse and sees no such noise is refused too; with a greater scale it is not."""

        def coarse(images):
            return np.round(sharp(images), 1) * 0.98 + 0.01

        with pytest.raises(GivenError, match="give greater scales"):
            evaluate(coarse, scales=[1e-7], draws=1)
        evaluate(coarse, scales=[1e-7, 1], draws=1)

    def test_one_image_that_moved(self) -> None:
        """One output of one draw that the noise changed is enough to be measured."""
        kept, asked = sharp(X), []

        def model(images):
            asked.append(len(images))
            return kept + 1e-9 * (len(asked) == 7)  # the last draw of the last scale

        evaluate(model, draws=3)
        assert len(asked) == 7

    def test_class_labels(self) -> None:
        """Class labels may stay the same on easy images: that is measured, and a note says so."""
        labels = np.eye(3)[sharp(X).argmax(axis=1)]
        for record in evaluate(lambda images: labels):
            assert "same class labels for all noisy images" in record.cost["note"]
            assert "\n" not in record.cost["note"]
        moved = evaluate(lambda images: np.eye(3)[sharp(images).argmax(axis=1)])
        assert all("note" not in record.cost for record in moved)
