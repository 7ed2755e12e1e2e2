"""The pytest plugin: benchmarks declare trials, a run makes them once, tests judge the records."""

from __future__ import annotations

import re
import uuid
from collections.abc import Generator
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from noisecore.data import DatasetError
from noisecore.plugin import baseline
from noisecore.plugin.choices import read_choices
from noisecore.plugin.collection import append_vanished, collect, evaluates, trains
from noisecore.plugin.declare import MARKER, parametrize
from noisecore.plugin.fixture import Robustness
from noisecore.plugin.judged import Judged
from noisecore.plugin.keys import (
    CHOICES,
    HANDLE,
    REFUSAL,
    REQUESTS,
    RUN,
    RUN_ID,
    VANISHED,
    VERDICTS,
)
from noisecore.plugin.options import add_options
from noisecore.plugin.run import Run, lock_folder
from noisecore.plugin.sources import Evaluated, Given, Source, Trained
from noisecore.records import RecordError

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from noisecore.plugin.baseline import Reference


_INPUT = "noisecore_run"  # what the controller tells its xdist workers
_OUTPUT = "noisecore_usage"  # what they answer, if what they collected cannot be run


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    config.stash[CHOICES] = read_choices(config)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Judge(config), "noisecore-judge")
    told = getattr(config, "workerinput", {}).get(_INPUT)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    config.stash[RUN_ID] = told or f"{stamp}-{uuid.uuid4().hex[:6]}"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[_INPUT] = node.config.stash[RUN_ID]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    message = getattr(node, "workeroutput", {}).get(_OUTPUT)
    if message is not None:
        node.config.stash[REFUSAL] = message


def pytest_report_header(config: pytest.Config) -> str | None:
    choices = config.stash[CHOICES]
    if not choices.running:
        return None
    profile = choices.profile
    scales = ",".join(f"{scale:g}" for scale in profile.scales)
    line = (
        f"noisecore: profile {profile.name}, data {profile.dataset}, recipe {profile.recipe.name}, "
        f"scales {scales}, seeds {','.join(map(str, profile.seeds))}"
    )
    return f"{line}\nnoisecore: {choices.note}" if choices.note else line


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("robustness")
    if marker is not None:
        parametrize(metafunc, marker, metafunc.config.stash[CHOICES].profile)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, object, object]:
    collected = list(items)
    result = yield  # meanwhile others deselect
    try:
        collect(config, items)
        append_vanished(session, collected, items)
    except pytest.UsageError as error:
        if not hasattr(config, "workerinput"):
            raise
        # xdist takes an error in a worker for a crash: the controller is told instead.
        vars(config)["workeroutput"][_OUTPUT] = str(error)
        items.clear()
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    # An xdist controller collects nothing itself, and its workers' usage errors look like
    # crashes: what can be checked is checked here, before they start.
    config = session.config
    if config.getoption("numprocesses", None) and trains(config):
        config.stash[RUN] = _make_run(config)


def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    requests = [r for item in session.items for r in item.stash.get(REQUESTS, ())]
    given = any(evaluates(item) for item in session.items)
    if (requests or given) and not config.option.collectonly:
        run = config.stash[RUN] = _make_run(config, trains=bool(requests))
        comparing = [item for item in session.items if baseline.compares(item)]
        run.family += [r for item in comparing for r in item.stash.get(REQUESTS, ())]
        compared = [
            [request.curve, baseline.file_of(item)]
            for item in comparing
            for request in item.stash.get(REQUESTS, ())
        ]
        run.source.submit(requests, compared, list(config.stash.get(VANISHED, ())))


def _xdist_place(config: pytest.Config) -> int | None:
    """Return which one of xdist's workers this process is, None if it is none."""
    worker = getattr(config, "workerinput", None)
    # `--tx popen//id=NAME` names one otherwise than gw0, gw1 ...
    return None if worker is None else int(re.sub(r"\D", "", worker["workerid"]) or 0)


