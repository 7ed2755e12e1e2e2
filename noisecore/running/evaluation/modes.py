"""The modes of a PyTorch module: it is called in eval mode, and some can only train."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from noisecore.running.evaluation.frameworks import is_torch


@contextmanager
def evaluating(model: Any) -> Iterator[None]:
    """Put a PyTorch model into eval mode, and restore the mode of each of its parts afterwards."""
    modes = [(part, part.training) for part in model.modules()]
    if any(training for _, training in modes):
        with suppress(NotImplementedError):  # an exported program's mode is fixed
            model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def always_training(model: Any) -> list[str]:
    """Return the names of the operations that train in whatever mode the model is, each once.

    A graph that was exported or traced in training mode stays in it, because the mode became an
    argument of its operations. Only graphs are examined: what a module's own code does, or a
    branch of a scripted one, is not known before it runs.
    """
    found: dict[str, None] = {}
    within: set[int] = set()
    for part in model.modules():
        if id(part) in within:
            continue
        calls: Iterator[tuple[str, Mapping[str, Any]]] = iter(())
        if is_torch(part, "jit.ScriptModule"):
            within |= {id(each) for each in part.modules()}  # its graph has theirs
            calls = _scripted(part)
        elif is_torch(part, "fx.GraphModule"):
            calls = _exported(part)
        found |= {name: None for name, arguments in calls if _trains(name, arguments)}
    return list(found)


def _trains(name: str, arguments: Mapping[str, Any]) -> bool:
    """Return whether an operation with these arguments draws at random, or learns."""
    if True not in (arguments.get("train"), arguments.get("training")):
        return False
    # A norm without statistics of its own takes the batch's in eval mode, too.
    if "norm" in name and arguments.get("running_mean") is None:
        return False
    return bool(arguments.get("p", arguments.get("dropout", 1)) != 0)


def _exported(part: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the operations of a graph of `torch.fx`, and what they are called with."""
    for node in part.graph.nodes:
        if node.op != "call_function":
            continue
        schema = getattr(node.target, "_schema", None)
        if schema is not None:
            names = [each.name for each in schema.arguments]
            yield _short(schema.name), dict(zip(names, node.args, strict=False)) | node.kwargs
            continue
        with suppress(TypeError, ValueError):  # the signature of a built-in function is not known
            bound = inspect.signature(node.target).bind(*node.args, **node.kwargs)
            yield _short(node.target.__name__), bound.arguments


def _scripted(part: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the operations of a graph of `torch.jit`, and what they are called with."""
    import torch

    for node in part.inlined_graph.nodes():
        try:
            schema = torch._C.parse_schema(node.schema())
        except RuntimeError:  # only operations have one
            continue
        pairs = zip(schema.arguments, node.inputs(), strict=False)
        yield _short(node.kind()), {argument.name: _value(given) for argument, given in pairs}


def _value(given: Any) -> Any:
    """Return the value of a constant; another argument as it is if it is a tensor, or None."""
    if given.node().kind() == "prim::Constant":
        return given.toIValue()
    return given if str(given.type()) == "Tensor" else None


def _short(name: str) -> str:
    return name.removeprefix("aten::")
