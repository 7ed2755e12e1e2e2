"""The options, each with its ini twin."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from noisecore.data import is_own
from noisecore.judging.margins import ALPHA, Margins
from noisecore.paths import RESULTS
from noisecore.plugin.topology import is_worker

BASELINES = "benchmarks/baselines"

# The value of a scales option that stands for the profile's own scales.
OWN_SCALES = "profile"

# The key under which xdist's controller sends its workers the options of the command line.
TYPED = "noisecore_typed"


@dataclass(frozen=True)
class Option:
    """One option: `--noise-NAME` on the command line, `noise_NAME` in the ini file."""

    name: str
    metavar: str
    help: str
    default: str = ""
    bare: str | None = None  # what the option means without a value; None: it needs one
    ini: bool = True  # whether the configuration may set it, for every run


# The options that people use most: --help begins with them.
_FIRST = ("baseline", "update-baseline", "scales", "seeds", "margins")

OPTIONS = (
    Option(
        "scales",
        "SCALES",
        "run the benchmarks that train, at these scales, such as 0.1,1,4; "
        f"without a value, or with '{OWN_SCALES}', at the profile's own",
        bare=OWN_SCALES,
    ),
    Option("profile", "NAME", "profile: quick, notebook, or one from noise_profiles", "quick"),
    Option(
        "seeds",
        "SEEDS",
        "number of seeds, or a range such as 10-12; auto: one after another, as many as the "
        "comparison with the baseline needs",
    ),
    Option(
        "images",
        "N",
        "test on N of the test images, the same ones in each run; all: on all of them",
    ),
    Option(
        "dataset",
        "NAME",
        "data set by name, FILE.npz, or FILE.py:FUNCTION; 'python -m noisecore data' lists",
    ),
    Option("data-dir", "FOLDER", "folder that holds full-size data sets"),
    Option("model", "NAMES", "models, such as cnn or cnn,mlp"),
    Option("recipe", "NAME", "recipe, with changes if wanted: quick, or quick+epochs=8"),
    Option("precision", "NAME", "the recipe's precision instead: float32, mixed_bfloat16"),
    Option(
        "force-precision",
        "WHETHER",
        "use mixed_bfloat16 even if the machine has no fast path for it: yes, no",
        "no",
        bare="yes",
    ),
    Option("records", "PATH", "judge the records in this folder or file; train nothing"),
    Option(
        "workers",
        "N",
        "worker processes; auto: one per GPU, or one per processor without a GPU; 0: train in "
        "pytest's own process",
        "auto",
    ),
    Option(
        "scheduler",
        "ADDRESS",
        "run the trials on the Dask cluster of this scheduler, such as tcp://host:8786, or of this "
        "scheduler file",
    ),
    Option(
        "trial-timeout",
        "SECONDS",
        "end a worker whose trial takes longer, with the start of its process; none: no limit",
        "none",
    ),
    Option("retries", "N", "how often to run a trial again if its worker was lost", "1"),
    Option(
        "resume",
        "WHETHER",
        "take over the complete records of the same trials that earlier runs left in the artifact "
        "folder: yes, no",
        "no",
        bare="yes",
    ),
    Option(
        "keep-models",
        "WHETHER",
        "keep the weights of each training in the artifact folder, so that --noise-resume can test "
        "the model at more scales without training it again: yes, no",
        "no",
        bare="yes",
    ),
    Option(
        "cache",
        "FOLDER",
        "take over the records of the same trainings from this folder, and leave new ones there; "
        "none",
        "none",
    ),
    Option(
        "cache-size",
        "SIZE",
        "how much the cache may take; what was not used for the longest time goes first",
        "1GiB",
    ),
    Option("artifacts", "FOLDER", "folder of the run's artifacts", RESULTS),
    Option(
        "baseline",
        "PATH",
        "judge against the baseline in this file or folder; auto: the profile's own in the "
        "folder --noise-baseline-dir; none: no baseline",
        "none",
    ),
    Option("baseline-dir", "FOLDER", "folder of the baselines, one per profile", BASELINES),
    Option(
        "update-baseline",
        "WHAT",
        "write this run into the baseline: with 'all', or without a value, all that was compared; "
        "with 'missing', only curves that it does not have",
        bare="all",
        ini=False,
    ),
    Option(
        "update-in-ci",
        "WHETHER",
        "let --noise-update-baseline write even if CI is set: yes, no",
        "no",
        bare="yes",
        ini=False,
    ),
    Option(
        "new-ancestor",
        "WHETHER",
        "let --noise-update-baseline forget what was lost since the baseline's first ancestor: "
        "yes, no",
        "no",
        bare="yes",
        ini=False,
    ),
    Option(
        "gate",
        "MODE",
        "how a run is judged against its baseline: simple, rigorous; auto: rigorous for models "
        "that are given, simple for those that are trained",
        "auto",
    ),
    Option(
        "margins",
        "MARGINS",
        "how much may be lost: mean and scale in points of accuracy, seconds and memory as ratios, "
        "such as mean>2,seconds>1.5",
        str(Margins()),
    ),
    Option(
        "alpha",
        "RATE",
        "how often a whole run may fail an unchanged model by chance",
        f"{ALPHA:g}",
    ),
    Option("inconclusive", "VERDICT", "what an inconclusive verdict counts as: fail, pass", "fail"),
)


def add_options(parser: pytest.Parser) -> None:
    """Register every option and its ini twin."""
    group = parser.getgroup(
        "noisecore", "robustness under noise (noisecore), such as: pytest --noise-baseline=auto"
    )
    for option in sorted(OPTIONS, key=lambda option: option.name not in _FIRST):
        shown = f" (default: {option.default})" if option.default else ""
        how: dict[str, Any] = {} if option.bare is None else {"nargs": "?", "const": option.bare}
        group.addoption(
            f"--noise-{option.name}",
            dest=destination(option.name),
            metavar=option.metavar,
            help=f"{option.help}{shown}",
            default=None,
            **how,
        )
        text = f"{option.help}{shown}" if option.ini else "not read: give the option to one run"
        parser.addini(destination(option.name), text, type="string", default="")
    parser.addini(
        "noise_profiles",
        "profiles of your own, one per line: 'name: base=quick seeds=10 scales=0.1,1'",
        type="linelist",
    )


def destination(name: str) -> str:
    """Return the name under which pytest keeps an option and its ini twin."""
    return "noise_" + name.replace("-", "_")


def option(config: pytest.Config, name: str) -> str:
    """Return an option's value: command line before ini before its default.

    A path of the ini file is relative to the folder of that file (of `baseline-dir` to the root of
    the tests), one of the command line to the current folder.
    """
    known = next(each for each in OPTIONS if each.name == name)
    value = config.getoption(destination(name))
    if value is None:
        said = str((known.ini and config.getini(destination(name))) or "").strip()
        value = (from_ini(config, said) if _is_place(config, name, said) else said) or known.default
    return str(value).strip()


def from_ini(config: pytest.Config, path: str) -> str:
    """Return a path of the ini file, as it is found from the current folder."""
    folder = config.rootpath if config.inipath is None else config.inipath.parent
    path = os.path.expanduser(path)
    return path if folder == config.invocation_params.dir else os.path.join(folder, path)


def _is_place(config: pytest.Config, name: str, text: str) -> bool:
    """Return whether an option's value in the ini file is a path that is relative to it."""
    if not text:
        return False
    if name == "dataset":
        return is_own(text)
    if name == "baseline":
        return text not in ("auto", "none")
    if name == "scheduler":  # an address, or the path of a file
        return os.path.isfile(from_ini(config, text))
    if name == "cache":
        return text != "none"
    return name in ("data-dir", "records", "artifacts")


