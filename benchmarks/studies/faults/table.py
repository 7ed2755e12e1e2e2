"""What a run leaves when it is ended, or runs where little works: a table of it.

    python benchmarks/studies/faults/table.py [--only SIGHUP SIGINT] > table.md

Each line comes from one run of two tiny trainings in a new folder. Linux only: processes are found
in /proc. A run that was ended while it trained is then resumed with `--noise-resume`: "goes on"
says whether that passes, with the very records of a run that nobody disturbed.
"""

import argparse
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from noisecore.judging.results import read_results
from noisecore.records import RecordError, read_record

COMMAND = [
    sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--noise-dataset=tiny.npz",
    "--noise-model=mlp", "--noise-recipe=quick+epochs=2,batch_size=16", "--noise-scales=1",
    "--noise-seeds=1", "--noise-workers=1",
]  # fmt: skip
TRIALS = 2
BENCHMARK = """
import pytest

@pytest.mark.robustness()
def test_curve(robustness, noise_model, reach):
    reach("judging")
    assert robustness.curve.complete
"""
# Where a run stays for two seconds, so that what ends it comes in the middle of a moment.
MOMENTS = """
import os
import time
from pathlib import Path

import pytest
import noisecore.showing.report as report
from noisecore.running.engine import Engine

def stay(moment):
    if os.environ["MOMENT"] == moment and not Path("reached").exists():
        Path("reached").touch()
        end = time.monotonic() + 2
        while time.monotonic() < end:
            time.sleep(0.05)

@pytest.fixture
def reach():
    return stay

def pytest_collection_modifyitems():
    stay("collection")

def heard(engine, event):
    if event.kind == "epoch":
        stay("training")
    tell(engine, event)

def drawn(figure):
    stay("report")
    return render(figure)

tell, Engine._tell = Engine._tell, heard
render, report.render = report.render, drawn
"""
WHEN = {
    "collection": "before anything is trained",
    "start": "while the workers start",
    "training": "while training",
    "judging": "while a test judges",
    "report": "while the report is written",
}
LATIN_1 = os.fsdecode(b"caf\xe9")


