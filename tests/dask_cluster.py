"""A Dask cluster of real processes."""

from __future__ import annotations

import os
import subprocess
import sys

from waiting import wait_until

LOCAL = "127.0.0.1"


class Dask:
    """A scheduler and workers, each a process started as a person would."""

    def __init__(self, folder) -> None:
        self.folder = folder
        self.file = str(folder / "scheduler.json")
        self.processes: list[subprocess.Popen] = []
        self._start("scheduler", "--host", LOCAL, "--port", "0", "--no-dashboard")
        wait_until(lambda: os.path.exists(self.file))

    def _start(self, what: str, *arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *arguments]
        log = open(self.folder / f"{what}-{len(self.processes)}.log", "w")  # noqa: SIM115
        process = subprocess.Popen(
            [*command, "--scheduler-file", self.file], cwd=self.folder, stdout=log, stderr=log
        )
        self.processes.append(process)
        return process

    def add_worker(self, name: str) -> subprocess.Popen:
        """Start a Dask worker and wait until the scheduler knows it."""
        process = self._start(
            "worker", "--no-nanny", "--nthreads", "1", "--host", LOCAL, "--name", name,
            "--no-dashboard", "--local-directory", str(self.folder),
        )  # fmt: skip
        from distributed import Client

        with Client(scheduler_file=self.file, set_as_default=False) as client:
            wait_until(
                lambda: name in [w["name"] for w in client.scheduler_info()["workers"].values()]
            )
        return process

    def end(self) -> None:
        """End all processes."""
        for process in reversed(self.processes):
            process.kill()
            process.wait()
