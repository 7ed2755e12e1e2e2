"""The pytest plugin: benchmarks declare trials, a run makes them once, tests judge the records."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import pytest

from noisecore.errors import NoisecoreError
from noisecore.escaping import terminal, visible
from noisecore.plugin.baseline.fixture import NoiseBaseline
from noisecore.plugin.baseline.held import compares, file_of
from noisecore.plugin.collection import collect, evaluates, measures, trains, vanished
from noisecore.plugin.failing import one_line_errors, point_at_mistake, say_scope
from noisecore.plugin.fixture import HANDLE, Robustness
from noisecore.plugin.marker import MARKER, REQUESTS, other_scales, parametrize
from noisecore.plugin.options import TYPED, add_options
from noisecore.plugin.output import OUTPUT, Output, open_streams
from noisecore.plugin.phases import VERDICTS, judging, wait_for
from noisecore.plugin.places import refuse_places
from noisecore.plugin.reporting.judge import Judge
from noisecore.plugin.reporting.junit import properties
from noisecore.plugin.reporting.outcomes import SELECTED, Selected, tell
from noisecore.plugin.seen import NODEID, SEEN, Seen
from noisecore.plugin.session import RUN, RUN_ID, Run
from noisecore.plugin.settings import SETTINGS, Settings, read_settings
from noisecore.plugin.signals import SIGNALS, Signals
from noisecore.plugin.sources import EvaluationSource, SavedSource, Source, TrainingSource
from noisecore.plugin.staging import seeds_said, stage_seeds
from noisecore.plugin.topology import (
    distributes,
    is_worker,
    place,
    refusals_told,
    take_refusal,
)
from noisecore.running.store import new_run

_INPUT = "noisecore_run"  # the key under which the controller sends its workers the run's id
_SELECTED = "noisecore_selected"  # the key of the tests selected, the same for all workers


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from noisecore.plugin import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, object, object]:
    open_streams()  # before pytest captures the streams
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    with one_line_errors():
        settings = config.stash[SETTINGS] = read_settings(config)
        refuse_places(settings)
    config.stash[SEEN] = Seen()
    config.stash[SIGNALS] = Signals(reports=not is_worker(config))
    config.pluginmanager.register(config.stash[SEEN], "noisecore-seen")
    if not is_worker(config):
        judge = Judge(config, lambda: _make_run(config, trains=False))
        config.pluginmanager.register(judge, "noisecore-judge")
    told = getattr(config, "workerinput", {}).get(_INPUT)
    config.stash[RUN_ID] = told or new_run()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    node.workerinput[_INPUT] = node.config.stash[RUN_ID]
    node.workerinput[TYPED] = dict(node.config.stash[SETTINGS].typed)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    answer = getattr(node, "workeroutput", {})
    take_refusal(node.config, answer)
    if _SELECTED in answer:
        node.config.stash[SELECTED] = Selected(**answer[_SELECTED])


def pytest_report_header(config: pytest.Config) -> str | None:
    settings = config.stash[SETTINGS]
    lines = [f"noisecore: {note}" for note in settings.notes]
    if not settings.running:
        return terminal("\n".join(map(visible, lines))) or None
    profile = settings.profile
    scales = ",".join(f"{scale:g}" for scale in profile.scales)
    line = (
        f"noisecore: profile {profile.name}, data {profile.dataset}, recipe {profile.recipe.name}, "
        f"scales {scales} (unless a marker sets other scales), seeds {seeds_said(profile)}"
    )
    return terminal("\n".join(map(visible, [line, *lines])))


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    if config.option.verbose < 0:
        return []
    requests = [request for item in items for request in item.stash.get(REQUESTS, ())]
    lines = other_scales(requests, config.stash[SETTINGS].profile)
    return [terminal(visible(f"noisecore: {line}")) for line in lines]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("robustness")
    if marker is not None:
        parametrize(metafunc, marker, metafunc.config.stash[SETTINGS].profile)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> Generator[None, object, object]:
    result = yield  # other plugins deselect tests meanwhile
    try:
        with refusals_told(session), one_line_errors():
            collect(config, items)
            gone, unclaimed = vanished(session, items)
            config.stash[SELECTED] = Selected(vanished=gone, unclaimed=unclaimed)
    except pytest.UsageError:
        if not is_worker(config):
            raise
        items.clear()
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    # An xdist controller collects nothing itself, and its workers' usage errors look like
    # crashes: check whatever can be checked here, before they start.
    config = session.config
    config.stash[OUTPUT] = Output(config)
    if distributes(config) and trains(config):
        config.stash[RUN] = _make_run(config)


def pytest_collection_finish(session: pytest.Session) -> None:
    if not (session.config.option.collectonly or distributes(session.config)):
        with refusals_told(session):
            _select(session)


def _select(session: pytest.Session) -> None:
    """Note which tests will run, and make the run that they need."""
    config, settings = session.config, session.config.stash[SETTINGS]
    comparing = [item for item in session.items if compares(item)]
    seen, found = config.stash[SEEN], config.stash.get(SELECTED, Selected())
    selected = config.stash[SELECTED] = Selected(
        tests=tuple(item.stash.get(NODEID, item.nodeid) for item in session.items),
        comparing=tuple(item.stash.get(NODEID, item.nodeid) for item in comparing),
        vanished=found.vanished,
        unclaimed=found.unclaimed,
        left_out=bool(seen.skipped) or len(comparing) < sum(map(compares, seen.items.values())),
        skipped=seen.skipped,
    )
    if is_worker(config):
        vars(config)["workeroutput"][_SELECTED] = asdict(selected)
    requests = [r for item in session.items for r in item.stash.get(REQUESTS, ())]
    evaluating = [item for item in session.items if evaluates(item)]
    if requests or any(item.get_closest_marker("skip") is None for item in evaluating):
        run = config.stash[RUN] = _make_run(config, trains=bool(requests))
        if run.baseline is not None:
            run.baseline.vanished = list(selected.vanished)
        compared = [
            [request.curve, file_of(item)]
            for item in comparing
            for request in item.stash.get(REQUESTS, ())
        ]
        try:
            staged = []
            if settings.profile.sequential and run.baseline and run.source.dataset:
                staged = stage_seeds(session.items, comparing, run.baseline, run.source.dataset)
                requests = [r for item in session.items for r in item.stash.get(REQUESTS, ())]
            run.source.submit(requests, compared, staged)
        except NoisecoreError as error:
            raise pytest.UsageError(f"noisecore: {error}") from None
        except OSError as error:
            raise pytest.UsageError(
                f"noisecore: the artifacts cannot be written: {error.strerror or error}"
            ) from None


def _make_run(config: pytest.Config, *, trains: bool = True) -> Run:
    settings, run_id = config.stash[SETTINGS], config.stash[RUN_ID]
    with one_line_errors():
        return _run_of(config, settings, run_id, trains=trains)


def _run_of(config: pytest.Config, settings: Settings, run_id: str, *, trains: bool) -> Run:
    try:
        source: Source
        if settings.records is not None:
            source = SavedSource(settings, settings.records, run_id)
        elif trains:
            source = TrainingSource(settings, run_id, place(config))
        else:
            source = EvaluationSource(settings, run_id)
        run = Run(settings, run_id, source)
        run.prepare(xdist_worker=is_worker(config))
        return run
    except NoisecoreError as error:
        raise pytest.UsageError(f"noisecore: {error}") from None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    config = session.config
    run = config.stash.get(RUN, None)
    if session.testsfailed and not config.option.continue_on_collection_errors:
        if run is not None:
            run.unlock()
        config.stash[RUN] = run = None  # no test will run: keep an earlier run's report
    if run is None:
        if not distributes(config):
            config.stash[OUTPUT].decline()
        return (yield)
    signals = config.stash[SIGNALS]
    signals.catch()
    try:
        with refusals_told(session), one_line_errors():
            if not distributes(config):  # its workers know whether any test needs records
                run.begin()
            with run.source.working(config):
                return (yield)
    finally:
        signals.hold()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    signals = session.config.stash[SIGNALS]
    # A signal may have come before there was a run; xdist's controller has none until later.
    if session.config.stash[SETTINGS].running or signals.caught:
        signals.hold()
    result = yield
    # A run that somebody asked to stop must not succeed, even if its report was being written.
    if signals.late and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.INTERRUPTED
    return result


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is not None:
        run.unlock()
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if run.going_on and reporter is not None and not is_worker(config):
            with suppress(OSError, ValueError):  # nobody reads the output any more
                reporter.write_line(terminal(visible(f"noisecore: {run.going_on}")))
    if SIGNALS in config.stash:
        config.stash[SIGNALS].release()
    if OUTPUT in config.stash:
        config.stash[OUTPUT].give_back()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    if not measures(item):
        return (yield)
    for found in item.stash.get(VERDICTS, {}).values():
        found.clear()  # if a test is run again, only its last run counts
    with judging(item, "setup"):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    if not measures(item):
        return (yield)
    handle = item.stash.get(HANDLE, None)
    with judging(item, "call") as verdicts:
        run = item.config.stash[RUN]
        assert run is not None
        try:
            records = wait_for(run.source, item.stash.get(REQUESTS, ()), verdicts)
            if handle is not None:
                handle.asked(records)
            result = yield
            if handle is not None and run.baseline is not None and compares(item):
                run.baseline.check_evaluated(item.stash[NODEID], handle.evaluated)
            return result
        finally:
            if handle is not None:
                with suppress(NoisecoreError):  # raised if records do not belong together
                    item.user_properties += properties(handle.curves)
            item.user_properties += [(f"verdict: {v.gate}", v.verdict) for v in verdicts]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    if not measures(item):
        return (yield)
    with judging(item, "teardown"):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if call.excinfo is not None:
        say_scope(call.excinfo)
        if not item.config.getoption("fulltrace", False):
            point_at_mistake(call.excinfo)
    report = yield
    tell(item, call, report)
    return report


@pytest.fixture
def robustness(request: pytest.FixtureRequest) -> Robustness:
    """The records of the trials that this test's `robustness` marker asks for.

    Without the marker, the test evaluates a model of its own with `robustness.evaluate(...)`.
    Fixtures of a wider scope call `noisecore.evaluate` instead.
    """
    node, stash = request.node, request.config.stash
    run = stash.get(RUN, None)
    if run is None:  # the test called request.getfixturevalue()
        pytest.fail("the fixture robustness must be an argument of the test", False)
    requests = node.stash.get(REQUESTS, ())
    handle = node.stash[HANDLE] = Robustness(
        stash[SETTINGS],
        requests,
        node.stash[NODEID],
        source=run.source,
        made=run.made,
        baseline=run.baseline if compares(node) else None,
    )
    return handle


@pytest.fixture
def noise_baseline(request: pytest.FixtureRequest, robustness: Robustness) -> NoiseBaseline:
    """The baseline that the run is judged against; without one, the test is skipped."""
    run = request.config.stash[RUN]
    if run is None or run.baseline is None:  # the test called request.getfixturevalue()
        pytest.fail("the fixture noise_baseline must be an argument of the test", False)
    return NoiseBaseline(run.baseline, robustness, request.node.stash[NODEID])
