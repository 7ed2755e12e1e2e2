"""Receives the outcomes of all tests of a run, wherever they ran; then closes and reports it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import pytest

from noisecore.escaping import one_line, terminal, visible
from noisecore.plugin.baseline.closing import close
from noisecore.plugin.baseline.held import describe
from noisecore.plugin.baseline.reading import read
from noisecore.plugin.baseline.renewal import NOT_RENEWED
from noisecore.plugin.reporting.calling import call_hooks
from noisecore.plugin.reporting.judged import Judged
from noisecore.plugin.reporting.outcomes import SELECTED, Outcomes, Selected
from noisecore.plugin.reporting.standing import hidden
from noisecore.plugin.session import RUN
from noisecore.plugin.settings import SETTINGS
from noisecore.plugin.signals import SIGNALS
from noisecore.plugin.topology import REFUSAL, distributes
from noisecore.records import RecordError
from noisecore.showing.terminal import wrap_text

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

    from noisecore.plugin.session import Run


class Judge:
    """Collects how the tests ended, and reports the run.

    There is one per run; under xdist it is in the controller.

    make_run: makes a run that trains nothing, for a controller whose tests evaluated models.
    """

    def __init__(self, config: pytest.Config, make_run: Callable[[], Run]) -> None:
        self._config = config
        self._make_run = make_run
        self._outcomes = Outcomes()
        self._closing: list[Judged] = []
        self._problems: list[str] = []
        self._lines: list[str] = []  # for the terminal, if there is no run to say them

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in how a phase of a test ended."""
        if self._outcomes.take(report).noise:  # xdist's controller did not know before
            self._config.stash[SIGNALS].catch()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Judge what is left once all tests have ended."""
        try:
            result = yield  # an error here skips the rest: the run ended early, and fails for that
        except KeyboardInterrupt:  # how xdist ends the run if a worker refuses
            if REFUSAL in self._config.stash:
                raise pytest.UsageError(self._config.stash[REFUSAL]) from None
            raise
        selected = self._config.stash.get(SELECTED, Selected())
        settings = self._config.stash[SETTINGS]
        silent = distributes(self._config) and SELECTED not in self._config.stash
        if silent and any(outcome.noise for outcome in self._outcomes):
            # Then the controller cannot know whether a curve of the baseline has vanished.
            self._problems.append(
                "each xdist worker ended in an error, and no worker listed its tests: run "
                "without xdist (-n0) to see why"
            )
        try:
            self._closing = close(session, self._outcomes, selected, settings)
            self._lines = self._not_run(selected)
        except RecordError as error:
            self._problems.append(f"the baseline cannot be read any more: {error}")
        return result

    def _not_run(self, selected: Selected) -> list[str]:
        """Return what to say if no test measured anything, with what would have been compared."""
        settings = self._config.stash[SETTINGS]
        path, noise = settings.baseline.path, any(outcome.noise for outcome in self._outcomes)
        lines = wrap_text(hidden(settings)) if noise else []
        if path is not None and (noise or selected.left_out):
            held = read(path, settings.profile, self._outcomes.former())
            if noise or held is not None:
                lines += wrap_text(describe(path, held, (), selected.skipped))
        return lines

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """Report the run, even if another plugin fails while it writes its own report."""
        try:
            return (yield)
        finally:
            self._report(session)

    def _report(self, session: pytest.Session) -> None:
        """Report the run; fail it if its report, or the baseline, could not be written."""
        ended = session.exitstatus == pytest.ExitCode.OK
        signals = self._config.stash[SIGNALS]
        run = self._config.stash.get(RUN, None)
        refused = session.exitstatus == pytest.ExitCode.USAGE_ERROR and not list(self._outcomes)
        if run is not None and refused:
            run.leave()
            self._config.stash[RUN] = run = None
        measured = any(outcome.noise and outcome.state != "skipped" for outcome in self._outcomes)
        try:
            if run is None and measured and distributes(self._config):
                signals.hold()
                run = self._config.stash[RUN] = self._make_run()
        except pytest.UsageError as error:
            self._problems.append(f"the run could not be reported: {error}")
        if run is None and self._lines and ended and self._config.stash[SETTINGS].baseline.update:
            self._problems.append(NOT_RENEWED)
        judged = [*self._outcomes.judged(), *self._closing]
        if run is not None:
            run.report(
                judged,
                self._outcomes,
                self._config.stash.get(SELECTED, Selected()),
                self._config.rootpath,
                ended=ended,
            )
            self._problems += run.problems
        records, planned = (run.records, run.planned) if run is not None else ((), ())
        self._problems += call_hooks(self._config, records, planned, judged)
        if self._problems and ended:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Show the summary, and last of all what fails the run."""
        run = self._config.stash.get(RUN, None)
        lines = run.summary() if run is not None else self._lines
        # A run with -q says what a green one would hide, and no more.
        hides = run.quiet if run is not None else self._lines
        shown = lines if terminalreporter.verbosity >= 0 else hides
        if shown or self._problems or (run is not None and run.saved):
            terminalreporter.section("noisecore")
        if run is not None and run.saved:  # a quiet run says this too
            terminalreporter.write_line(terminal(visible(run.saved)))
        for line in shown:
            terminalreporter.write_line(terminal(visible(line)))
        for line in run.annotations if run is not None else ():
            terminalreporter.write_line(line)
        for problem in self._problems:
            terminalreporter.write_line(terminal(one_line(problem)))
