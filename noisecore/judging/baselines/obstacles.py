"""What differs between two sides of a comparison, in words: obstacles to it, and notes."""

from __future__ import annotations

from itertools import product
from typing import Any

from noisecore.code import comparable, kinds, shortened
from noisecore.judging.curves import Cells, evaluation_at
from noisecore.records import Evaluation, GivenTrial, Trial
from noisecore.records.sketch import are_near

# These must be the same, or the accuracies mean different things. The recipe is compared field by
# field, and what is in a curve's name is the same already. The draws of a given model are its rows.
_SAME = ("dataset_sha256", "test_draw")
# Runs may differ in these: a note says that they do.
_MAY_DIFFER = ("dataset", "model_source")
# Hashes of code, in a trial and its environment: hashes of different kinds are never compared.
_CODE = ("noise_source", "trained_with_source", "model_source", "source_sha256")
# What may make the same noise differ in its last bits.
_ROUNDING = ("numpy", "processor", "system")
# The format of a given model's images; older records do not have the second.
_PIXELS = ("value_range", "dtype")


def given_models(cells: Cells) -> bool:
    """Return whether all records are of models that were given, and not trained."""
    return all(isinstance(record.trial, GivenTrial) for record in cells.values())


def obstacles_of(ours: Cells, theirs: Cells, *, draws: bool) -> list[str]:
    """Return what forbids a comparison; each side is taken as a whole, whatever its order.

    draws: whether both sides must have the same draws, as given models must unless identical.
    """
    sides = ours, theirs
    same = ["dataset_sha256"] if given_models(ours) and given_models(theirs) else list(_SAME)
    fields = {name: name for name in (*same, "units")} | ({"draws": "seed"} if draws else {})
    pairs = [(name, _values(ours, key), _values(theirs, key)) for name, key in fields.items()]
    new, old = (
        [r.trial.recipe.values() for r in side.values() if isinstance(r.trial, Trial)]
        for side in sides
    )
    for key in dict.fromkeys(key for recipe in (*new, *old) for key in recipe):
        a, b = ({recipe[key] for recipe in side} for side in (new, old))
        pairs.append((f"recipe {key}", a, b))
    part = _other_part(ours, theirs)
    if not part:
        a, b = ({each.images for each in evaluations(side).values()} for side in sides)
        pairs.append(("number of test images", a, b))
    elif given_models(ours):  # its data set is what it was tested on
        pairs = [pair for pair in pairs if pair[0] != "dataset_sha256"]
    lines = [_difference(field, _one(a), _one(b)) for field, a, b in pairs if a != b and a and b]
    lines += part
    other_data = _values(ours, "dataset_sha256") != _values(theirs, "dataset_sha256")
    return [*lines, *(_pixels(*sides) if other_data else ())]


def whole_of(cells: Cells) -> int | None:
    """Return how many images the test images were chosen from, None if all were tested."""
    subset = next((record.trial.subset for record in cells.values()), None)
    return subset and subset[1]


def _other_part(ours: Cells, theirs: Cells) -> list[str]:
    """Return a line if the sides were tested on other numbers of a set's images."""
    images = [next((e.images for e in evaluations(s).values()), 0) for s in (ours, theirs)]
    wholes = [whole_of(side) or n for side, n in zip((ours, theirs), images, strict=True)]
    if 0 in images or images[0] == images[1] or wholes[0] != wholes[1]:
        return []
    new, old = (f"{n:,} of" if n < wholes[0] else "all" for n in images)
    number = "all" if images[1] == wholes[1] else f"{images[1]}"
    return [
        f"the run was tested on {new} {wholes[0]:,} test images, the baseline on {old} "
        f"{wholes[0]:,}: give --noise-images={number}, or renew the baseline"
    ]


def other_images(ours: Cells, theirs: Cells) -> tuple[bool, str]:
    """Return whether rounding may explain why the noisy images differ, and a line on them.

    Another NumPy or processor may round differently. Otherwise something changed the images that
    is neither the data nor the noise, such as a file that the noise reads. The sketches of the
    images tell. Older records have none: there, where noisecore's own code is another one too, that
    may be what changed them, and half the noise would look like a better model.
    """
    if said := _pixels(ours, theirs):
        return False, f"the noisy test images differ: {'; '.join(said)}"
    if all(_environment(ours, name) == _environment(theirs, name) for name in _ROUNDING):
        return False, "the noisy test images differ, and nothing that was recorded says why"
    near = _are_near(ours, theirs)
    if near is False:
        return False, "the noisy test images differ by more than rounding"
    if near is None and other_source(ours, theirs):
        return False, "the noisy test images differ, and so does noisecore's own code"
    return True, "the noisy test images are not the same to the bit"


