"""Hostile data and models: noisecore's own functions take them, or raise an error of its own."""

from __future__ import annotations

import functools
import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hostile.cases import SEED, Case, Ended
from hostile.commands import PLACES, change_bytes
from hostile.room import arrays, captured, furnish
from hostile.values import EXPRESSIONS, HEAD, short, some

FINE = frozenset({0, 4})  # it works, or is refused in one line


def _called(room: Path, call: Callable[[], object], *allowed: type[BaseException]) -> Ended:
    """Return 0 if a call works, 4 and its message if it refuses; another error is a traceback."""
    import traceback

    refused = []

    def run() -> int:
        try:
            call()
        except allowed as error:
            known = isinstance(error, ValueError) and type(error) is not ValueError
            refused.append(str(error) if known else "the model's own")
            return 4
        except BaseException:
            traceback.print_exc()
            return 1
        return 0

    ended = captured(room, run)
    return Ended(ended.code, ended.out, ended.err + "".join(refused))


# What the four arrays of a data set may be instead.
ARRAYS: dict[str, Callable[[np.ndarray], Any]] = {
    "empty": lambda a: a[:0],
    "one": lambda a: a[:1],
    "scalar": lambda a: a.flat[0],
    "flat": lambda a: a.reshape(-1),
    "deep": lambda a: a.reshape(1, 1, *a.shape),
    "half": lambda a: a.astype(np.float16),
    "double": lambda a: a.astype(np.float64),
    "long": lambda a: a.astype(np.longdouble),
    "complex": lambda a: a.astype(complex),
    "signed": lambda a: a.astype(np.int8),
    "wide": lambda a: a.astype(np.uint64) + 2**63,
    "truth": lambda a: a.astype(bool),
    "text": lambda a: a.astype(str),
    "bytes": lambda a: a.astype("S3"),
    "objects": lambda a: a.astype(object),
    "dates": lambda a: a.astype("datetime64[s]"),
    "fields": lambda a: np.zeros(len(a), [("x", "u1")]),
    "NaN": lambda a: np.full(a.shape, np.nan),
    "infinite": lambda a: np.full(a.shape, np.inf),
    "negative": lambda a: -1.0 * a,
    "constant": lambda a: np.zeros_like(a),
    "huge": lambda a: a * 1e300,
    "tiny": lambda a: a * 1e-320,
    "swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "Fortran": lambda a: np.asfortranarray(a),
    "wide images": lambda a: np.zeros((len(a), 1, 100_000), np.uint8),
    "no pixels": lambda a: np.zeros((len(a), 0, 8), np.uint8),
    "first": lambda a: np.moveaxis(np.stack([a] * 3, -1), -1, 1) if a.ndim == 3 else a,
    "one-hot": lambda a: np.eye(3)[a % 3] if a.ndim == 1 else a,
    "soft": lambda a: np.full((len(a), 3), 1 / 3),
    "masked": lambda a: np.ma.masked_all(a.shape),
}


def _write(path: Path, **given: Any) -> None:
    np.savez(path, **given)


def _headers() -> dict[str, bytes]:
    """Return files that say they are arrays: with shapes, types and lengths that cannot be."""
    found = {}
    for number, text in enumerate(
        (
            "{'descr': '|u1', 'fortran_order': False, 'shape': (1000000000000, 8, 8)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 8, 8)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (2**62, 4)}",
            "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
            "{'descr': '|V0', 'fortran_order': False, 'shape': (9,)}",
            "{'descr': 'x', 'fortran_order': 1, 'shape': 3}",
            "{'descr': '|u1'}",
            "[]",
            "__import__('os').abort()",
            "(" * 3000,
            "",
        )
    ):
        for version in (1, 9):
            header = text.encode() + b"\n"
            data = b"\x93NUMPY" + bytes([version, 0]) + len(header).to_bytes(2, "little") + header
            found[f"header {number} of version {version}"] = data + bytes(64)
    return found


# What a user's module may have in place of a function that loads data.
LOADERS = (
    "", "def load(:", "load = 1", "def load(x): pass", "def load(): raise SystemExit(3)",
    "import nothing_here", "def load(): raise ValueError('\\n' * 50)", "def load(): 1 / 0",
    "def load(): return load()", "\0", "raise SystemExit", "raise RuntimeError",
    "class load: pass", "def load(): raise Exception", "def load(): yield 1",
    "async def load(): pass", "def load(): raise StopIteration",
)  # fmt: skip


