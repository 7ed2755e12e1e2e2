"""Recipes: how a model is trained."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Literal, get_args, get_type_hints

import numpy as np

from noisecore.errors import NoisecoreError
from noisecore.escaping import shorten
from noisecore.functions import unknown

Optimizer = Literal["adam", "adadelta"]
Schedule = Literal["constant", "cosine"]
Standardisation = Literal["train", "notebook", "none"]
TrainNoise = Literal["frozen", "fresh"]
Precision = Literal["float32", "mixed_bfloat16"]


class RecipeError(NoisecoreError, ValueError):
    """A recipe has a value that cannot be used; the message says which, and what was expected."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model is trained; every field is part of what a trial's numbers depend on.

    optimizer, learning_rate: Keras' optimizer of that name; its other values are Keras' defaults.
    schedule: the learning rate stays "constant", or falls along a half "cosine" to 0 at the last
        step (Loshchilov and Hutter, 2017, arXiv 1608.03983, without restarts).
    batch_size, epochs: images per step, and passes over the training split.
    standardisation: "train" centres and scales both splits by the mean and standard deviation of
        the training pixels; "none" leaves images in [0, 1]; "notebook" repeats the defect of the
        reference notebook: training images are scaled and not centred, test images are centred
        and scaled by their own mean and standard deviation.
    train_noise: "fresh" draws the training noise anew for each epoch, "frozen" draws it once.
    precision: the arithmetic of training and evaluation; "mixed_bfloat16" is Keras' policy of that
        name, weights and the model's last layer in float32.

    Example:
        >>> Recipe(name="short", epochs=3).batch_size
        128
    """

    name: str
    optimizer: Optimizer = "adam"
    learning_rate: float = 0.001
    schedule: Schedule = "constant"
    batch_size: int = 128
    epochs: int = 12
    standardisation: Standardisation = "train"
    train_noise: TrainNoise = "fresh"
    precision: Precision = "float32"

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise RecipeError(f"a recipe's name must be a text, got {_shown(self.name)}")
        for name, hint in _hints().items():
            value = getattr(self, name)
            if isinstance(value, np.number):  # NumPy's numbers are Python's here
                value = value.item()
                object.__setattr__(self, name, value)
            if choices := get_args(hint):
                if value not in choices:
                    raise RecipeError(
                        f"recipe {self.name!r}: {name} must be one of {', '.join(choices)}, "
                        f"got {value!r}"
                    )
            elif hint is int and not (type(value) is int and 1 <= value <= _MOST):
                bounds = f"from 1 to {_MOST}" if type(value) is int and value > 1 else ">= 1"
                raise RecipeError(
                    f"recipe {shorten(self.name)!r}: {name} must be a whole number {bounds}, "
                    f"got {_shown(value)}"
                )
            elif hint is float:
                if not (type(value) in (int, float) and 0 < value <= sys.float_info.max):
                    raise RecipeError(
                        f"recipe {shorten(self.name)!r}: {name} must be a finite number > 0, "
                        f"got {_shown(value)}"
                    )
                object.__setattr__(self, name, float(value))  # 1 and 1.0 must give one key

    def but(self, **changes: Any) -> Recipe:
        """Return this recipe with some fields changed, and the changes in its name.

        Values may be strings, as they come from a command line. Raises `RecipeError` on an
        unknown field or a value that does not fit it.
        """
        hints = get_type_hints(type(self))
        parsed: dict[str, Any] = {}
        for name, value in changes.items():
            if name not in hints or name == "name":
                raise RecipeError(unknown("recipe field", name, set(hints) - {"name"}))
            if isinstance(value, str) and hints[name] in (int, float):
                try:
                    value = hints[name](value)
                except ValueError:
                    kind = "a whole number" if hints[name] is int else "a number"
                    raise RecipeError(
                        f"recipe {self.name!r}: {name} must be {kind}, got {_shown(value)}"
                    ) from None
            if value != getattr(self, name):
                parsed[name] = value
        if not parsed:
            return self
        base, _, before = self.name.partition("+")
        said = dict(change.split("=", 1) for change in before.split(",") if change)
        said |= {name: str(value) for name, value in parsed.items()}
        suffix = ",".join(f"{name}={value}" for name, value in sorted(said.items()))
        return replace(self, name=f"{base}+{suffix}", **parsed)

    def values(self) -> dict[str, Any]:
        """Return all fields except the name: what the numbers depend on."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "name"}


@cache  # a baseline has a hundred recipes, and Python reads the hints anew each time
def _hints() -> dict[str, Any]:
    return get_type_hints(Recipe)


_MOST = 10**9  # images per step, and epochs


def _shown(value: object) -> str:
    try:
        return shorten(repr(value))
    except ValueError:
        return "one of thousands of digits"  # which Python refuses to write


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        # Chosen for its small spread over seeds; docs/studies/recipe.md has the search.
        Recipe(name="quick", schedule="cosine", batch_size=16, epochs=3),
        Recipe(
            name="notebook",
            optimizer="adadelta",
            epochs=12,
            standardisation="notebook",
            train_noise="frozen",
        ),
    )
}


def get_recipe(name: str) -> Recipe:
    """Return the recipe of that name, with changes as in `notebook+epochs=2,batch_size=64`.

    Raises `RecipeError` on an unknown name or field, and on a value that does not fit.
    """
    base, _, changes = name.partition("+")
    if base not in RECIPES:
        raise RecipeError(unknown("recipe", base, RECIPES))
    wanted: dict[str, str] = {}
    for change in changes.split(","):
        field, equals, value = map(str.strip, change.partition("="))
        if not change.strip():
            continue
        if not equals:
            raise RecipeError(f"recipe {name!r}: expected field=value, got {field!r}")
        if field in wanted:
            raise RecipeError(f"recipe {name!r}: {field} must be given once, got it twice")
        wanted[field] = value
    return RECIPES[base].but(**wanted)