class Run:
    """A pytest run in its own folder and its own process session."""

    def __init__(self, folder: Path, moment: str = "", *options: str, **environment: str) -> None:
        self.folder = folder
        if not (folder / "tiny.npz").exists():
            write_bench(folder)
        (folder / "reached").unlink(missing_ok=True)
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if name != "CI"}
        kept |= {"MOMENT": moment, "TMPDIR": str(self.temporary)} | environment
        command = [*COMMAND, *options]
        if "CLOSED" in environment:
            command = ["sh", "-c", f'exec "$@" {environment["CLOSED"]}', "sh", *command]
        self.errors = open(folder / "errors.txt", "a+", errors="replace")  # noqa: SIM115
        self.process = subprocess.Popen(
            command, cwd=folder, env=kept, stdout=subprocess.PIPE, stderr=self.errors,
            start_new_session=True,
        )  # fmt: skip
        self.output = b""

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds, while the run goes on."""
        end = time.monotonic() + 120
        while not condition():
            if self.process.poll() is not None or time.monotonic() > end:
                self.finish()
                raise RuntimeError(f"it did not come to that:\n{self.said()}")
            time.sleep(0.02)

    def reached(self) -> bool:
        """Return whether the run is at its moment."""
        return (self.folder / "reached").exists()

    def processes(self) -> Iterator[tuple[int, bytes]]:
        """Yield the living processes of the run, each with its command."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                command = (process / "cmdline").read_bytes()
                state, _, _, its = (process / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue  # it has just ended
            if int(its) == self.process.pid and state != "Z":
                yield int(process.name), command

    def workers(self) -> list[int]:
        """Return the run's workers."""
        return [pid for pid, command in self.processes() if b"noisecore.running.worker" in command]

    def finish(self) -> int:
        """Wait for the end; return the exit code."""
        try:
            out, _ = self.process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
            return 999
        except ValueError:  # its output was closed
            out = b""
            self.process.wait(timeout=120)
        self.output += out or b""
        return self.process.returncode

    def said(self) -> str:
        """Return all that the run printed."""
        self.errors.seek(0)
        return self.output.decode(errors="replace") + self.errors.read()


def write_bench(folder: Path) -> None:
    """Write a test, its data and the moments at which it can be met."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    labels = np.arange(135) % 3
    images = rng.integers(0, 100, (135, 8, 8), np.uint8)
    images[np.arange(135), 2 * labels] += 120
    np.savez(folder / "tiny.npz", x_train=images[:90], y_train=labels[:90],
             x_test=images[90:], y_test=labels[90:])  # fmt: skip
    (folder / "test_bench.py").write_text(BENCHMARK)
    (folder / "conftest.py").write_text(MOMENTS)
    (folder / "pytest.ini").write_text("[pytest]\n")


def read_numbers(folder: Path) -> dict[str, object]:
    """Return the numbers of each record, by its trial's label; a damaged one raises."""
    files = (folder / "noisecore-results/quick/trials").glob("*.json")
    trials = [trial for file in files for trial in read_record(file).trials]
    return {trial.trial.label: trial.numbers() for trial in trials}


def records_left(folder: Path) -> str:
    """Return how many records there are, and whether all of them are whole."""
    try:
        return f"{len(read_numbers(folder))} of {TRIALS}"
    except (RecordError, ValueError):
        return "**damaged**"


def report_left(folder: Path) -> str:
    """Return whether the report is there, and lists the records that are there."""
    artifacts = folder / "noisecore-results/quick"
    names = ["results.json", "curve.csv", "matrix.csv", "summary.md"]
    names += ["plots/all-learning.png"] if list((artifacts / "trials").glob("*.json")) else []
    there = [name for name in names if (artifacts / name).is_file()]
    if not there:
        return "none"
    if len(there) < len(names):
        return "**half**: " + ", ".join(there)
    listed = len(read_results(artifacts / "results.json").records)
    return "whole" if f"{listed} of" in records_left(folder) else f"**of {listed}**"


def temporary_left(run: Run) -> list[str]:
    """Return the temporary files that a run left."""
    artifacts = run.folder / "noisecore-results"
    ours = [path for path in artifacts.rglob(".*") if path.is_file() and path.suffix[1:].isdigit()]
    return [path.name for path in [*ours, *run.temporary.iterdir()] if "benchmark" not in path.name]


def locked(folder: Path) -> bool:
    """Return whether somebody still holds a lock in the artifact folder."""
    for path in (folder / "noisecore-results").rglob(".lock*"):
        for each in [path] if path.is_file() else path.iterdir():
            with open(each) as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return True
    return False


def line(name: str, run: Run, calm: dict[str, object]) -> str:
    """Return the table's line of a run that has ended."""
    code = run.finish()
    end = time.monotonic() + 10
    while (left := list(run.processes())) and time.monotonic() < end:
        time.sleep(0.1)
    for pid, _ in left:
        os.kill(pid, signal.SIGKILL)
    said = run.said()
    troubles = [word for word in ("Traceback", "INTERNALERROR") if word in said]
    cells = [
        name,
        "**hangs**" if code == 999 else str(code),
        records_left(run.folder),
        report_left(run.folder),
        f"**{len(left)}**" if left else "none",
        "**held**" if locked(run.folder) else "none",
        ", ".join(temporary_left(run)) or "none",
        f"**{troubles[0]}**" if troubles else "no",
    ]
    if "workers start" in name or "while training" in name:
        passed = Run(run.folder, "", "--noise-resume").finish() == 0
        cells.append("yes" if passed and read_numbers(run.folder) == calm else "**no**")
    else:
        cells.append("")
    return f"| {' | '.join(cells)} |"


WAYS = (
    "closed pipe", "SIGHUP", "SIGINT", "SIGINT twice", "SIGTERM", "SIGQUIT", "SIGKILL",
    "SIGKILL, its workers stopped",
)  # fmt: skip


def end(run: Run, how: str) -> None:
    """End a run as a person, a terminal or a machine would."""
    if how == "closed pipe":
        assert run.process.stdout is not None
        run.process.stdout.close()
        return
    if how == "SIGKILL, its workers stopped":
        for pid in run.workers():
            os.kill(pid, signal.SIGSTOP)
    number = getattr(signal, how.partition(",")[0].removesuffix(" twice"))
    terminal = number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
    kill = os.killpg if terminal else os.kill  # a terminal's reach the whole group
    kill(run.process.pid, number)
    if "twice" in how:
        time.sleep(1.2)
        if run.process.poll() is None:
            kill(run.process.pid, number)


PLACES: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "`pytest -W error`": (("-W", "error"), {}),
    "`PYTHONWARNINGS=error`": ((), {"PYTHONWARNINGS": "error"}),
    "`LC_ALL=C`": ((), {"LC_ALL": "C"}),
    "`LC_ALL=C`, no UTF-8 mode": (
        (), {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ),
    "a folder in Latin-1": ((), {}),
    "standard output closed": ((), {"CLOSED": ">&-"}),
    "all standard streams closed": ((), {"CLOSED": "<&- >&- 2>&-"}),
    "a full disk for the output": ((), {"CLOSED": "> /dev/full"}),
}  # fmt: skip


def main() -> None:
    """Run every line of the table, or those that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    ways = [*PLACES, *WAYS]
    parser.add_argument("--only", nargs="+", default=ways, metavar="WHAT", help=", ".join(ways))
    only = parser.parse_args().only
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    run = Run(folder / "calm")
    if run.finish() != 0:
        sys.exit(f"the run that nobody disturbs failed:\n{run.said()}")
    calm = read_numbers(run.folder)
    print(
        "| what happens | exit code | records | report | processes | locks | temporary files "
        "| traceback | goes on |\n|" + " --- |" * 9
    )
    for name, (options, environment) in PLACES.items():
        if name in only:
            place = folder / (LATIN_1 if "Latin-1" in name else str(len(os.listdir(folder))))
            options += (f"--noise-artifacts={place / 'noisecore-results'}",)
            print(line(name, Run(place, "", *options, **environment), calm), flush=True)
    for how in WAYS:
        for moment, when in WHEN.items():
            name = f"{how} {when}"
            no_worker = "stopped" in how and moment in ("collection", "report")
            if how not in only or no_worker:
                continue
            run = Run(folder / str(len(os.listdir(folder))), "" if moment == "start" else moment)
            run.wait_for(run.workers if moment == "start" else run.reached)
            end(run, how)
            print(line(name, run, calm), flush=True)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
