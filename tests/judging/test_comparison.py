"""A run and a baseline are laid side by side; what forbids it, and what differs, is named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bands import X, bands, evaluate
from records_factory import make_record, make_sweep

from noisecore.judging.baselines import compare_records, read_baseline
from noisecore.recipes import get_recipe
from noisecore.records import GivenTrial

COMMITTED = Path(__file__).parents[2] / "benchmarks/baselines/quick.json"
CURVE = "cnn/gaussian/quick"


def sketched(records, digit, sketch, source):
    """Return records of noisy images that have another hash, and a sketch, of some code."""
    return [
        replace(
            record,
            environment=record.environment | {"source_sha256": source},
            evaluations=tuple(
                replace(each, images_sha256=digit * 64, images_sketch=sketch)
                for each in record.evaluations
            ),
        )
        for record in records
    ]


class TestCompare:
    """A run and a baseline, side by side."""

    def test_matched_scales(self) -> None:
        """Each trial counts at the scale that it was trained at, 0 among them."""
        new = make_sweep({0.0: 0.96, 0.5: 0.9, 4.0: 0.5}, spread=0.0)
        old = make_sweep({0.0: 0.96, 0.5: 0.93, 4.0: 0.6}, spread=0.0, seeds=range(5))
        (found,) = compare_records(new, old).values()
        assert found.curve == CURVE
        assert found.scales.tolist() == [0.0, 0.5, 4.0]
        assert found.noisy.tolist() == [False, True, True]
        assert found.new.shape == (3, 3, 1000)
        assert found.baseline.shape == (5, 3, 1000)
        np.testing.assert_allclose(found.new_accuracy.mean(axis=0), [0.96, 0.9, 0.5])
        np.testing.assert_allclose(found.baseline_accuracy.mean(axis=0), [0.96, 0.93, 0.6])
        assert not found.obstacles + found.failures + found.left_out

    def test_only_common_curves_and_scales(self) -> None:
        """What one side lacks is not compared; a scale that the run left out is named."""
        new = make_sweep({0.5: 0.9, 1.0: 0.8}) + make_sweep({0.5: 0.9}, model="mlp")
        found = compare_records(new, make_sweep({0.5: 0.9, 1.0: 0.8, 4.0: 0.6}))
        assert list(found) == [CURVE]
        assert found[CURVE].scales.tolist() == [0.5, 1.0]
        assert found[CURVE].left_out == (4.0,)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"dataset_sha256": "e" * 64}, "dataset sha256 is eeeeeeeeeeee, was dddddddddddd"),
            ({"images": 8}, "number of test images is 8, was 1000"),
            ({"test_draw": 1}, "test draw is 1, was 0"),
        ],
    )
    def test_what_is_not_comparable(self, change, words) -> None:
        """Other data, another noise or another draw of it forbid a comparison, and are named."""
        (found,) = compare_records(make_sweep(**change), make_sweep()).values()
        assert found.obstacles == (words,)

    def test_another_recipe_of_the_same_name(self) -> None:
        """A recipe that was changed under its name is found field by field."""
        new = [
            replace(r, trial=replace(r.trial, recipe=replace(r.trial.recipe, epochs=9)))
            for r in make_sweep()
        ]
        (found,) = compare_records(new, make_sweep()).values()
        before = get_recipe("quick").epochs
        assert found.obstacles == (f"recipe epochs is 9, was {before}",)

    def test_what_may_differ_is_noted(self) -> None:
        """Versions, the model's source and the images' bytes may differ, and it is said."""
        new = make_sweep(model_source="9" * 64, environment={"python": "3.12.0", "threads": 1})
        (found,) = compare_records(new, make_sweep()).values()
        assert not found.obstacles
        assert "python is 3.12.0, was 3.11.0" in found.notes
        assert "model source is 999999999999, was aaaaaaaaaaaa" in found.notes
        assert not any("threads" in note for note in found.notes)

    @pytest.mark.parametrize("numpy", ["2.0.0", "9.9"])
    def test_another_text_of_the_noise(self, numpy) -> None:
        """Another source of a noise is a note where it made the same images, else an obstacle."""
        words = "noise source is ffffffffffff, was bbbbbbbbbbbb"
        new = make_sweep(noise_source="f" * 64, environment={"numpy": numpy})
        (found,) = compare_records(new, make_sweep()).values()
        assert not found.obstacles
        assert f"{words}, and made the same images" in found.notes
        other = [
            replace(r, evaluations=tuple(replace(e, images_sha256="0" * 64) for e in r.evaluations))
            for r in new
        ]
        (found,) = compare_records(other, make_sweep()).values()
        assert words in found.obstacles

    def test_another_text_of_the_training_noise(self) -> None:
        """Another text of the noise of a training is a note where the answers are the same."""
        sides = [
            [
                make_record(
                    scale=0.5, seed=seed, trained_with="gaussian", trained_with_source=source * 64,
                    noise="fog",
                )
                for seed in range(3)
            ]
            for source in "ab"
        ]  # fmt: skip
        (found,) = compare_records(*sides).values()
        assert not found.obstacles
        words = "trained with is aaaaaaaaaaaa, was bbbbbbbbbbbb"
        assert f"{words}, and the answers are the same" in found.notes
        other = [
            replace(r, evaluations=tuple(replace(e, loss=9.0) for e in r.evaluations))
            for r in sides[0]
        ]
        (found,) = compare_records(other, sides[1]).values()
        assert found.obstacles == (words,)

    def test_sources_of_two_kinds(self) -> None:
        """Hashes of another kind say nothing: neither that the code differs nor that it does not.

        One line says why, whichever side is older, and the rest is compared as ever.
        """
        fields = {"noise_source": "b" * 64, "model_source": "a" * 64}
        old = {**fields, "environment": {"source_sha256": "c" * 64, "numpy": "2.0.0"}}
        new = {name: f"code1:{value}" for name, value in fields.items()} | {
            "environment": {"source_sha256": f"code1:{'c' * 64}", "numpy": "2.1.0"}
        }
        for sides, older in (((new, old), "baseline"), ((old, new), "run")):
            ours, theirs = (make_sweep(**side) for side in sides)
            (found,) = compare_records(ours, theirs).values()
            assert found.obstacles == ()
            numpy = [f"numpy is {a}, was {b}" for a, b in (("2.1.0", "2.0.0"), ("2.0.0", "2.1.0"))]
            line = (
                f"the sources cannot be compared, because the {older} was made with an older "
                "noisecore"
            )
            assert found.notes == (numpy[older == "run"], line)
        changed = make_sweep(**{**new, "noise_source": f"code1:{'d' * 64}"})
        (found,) = compare_records(changed, make_sweep(**new)).values()
        assert "noise source is dddddddddddd, was bbbbbbbbbbbb, and made the same" in found.notes[0]

    def test_sources_of_two_kinds_and_other_images(self) -> None:
        """Then other images are what they would be of an unchanged noise."""
        new = make_sweep(noise_source="code1:" + "b" * 64, environment={"numpy": "9.9"})
        other = [
            replace(r, evaluations=tuple(replace(e, images_sha256="0" * 64) for e in r.evaluations))
            for r in new
        ]
        (found,) = compare_records(other, make_sweep()).values()
        assert found.obstacles == ()
        assert "the noisy test images are not the same to the bit" in found.notes
        same = [replace(r, environment=make_sweep()[0].environment) for r in other]
        (found,) = compare_records(same, make_sweep()).values()
        assert "nothing that was recorded says why" in found.obstacles[0]

    def test_training_noise_of_two_kinds(self) -> None:
        """The noise of a training forbids nothing where its hashes are of two kinds."""
        sides = [
            [
                make_record(
                    scale=0.5, seed=seed, trained_with="gaussian", noise="fog", losses=losses,
                    trained_with_source=source,
                )
                for seed in range(3)
            ]
            for source, losses in (("code1:" + "a" * 64, {0.0: 1.0, 0.5: 1.0}), ("a" * 64, None))
        ]  # fmt: skip
        (found,) = compare_records(*sides).values()
        assert not found.identical
        assert found.obstacles == ()
        assert any("sources cannot be compared" in note for note in found.notes)

    def test_weights_and_code(self) -> None:
        """Of given models one may be known by its weights and the other by its code."""
        sides = [
            [
                replace(
                    record,
                    trial=GivenTrial(
                        model="a.py::test", model_source=source, units="range",
                        **{
                            name: getattr(record.trial, name)
                            for name in (
                                "dataset", "dataset_sha256", "noise", "noise_source",
                                "test_scales", "seed",
                            )
                        },
                    ),
                )
                for record in make_sweep({0.5: 0.9}, noise_source="code1:" + "b" * 64)
            ]
            for source in ("a" * 64, "code1:" + "a" * 64)
        ]  # fmt: skip
        (found,) = compare_records(*sides).values()
        assert found.obstacles == ()
        assert found.notes == (
            "the model sources cannot be compared: one is of code, and one of something else",
        )

    def test_baseline_by_an_older_noisecore(self) -> None:
        """A run is judged as before against a baseline of noisecore 0.1, with one line more."""
        new = read_baseline(COMMITTED).records
        old = [
            replace(
                record,
                trial=replace(record.trial, model_source="a" * 64, noise_source="b" * 64),
                environment=record.environment | {"source_sha256": "c" * 64},
            )
            for record in new
        ]
        for name, found in compare_records(new, old).items():
            before = compare_records(old, old)[name]
            assert (found.obstacles, found.identical) == (before.obstacles, before.identical)
            (line,) = set(found.notes) - set(before.notes)
            assert "the sources cannot be compared, because the baseline was made with" in line

    def test_other_images(self) -> None:
        """Noisy test images that differ are an obstacle, unless NumPy or the processor does too."""
        other = [
            replace(
                r,
                evaluations=tuple(replace(e, images_sha256="0" * 64) for e in r.evaluations),
            )
            for r in make_sweep()
        ]
        (found,) = compare_records(other, make_sweep()).values()
        assert found.obstacles == (
            "the noisy test images differ, and nothing that was recorded says why",
        )
        assert found.new.size  # what it would have shown can still be looked at
        elsewhere = [replace(r, environment=r.environment | {"numpy": "9.9"}) for r in other]
        (found,) = compare_records(elsewhere, make_sweep()).values()
        assert not found.obstacles
        assert "the noisy test images are not the same to the bit" in found.notes
        sources = [
            [
                replace(r, environment=r.environment | {"source_sha256": f"code1:{digit * 64}"})
                for r in side
            ]
            for side, digit in ((elsewhere, "a"), (make_sweep(), "b"))
        ]
        (found,) = compare_records(*sources).values()
        assert found.obstacles == (
            "the noisy test images differ, and so does noisecore's own code",
        )

    def test_each_seed_has_to_be_near(self) -> None:
        """One seed that saw other images is found, also beside records without sketches."""
        near, far = (1.0, 0.5, -0.25), (1.0, 0.9, -0.25)
        old = sketched(make_sweep(), "c", near, "code1:" + "a" * 64)
        new = sketched(make_sweep(), "0", near, "code1:" + "a" * 64)
        new = [replace(r, environment=r.environment | {"processor": "Z9"}) for r in new]
        for others in (near, None):
            mixed = [
                sketched([r], "0", far if r.trial.seed == 0 else others, "code1:" + "a" * 64)[0]
                for r in new
            ]
            (found,) = compare_records(mixed, old).values()
            assert found.obstacles == ("the noisy test images differ by more than rounding",)

    @pytest.mark.parametrize("digit", ["a", "b"], ids=["the same code", "other code"])
    def test_sketches_of_images_tell_rounding_from_other_images(self, digit) -> None:
        """On another processor, only what is near but for rounding is compared, with a note."""
        old = sketched(make_sweep(), "c", (1.0, 0.5, -0.25), "code1:" + "a" * 64)
        for moved, obstacles in (
            (0.0001, ()),
            (0.05, ("the noisy test images differ by more than rounding",)),
        ):
            new = sketched(make_sweep(), "0", (1.0, 0.5 + moved, -0.25), "code1:" + digit * 64)
            here = [replace(r, environment=r.environment | {"processor": "Z9"}) for r in new]
            (found,) = compare_records(here, old).values()
            assert found.obstacles == obstacles
            noted = "the noisy test images are not the same to the bit" in found.notes
            assert noted is not bool(obstacles)

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ({}, {"value_range": (0, 2)}, ["value range is 0 to 2, was 0 to 1"]),
            ({}, {"x": X.astype("float64")}, ["dtype is float64, was float32"]),
            (
                {"x": np.round(X * 255).astype("uint8")},
                {},
                ["value range is 0 to 1, was 0 to 255", "dtype is float32, was uint8"],
            ),
        ],
    )
    def test_other_pixels(self, old, new, said) -> None:
        """What the values of the images are is an obstacle with its name, whatever NumPy it is."""
        theirs, ours = (evaluate(bands, draws=1, **how) for how in (old, new))
        elsewhere = [replace(r, environment=r.environment | {"numpy": "9.9"}) for r in ours]
        for each in (ours, elsewhere):
            (found,) = compare_records(each, theirs).values()
            text = "; ".join(found.obstacles)
            assert text.endswith("; ".join(said))
            assert text.startswith(("the noisy test images differ: ", "dataset sha256 is "))
            assert not [line for line in found.notes if "range" in line or "dtype" in line]

    def test_records_that_do_not_say_the_pixels(self) -> None:
        """Records of before the dtype was kept are compared, and nothing is said of it."""
        new = evaluate(draws=1)
        old = [
            replace(r, environment={k: v for k, v in r.environment.items() if k != "dtype"})
            for r in new
        ]
        assert new[0].environment["dtype"] == "float32"
        for found in (compare_records(new, old), compare_records(old, new)):
            assert found["mine/gaussian"].identical
            assert (found["mine/gaussian"].obstacles, found["mine/gaussian"].notes) == ((), ())

    def test_failed_trial(self) -> None:
        """A trial of the run without figures is named with its reason."""
        failed = make_record(scale=1.0, seed=2, status="failed", reason="loss became NaN")
        new = [*make_sweep({0.5: 0.9, 1.0: 0.8})[:-1], failed]
        (found,) = compare_records(new, make_sweep()).values()
        assert found.failures == (f"{CURVE} scale 1 seed 2: loss became NaN",)

    def test_nothing_in_common(self) -> None:
        """Without a common scale there is an obstacle that names both sides'."""
        (found,) = compare_records(make_sweep({3.0: 0.7}), make_sweep({0.5: 0.9})).values()
        assert "they have no scale in common: 3 in the run, 0.5 before" in found.obstacles[0]

    def test_costs_are_medians(self) -> None:
        """Training time is the median over the compared trials, NaN where it is not known."""
        new = make_sweep({0.0: 0.9, 1.0: 0.8}, cost={"train_seconds": 6.0})
        old = make_sweep({0.0: 0.9, 1.0: 0.8}, cost={"train_seconds": 4.0})
        (found,) = compare_records(new, old).values()
        assert found.seconds == (6.0, 4.0)
        assert np.isnan(found.memory).all()
