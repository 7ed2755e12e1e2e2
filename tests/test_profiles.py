"""Profiles are read from a command line and from configuration, or refused in one clear line."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisecore.models import MODELS
from noisecore.noise import NOISES, check_scale
from noisecore.profiles import (
    PROFILES,
    Profile,
    ProfileError,
    change_profile,
    get_profile,
    parse_clip,
    parse_scales,
    parse_seeds,
    read_profiles,
)
from noisecore.recipes import RECIPES, get_recipe

QUICK = PROFILES["quick"]


# The parts, as written on a command line


@pytest.mark.parametrize(
    ("text", "scales"),
    [
        ("0.1,1,4", (0.1, 1.0, 4.0)),
        (" 4 , 0.1,1e0 ", (0.1, 1.0, 4.0)),
        ("2", (2.0,)),
    ],
)
def test_scales_are_read_and_sorted(text, scales):
    """Scales may come in any order and spacing, and are ascending floats."""
    assert parse_scales(text) == scales
    assert all(type(scale) is float for scale in parse_scales(text))


@given(
    st.sets(st.floats(min_value=0, exclude_min=True, max_value=1e38).map(check_scale), min_size=1)
)
def test_scales_survive_being_written(scales):
    """Whatever set of scales is written out, the same is read, and each is one that noise takes."""
    read = parse_scales(",".join(map(repr, scales)))
    assert read == tuple(sorted(scales))
    assert [check_scale(scale) for scale in read] == sorted(scales)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "scales must be numbers such as 0.1,1,4, got an empty value"),
        ("  ", "scales must be numbers such as 0.1,1,4, got an empty value"),
        ("1,,2", "scales must be numbers such as 0.1,1,4, got ''"),
        ("1,2,", "scales must be numbers such as 0.1,1,4, got ''"),
        ("0.1,much", "scales must be numbers such as 0.1,1,4, got 'much'"),
        ("benchmarks", "scales must be numbers such as 0.1,1,4, got 'benchmarks'"),
        ("0.1;1", "scales must be numbers such as 0.1,1,4, got '0.1;1'"),
        ("1,-2", "scales must be finite numbers > 0, got -2"),
        ("inf", "scales must be finite numbers > 0, got inf"),
        ("1e999", "scales must be finite numbers > 0, got 1e999"),
        ("nan", "scales must be finite numbers > 0, got nan"),
        ("0,1", "scales must be > 0, got 0: scale 0 is always run too"),
        ("-0.0", "scales must be > 0, got 0: scale 0 is always run too"),
        ("1,2,1.0", "scales must differ from each other, got 1.0 twice"),
    ],
)
def test_scales_that_cannot_be_used_are_refused(text, message):
    """Scales that are empty, no numbers, negative, not finite, zero or repeated are refused."""
    with pytest.raises(ProfileError) as refusal:
        parse_scales(text)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("1", (0,)), ("3", (0, 1, 2)), (" 10-12 ", (10, 11, 12)), ("7-7", (7,)), ("0-1", (0, 1))],
)
def test_seeds_are_a_number_or_a_range(text, seeds):
    """A number counts seeds from 0; a range names the first and the last."""
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    "text", ["0", "", "-1", "2.5", "three", "3-1", "1-2-3", "1,2", "1-", "nan"]
)
def test_seeds_that_cannot_be_used_are_refused(text):
    """Fewer than one seed, a range that runs backwards, a list and no number are refused."""
    with pytest.raises(ProfileError) as refusal:
        parse_seeds(text)
    message = f"seeds must be a whole number >= 1, or a range such as 10-12, got {text!r}"
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("text", "bounds"),
    [("0:1", (0.0, 1.0)), (" -2.5 : 3 ", (-2.5, 3.0)), ("none", None), (" none ", None)],
)
def test_clip_is_two_bounds_or_none(text, bounds):
    """Bounds are two numbers with a colon, or none."""
    assert parse_clip(text) == bounds


@pytest.mark.parametrize(
    "text", ["", "1", "1:", ":1", "1:0", "1:1", "0:1:2", "a:b", "nan:1", "0:nan", "0:inf", "-inf:1"]
)
def test_clip_that_cannot_be_used_is_refused(text):
    """One bound, bounds that do not ascend, and what is no finite number are refused."""
    with pytest.raises(ProfileError) as refusal:
        parse_clip(text)
    message = f"clip must be two ascending numbers such as 0:1, or none, got {text!r}"
    assert str(refusal.value) == message


# A profile with choices replaced


def test_every_choice_can_be_replaced():
    """Each choice is written as on the command line; what is not given stays."""
    changed = change_profile(
        QUICK,
        dataset="mine.npz",
        models=" mlp ,cnn,mlp",
        recipe="quick+epochs=2",
        scales="4,1",
        seeds="5-6",
        noise="gaussian",
        clip="0:1",
    )
    assert changed == Profile(
        name="quick",
        dataset="mine.npz",
        models=("mlp", "cnn"),
        recipe=get_recipe("quick+epochs=2"),
        scales=(1.0, 4.0),
        seeds=(5, 6),
        noise="gaussian",
        test_draw=QUICK.test_draw,
        clip=(0.0, 1.0),
    )
    assert change_profile(QUICK) == QUICK


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"scales": "x"}, "scales must be numbers such as 0.1,1,4, got 'x'"),
        ({"seeds": "0"}, "seeds must be a whole number >= 1, or a range such as 10-12, got '0'"),
        ({"models": " , "}, "models must be names such as cnn,mlp, got an empty value"),
        (
            {"recipe": "quik"},
            "unknown recipe 'quik': expected one of notebook, quick; did you mean 'quick'?",
        ),
        (
            {"recipe": "quick+epochs=0"},
            "recipe 'quick+epochs=0': epochs must be a whole number >= 1, got 0",
        ),
        (
            {"scale": "1"},
            "unknown profile field 'scale': expected one of clip, dataset, images, models, noise, "
            "recipe, scales, seeds; did you mean 'scales'?",
        ),
        ({"test_draw": "1"}, "unknown profile field 'test_draw': expected one of clip, dataset,"),
    ],
)
def test_choice_that_cannot_be_used_is_refused(choices, message):
    """A choice that does not fit, and one that there is not, are refused as a profile's error."""
    with pytest.raises(ProfileError) as refusal:
        change_profile(QUICK, **choices)
    assert str(refusal.value).startswith(message)


