"""How a benchmark asks for trials: its marker, and the request that is read from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from noisecore.callables import name_of
from noisecore.errors import ArgumentError, NoisecoreError
from noisecore.escaping import shown
from noisecore.functions import unknown
from noisecore.judging.margins import parse_margins
from noisecore.models import BUILDERS, get_builder
from noisecore.noise import FAMILIES, Noise, at_most, check_scales, get_noise, listed_scales
from noisecore.profiles import Profile
from noisecore.recipes import Recipe, get_recipe
from noisecore.records import Trial, TrialRecord
from noisecore.running.request import CurveRequest, read_training

if TYPE_CHECKING:
    from noisecore.noise.corruptions import CorruptionSuite

MARKER = (
    "robustness(*conditions, models=, noise=, scales=, suite=, train=, recipe=, blank=False, "
    "margins=, profile=): train a "
    "model at each scale and seed of the run, before the test; the profile gives what is left out. "
    "models: names, or functions that build one. noise: a name, or a function; with its scales. "
    "train: the noise and scale, such as ('gaussian', 0.5), that the model is trained with once, "
    "to be tested at each of the scales. "
    "suite: instead of a noise, all families of a suite of corruptions, such as 'mnist-c'; with "
    "train. "
    "The test asks for noise_model and noise_scale to run once for each of these. Further "
    "conditions are dicts of the same arguments, and each makes its own curve. margins: those of "
    "--noise-margins, for this test."
)

_FIELDS = ("models", "noise", "scales", "suite", "train", "recipe", "blank", "margins", "profile")


@dataclass(frozen=True)
class Request(CurveRequest):
    """The trials of one curve that a test needs.

    margins: those that were given for this curve, None for the run's. suite: the suite that the
    curve's noise is a family of, None if its marker names a noise. staged: whether its seeds are
    trained one after another, as many as the verdict on the curve needs.
    """

    margins: str | None = None
    suite: CorruptionSuite | None = None
    staged: bool = False

    def fits(self, record: TrialRecord) -> bool:
        """Return whether a record, from any source, is one that this request asks for."""
        trial = record.trial
        return (
            isinstance(trial, Trial)
            and trial.dataset == self.dataset
            and trial.curve_id == self.curve_id
            and trial.recipe.values() == self.recipe.values()
            and trial.test_draw == self.test_draw
        )


# In the stash of a test.
REQUESTS: pytest.StashKey[tuple[Request, ...]] = pytest.StashKey()


def other_scales(requests: Iterable[Request], profile: Profile) -> list[str]:
    """Return a line for each curve or suite whose marker gives it other scales than the profile's.

    A suite that is without some of its families has a second line, which says so.
    """
    found: dict[str, set[float]] = {}
    notes = []
    for request in requests:
        name, scales = request.curve, request.train_scales
        if request.suite is not None:
            name = replace(request.curve_id, noise=request.suite.label).name
            notes += [request.suite.note] if request.suite.note else []
        if request.trained_with:
            scales = request.test_scales
        found.setdefault(name, set()).update(scales)
    return [
        f"{curve} has its own scales: {','.join(f'{scale:g}' for scale in sorted(scales))}"
        for curve, scales in found.items()
        if not {*profile.scales} <= scales <= {0.0, *profile.scales}
    ] + list(dict.fromkeys(notes))


def parametrize(metafunc: pytest.Metafunc, marker: pytest.Mark, profile: Profile) -> None:
    """Give a test its models and scales, one case each."""
    try:
        models, scales = _models(marker.kwargs, profile), _scales(marker.kwargs, profile)
    except Exception:  # users' values may raise anything when they are read
        models, scales = (), ()  # `read_requests` reports what is wrong
    chosen = _chosen(models, profile)
    if "noise_model" in metafunc.fixturenames:
        metafunc.parametrize("noise_model", chosen or [None])
    if "noise_scale" in metafunc.fixturenames:
        ids = [f"{scale:g}" for scale in scales]
        metafunc.parametrize("noise_scale", scales or [None], ids=ids or None)


def read_requests(item: pytest.Item, marker: pytest.Mark, profile: Profile) -> tuple[Request, ...]:
    """Return what a test asks for, one request per condition; of a suite, one per family.

    Raises a `pytest.UsageError` that names the test if it asks for something impossible.
    """
    callspec = getattr(item, "callspec", None)
    params: Mapping[str, Any] = callspec.params if callspec is not None else {}
    try:
        requests = [
            _read_request(each, params, profile)
            for condition in marker.args or ({},)
            for each in _by_family({**marker.kwargs, **condition}, params)
        ]
        _refuse_twice(requests)
    except NoisecoreError as error:
        raise pytest.UsageError(f"noisecore: {item.nodeid}: marker robustness: {error}") from None
    except Exception as error:  # users' values may raise anything when they are read
        why = " ".join(f"{type(error).__name__}: {error}".split())
        raise pytest.UsageError(
            f"noisecore: {item.nodeid}: marker robustness: an argument cannot be read: {why}"
        ) from None
    wanted = tuple(request for request in requests if request is not None)
    if len(wanted) < len(requests):
        reason = f"this test asks for none of the run's models, {', '.join(profile.models)}"
        item.add_marker(pytest.mark.skip(reason=reason))
        return ()
    return wanted


def _refuse_twice(requests: Iterable[Request | None]) -> None:
    """Raise `ArgumentError` if two conditions have one curve, so that one of two suites is lost."""
    first: dict[str, Request] = {}
    for request in filter(None, requests):
        other = first.setdefault(request.curve, request)
        if other is not request and (other.suite or request.suite):
            raise ArgumentError(
                f"two conditions ask for the same curve, {request.curve}: give each condition "
                "another train=, or name all severities in one scales="
            )


def _by_family(values: Mapping[str, Any], params: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Return the conditions of a suite, one per family; any other condition as it is."""
    if "suite" not in values:
        return [values]
    from noisecore.noise.corruptions import as_suite

    suite = as_suite(values["suite"])
    for field, given in (("noise", values), ("noise_scale", params)):
        if field in given:
            raise ArgumentError(
                f"{field} cannot be used with suite=, because a suite has its own noises and "
                f"severities: leave {field} out, and judge robustness.suite"
            )
    if "train" not in values:
        families = len(suite.families())
        raise ArgumentError(
            "suite= needs train=, the noise and scale that the model is trained with once, such as "
            "train=('gaussian', 0) for clean images: without it, a model would be trained at "
            f"each of {families * len(suite.severities)} severities"
        )
    return [
        {"scales": suite.severities, **values, "suite": suite, "noise": noise}
        for noise in suite.noises()
    ]


