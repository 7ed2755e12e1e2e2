"""Profiles: named sets of choices, the shipped ones and a user's own."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from noisecore.errors import NoisecoreError
from noisecore.escaping import brief, shorten, shown
from noisecore.functions import unknown
from noisecore.noise import NoiseError, check_bounds, check_scale, listed_scales
from noisecore.recipes import RECIPES, Recipe, RecipeError, get_recipe


class ProfileError(NoisecoreError, ValueError):
    """A profile, or a choice that should replace one of its choices, cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A named set of choices.

    dataset, models, noise: names. scales: those of the run, ascending; 0 is trained too, and no
    gate checks it. seeds: one trial for each. test_draw: the realisation of the noise on the test
    images, the same for every seed and run. clip: bounds of the noisy images, None for none.
    images: how many of the test images are tested, None for all of them.
    sequential: whether a curve that is compared with a baseline gets its seeds one after another
    instead, as many as its verdict needs.

    Example:
        >>> recipe = Recipe(name="short", epochs=3)
        >>> Profile(name="mine", dataset="own.npz", models=("mlp",), recipe=recipe).seeds
        (0, 1, 2)
    """

    name: str
    dataset: str
    models: tuple[str, ...]
    recipe: Recipe
    scales: tuple[float, ...] = (0.1, 0.5, 1.0, 2.0, 4.0)
    seeds: tuple[int, ...] = (0, 1, 2)
    noise: str = "gaussian"
    test_draw: int = 0
    clip: tuple[float, float] | None = None
    images: int | None = None
    sequential: bool = False

    def __post_init__(self) -> None:
        for field in ("name", "dataset", "noise"):
            if not isinstance(getattr(self, field), str):
                raise ProfileError(f"{field} must be a name, got {shown(getattr(self, field))}")
        models, scales = self.models, listed_scales(self.scales)
        if not isinstance(models, tuple) or not all(isinstance(each, str) for each in models):
            raise ProfileError(
                f"models must be a tuple of names such as ('cnn', 'mlp'), got {shown(models)}"
            )
        if not isinstance(self.recipe, Recipe):
            raise ProfileError(f"recipe must be a Recipe, got {shown(self.recipe)}")
        if list(scales) != sorted(scales) or 0 in scales:
            raise ProfileError(f"scales must ascend and be > 0, got {shown(self.scales)}")
        object.__setattr__(self, "scales", scales)
        object.__setattr__(self, "seeds", listed_seeds(self.seeds))
        object.__setattr__(self, "clip", self.clip and check_bounds(self.clip, "clip"))
        object.__setattr__(self, "images", checked_images(self.images))

    def __repr__(self) -> str:
        return brief("Profile", **{**vars(self), "recipe": self.recipe.name})


def parse_scales(text: str) -> tuple[float, ...]:
    """Return the scales written as `0.1,1,4`, ascending; raise `ProfileError` on anything else.

    Zero is refused, because it is always included. So are duplicates, which are surely a mistake.
    """
    parts = [part.strip() for part in text.split(",")]
    if not text.strip():
        raise ProfileError("scales must be numbers such as 0.1,1,4, got an empty value")
    scales = []
    for part in parts:
        try:
            scale = float(part)
        except ValueError:
            raise ProfileError(
                f"scales must be numbers such as 0.1,1,4, got {shorten(part)!r}"
            ) from None
        try:
            scale = check_scale(scale)
        except NoiseError:
            raise ProfileError(f"scales must be finite numbers > 0, got {shorten(part)}") from None
        if scale == 0:
            raise ProfileError("scales must be > 0, got 0: scale 0 is always run too")
        if scale in scales:
            raise ProfileError(f"scales must differ from each other, got {part} twice")
        scales.append(scale)
    return tuple(sorted(scales))


_LONGEST_NAME = 200  # of a profile: file systems accept it with .json added
_GREATEST_SEED = 10**9  # a text may have 9 digits
AUTO = "auto"  # seeds one after another, as many as the verdict needs
MOST_SEEDS = 10_000  # more is surely a mistake, and would fill the memory with trials


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds written as a number of them (`3`: 0, 1 and 2) or a range (`10-12`)."""
    match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", text.strip())
    if match is None:
        seeds = range(0)
    elif match[2] is None:
        seeds = range(int(match[1]))
    else:
        seeds = range(int(match[1]), int(match[2]) + 1)
    if not seeds:
        raise ProfileError(
            f"seeds must be a whole number >= 1, or a range such as 10-12, got {shorten(text)!r}"
        )
    if len(seeds) > MOST_SEEDS:
        raise ProfileError(f"seeds must be at most {MOST_SEEDS}, got {len(seeds)}")
    return tuple(seeds)


def listed_seeds(given: int | str | Iterable[int]) -> tuple[int, ...]:
    """Return the seeds, given as their number (3: 0, 1 and 2) or as a list of whole numbers.

    A text is read by `parse_seeds`, as an option is. Raises `ProfileError` on anything else.
    """
    if isinstance(given, str):
        return parse_seeds(given)
    seeds: list[int] = []
    with suppress(Exception):  # whatever an odd object raises
        each: Any = range(_whole(given)) if _counts(given) else given
        seeds = [_whole(seed) for seed in islice(each, MOST_SEEDS + 1)]
    if len(seeds) > MOST_SEEDS:
        raise ProfileError(f"seeds must be at most {MOST_SEEDS}, got more")
    if not seeds or not all(0 <= seed < _GREATEST_SEED for seed in seeds):
        raise ProfileError(
            "seeds must be a whole number >= 1, such as 3, or a list of whole numbers >= 0 of at "
            f"most 9 digits, such as [0, 1, 2], got {shown(given)}"
        )
    if len(set(seeds)) < len(seeds):
        raise ProfileError(f"seeds must differ from each other, got {shown(given)}")
    return tuple(seeds)


