"""A user's own functions in a sweep: known while it runs, and found by its workers."""

from __future__ import annotations

import inspect
import os
from contextlib import ExitStack
from typing import Any

from noisecore.callables import BoundError, name_of
from noisecore.escaping import shown
from noisecore.functions import Functions
from noisecore.models import BUILDERS, ModelError
from noisecore.noise import FAMILIES, NoiseError, check_scales, get_noise
from noisecore.running.request import read_training
from noisecore.sweep.arguments import Choices, SweepError
from noisecore.sweep.script import homes_of, refuse_hidden, refuse_unguarded

_HERE = "or train in this process, with workers=0"


class Own:
    """Makes a user's own functions known for as long as a sweep needs them.

    lasting: whether all are identified by their whole code, so that another process may go on.
    """

    def __init__(self, known: ExitStack, choices: Choices) -> None:
        self._known = known
        self._choices = choices
        self.lasting = True
        self._files: set[str] = set()  # that workers import

    def builder(self, build: Any) -> str:
        """Return the name of a builder."""
        if not isinstance(build, str) and not callable(build):
            raise SweepError(
                "build must be a name such as 'cnn', or a function that takes the shape of an "
                f"image and the number of classes and returns a Keras model, got {shown(build)}"
            )
        if hasattr(build, "predict_on_batch"):
            raise SweepError(
                "build must be a function that makes a new model for each training, got a model: "
                "put the lines that make it into def build(shape, classes), which returns it"
            )
        if callable(build) and not _takes_two(build):
            raise SweepError(
                f"build must take the shape of an image and the number of classes, got "
                f"{name_of(build)}{inspect.signature(build)}"
            )
        return self._name(BUILDERS, build)

    def noise(self, noise: Any) -> str:
        """Return the name of a noise."""
        if not isinstance(noise, str) and not callable(noise):
            raise SweepError(
                "noise must be a name such as 'gaussian', or a function f(images, scale, *, rng) "
                f"-> images, got {shown(noise)}"
            )
        return self._name(FAMILIES, noise)

    def training(self, train: Any) -> tuple[str, float]:
        """Return the noise and the scale that a model is trained with once."""
        given, scale = read_training(train)
        name = self.noise(given)
        check_scales(get_noise(name), [scale])
        return name, scale

    def refuse_unguarded(self, data: Any) -> None:
        """Raise `SweepError` if a worker would import a script that sweeps when it is imported."""
        files = set(self._files)
        if isinstance(data, str) and ":" in data:
            files.add(os.path.abspath(os.path.expanduser(data.rpartition(":")[0])))
        if not self._choices.here:
            refuse_unguarded(files)

    def _name(self, functions: Functions[Any], given: Any) -> str:
        if isinstance(given, str):
            functions.get(given)
            return given
        why_not = _why_not(functions, given)
        if why_not is not None and not self._choices.here:
            raise type(why_not)(f"{why_not}, {_HERE}")
        if why_not is not None and self._choices.resume:
            raise SweepError(
                f"resume=True needs all the code of a {functions.kind}, but only a part is known "
                "if it is not in a file, or is inside another function: put it at the top of a .py "
                "file and import it from there, or leave resume out"
            )
        self.lasting = self.lasting and why_not is None
        name = self._known.enter_context(functions.lend(given, here=self._choices.here))
        if not self._choices.here:
            homes = homes_of(functions.home(name))
            refuse_hidden(homes)
            self._files |= {home.file for home in homes}
        return name


def _takes_two(build: Any) -> bool:
    """Return whether a builder can be called with a shape and a number, as far as can be known."""
    try:
        inspect.signature(build).bind((8, 8, 1), 2)
    except TypeError:
        return False
    except ValueError:  # one without a signature
        pass
    return True


def _why_not(functions: Functions[Any], given: Any) -> ModelError | NoiseError | None:
    """Return why a worker could not find a function, None if it can; nothing else is checked."""
    try:
        functions.check_travels(given)
    except (ModelError, NoiseError) as error:
        return error
    except (BoundError, OSError, TypeError):
        pass  # `lend` says what is wrong with it
    return None