def _read_request(
    values: Mapping[str, Any], params: Mapping[str, Any], profile: Profile
) -> Request | None:
    """Return the request of one condition, None if its model is not one of the run's."""
    for field in values:
        if field not in _FIELDS:
            raise ArgumentError(unknown("argument", field, _FIELDS))
    if "margins" in values:
        parse_margins(values["margins"])  # report bad margins before anything is trained
    model = _model(values, params, profile)
    recipe = _recipe(values.get("recipe", {}), profile)
    blank = values.get("blank", False)
    if not isinstance(blank, bool):
        raise ArgumentError(f"blank must be True or False, got {shown(blank)}")
    if blank and recipe.standardisation != "none":
        raise ArgumentError(
            "blank images cannot be standardised: add recipe={'standardisation': 'none'}"
        )
    noise = _noise(values.get("noise", profile.noise))
    scales = train_scales = _scales(values, profile)
    check_scales(get_noise(noise), scales)
    # A family of a suite has the severities that the suite was asked for, and no others.
    runs_noise = noise == profile.noise and "suite" not in values
    run_scales = (0.0, *profile.scales) if runs_noise else (0.0,)
    if "noise_scale" in params:
        train_scales = (params["noise_scale"],)
    trained_with = None
    if "train" in values:
        given, scale = read_training(values["train"])
        trained_with, train_scales = _noise(given), (scale,)
        check_scales(get_noise(trained_with), train_scales)
        # What is trained on clean images is one model, whatever the noise would have been.
        trained_with = trained_with if scale else noise
        if "noise_scale" in params:
            raise ArgumentError(
                "train= gives one model, tested at all scales: judge robustness.curve, and leave "
                "noise_scale out"
            )
    if model is None:
        return None
    return Request(
        dataset=Path(profile.dataset).name,
        model=model,
        noise=noise,
        recipe=recipe,
        train_scales=train_scales,
        test_scales=tuple(sorted({*run_scales, *scales})),
        seeds=profile.seeds,
        test_draw=profile.test_draw,
        clip=profile.clip,
        blank=blank,
        trained_with=trained_with,
        images=profile.images,
        margins=values.get("margins"),
        suite=values.get("suite"),
    )