def typed_options(config: pytest.Config) -> dict[str, str]:
    """Return the options of the command line, by name: those of this run alone.

    An option in the configuration's addopts holds for every run, as its ini twin does.
    """
    if is_worker(config):  # it reads the addopts too, and knows nothing of the command line
        told: dict[str, str] = config.workerinput[TYPED]  # type: ignore[attr-defined]
        return told
    typed = [*config.invocation_params.args, *os.environ.get("PYTEST_ADDOPTS", "").split()]
    given = {}
    for each in OPTIONS:
        value = config.getoption(destination(each.name))
        # "@file" stands for arguments that are written in a file.
        here = any(_says(word, each) or str(word).startswith("@") for word in typed)
        permanent = any(_says(word, each) for word in config.getini("addopts"))
        if value is not None and (here or not permanent):
            given[each.name] = str(value)
    return given


def _says(word: object, option: Option) -> bool:
    return str(word).partition("=")[0] == f"--noise-{option.name}"


def forget_permanent(config: pytest.Config, given: Mapping[str, str]) -> list[str]:
    """Ignore in the configuration the options that are for one run only; return a line for each.

    given: the options of the command line.
    """
    lines = []
    for each in OPTIONS:
        if each.ini:
            continue
        name = destination(each.name)
        permanent = config.getoption(name) is not None and each.name not in given
        setattr(config.option, name, given.get(each.name))
        if permanent or config.getini(name):
            lines.append(
                f"{name} is not read from the configuration, nor from its addopts: give "
                f"--noise-{each.name} on the command line, for one run"
            )
    return lines


# What a green run means depends on these options.
_GATE = ("records", "baseline", "baseline-dir", "gate", "margins", "alpha", "inconclusive")


def unseen(config: pytest.Config) -> dict[str, str]:
    """Return settings that affect verdicts but are not on the command line, in words, by option.

    Settings with their usual value are left out.
    """
    words = list(map(str, config.invocation_params.args))
    file = "the configuration" if config.inipath is None else config.inipath.name
    found = {}
    for each in OPTIONS:
        name = destination(each.name)
        if each.name not in _GATE or any(_says(word, each) or name in word for word in words):
            continue
        value, where = config.getoption(name), "addopts"
        if value is None:
            value, where = config.getini(name), file
        usual = "auto" if each.name == "baseline" else each.default
        if (text := str(value or "").strip()) not in ("", usual):
            found[each.name] = f"{name}={text} in {where}"
    return found


def in_ci() -> bool:
    """Return whether the environment says that this is a CI."""
    return os.environ.get("CI", "").strip().lower() not in ("", "0", "false", "no", "off")
