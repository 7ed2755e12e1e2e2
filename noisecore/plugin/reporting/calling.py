"""Calls the hooks of other tools that log a run; one that raises does not stop other tools."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from noisecore.escaping import one_line
from noisecore.plugin import hooks
from noisecore.plugin.baseline.held import shown
from noisecore.plugin.reporting.judged import Judged
from noisecore.plugin.signals import SIGNALS
from noisecore.records import TrialRecord
from noisecore.showing.parts import Parts

if TYPE_CHECKING:
    from pluggy import HookImpl

_NAMES = [name for name in vars(hooks) if name.startswith("pytest_")]
# pytest's own outcomes and SystemExit are not subclasses of Exception.
_RAISED = (Exception, SystemExit, pytest.fail.Exception, pytest.skip.Exception)

_Call = tuple[str, dict[str, Any]]  # a hook and its arguments


def call_hooks(
    config: pytest.Config,
    records: Sequence[TrialRecord],
    planned: Sequence[str],
    judged: Sequence[Judged],
) -> list[str]:
    """Call the hooks for a run that was reported; return what fails it, one line each.

    planned: the labels of all trials that the run wanted.
    A signal ends the calls: the report is written, and a hook may wait for something forever.
    """
    if not any(getattr(config.hook, name).get_hookimpls() for name in _NAMES):
        return []
    parts, problems = Parts(), []
    calls: list[_Call] = []
    with parts.making("what the hooks are called with"):
        calls = list(_calls(records, planned, judged))
    problems += parts.problems
    failed: set[int] = set()  # plugins, by their id()
    try:
        with config.stash[SIGNALS].answering():
            for name, arguments in calls:
                # As pluggy does: those that were registered last come first.
                for hook in reversed(getattr(config.hook, name).get_hookimpls()):
                    if id(hook.plugin) in failed:
                        continue
                    try:
                        _call(config, name, hook, arguments)
                    except _RAISED as error:
                        failed.add(id(hook.plugin))
                        problems.append(_line(name, hook, error))
    except KeyboardInterrupt as error:
        problems.append(
            f"{str(error) or 'interrupted'}: not all hooks that log this run were called (its "
            "report was already written): judge its records again, with --noise-records"
        )
    return problems


def _calls(
    records: Sequence[TrialRecord], planned: Sequence[str], judged: Sequence[Judged]
) -> Iterator[_Call]:
    """Yield each call of a hook, in their order."""
    from noisecore.judging.gates import Verdict
    from noisecore.judging.results import assemble

    for record in records:
        yield "pytest_noisecore_record", {"record": record}
    for curve in assemble(records, planned)[0].values():
        yield "pytest_noisecore_curve", {"curve": curve}
    for each in judged:
        verdict = Verdict.from_dict(each.verdict)
        yield "pytest_noisecore_verdict", {"verdict": verdict, "nodeid": each.nodeid}


def _call(config: pytest.Config, name: str, hook: HookImpl, arguments: dict[str, Any]) -> None:
    """Call the hook of one plugin alone: pluggy would call no other after one that raises."""
    others = [
        each.plugin
        for each in getattr(config.hook, name).get_hookimpls()
        if each.plugin is not hook.plugin
    ]
    config.pluginmanager.subset_hook_caller(name, others)(config=config, **arguments)


def _line(name: str, hook: HookImpl, error: BaseException) -> str:
    """Return what a hook raised, and where, in one line."""
    code = getattr(inspect.unwrap(hook.function), "__code__", None)
    file = code.co_filename if code is not None else hook.plugin_name
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if frame.filename == file]  # fmt: skip
    where = f"{shown(Path(file))}, line {lines[-1]}" if lines else shown(Path(file))
    said = ": ".join(filter(None, [type(error).__name__, one_line(error)]))
    return (
        f"{where}: the hook {name} raised {said}: fix or remove it (the report was already "
        "written; no more hooks of this plugin were called)"
    )
