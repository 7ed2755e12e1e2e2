"""The child process that runs trials one after another, and the parent's handle on it.

Parent and worker speak JSON, one message per line: requests on the worker's standard input, events
on its standard output. The worker ends when its input closes, so it cannot outlive its parent.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import queue
import signal
import site
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import noisecore
from noisecore import imports
from noisecore.errors import NoisecoreError
from noisecore.paths import open_end
from noisecore.records import Epoch, Trial, TrialRecord, trial_from_dict
from noisecore.running import compat
from noisecore.running.machine import resident_memory
from noisecore.running.own import own_functions, use_functions
from noisecore.running.weights import Weights

_PAUSE = 1.0  # seconds before a process that could not be started is tried again

# A process that holds this many times the memory of its first trial has grown too much.
_CREPT = 1.5


_PR_SET_PDEATHSIG = 1  # from Linux' <sys/prctl.h>


class WorkerError(NoisecoreError, RuntimeError):
    """A trial gave no record; the message says why, and where the worker's log is."""


class LostWorkerError(WorkerError):
    """The worker ended or hung, whatever its trial did: another worker may succeed."""


class Worker:
    """The parent's handle on one worker; starts the process on first use.

    location: what `load_dataset` needs in the worker, (name or path, folder or None). log: the
    file that receives what the worker and its libraries print. timeout: seconds that a trial may
    take, including the start of its process; None for no limit. gpu: the one that it may use, by
    its name in CUDA_VISIBLE_DEVICES; None changes nothing.
    """

    def __init__(
        self,
        location: tuple[str, str | None],
        log: Path,
        *,
        timeout: float | None = None,
        gpu: str | None = None,
    ) -> None:
        self.location = location
        self.log = log
        self._timeout = timeout
        self._gpu = gpu
        self._folder = os.getcwd()  # a test may be in another when a process has to be replaced
        self._process: subprocess.Popen[str] | None = None
        self._closed = False
        self._guard = threading.Lock()
        self._late = threading.Event()
        self._runner: int | None = None  # the thread that runs a trial
        self._first_memory = 0

    def run(
        self,
        trials: Sequence[Trial],
        *,
        run: str,
        conditions: dict[str, Any],
        on_epoch: Callable[[int, Epoch], None],
        weights: Weights | None = None,
    ) -> list[TrialRecord]:
        """Run the trials of one training in the worker and return their records.

        Raises `LostWorkerError` if the worker ends or takes too long, `WorkerError` if the trial
        itself breaks.
        """
        late = self._late = threading.Event()

        def end() -> None:
            late.set()
            self._kill()

        timer = threading.Timer(self._timeout, end) if self._timeout else None
        if timer is not None:
            timer.daemon = True
            timer.start()
        self._runner = threading.get_ident()
        try:
            return self._run(trials, run, conditions, on_epoch, weights)
        except LostWorkerError:
            if late.is_set():
                message = f"the worker was ended: its trial took more than {self._timeout:g} s"
                raise LostWorkerError(f"{message}; see {self.log}") from None
            raise
        finally:
            self._runner = None
            if timer is not None:
                timer.cancel()

    def _run(
        self,
        trials: Sequence[Trial],
        run: str,
        conditions: dict[str, Any],
        on_epoch: Callable[[int, Epoch], None],
        weights: Weights | None,
    ) -> list[TrialRecord]:
        process = self._process or self._start(int(conditions["threads"]))
        request = {
            "trials": [asdict(trial) for trial in trials],
            "location": self.location,
            "run": run,
            "conditions": conditions,
            "weights": weights and asdict(weights),
            **own_functions(trials),
        }
        _send(process, request)
        while True:
            event = self._receive(process)
            if "epoch" in event:
                on_epoch(event["epoch"], Epoch(**event["figures"]))
            elif "records" in event:
                self._replace_if_grown(event["memory"])
                return [TrialRecord.from_dict(each, source="worker") for each in event["records"]]
            elif event["memory_error"]:
                self._kill()
                raise LostWorkerError(event["error"])
            else:
                raise WorkerError(event["error"])

    def _replace_if_grown(self, memory: int) -> None:
        """End a process whose memory crept up over its trials: the next trial starts another."""
        if not self._first_memory:
            self._first_memory = memory
        elif memory > _CREPT * self._first_memory:
            self._kill()

    def close(self) -> None:
        """End the process at once, whatever it is doing, and start no other."""
        self._closed = True
        self._kill()

    def _kill(self) -> None:
        with self._guard:
            process, self._process = self._process, None
            self._first_memory = 0
        if process is not None:
            process.kill()
            process.wait()
            # Another thread may be reading, and will close what it reads from.
            if self._runner in (None, threading.get_ident()):
                _close_pipes(process)

    def _start(self, threads: int) -> subprocess.Popen[str]:
        environment = child_environment() | compat.settings(threads)
        if self._gpu is not None:
            environment["CUDA_VISIBLE_DEVICES"] = self._gpu
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            with self._guard, open_end(self.log) as log:
                if self._closed:
                    raise LostWorkerError("the worker was closed")
                process = self._process = subprocess.Popen(
                    # -P: a noisecore folder that happens to lie here is not the one to import.
                    [sys.executable, "-P", "-m", "noisecore.running.worker"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    env=environment,
                    cwd=self._folder,
                )
                if self._late.is_set():  # the time ran out before there was a process to end
                    process.kill()
        except OSError as error:  # no memory, no process, no descriptor left: later, perhaps
            time.sleep(_PAUSE)
            why = error.strerror or str(error)
            raise LostWorkerError(f"the worker could not be started: {why}") from None
        hello = self._receive(process)
        if hello != _hello():
            self._kill()
            raise WorkerError(
                f"the worker imported another noisecore: expected {_hello()}, got {hello}: "
                "install noisecore once, and start pytest from that environment"
            )
        return process

    def _receive(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        line = process.stdout.readline() if process.stdout else ""
        if not line.endswith("\n"):  # it ended, perhaps in the middle of a message
            self._kill()  # the next trial starts a new one
            code = process.wait()
            _close_pipes(process)
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited ({code})"
            raise LostWorkerError(f"the worker {how}; see {self.log}")
        event: dict[str, Any] = json.loads(line)
        return event


def child_environment() -> dict[str, str]:
    """Return the environment of a child process that imports this very noisecore."""
    root = str(Path(noisecore.__file__).parents[1])
    paths = [] if root in site.getsitepackages() else [root]
    paths += filter(None, [os.environ.get("PYTHONPATH")])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _close_pipes(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _send(process: subprocess.Popen[str], message: dict[str, Any]) -> None:
    # A worker that has ended takes no message: reading its answer says how it ended.
    with suppress(OSError, ValueError):
        print(json.dumps(message), file=process.stdin, flush=True)


def _hello() -> dict[str, str]:
    return {"noisecore": noisecore.__version__, "file": str(noisecore.__file__)}


def main() -> None:
    """Run the trials that come on standard input, one after another, until it closes."""
    # Ctrl-C, a closed terminal, and often SIGTERM, reach the whole process group; the parent alone
    # decides what they mean, and a worker ends when its input closes.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _end_with_parent()
    # Libraries print to standard output as they please: the channel gets a descriptor of its own.
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    requests: queue.Queue[str] = queue.Queue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()

    def send(message: dict[str, Any]) -> None:
        channel.write(json.dumps(message) + "\n")

    send(_hello())
    # Imported after the greeting: a wrong noisecore is reported before TensorFlow is loaded.
    from noisecore.data import Dataset, load_dataset
    from noisecore.running.trials import run_trials

    datasets: dict[tuple[str, str | None], Dataset] = {}
    while True:
        request = json.loads(requests.get())
        location = tuple(request["location"])
        try:
            _import_keras()  # first: a user's own module may have the name of one that Keras needs
            if "imports" in request:
                imports.follow(request["imports"])
            use_functions(request)
            if location not in datasets:
                datasets = {location: load_dataset(*location)}
            records = run_trials(
                [trial_from_dict(trial) for trial in request["trials"]],
                datasets[location],
                run=request["run"],
                conditions=request["conditions"],
                on_epoch=lambda epoch, figures: send({"epoch": epoch, "figures": asdict(figures)}),
                weights=Weights(**request["weights"]) if request["weights"] else None,
            )
        except Exception as error:  # the trial's, whatever it is: the parent records it as failed
            sys.excepthook(type(error), error, error.__traceback__)
            # By name: TensorFlow's own need not be imported here to be known.
            exhausted = type(error).__name__ in ("MemoryError", "ResourceExhaustedError")
            message = f"{type(error).__name__}: {error}".splitlines()[0]
            send({"error": message, "memory_error": exhausted})
        else:
            plain = [record.to_dict() for record in records]
            send({"records": plain, "memory": resident_memory()})


def _end_with_parent() -> None:
    """Have Linux kill this process when its parent ends: a stopped process reads no input.

    On other systems, a stopped worker ends as soon as it is continued.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # a C library without prctl
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _import_keras() -> None:
    """Import Keras without the packages that it and TensorFlow only adapt to, and cheaply.

    The import then takes a third less memory, and half the time. A user's own file may still import
    these packages afterwards. What was imported lives as long as the process: Python's garbage
    collector must not go through it again and again, which took 0.2 s for each training.
    """
    if "keras" in sys.modules:
        return
    gc.disable()
    try:
        with _absent("matplotlib", "pandas", "sklearn"):
            with _absent("scipy"):  # Keras 2 keeps it for later, TensorFlow does not
                import tensorflow  # noqa: F401
            import keras  # noqa: F401
        gc.freeze()
    finally:
        gc.enable()


@contextmanager
def _absent(*names: str) -> Iterator[None]:
    """Let imports of these packages fail in the block, if they are not imported already."""
    absent = set(names) - sys.modules.keys()
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # importing None fails
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def _listen(requests: queue.Queue[str]) -> None:
    """Pass requests on; when the parent is gone, end at once, even in the middle of a step."""
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)


if __name__ == "__main__":
    main()
