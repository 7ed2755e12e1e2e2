"""The settings that a run's options give: its profile, and how it is trained and judged."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest

from noisecore.data import check_name, is_own
from noisecore.errors import NoisecoreError
from noisecore.judging.margins import MarginsError, Mode, Rule, parse_alpha, parse_margins
from noisecore.models import get_builder
from noisecore.noise import check_scales, get_noise
from noisecore.plugin.options import (
    OPTIONS,
    OWN_SCALES,
    destination,
    forget_permanent,
    from_ini,
    in_ci,
    option,
    typed_options,
    unseen,
)
from noisecore.plugin.root import refuse_moved_root
from noisecore.plugin.unusable import refuse_unusable
from noisecore.plugin.values import count_of, one_of, size_of, timeout_of
from noisecore.profiles import (
    AUTO,
    Profile,
    ProfileError,
    change_profile,
    get_profile,
    parse_scales,
    read_profiles,
)

Update = Literal["", "all", "missing"]
_UPDATES: tuple[Update, ...] = ("", "all", "missing")


@dataclass(frozen=True)
class BaselineSettings:
    """How a run is judged against a baseline.

    path: of the baseline's file, None if none was asked for. declined: whether the user said that
    there is none. update: what of the run is written into it; new_ancestor: whether that may
    hide what was lost since the first ancestor. rule: how a curve is judged. own_margins: whether
    the user gave margins, which then replace those that the baseline proposes. tolerant: whether an
    inconclusive verdict counts as a pass.
    """

    path: Path | None
    declined: bool
    update: Update
    new_ancestor: bool
    rule: Rule
    own_margins: bool
    tolerant: bool

    @property
    def rigorous(self) -> bool:
        """Whether rigorous mode was asked for."""
        return self.rule.mode == "rigorous"


@dataclass(frozen=True)
class Settings:
    """The settings that the options of a run give.

    known: the names of all profiles. running: whether scales were asked for, so that benchmarks
    run. records: where they are read from, if nothing is trained. notes: what the user should know
    about how options were read. typed: the options of the command line, by name. root: the folder
    that the tests' names are relative to. arguments: the whole command line. unseen: settings that
    affect the verdicts but are not on the command line, in words, by option.
    """

    profile: Profile
    known: frozenset[str]
    running: bool
    data_dir: str | None
    records: Path | None
    workers: int | None  # None: auto
    scheduler: str | None
    timeout: float | None
    retries: int
    resume: bool
    keep_models: bool
    cache: Path | None
    cache_size: int  # bytes
    force_precision: bool
    artifacts: Path
    baseline: BaselineSettings
    notes: tuple[str, ...]
    typed: Mapping[str, str]
    root: Path
    arguments: tuple[str, ...]
    unseen: Mapping[str, str]


# In the configuration's stash.
SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()


def read_settings(config: pytest.Config) -> Settings:
    """Return the settings of the options; raise `pytest.UsageError` in one line on a bad value."""
    _refuse_dashes(config)
    refuse_moved_root(config)
    scales = config.getoption("noise_scales")
    if scales is None:
        scales = config.getini("noise_scales") or None
    typed = typed_options(config)
    notes = forget_permanent(config, typed)
    refuse_unusable(config)
    try:
        profiles = read_profiles(config.getini("noise_profiles"))
        profile = get_profile(option(config, "profile"), profiles)
        if is_own(profile.dataset):  # a line of the ini file says so
            profile = replace(profile, dataset=from_ini(config, profile.dataset))
        changes = _changes(config)
        if scales is not None and not scales.strip():
            parse_scales(scales)  # an empty value is a mistake, not a wish for the default
        if "scales" in changes:
            _refuse_path(changes["scales"])
        changed = change_profile(profile, **changes)
        if precision := option(config, "precision"):
            changed = replace(changed, recipe=changed.recipe.but(precision=precision))
        written = [float(part) for part in changes.get("scales", "").split(",") if part]
        if written != sorted(written):
            shown = ",".join(f"{scale:g}" for scale in changed.scales)
            notes.append(f"scales are run in ascending order: {shown}")
        _check_known(changed)
    except NoisecoreError as error:
        raise pytest.UsageError(f"noisecore: {error}") from None
    records = _records(config)
    if records is not None:
        notes.append(f"judges the saved records in {records}: no model is evaluated or trained")
    if records is not None and "images" in typed:
        raise pytest.UsageError(
            "noisecore: --noise-images chooses what is tested, and --noise-records tests nothing: "
            "give one of the two"
        )
    if option(config, "scheduler") and option(config, "workers") == "0":
        raise pytest.UsageError(
            "noisecore: --noise-workers=0 trains in this process, and --noise-scheduler on a "
            "cluster: give one of the two"
        )
    settings = Settings(
        profile=changed,
        known=frozenset(profiles),
        running=scales is not None or records is not None,
        data_dir=option(config, "data-dir") or None,
        records=records,
        workers=_workers(option(config, "workers")),
        scheduler=option(config, "scheduler") or None,
        timeout=timeout_of(option(config, "trial-timeout")),
        retries=count_of("retries", option(config, "retries")),
        force_precision=_yes(config, "force-precision"),
        resume=_yes(config, "resume"),
        keep_models=_keeps_models(config),
        cache=_cache(config),
        cache_size=size_of("cache-size", option(config, "cache-size")),
        artifacts=config.invocation_params.dir / option(config, "artifacts") / profile.name,
        baseline=_baseline(config, profile.name),
        notes=tuple(notes),
        typed=typed,
        root=config.rootpath,
        arguments=tuple(map(str, config.invocation_params.args)),
        unseen=unseen(config),
    )
    _check_sequential(settings)
    return settings


def _check_sequential(settings: Settings) -> None:
    """Refuse seeds one after another where no verdict against a baseline can say how many."""
    if not settings.profile.sequential or not (settings.running or "seeds" in settings.typed):
        return
    baseline, fixed = settings.baseline, "give their number, such as --noise-seeds=10"
    problem = ""
    if settings.records is not None:
        problem = f"chooses what to train, and --noise-records trains nothing: {fixed}"
    elif baseline.update:
        problem = f"is for runs that are judged, and a baseline needs fixed seeds: {fixed}"
    elif baseline.path is None:
        problem = f"needs a baseline: add --noise-baseline=auto, or {fixed}"
    if problem:
        raise pytest.UsageError(f"noisecore: --noise-seeds={AUTO} {problem}")


# Which field of a profile each option replaces.
_FIELDS = {
    "scales": "scales",
    "seeds": "seeds",
    "images": "images",
    "dataset": "dataset",
    "models": "model",
    "recipe": "recipe",
}


def _changes(config: pytest.Config) -> dict[str, str]:
    """Return the values that options give instead of the profile's own, by field."""
    return {
        field: text
        for field, name in _FIELDS.items()
        if (text := option(config, name)) and (field, text) != ("scales", OWN_SCALES)
    }