def _counts(given: Any) -> bool:
    """Return whether it is a single number; an array of numbers only looks like one."""
    try:
        operator.index(given)
    except TypeError:
        return False
    return True


def _whole(number: Any) -> int:
    """Return a whole number; raise TypeError on a bool, which is surely a mistake here."""
    if isinstance(number, bool):
        raise TypeError
    return operator.index(number)


def parse_clip(text: str) -> tuple[float, float] | None:
    """Return the bounds written as `0:1`, or None for `none`."""
    if text.strip() == "none":
        return None
    try:
        return check_bounds(text, "clip")
    except NoiseError:
        raise ProfileError(
            f"clip must be two ascending numbers such as 0:1, or none, got {shorten(text)!r}"
        ) from None


def parse_images(text: str) -> int | None:
    """Return how many test images are tested, or None for `all` of them."""
    text = text.strip()
    whole = re.fullmatch(r"\d{1,9}", text)
    return None if text == "all" else checked_images(int(text) if whole else text)


def checked_images(given: Any) -> int | None:
    """Return how many test images are tested, None for all; raise `ProfileError` otherwise."""
    number = 0
    with suppress(Exception):  # whatever an odd object raises
        number = 1 if given is None else _whole(given)
    if not 0 < number < _GREATEST_SEED:
        raise ProfileError(
            "images must be a whole number >= 1, such as 1000, or all (None) of the test images, "
            f"got {shown(given)}"
        )
    return None if given is None else number


PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile(name="quick", dataset="mnist-5k", models=("cnn", "mlp"), recipe=RECIPES["quick"]),
        Profile(
            name="notebook", dataset="mnist", models=("cnn", "mlp"), recipe=RECIPES["notebook"]
        ),
    )
}


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not names:
        raise ProfileError("models must be names such as cnn,mlp, got an empty value")
    return names


_PARSERS: dict[str, Callable[[str], Any]] = {
    "dataset": str,
    "models": _names,
    "recipe": get_recipe,
    "scales": parse_scales,
    "seeds": parse_seeds,
    "noise": str,
    "clip": parse_clip,
    "images": parse_images,
}


def change_profile(profile: Profile, **choices: str) -> Profile:
    """Return `profile` with some choices replaced, written as on a command line; others stay.

    Seeds "auto" leave the number of seeds as it is, for curves that have no baseline. Raises
    `ProfileError` with the choice that does not fit, what was expected, and what was given.
    """
    changes: dict[str, Any] = {}
    for field, text in choices.items():
        if field == "suite":
            raise ProfileError(
                "suite belongs to a marker, robustness(suite='mnist-c', train=('gaussian', 0)), "
                "because its test uses robustness.suite: leave it out of the profile"
            )
        if field not in _PARSERS:
            raise ProfileError(unknown("profile field", field, _PARSERS))
        if field == "seeds":
            changes["sequential"] = text.strip() == AUTO
            if changes["sequential"]:
                continue
        try:
            changes[field] = _PARSERS[field](text)
        except RecipeError as error:
            raise ProfileError(str(error)) from None
    return replace(profile, **changes)


def read_profiles(lines: Iterable[str]) -> dict[str, Profile]:
    """Return the shipped profiles and those of `lines`, each `name: base=quick seeds=10 ...`.

    `base` is a shipped or an earlier profile (left out: quick); every other `field=value` replaces
    one of its choices, written as on the command line. Raises `ProfileError` that names the line.
    """
    profiles = dict(PROFILES)
    for line in lines:
        name, colon, rest = line.partition(":")
        name = name.strip()
        if not colon or not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
            raise ProfileError(
                f"a profile must be written as 'name: base=quick seeds=10', got {shorten(line)!r}"
            )
        if len(name.encode()) > _LONGEST_NAME:
            raise ProfileError(
                f"profile {shorten(name)!r}: its name must have {_LONGEST_NAME} bytes at most, "
                "because a folder gets this name"
            )
        choices: dict[str, str] = {}
        for part in rest.split():
            field, equals, value = part.partition("=")
            if not equals:
                raise ProfileError(f"profile {name!r}: expected field=value, got {part!r}")
            if field in choices:
                raise ProfileError(f"profile {name!r}: {field} must be given once, got it twice")
            choices[field] = value
        try:
            base = get_profile(choices.pop("base", "quick"), profiles)
            profiles[name] = replace(change_profile(base, **choices), name=name)
        except ProfileError as error:
            raise ProfileError(f"profile {name!r}: {error}") from None
    return profiles


def get_profile(name: str, profiles: dict[str, Profile]) -> Profile:
    """Return the profile of that name; raise `ProfileError` that lists the known ones."""
    if name not in profiles:
        raise ProfileError(unknown("profile", name, profiles))
    return profiles[name]