# Profiles of a user's own


def test_profiles_of_a_users_own_stand_beside_the_shipped_ones():
    """Each line is a profile, on a base that is shipped or stands above it, and quick if unsaid."""
    profiles = read_profiles(
        [
            "many: seeds=10  models=mlp",
            " full-size : base=notebook clip=0:1",
            "most:base=many scales=8",
        ]
    )
    assert profiles == {
        **PROFILES,
        "many": dataclasses.replace(QUICK, name="many", seeds=tuple(range(10)), models=("mlp",)),
        "full-size": dataclasses.replace(PROFILES["notebook"], name="full-size", clip=(0.0, 1.0)),
        "most": dataclasses.replace(
            QUICK, name="most", seeds=tuple(range(10)), models=("mlp",), scales=(8.0,)
        ),
    }


def test_reading_profiles_leaves_the_shipped_ones_alone():
    """A user's profile of a shipped name is theirs in that run, and changes nothing for good."""
    before = dict(PROFILES)
    assert read_profiles(["quick: seeds=1"])["quick"].seeds == (0,)
    assert before == PROFILES


@pytest.mark.parametrize("line", ["", "mine", "mine base=quick", ": seeds=1", "my own: seeds=1"])
def test_profile_without_a_name_is_refused(line):
    """A line that does not start with a name and a colon is refused, with how to write one."""
    with pytest.raises(ProfileError) as refusal:
        read_profiles([line])
    message = f"a profile must be written as 'name: base=quick seeds=10', got {line!r}"
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("seeds", "expected field=value, got 'seeds'"),
        ("seeds = 3", "expected field=value, got 'seeds'"),
        ("suite=mnist-c", "suite belongs to a marker, robustness(suite='mnist-c', train="),
        ("seed=3", "unknown profile field 'seed': expected one of clip, dataset,"),
        ("scales=0.1,x", "scales must be numbers such as 0.1,1,4, got 'x'"),
        ("recipe=quick+epoch=3", "unknown recipe field 'epoch': expected one of batch_size,"),
        (
            "base=notebok",
            "unknown profile 'notebok': expected one of notebook, quick; did you mean 'notebook'?",
        ),
        ("base=mine", "unknown profile 'mine': expected one of notebook, quick"),
    ],
)
def test_profile_that_cannot_be_read_is_named(rest, message):
    """A line with a choice that cannot be used, or on an unknown base, is refused by its name."""
    with pytest.raises(ProfileError) as refusal:
        read_profiles([f"mine: {rest}"])
    assert str(refusal.value).startswith(f"profile 'mine': {message}")


def test_unknown_profile_lists_the_known_ones():
    """An unknown name is answered with all known ones, a user's own too, and the near miss."""
    profiles = read_profiles(["nightly: seeds=10"])
    assert get_profile("nightly", profiles).name == "nightly"
    with pytest.raises(ProfileError) as refusal:
        get_profile("nightli", profiles)
    assert str(refusal.value) == (
        "unknown profile 'nightli': expected one of nightly, notebook, quick; "
        "did you mean 'nightly'?"
    )


# The shipped ones


@pytest.mark.parametrize("name", PROFILES)
def test_shipped_profile_can_be_run(name):
    """A shipped profile names known models, a known noise and a shipped recipe, and clips nothing.

    Its scales ascend and leave 0 out, and no seed counts twice.
    """
    profile = PROFILES[name]
    assert profile.name == name
    assert set(profile.models) <= set(MODELS)
    assert profile.noise in NOISES
    assert profile.recipe in RECIPES.values()
    assert profile.clip is None
    assert profile.scales == parse_scales(",".join(map(str, profile.scales)))
    assert len(set(profile.seeds)) == len(profile.seeds) >= 3


def test_notebook_profile_is_the_reference_notebook():
    """Full MNIST, the notebook's network beside a dense one, its recipe, its five scales."""
    notebook = PROFILES["notebook"]
    assert notebook.dataset == "mnist"
    assert set(notebook.models) == {"cnn", "mlp"}
    assert notebook.recipe == get_recipe("notebook")
    assert notebook.noise == "gaussian"
    assert notebook.scales == (0.1, 0.5, 1.0, 2.0, 4.0)


def test_quick_profile_needs_no_download():
    """The default profile runs on the embedded digits, at five scales, with its own recipe."""
    assert QUICK.dataset == "mnist-5k"
    assert QUICK.recipe == get_recipe("quick")
    assert len(QUICK.scales) == 5