def data() -> list[Case]:
    """Files and functions that give data: arrays of the wrong kind, damaged files, odd returns."""
    from noisecore.data import DatasetError, load_dataset

    def load(name: str, write: Callable[[Path], object], room: Path) -> Ended:
        write(room)
        return _called(room, lambda: load_dataset(name), DatasetError)

    def replaced(part: str, how: str, room: Path) -> None:
        known = arrays()
        _write(room / "own.npz", **known | {part: ARRAYS[how](known[part])})

    def damaged(number: int, room: Path) -> None:
        _write(room / "own.npz", **arrays())
        content = (room / "own.npz").read_bytes()
        draw = random.Random(f"{SEED} npz {number}")
        (room / "own.npz").write_bytes(change_bytes(content, draw)[1])

    def archive(member: bytes, room: Path) -> None:
        good = io.BytesIO()
        _write(good, **arrays())  # type: ignore[arg-type]
        with zipfile.ZipFile(good) as known, zipfile.ZipFile(room / "own.npz", "w") as made:
            for name in known.namelist():
                made.writestr(name, member if name == "x_train.npy" else known.read(name))

    def placed(how: str, room: Path) -> None:
        PLACES[how](room / "own.npz")

    def returning(expression: str, room: Path) -> None:
        (room / "own.py").write_text(f"{HEAD}\ndef load():\n    return {expression}\n")

    def written(text: str, room: Path) -> None:
        (room / "own.py").write_text(text, encoding="utf-8", errors="surrogatepass")

    cases = []

    def add(what: str, name: str, write: Callable[[Path], object]) -> None:
        cases.append(Case(what, functools.partial(load, name, write), FINE))

    for part in arrays():
        for how in some(list(ARRAYS), 22, part):
            add(f"{part} {how}", "own.npz", functools.partial(replaced, part, how))
    for number in range(40):
        add(f"own.npz damaged {number}", "own.npz", functools.partial(damaged, number))
    for what, member in _headers().items():
        add(f"own.npz with {what}", "own.npz", functools.partial(archive, member))
    for how in PLACES:
        add(f"own.npz is {how}", "own.npz", functools.partial(placed, how))
    for each in some(EXPRESSIONS, 30, "function"):
        add(f"a function that returns {each}", "own.py:load", functools.partial(returning, each))
    for each in some(EXPRESSIONS, 10, "split"):
        text = f"(({each}, {each}), ({each}, {each}))"
        add(f"a function that returns {text}", "own.py:load", functools.partial(returning, text))
    for text in LOADERS:
        add(f"own.py: {short(text)}", "own.py:load", functools.partial(written, text))
    return cases