def _check_known(profile: Profile) -> None:
    """Refuse a profile whose noise, scales, dataset or models are not valid."""
    check_scales(get_noise(profile.noise), profile.scales)
    check_name(profile.dataset)
    for model in profile.models:
        get_builder(model)


def _refuse_dashes(config: pytest.Config) -> None:
    """Refuse `--noise-model=--`: argparse drops the value, and gives an empty list."""
    for each in OPTIONS:
        if isinstance(config.getoption(destination(each.name)), list):
            raise pytest.UsageError(
                f"noisecore: --noise-{each.name} needs a value, {each.metavar}, got '--'"
            )


def _refuse_path(text: str) -> None:
    try:
        parse_scales(text)
    except ProfileError:
        if not os.path.exists(text.split("::")[0]):
            raise
        raise ProfileError(
            f"scales must be numbers such as 0.1,1,4, got {text!r}, which is a path: "
            f"write the path before the option, or give it a value, as in --scales=0.1,1 {text}"
        ) from None


def _cache(config: pytest.Config) -> Path | None:
    text = option(config, "cache")
    said = config.getoption("noise_cache") or config.getini("noise_cache")
    if not said and (told := os.environ.get(CACHE_VARIABLE, "").strip()):
        text = told
    if text == "none":
        return None
    return Path(os.path.abspath(config.invocation_params.dir / os.path.expanduser(text)))


CACHE_VARIABLE = "NOISECORE_CACHE"


def _records(config: pytest.Config) -> Path | None:
    text = option(config, "records")
    return config.invocation_params.dir / text if text else None


def _workers(text: str) -> int | None:
    return None if text == "auto" else count_of("workers", text, ", or auto")


def _baseline(config: pytest.Config, profile: str) -> BaselineSettings:
    text = option(config, "baseline")
    written = option(config, "update-baseline")
    if os.path.exists(written.split("::")[0]) and written not in _UPDATES:
        raise pytest.UsageError(
            f"noisecore: --noise-update-baseline must be all or missing, got {written!r}, which is "
            f"a path: write the path before the option, or --noise-update-baseline=all {written}"
        )
    update = one_of("update-baseline", written, _UPDATES)
    modes: dict[str, Mode | None] = {"auto": None, "simple": "simple", "rigorous": "rigorous"}
    mode = modes[one_of("gate", option(config, "gate"), tuple(modes))]
    inconclusive = one_of("inconclusive", option(config, "inconclusive"), ("fail", "pass"))
    try:
        margins = parse_margins(option(config, "margins"))
        alpha = parse_alpha(option(config, "alpha"))
    except MarginsError as error:
        raise pytest.UsageError(f"noisecore: {error}") from None
    path = None
    if text != "none":
        path = config.invocation_params.dir / text
    if text == "auto" or (path is None and update):
        path = config.rootpath / option(config, "baseline-dir")
    if path is not None and (os.path.isdir(path) or path.suffix != ".json"):
        path = path / f"{profile}.json"
    if update and in_ci() and not _yes(config, "update-in-ci"):
        raise pytest.UsageError(
            "noisecore: --noise-update-baseline is not for CI, where a worse model would become "
            "the baseline unseen: renew it by hand and commit it, or add --noise-update-in-ci"
        )
    said = config.getoption("noise_baseline") or config.getini("noise_baseline")
    return BaselineSettings(
        path=path,
        declined=path is None and bool(said),
        update=update,
        new_ancestor=_yes(config, "new-ancestor"),
        rule=Rule(mode=mode, margins=margins, alpha=alpha),
        own_margins=bool(config.getoption("noise_margins") or config.getini("noise_margins")),
        tolerant=inconclusive == "pass",
    )


def _yes(config: pytest.Config, name: str) -> bool:
    return one_of(name, option(config, name), ("yes", "no")) == "yes"


def _keeps_models(config: pytest.Config) -> bool:
    if not _yes(config, "keep-models"):
        return False
    if option(config, "scheduler"):
        raise pytest.UsageError(
            "noisecore: --noise-keep-models keeps what is trained on this machine, but "
            "--noise-scheduler trains on other machines: leave one out"
        )
    return True
