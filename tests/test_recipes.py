"""Recipes refuse what cannot be trained, and say in their name what was changed."""

from __future__ import annotations

import dataclasses

import pytest

from noisecore.recipes import RECIPES, Recipe, RecipeError, get_recipe

SETTINGS = {
    "optimizer": "adam, adadelta",
    "schedule": "constant, cosine",
    "standardisation": "train, notebook, none",
    "train_noise": "frozen, fresh",
    "precision": "float32, mixed_bfloat16",
}
NUMBERS = {
    "learning_rate": [0, -0.1, float("nan"), float("inf"), None, "0.1"],
    "batch_size": [0, -1, 2.0, True, None, "8"],
    "epochs": [0, -1, 1.5, True, None, "8"],
}


@pytest.mark.parametrize(("field", "known"), SETTINGS.items())
@pytest.mark.parametrize("value", ["other", "", None, 1])
def test_choice_must_be_a_known_one(field, known, value):
    """A choice that is not among the known ones is refused, with the field, those and what came."""
    with pytest.raises(RecipeError) as refusal:
        Recipe(name="mine", **{field: value})
    assert str(refusal.value) == f"recipe 'mine': {field} must be one of {known}, got {value!r}"


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, vs in NUMBERS.items() for v in vs])
def test_number_must_be_positive(field, value):
    """Zero, less, a fraction of an epoch, a flag, a text and what is not finite are refused."""
    kind = "a finite number" if field == "learning_rate" else "a whole number"
    bound = "> 0" if field == "learning_rate" else ">= 1"
    with pytest.raises(RecipeError) as refusal:
        Recipe(name="mine", **{field: value})
    assert str(refusal.value) == f"recipe 'mine': {field} must be {kind} {bound}, got {value!r}"


def test_every_field_is_refused_in_some_way():
    """The two tests above leave no field out: a new one needs a refusal too."""
    fields = {field.name for field in dataclasses.fields(Recipe)}
    assert fields == {"name", *SETTINGS, *NUMBERS}


def test_recipe_cannot_be_changed():
    """A recipe is a value: a trial's key stays true to it."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        get_recipe("quick").epochs = 1
    assert hash(get_recipe("quick")) == hash(dataclasses.replace(get_recipe("quick")))


def test_values_are_all_but_the_name():
    """What the numbers depend on is every field, and not what the recipe is called."""
    recipe = get_recipe("quick")
    renamed = dataclasses.replace(recipe, name="mine")
    assert renamed.values() == recipe.values()
    assert {"name": "mine", **renamed.values()} == dataclasses.asdict(renamed)


def test_but_changes_fields_and_name():
    """`but` changes what it is told, from a text too, and the name tells what in one order."""
    base = get_recipe("notebook")
    changed = base.but(train_noise="fresh", epochs="3", learning_rate=0.01)
    assert changed.name == "notebook+epochs=3,learning_rate=0.01,train_noise=fresh"
    assert changed.values() == base.values() | {
        "epochs": 3,
        "learning_rate": 0.01,
        "train_noise": "fresh",
    }
    assert base == RECIPES["notebook"]


def test_but_without_a_change_is_the_recipe_itself():
    """A value that the recipe has already leaves its name alone: same recipe, same curve."""
    recipe = get_recipe("notebook")
    assert recipe.but() == recipe
    assert recipe.but(epochs=str(recipe.epochs), optimizer=recipe.optimizer) == recipe


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": "2.5"}, "recipe 'quick': epochs must be a whole number, got '2.5'"),
        ({"epochs": ""}, "recipe 'quick': epochs must be a whole number, got ''"),
        ({"learning_rate": "fast"}, "recipe 'quick': learning_rate must be a number, got 'fast'"),
        (
            {"epochs": "0"},
            "recipe 'quick+epochs=0': epochs must be a whole number >= 1, got 0",
        ),
        (
            {"learning_rate": "nan"},
            "recipe 'quick+learning_rate=nan': learning_rate must be a finite number > 0, got nan",
        ),
        (
            {"optimizer": "sgd"},
            "recipe 'quick+optimizer=sgd': optimizer must be one of adam, adadelta, got 'sgd'",
        ),
    ],
)
def test_but_refuses_a_value_that_does_not_fit(changes, message):
    """A value that cannot be read, or cannot be used, is refused with the field and what came."""
    with pytest.raises(RecipeError) as refusal:
        get_recipe("quick").but(**changes)
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("field", "hint"),
    [("epoch", "; did you mean 'epochs'?"), ("dropout", ""), ("name", "")],
)
def test_but_refuses_an_unknown_field(field, hint):
    """An unknown field, and the name, are answered with all known ones and the near miss."""
    known = ", ".join(sorted({*SETTINGS, *NUMBERS}))
    with pytest.raises(RecipeError) as refusal:
        get_recipe("quick").but(**{field: "1"})
    message = f"unknown recipe field {field!r}: expected one of {known}{hint}"
    assert str(refusal.value) == message


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_is_found_by_name(name):
    """A shipped recipe has the name that it is found by."""
    assert get_recipe(name).name == name


@pytest.mark.parametrize(
    "text",
    [
        "notebook+batch_size=16,epochs=1",
        "notebook+epochs=1,batch_size=16",
        "notebook+epochs = 1 , batch_size = 16,",
    ],
)
def test_changes_are_read_from_the_name(text):
    """`recipe+field=value` in any order and spacing gives one recipe of one name."""
    recipe = get_recipe(text)
    assert recipe == RECIPES["notebook"].but(batch_size=16, epochs=1)
    assert recipe.name == "notebook+batch_size=16,epochs=1"


def test_name_of_a_changed_recipe_finds_it():
    """What a record calls its recipe can be given to the command line again."""
    recipe = get_recipe("notebook").but(learning_rate=1e30, epochs=2, schedule="cosine")
    assert get_recipe(recipe.name) == recipe


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "notebok",
            "unknown recipe 'notebok': expected one of notebook, quick; did you mean 'notebook'?",
        ),
        ("", "unknown recipe '': expected one of notebook, quick"),
        ("quick+epochs", "recipe 'quick+epochs': expected field=value, got 'epochs'"),
        ("quick+epochs=x", "recipe 'quick': epochs must be a whole number, got 'x'"),
        ("quick+=3", "unknown recipe field '': expected one of batch_size, "),
    ],
)
def test_recipe_that_cannot_be_read_is_refused(text, message):
    """An unknown name, and a change that is not written field=value, say what was expected."""
    with pytest.raises(RecipeError) as refusal:
        get_recipe(text)
    assert str(refusal.value).startswith(message)


def test_notebook_recipe_is_the_reference_notebook():
    """Field by field the reference notebook's: Adadelta with Keras' defaults, 12 epochs, frozen."""
    assert get_recipe("notebook").values() == {
        "optimizer": "adadelta",
        "learning_rate": 0.001,
        "schedule": "constant",
        "batch_size": 128,
        "epochs": 12,
        "standardisation": "notebook",
        "train_noise": "frozen",
        "precision": "float32",
    }
