"""A user's own functions on their way into another process: files and names, never code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from noisecore import imports
from noisecore.functions import Functions, Home
from noisecore.models import BUILDERS
from noisecore.noise import FAMILIES
from noisecore.records import Trial

_KINDS: dict[str, Functions[Any]] = {"model": BUILDERS, "noise": FAMILIES}


def own_functions(trials: Sequence[Trial]) -> dict[str, Any]:
    """Return what another machine needs to find the user's own functions of some trials."""
    names = [
        named
        for trial in trials
        for named in (
            ("model", trial.model), ("noise", trial.noise), ("noise", trial.trained_with or "")
        )
    ]  # fmt: skip
    homes = [(kind, _KINDS[kind].home(name)) for kind, name in dict.fromkeys(names)]
    own = [(kind, asdict(home)) for kind, home in homes if home is not None]
    data = any(":" in trial.dataset for trial in trials)  # FILE.py:FUNCTION
    return {"own": own, "imports": imports.remembered()} if own or data else {}


def use_functions(request: Mapping[str, Any]) -> None:
    """Make the user's own functions of a request known, if there are any; import none of them."""
    if "imports" in request:
        imports.remember(request["imports"])
    for kind, home in request.get("own", ()):
        _KINDS[kind].expect(Home(**home))