MODELS = {
    "fine": "lambda x: good(x)",
    # These five may be raised as they are: they are the model's own.
    "raises": "fail(ValueError('\\n'.join('x' * 40)))",
    "raises without a word": "fail(KeyError())",
    "exits": "fail(SystemExit(3))",
    "runs out of memory": "fail(MemoryError())",
    "recurses": "recurse",
    "none": "lambda x: None",
    "text": "lambda x: 'abc'",
    "scalar": "lambda x: 1.0",
    "empty": "lambda x: np.zeros((0, 3))",
    "flat": "lambda x: np.zeros(len(x))",
    "labels": "lambda x: np.argmax(good(x), 1)",
    "one column": "lambda x: good(x)[:, :1]",
    "one row": "lambda x: good(x)[:1]",
    "one row more": "lambda x: np.concatenate([good(x), good(x)[:1]])",
    "another width": "lambda x: np.zeros((len(x), 1 + len(x) % 7))",
    "deep": "lambda x: good(x)[:, None, None]",
    "NaN": "lambda x: good(x) * np.nan",
    "infinite": "lambda x: good(x) / 0",
    "complex": "lambda x: good(x) + 1j",
    "truth": "lambda x: good(x) > 0.5",
    "objects": "lambda x: good(x).astype(object)",
    "strings": "lambda x: good(x).astype(str)",
    "whole numbers": "lambda x: (good(x) * 100).astype(int)",
    "huge": "lambda x: good(x) * 1e300 * 1e300",
    "list": "lambda x: good(x).tolist()",
    "list of arrays": "lambda x: list(good(x))",
    "ragged": "lambda x: [[1, 2, 3]] * (len(x) - 1) + [[1]]",
    "dictionary": "lambda x: {'logits': good(x)}",
    "two outputs": "lambda x: (good(x), good(x))",
    "generator": "lambda x: (row for row in good(x))",
    "masked": "lambda x: np.ma.masked_array(good(x), good(x) > 0.5)",
    "frame": "lambda x: __import__('pandas').DataFrame(good(x))",
    "changes its input": "lambda x: good(x) if x.fill(0) is None else None",
    "no arguments": "lambda: 1",
    "two arguments": "lambda x, y: good(x)",
    "keyword": "lambda *, x: good(x)",
    "generator function": "yields",
    "coroutine": "asynchronous",
    "class": "Model",
    "instance": "Model()",
    "method": "Model().method",
    "partial": "functools.partial(lambda y, x: good(x), 1)",
    "weird": "Weird()",
    "loop": "Loop()",
    "returns weird": "lambda x: Weird()",
    "returns a loop": "lambda x: Loop()",
    "returns itself": "lambda x: endless",
    "random": "lambda x: np.random.default_rng().random((len(x), 3))",
    "all one class": "lambda x: np.eye(3)[np.zeros(len(x), int)]",
    "negative": "lambda x: -good(x)",
    "file": "'nowhere.keras'",
    "other file": "'tiny.npz'",
    "path": "Path('nowhere.keras')",
    "number": "1",
}
_GIVEN = """
import functools

def good(x):
    return np.stack([x[:, 2 * k : 2 * k + 2].mean(axis=(1, 2)) for k in range(3)], 1)
def fail(error):
    def model(x): raise error
    return model
def recurse(x): return recurse(x)
def yields(x): yield good(x)
async def asynchronous(x): return good(x)
class Model:
    def __call__(self, x): return good(x)
    def method(self, x): return good(x)
"""


def models() -> list[Case]:
    """Models that answer anything, and the other arguments of `evaluate` and `evaluate_outputs`."""

    def run(model: str, arguments: dict[str, str], room: Path) -> Ended:
        from noisecore.data import DatasetError
        from noisecore.noise import NoiseError
        from noisecore.running.evaluation import GivenError, evaluate_given, evaluate_outputs

        furnish(room)
        space: dict[str, Any] = {}
        exec(HEAD + _GIVEN, space)
        known = arrays()
        space |= {"x": known["x_test"], "y": known["y_test"]}
        given = {"scales": "[0.5, 1]", "draws": "2", **arguments}

        def call() -> None:
            values = {name: eval(text, space) for name, text in given.items()}
            if model:
                x, y = values.pop("x", space["x"]), values.pop("y", space["y"])
                evaluate_given(eval(model, space), x, y, name="own", **values)
            else:
                good = space["good"](known["x_test"])
                del values["scales"], values["draws"]
                outputs = values.pop("given", {0: good, 1: good})
                y = values.pop("y", space["y"])
                evaluate_outputs(outputs, y, name="own", **values)

        own = (ValueError, KeyError, SystemExit, MemoryError, RecursionError)
        theirs = own if model in list(MODELS.values())[1:6] else ()
        return _called(room, call, DatasetError, GivenError, NoiseError, *theirs)

    cases = [(f"model: {what}", text, {}) for what, text in MODELS.items()]
    good = "lambda x: good(x)"
    for argument in (
        "x", "y", "scales", "noise", "draws", "units", "value_range", "clip", "batch_size",
        "dataset", "least_clean", "outputs", "channels",
    ):  # fmt: skip
        for each in some(EXPRESSIONS, 11, "evaluate", argument):
            cases.append((f"evaluate({argument}={each})", good, {argument: each}))
    for argument in ("given", "y", "noise", "kind", "clip", "dataset"):
        for each in some(EXPRESSIONS, 7, "outputs", argument):
            cases.append((f"evaluate_outputs({argument}={each})", "", {argument: each}))
    return [
        Case(what, functools.partial(run, model, arguments), FINE)
        for what, model, arguments in cases
        if "10**6" not in what  # it would take its time, as it should
    ]
