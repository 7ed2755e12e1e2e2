"""Hostile options, configuration, markers, names and addresses: all through pytest."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from hostile.cases import PYTEST, Case, Ended
from hostile.room import GIVEN, furnish, run_pytest
from hostile.values import EXPRESSIONS, HEAD, TEXTS, short, some
from noisecore.plugin.options import OPTIONS
from noisecore.running import cluster


def options() -> list[Case]:
    """Each option with values that it was not made for; the last of the same option counts."""

    def run(name: str, value: str, room: Path) -> Ended:
        asked = ["--noise-baseline=auto"] if name.startswith(("baseline", "gate", "margin")) else []
        furnish(room, baseline=bool(asked))
        return run_pytest(room, "test_bench.py", *GIVEN, *asked, f"--noise-{name}={value}")

    return [
        Case(f"--noise-{each.name}={short(value)}", functools.partial(run, each.name, value))
        for each in OPTIONS
        for value in some(TEXTS, 14, each.name)
    ]


def configuration() -> list[Case]:
    """The same in the ini file, and profiles of one's own."""

    def run(text: str, room: Path) -> Ended:
        furnish(room, baseline=True)
        (room / "pytest.ini").write_text(f"[pytest]\n{text}\n", errors="surrogatepass")
        return run_pytest(room, "test_bench.py", "--noise-records=records", "--noise-scales=1,4")

    def profile(text: str, room: Path) -> Ended:
        furnish(room)
        (room / "pytest.ini").write_text(f"[pytest]\nnoise_profiles = {text}\n")
        return run_pytest(room, "test_bench.py", *GIVEN, "--noise-profile=own")

    plain = [text for text in TEXTS if not set(text) & set("\n\r\udcff")]
    cases = [
        Case(f"{name} = {short(value)}", functools.partial(run, f"{name} = {value}"))
        for each in OPTIONS
        if (name := f"noise_{each.name.replace('-', '_')}") not in ("noise_scales", "noise_records")
        for value in some(plain, 5, name)
    ]
    fields = ("base", "dataset", "models", "recipe", "scales", "seeds", "noise", "clip", "x", "")
    lines = [
        f"own: {field}={value}" for field in fields for value in some(plain, 4, "profile", field)
    ]
    lines += some(plain, 10, "profiles") + [
        f"{name}: base=quick" for name in some(plain, 10, "own")
    ]
    return cases + [
        Case(f"noise_profiles = {short(line)}", functools.partial(profile, line)) for line in lines
    ]


def markers() -> list[Case]:
    """The marker's arguments, each with expressions that it was not made for."""

    def run(arguments: str, room: Path) -> Ended:
        furnish(room)
        (room / "test_bench.py").write_text(
            f"{HEAD}\n@pytest.mark.robustness({arguments})\n"
            "def test_marked(robustness, noise_model):\n    assert robustness.curve.complete\n"
        )
        return run_pytest(room, "test_bench.py", *GIVEN)

    fields = ("models", "noise", "scales", "train", "recipe", "blank", "margins", "profile")
    written = [f"{field}={each}" for field in fields for each in some(EXPRESSIONS, 16, field)]
    written += some(EXPRESSIONS, 12, "condition")
    written += [f"noise='uniform', scales={each}" for each in some(EXPRESSIONS, 10, "noise")]
    written += [f"scales=[1], train=({each}, 1)" for each in some(EXPRESSIONS, 8, "trained")]
    written += [f"scales=[1], train=('gaussian', {each})" for each in some(EXPRESSIONS, 8, "scale")]
    return [
        Case(f"robustness({each})", functools.partial(run, each), PYTEST | {2}) for each in written
    ]


OUTPUTS = """
import numpy as np
import pytest

rng = np.random.default_rng(0)
labels = np.arange(60) % 3
clean = np.eye(3)[labels] + 0.3 * rng.random((60, 3))
OUTPUTS = {0: clean, 1: clean + 0.5 * rng.random((60, 3))}

@pytest.mark.parametrize("each", [1], ids=[PARAMETER])
def test_named(robustness, noise_baseline, each):
    curve = robustness.evaluate_outputs(OUTPUTS, labels, name=CURVE)
    assert curve.complete
"""


