"""What can be called: its name, what it is known by, and whether another process has it again."""

from __future__ import annotations

import functools
import json
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

from noisecore.callables import (
    BoundError,
    name_of,
    named,
    read_back,
    source_sha256,
    told,
    write_down,
)
from noisecore.functions import Functions, Home, load_file


def add(images, scale, *, rng, density=1.0, table=None):
    """Add what is bound."""
    return images + np.float32(scale * density * (1 if table is None else table[-1]))


class Mode(Enum):
    """How to add."""

    ONCE = 1
    TWICE = 2


@dataclass(frozen=True)
class Adds:
    """A noise with a state of its own."""

    density: float
    mode: Mode = Mode.ONCE
    table: object = None

    def __call__(self, images, scale, *, rng):
        """Add."""
        return images + np.float32(scale * self.density * self.mode.value)

    def half(self, images, scale, *, rng):
        """Add half of it."""
        return self(images, scale / 2, rng=rng)


class Slots:
    """A noise whose state is in slots."""

    __slots__ = ("density",)

    def __init__(self, density):
        self.density = density

    def __call__(self, images, scale, *, rng):
        """Add."""
        return images + np.float32(scale * self.density)


KINDS = {
    "partial": lambda density: functools.partial(add, density=density),
    "nested partial": lambda density: functools.partial(
        functools.partial(add, density=density), table=[1, 2.5]
    ),
    "object": Adds,
    "object with an array": lambda density: Adds(density, table=np.arange(6.0).reshape(2, 3)),
    "object of objects": lambda density: Adds(1.0, table={"inner": (Adds(density), {1, 2})}),
    "bound method": lambda density: Adds(density).half,
    "slots": Slots,
    "named": lambda density: named(functools.partial(add, density=density), name="thick"),
    "number of NumPy's": lambda density: functools.partial(add, density=np.float32(density)),
    "array": lambda density: functools.partial(add, table=np.array([density])),
    "path": lambda density: Adds(1.0, table=Path(f"{density}")),
    "member": lambda density: Adds(1.0, mode=Mode.ONCE if density == 1 else Mode.TWICE),
    "function bound": lambda density: functools.partial(add, density=density, table=[add, 1]),
    "bytes": lambda density: Adds(1.0, table=str(density).encode()),
}
IMAGES = np.random.default_rng(0).random((4, 3, 3, 1), np.float32)


def sent(function):
    """Return what a worker makes of it, by way of JSON."""
    here = Functions("noise", {}, ValueError)
    there = Functions("noise", {}, ValueError)
    name = here.add(function)
    home = here.home(name)
    data = json.loads(json.dumps(vars(home)))
    there.expect(Home(**data))
    return there.get(name)


@pytest.mark.parametrize("kind", KINDS)
def test_known_by_what_is_bound(kind) -> None:
    """Equal arguments give equal hashes, other arguments others, whatever the kind."""
    make = KINDS[kind]
    assert source_sha256(make(1.0)) == source_sha256(make(1.0))
    assert source_sha256(make(1.0)) != source_sha256(make(2.0))


@pytest.mark.parametrize("kind", KINDS)
def test_arrives_in_another_process(kind) -> None:
    """A worker has the same noise again, under the same name and the same hash."""
    function = KINDS[kind](2.0)
    arrived = sent(function)
    assert name_of(arrived) == name_of(function)
    assert source_sha256(arrived) == source_sha256(function)
    if kind not in ("function bound",):  # which cannot be multiplied with
        rng = np.random.default_rng(0)
        np.testing.assert_array_equal(arrived(IMAGES, 0.5, rng=rng), function(IMAGES, 0.5, rng=rng))


def test_names() -> None:
    """What is called has its own name, else that of what it wraps, or of its class."""
    assert name_of(add) == "add"
    assert name_of(functools.partial(functools.partial(add), density=2)) == "add"
    assert name_of(Adds(1)) == "Adds"
    assert name_of(Adds(1).half) == "half"
    assert name_of(named(Adds(1), name="thin")) == "thin"
    own = functools.partial(add)
    own.__name__ = "own"
    assert name_of(own) == "own"


def test_a_name_is_not_what_it_is() -> None:
    """Another name leaves the hash as it is; a plain function's is that of its text."""
    assert source_sha256(named(add, name="other")) == source_sha256(add)


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (np.random.default_rng(0), "Generator"),
        (open, "builtin_function_or_method"),
        (np.array([object()]), "ndarray"),
        (iter([1]), "list_iterator"),
        (memoryview(b"1"), "memoryview"),
    ],
)
def test_what_cannot_be_kept(bound, said) -> None:
    """What is bound and cannot be written down is refused in one line that says its class."""
    with pytest.raises(ValueError, match=f"must be numbers, text, arrays.*got {said}") as refused:
        Functions("noise", {}, ValueError).add(functools.partial(add, table=bound))
    assert "\n" not in str(refused.value)


def test_what_holds_itself() -> None:
    """A list that holds itself is refused."""
    table: list[object] = []
    table.append(table)
    with pytest.raises(BoundError, match="must not hold itself"):
        source_sha256(functools.partial(add, table=table))


def test_of_a_function_in_a_function() -> None:
    """What a worker could not find is refused, also where it is bound."""

    def inner(images, scale, *, rng):
        return images

    with pytest.raises(ValueError, match="at the top of a file"):
        Functions("noise", {}, ValueError).add(functools.partial(inner))


@pytest.mark.parametrize("given", [Adds, int, np.clip, len])
def test_no_function(given) -> None:
    """A class is no noise, and what has no source is none that a worker could be told of."""
    with pytest.raises(ValueError, match=r"at the top of a file|cannot be sent|cannot be read"):
        Functions("noise", {}, ValueError).add(given)


@pytest.mark.parametrize(("function", "name"), [(3, "a"), (add, ""), (add, None)])
def test_bad_names(function, name) -> None:
    """What is named has to be a function, and its name a word."""
    with pytest.raises((TypeError, ValueError), match="must be a"):
        named(function, name=name)


def test_source_of_a_run(tmp_path, monkeypatch) -> None:
    """A function is hashed once: what is edited later is not what was loaded."""
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "edited_noise.py"
    text = "def fog(images, scale, *, rng):\n    return images + scale\n"
    file.write_text(text)
    functions = Functions("noise", {}, ValueError)
    monkeypatch.setitem(sys.modules, "edited_noise", load_file(str(file)))
    fog = sys.modules["edited_noise"].fog
    functions.add(fog)
    before = functions.source("fog")
    file.write_text(text.replace("+", "-"))
    assert functions.source("fog") == before != source_sha256(fog)


def test_told() -> None:
    """An error is one line, with the file and line that raised it."""
    with pytest.raises(ValueError, match="first") as raised:
        raise ValueError("first\nsecond")
    assert told(raised.value).startswith("ValueError: first (test_callables.py:")
    assert told(KeyError()) == "KeyError"


def test_read_back_finds_by_place() -> None:
    """Functions and classes come from where they were placed, everything else from the text."""
    written = write_down([add, 1, None, "x", (2.5, True)], lambda function: function.__name__)
    assert read_back(json.loads(json.dumps(written)), {"add": add}.get) == [
        add, 1, None, "x", (2.5, True),
    ]  # fmt: skip
