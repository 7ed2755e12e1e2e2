"""Hostile text, and hostile expressions."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from hostile.cases import SEED

TEXTS = [
    "", " ", "\t", "-", "--", "=", ",", ",,", ":", "::", ".", "..", "../..", "/", "//", "~", "~/x",
    "~nobody/x", "0", "-0", "00", "-1", "1.5", "1e3", "1e309", "-1e309", "1e-400", "nan", "-nan",
    "inf", "-inf", "infinity", "NaN", "0x10", "1_000", "1,2,", ",1", "1,,2", "1,2,1.0", "1-0",
    "0-0", "-1--1", "1-", "1-2-3", "0-999999999", "999999999-0", "1:0", "0:1", "nan:nan", "9" * 400,
    "9" * 5000, "1e" + "9" * 400, "0." + "0" * 5000 + "1", "1," * 3000 + "1", "x" * 300, "x" * 5000,
    "a/" * 2000, "\u0661\u0662", "\u00b2", "\u00bd", "\u2160", "\uff11", "\u00fcml\u00e4ut",
    "\u4e2d\u6587", "\U0001f600", "\u202eabc", "\u200b", "\ufeffquick", "e\u0301", "\udcff",
    "a\x00b", "\x00", "a\nb", "a\r\nb", "\x1b[31mred", "\x07", "\x7f", "%s", "%(x)s", "%", "{0}",
    "{0.__class__}", "{", "$HOME", "${x}", "$(id)", "`id`", "'", '"', "'\"", "\\", "\\n", ";", "|",
    "&", "*", "?", "[", "[]", "[0]", "(", "!", "#", "<a>", "&amp;", "../../etc/passwd", "/dev/null",
    "/dev/full", "/proc/self/mem", "/proc/nothing", "file:///x", "http://[", "a b", " lead",
    "trail ", "None", "none", "null", "True", "yes", "no", "auto", "all", "missing", "profile",
    "quick", "notebook", "cnn", "mlp,cnn", "mlp,mlp", "gaussian", "quick+", "quick+epochs",
    "quick+epochs=", "quick+epochs=-1", "quick+epochs=1e9", "quick+learning_rate=nan", "quick+=1",
    "quick+epochs=1+epochs=2", "quick+epochs=1,epochs=2", "mean>", ">1", "mean>-1", "mean>nan",
    "mean>1,mean>2", "mean<1", "mean>1e309", "seconds>0", "clean>none", "x.npz", "x.npz:y", "x.py",
    "x.py:", "x.py:y", ":y", ".npz", ".py:x", "test_bench.py", "test_bench.py::x", "records",
    "records/", "tiny.npz", "tiny.npz/x", "simple", "rigorous", "pass", "fail", "tcp://", "tcp://x",
    "@file", "@", "--help", "-h",
]  # fmt: skip

# Python, for a marker or an argument.
EXPRESSIONS = [
    "None", "True", "False", "0", "1", "-1", "2**70", "10**400", "0.5", "-0.0", "float('nan')",
    "float('inf')", "1e-320", "1j", "''", "' '", "'x'", "'\\0'", "'\\ud800'", "'x' * 5000", "b''",
    "b'x'", "[]", "()", "{}", "set()", "[None]", "[[1]]", "[1, 'x']", "[1, 1]", "[0]", "[-1]",
    "[float('nan')]", "[10**400]", "['x']", "[b'x']", "['cnn', 'cnn']", "{'x': 1}", "{1: 2}",
    "{1, 2}", "('gaussian', 1)", "('gaussian',)", "('gaussian', 'x')", "('gaussian', float('nan'))",
    "('x', 1)", "(None, None)", "range(0)", "range(3)", "range(10**6)", "(i for i in [1])",
    "iter([])", "lambda *a, **k: 1", "print", "len", "int", "object", "object()", "type",
    "Exception", "...", "NotImplemented", "__builtins__", "Weird()", "Weird", "[Weird()]",
    "{'epochs': Weird()}", "np.array(1.0)", "np.array([1.0, 2.0])", "np.array([[1.0]])",
    "np.array([])", "np.float16(1)", "np.float64('nan')", "np.int8(1)", "np.array(['x'])",
    "np.array([None])", "np.datetime64(1, 's')",
    "np.ma.masked", "np.array([{}], object)", "endless",
    "deep", "Loop()", "Path('x')", "complex('nan')", "slice(1)", "memoryview(b'x')",
    "bytearray(b'x')", "Decimal('1')", "Fraction(1, 3)", "{'epochs': -1}", "{'epochs': 1.5}",
    "{'epochs': 'x'}", "{'learning_rate': float('nan')}", "{'standardisation': None}", "{'': 1}",
    "{None: 1}", "{'epochs': 10**400}", "'mean>1'", "'mean>nan'", "'mean'", "'quick'", "'notebook'",
]  # fmt: skip

HEAD = '''
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
import numpy as np
import pytest

class Weird:
    """Refuses whatever is asked of it."""

    def __repr__(self): raise RuntimeError("no repr")
    def __eq__(self, other): raise RuntimeError("no equality")
    def __hash__(self): raise RuntimeError("no hash")
    def __bool__(self): raise RuntimeError("no truth")
    def __iter__(self): raise RuntimeError("no items")
    def __float__(self): raise RuntimeError("no number")

class Loop:
    """Gives itself for everything."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self
    def __call__(self, *given, **more): return self
    def __getitem__(self, key): return self
    def __len__(self): return 1

deep = []
for _ in range(2000):
    deep = [deep]
endless = []
endless.append(endless)
'''

T = TypeVar("T")


def some(values: Sequence[T], count: int, *about: object) -> list[T]:
    """Return so many of the values, always the same for what they are about."""
    draw = random.Random(f"{SEED} {about}")
    return draw.sample(list(values), min(count, len(values)))


def short(value: object) -> str:
    """Return a value as it can be read in a table."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:50]}... ({len(text)} characters)"