def names() -> list[Case]:
    """Names of files, folders, tests' parameters and curves, up to the report and the baseline."""

    def run(file: str, parameter: str, curve: str, room: Path) -> Ended:
        path = room / file
        path.parent.mkdir(parents=True, exist_ok=True)
        text = OUTPUTS.replace("PARAMETER", repr(parameter)).replace("CURVE", repr(curve))
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
        (room / "pytest.ini").write_text("[pytest]\n")
        made = run_pytest(room, f"./{file}", "--noise-update-baseline")
        again = run_pytest(room, f"./{file}", "--noise-baseline=auto")
        out = room / "noisecore-results/quick/results.json"
        if made.code == again.code == 0:
            json.loads(out.read_text())  # a strict reader has to be able to
        return Ended(max(made.code, again.code), made.out + again.out, made.err + again.err)

    usable = [text for text in TEXTS if 0 < len(text) < 400]
    cases = [("test_own.py", text, "") for text in some(usable, 30, "parameter")]
    cases += [("test_own.py", "x", text) for text in some(usable, 30, "curve")]
    parts = [t for t in usable if not set(t) & set("/\0:\udcff") and len(t) < 200 and t != ".."]
    cases += [(f"test_{text}.py", "x", "") for text in some(parts, 20, "file")]
    cases += [(f"{text}/test_own.py", "x", "") for text in some(parts, 20, "folder")]
    return [
        # 2: pytest itself cannot import a file of such a name.
        Case(" / ".join(map(short, each)), functools.partial(run, *each), PYTEST | {2})
        for each in cases
    ]


ADDRESSES = [
    "tcp://127.0.0.1:1", "127.0.0.1:1", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:x",
    "tcp://127.0.0.1:-1", "tcp://127.0.0.1:70000", "tcp://[::1]:1", "tcp://[::1", "tcp://:1",
    "tcp://", "tcp:/127.0.0.1:1", "udp://127.0.0.1:1", "tls://127.0.0.1:1", "ws://127.0.0.1:1",
    "inproc://x", "inproc://", "ucx://127.0.0.1:1", "http://127.0.0.1:1", "://", ":", "1", "x",
    "x y", "tcp://x y:1", "tcp://\u00fcml\u00e4ut.invalid:1", "tcp://nobody.invalid:1",
    "tcp://" + "x" * 5000 + ":1", "tcp://127.0.0.1:" + "9" * 5000, "tcp://a@b:1",
    "tcp://127.0.0.1:1/x", "tcp://127.0.0.1:1,tcp://127.0.0.1:2", "\0", "tcp://\0:1",
    "tcp://127.0.0.1:1\n", "scheduler.json", "empty.json", "cut.json", "list.json", "pytest.ini",
    ".", "records", "nowhere.json", "binary.json", "~/scheduler.json", "file://scheduler.json",
]  # fmt: skip
TRAINED = [
    "--noise-dataset=tiny.npz", "--noise-model=mlp", "--noise-scales=1", "--noise-seeds=1",
    "--noise-recipe=quick+epochs=1",
]  # fmt: skip


def addresses() -> list[Case]:
    """Addresses of schedulers that are not there, and files that are none of theirs."""

    def run(address: str, room: Path) -> Ended:
        cluster._CONNECT = 1.0  # it waits longer for those that may come
        furnish(room)
        contents = {
            "scheduler.json": b'{"address": "tcp://127.0.0.1:1"}',
            "empty.json": b"",
            "cut.json": b'{"addr',
            "list.json": b"[1]",
            "binary.json": b"\xff\xfe\0",
        }
        for name, content in contents.items():
            (room / name).write_bytes(content)
        return run_pytest(room, "test_bench.py", *TRAINED, f"--noise-scheduler={address}")

    return [
        Case(f"--noise-scheduler={short(each)}", functools.partial(run, each), frozenset({4}))
        for each in ADDRESSES
    ]