def _model(values: Mapping[str, Any], params: Mapping[str, Any], profile: Profile) -> str | None:
    """Return the name of the one model of a curve, None if it is not one of the run's."""
    models = _chosen(_models(values, profile), profile)
    if "noise_model" in params:
        models = [params["noise_model"]] if params["noise_model"] else []
    if len(models) > 1:
        itself = (
            "; a test that evaluates a model itself needs no marker: it says its margins in "
            "assert_no_regression(curve, noise_baseline, margins=...)"
        )
        raise ArgumentError(
            f"{len(models)} models ({', '.join(models)}) and one curve: let the test take "
            "noise_model, to run once for each, or name one in models="
            + itself
            * ("models" not in values)
        )
    return models[0] if models else None


def _models(values: Mapping[str, Any], profile: Profile) -> tuple[str, ...]:
    """Return the names of the models that a test asks for; register its own builders."""
    given = values.get("models", profile.models)
    try:
        text = isinstance(given, str)
        models = [name.strip() for name in given.split(",")] if text else at_most(given)
    except (TypeError, ValueError):
        models = []
    if not any(models):
        raise ArgumentError(
            "models must be a list of names such as ['cnn', 'mlp'], or of functions that build a "
            f"model, got {shown(given)}"
        )
    names = tuple(BUILDERS.add(model) if callable(model) else model for model in models)
    for name in names:
        get_builder(name)
    return names


def _chosen(models: Sequence[str], profile: Profile) -> list[str]:
    """Return the models that belong to the run; those that the test builds always do."""
    return [model for model in models if model in profile.models or BUILDERS.home(model)]


def _noise(noise: str | Noise) -> str:
    """Return the name of a noise; register it if it is a function of the test's own."""
    name = FAMILIES.add(noise) if callable(noise) else noise
    get_noise(name)
    return name


def _scales(values: Mapping[str, Any], profile: Profile) -> tuple[float, ...]:
    noise = values.get("noise", profile.noise)
    if "scales" not in values and (name_of(noise) if callable(noise) else noise) != profile.noise:
        raise ArgumentError(
            f"scales must be given with noise=: the run's are in the unit of {profile.noise}"
        )
    scales = listed_scales(values.get("scales", (0.0, *profile.scales)))
    if not scales:
        raise ArgumentError("scales must be a list of numbers such as [0.1, 1], got an empty one")
    return scales


def _recipe(given: Any, profile: Profile) -> Recipe:
    """Return the run's recipe with changes, or the recipe that a text names, as an option does.

    The precision stays the run's, unless the text names it.
    """
    if isinstance(given, str):
        recipe = get_recipe(given)
        said = "precision=" in given
        return recipe if said else recipe.but(precision=profile.recipe.precision)
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise ArgumentError(
            "recipe must be a dict of changes such as {'epochs': 8}, or a text such as "
            f"quick+epochs=8, got {shown(given)}"
        )
    return profile.recipe.but(**given)