def _are_near(ours: Cells, theirs: Cells) -> bool | None:
    """Return whether the images of each cell are the same but for rounding, None if unknown."""
    new, old = (_sketches(side) for side in (ours, theirs))
    pairs = [pair for at in new.keys() & old.keys() for pair in product(new[at], old[at])]
    if any(a and b and not are_near(a, b) for a, b in pairs):
        return False
    return True if pairs and all(a and b for a, b in pairs) else None


def _sketches(cells: Cells) -> dict[Any, set[tuple[float, ...] | None]]:
    """Return the sketches of the images at each scale; for a given model, of each draw there."""
    given = given_models(cells)
    found: dict[Any, set[tuple[float, ...] | None]] = {}
    for (scale, seed), each in evaluations(cells).items():
        found.setdefault((scale, seed if given else None), set()).add(each.images_sketch)
    return found


def other_source(ours: Cells, theirs: Cells) -> bool:
    """Return whether noisecore's code differs, as far as it is known and can be compared."""
    a, b = (_environment(cells, "source_sha256") for cells in (ours, theirs))
    return a != b and None not in a | b and comparable(a | b)


def _pixels(ours: Cells, theirs: Cells) -> list[str]:
    """Return how the format of the images differs, as far as both sides recorded it."""
    pairs = [(name, _environment(ours, name), _environment(theirs, name)) for name in _PIXELS]
    return [
        _difference(name, _one(a), _one(b)) for name, a, b in pairs if a != b and None not in a | b
    ]


def other_code(what: str, field: str, ours: Cells, theirs: Cells) -> str | None:
    """Return how the hashes of a noise's code differ; None if they agree or cannot be compared."""
    a, b = (_values(side, field) for side in (ours, theirs))
    if a == b or not comparable(a | b):
        return None
    return _difference(what, shortened(_one(a)), shortened(_one(b)))


def notes_of(ours: Cells, theirs: Cells) -> list[str]:
    """Return the differences that do not forbid a comparison, one line each."""
    pairs: list[tuple[str, set[Any], set[Any]]] = []
    sides = list(ours.values()), list(theirs.values())
    for field in _MAY_DIFFER:
        a, b = (_values(side, field) for side in (ours, theirs))
        pairs.append((field, a, b))
    said = dict.fromkeys(name for side in sides for record in side for name in record.environment)
    names = [name for name in said if name not in _PIXELS]  # these are obstacles
    pairs += [(name, _environment(ours, name), _environment(theirs, name)) for name in names]
    pairs = [(name, a, b) for name, a, b in pairs if name not in _CODE or comparable(a | b)]
    notes = [_difference(name, _one(a), _one(b)) for name, a, b in pairs if a != b]
    return notes + _incomparable(ours, theirs)


def _incomparable(ours: Cells, theirs: Cells) -> list[str]:
    """Return a line if hashes of code are of different kinds, which cannot be compared."""
    sides = [
        {name: _values(side, name) | _environment(side, name) for name in _CODE}
        for side in (ours, theirs)
    ]
    names = [name for name in _CODE if not comparable(sides[0][name] | sides[1][name])]
    if not names:
        return []
    if names == ["model_source"] and given_models(ours):
        return ["the model sources cannot be compared: one is of code, and one of something else"]
    new, old = (sorted(kinds(each for name in names for each in side[name])) for side in sides)
    older = "run" if new < old else "baseline"  # noisecore 0.1 has the empty kind
    return [f"the sources cannot be compared, because the {older} was made with an older noisecore"]


def evaluations(cells: Cells, scale: float | None = None) -> dict[tuple[float, int], Evaluation]:
    """Return the evaluations that have figures: all, or those at one scale."""
    found = {cell: evaluation_at(record, cell[0]) for cell, record in cells.items()}
    return {
        cell: each
        for cell, each in found.items()
        if isinstance(each, Evaluation) and scale in (None, cell[0])
    }


def _values(cells: Cells, name: str) -> set[Any]:
    """Return the values of a field of the trials on one side; a trained model has no units."""
    lacking = "those of a trained model" if name == "units" else None
    return {getattr(record.trial, name, lacking) for record in cells.values()}


def _environment(cells: Cells, name: str) -> set[Any]:
    return {record.environment.get(name) for record in cells.values()}


def _difference(name: str, new: Any, baseline: Any) -> str:
    shown = (
        shortened(f"{v}") if name.endswith(("sha256", "source")) else f"{v}"
        for v in (new, baseline)
    )
    ours, theirs = shown
    return f"{name.replace('_', ' ')} is {ours}, was {theirs}"


def _one(values: set[Any]) -> str:
    return " and ".join(sorted(map(str, values)))