def _make_run(config: pytest.Config, *, trains: bool = True) -> Run:
    from noisecore.running.cluster import ClusterError
    from noisecore.running.compat import TensorFlowError
    from noisecore.running.store import StoreError

    choices, run_id = config.stash[CHOICES], config.stash[RUN_ID]
    try:
        source: Source
        if choices.records is not None:
            source = Given(choices, choices.records, run_id)
        elif trains:
            source = Trained(choices, run_id, _xdist_place(config))
        else:
            source = Evaluated(choices, run_id)
        lock = lock_folder(choices.artifacts, xdist_worker=hasattr(config, "workerinput"))
        source.prepare()
        return Run(choices, run_id, source, lock)
    except (ClusterError, DatasetError, RecordError, StoreError, TensorFlowError) as error:
        raise pytest.UsageError(f"noisecore: {error}") from None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    config = session.config
    run = config.stash.get(RUN, None)
    if session.testsfailed and not config.option.continue_on_collection_errors:
        config.stash[RUN] = run = None  # no test will run: an earlier run's report stays
    with run.source.working(config) if run is not None else nullcontext():
        result = yield
    if REFUSAL in config.stash:
        config.stash[RUN] = None
        raise pytest.UsageError(config.stash[REFUSAL])
    return result


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is not None:
        run.unlock()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    if REQUESTS not in item.stash and HANDLE not in item.stash:
        return (yield)
    from noisecore.judging.gates import Verdict, collect_verdicts
    from noisecore.running.cluster import ClusterError
    from noisecore.running.store import StoreError

    handle = item.stash.get(HANDLE, None)
    tolerant = item.config.stash[CHOICES].baseline.tolerant
    with collect_verdicts(tolerant=tolerant) as verdicts:
        try:
            run = item.config.stash[RUN]
            assert run is not None
            try:
                records = [run.source.wait(request) for request in item.stash.get(REQUESTS, ())]
            except (ClusterError, StoreError) as error:
                raise pytest.fail.Exception(f"noisecore: {error}", pytrace=False) from None
            flat = [record for part in records for record in part]
            failed = [record for record in flat if record.status == "failed"]
            if failed:
                lines = [f"{record.trial.label}: {record.reason}" for record in failed]
                sentence = f"{len(failed)} of {len(flat)} trials failed"
                verdicts.append(
                    Verdict(
                        gate="trials",
                        curve=failed[0].trial.curve,
                        verdict="fail",
                        sentence=f"{sentence}: {lines[0]}",
                    )
                )
                pytest.fail("\n  ".join([f"{sentence}:", *lines]), pytrace=False)
            if handle is not None:
                handle.records = records
            result = yield
            if handle is not None and run.reference is not None and baseline.compares(item):
                run.reference.check_evaluated(item.nodeid, handle.evaluated)
            return result
        finally:
            item.stash[VERDICTS] = [verdict.to_dict() for verdict in verdicts]
            if handle is not None:
                item.user_properties += handle.properties()
            item.user_properties += [(f"verdict: {v.gate}", v.verdict) for v in verdicts]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        # A plain attribute: xdist carries it to the controller, JUnit leaves it alone.
        vars(report)["noisecore_verdicts"] = item.stash.get(VERDICTS, [])
        handle = item.stash.get(HANDLE, None)
        vars(report)["noisecore_evaluated"] = bool(handle and handle.evaluated)
    return report


class _Judge:
    """Collects the verdicts of all tests, wherever they ran, and reports them."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.judged: list[Judged] = []
        self.evaluated = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.evaluated |= getattr(report, "noisecore_evaluated", False)
        file, line, _ = report.location
        self.judged += [
            Judged(nodeid=report.nodeid, file=file, line=line, verdict=verdict)
            for verdict in getattr(report, "noisecore_verdicts", [])
        ]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        run = self.config.stash.get(RUN, None)
        if run is None and self.evaluated and self.config.getoption("numprocesses", None):
            run = self.config.stash[RUN] = _make_run(self.config, trains=False)
        if run is not None:
            run.report(self.judged, self.config.rootpath)
            if run.unwritten and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        run = self.config.stash.get(RUN, None)
        if run is not None and run.summary() and terminalreporter.verbosity >= 0:
            terminalreporter.section("noisecore")
            for line in run.summary():
                terminalreporter.write_line(line)
        if run is not None:
            for line in run.annotations:
                terminalreporter.write_line(line)


@pytest.fixture
def robustness(request: pytest.FixtureRequest) -> Robustness:
    """The records of the trials that this test's `robustness` marker asks for.

    Without the marker, what evaluates a model of the test's own: `robustness.evaluate(...)`.
    """
    node, stash = request.node, request.config.stash
    run = stash.get(RUN, None)
    if run is None:  # asked for by request.getfixturevalue()
        pytest.fail("the fixture robustness must be an argument of the test", False)
    requests = node.stash.get(REQUESTS, ())
    handle = node.stash[HANDLE] = Robustness(stash[CHOICES], requests, run, node.nodeid)
    return handle


@pytest.fixture
def noise_baseline(request: pytest.FixtureRequest) -> Reference:
    """The baseline that the run is judged against; without one, the test is skipped."""
    run = request.config.stash.get(RUN, None)
    if run is None or run.reference is None:
        pytest.fail("the fixture noise_baseline goes with the fixture robustness", False)
    return run.reference
