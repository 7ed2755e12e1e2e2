"""Test a given model under noise, as it is: nothing is trained."""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import noisecore
from noisecore.callables import BoundError, is_bound, name_of, source_sha256
from noisecore.data import Subset
from noisecore.noise import (
    BLOCK,
    Draw,
    FloatArray,
    Noise,
    Sampler,
    Samples,
    Stream,
    as_noise,
    check_scales,
    is_shipped,
    keyed,
    some_scales,
    told_of,
    try_noise,
)
from noisecore.noise.corruptions import CorruptionSuite
from noisecore.records import GivenTrial, TrialRecord
from noisecore.running.evaluation.answers import Kind, Outputs, as_outputs, check_kind, joined
from noisecore.running.evaluation.arguments import clip_bounds, share, whole_number, word
from noisecore.running.evaluation.given import GivenError, GivenModel, failed, given_model
from noisecore.running.evaluation.images import CHUNK, Labels, Pixels, Units
from noisecore.running.evaluation.layout import Channels, Layout, layout_of
from noisecore.running.evaluation.outputs import evaluate_outputs
from noisecore.running.evaluation.reading import group_sizes, read_groups
from noisecore.running.evaluation.tally import Tally, wanted_scales
from noisecore.running.machine import peak_memory, processor

# What an evaluation holds besides the model and the data, unless a user's own noise, or a larger
# batch_size, takes more.
_MOST_MEMORY = 256 * 2**20


def evaluate_given(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    name: str,
    scales: Iterable[float],
    noise: str | Noise | CorruptionSuite = "gaussian",
    draws: int = 3,
    units: Units = "range",
    value_range: tuple[float, float] | None = None,
    clip: tuple[float, float] | str | None = None,
    batch_size: int = 500,
    dataset: str | None = None,
    least_clean: float | None = None,
    outputs: Kind | None = None,
    channels: Channels | None = None,
    images: int | None = None,
    run: str = "",
    on_labels: Callable[[Labels], None] = lambda labels: None,
    on_samples: Callable[[str, Samples], None] = lambda noise, samples: None,
) -> list[TrialRecord]:
    """Test a trained model at scale 0 and at each of `scales`; return one record per draw.

    The arguments are those of `noisecore.evaluate`, which says what they may be. noise: a noise, or
    a suite, whose families get their own records. run: the id that the records get. on_labels: is
    called with the class numbers of all images, (n,), once they are known; on_samples: with the
    name of each noise, and a few of the images, clean and noisy.
    Raises `GivenError` or `NoiseError`, in one line, if something cannot be evaluated.
    """
    start = time.perf_counter()
    given = given_model(model)
    layout = layout_of(channels, model, x)
    listed = noise.families().values() if isinstance(noise, CorruptionSuite) else [noise]
    noises = [_noise(each) for each in listed]
    wanted = wanted_scales(scales)
    for function, _ in noises:
        check_scales(function, wanted)
    draws, batch_size = whole_number(draws, "draws"), whole_number(batch_size, "batch_size")
    images = None if images is None else whole_number(images, "images")
    least_clean = share(least_clean, "least_clean")
    word(name, "name")
    if dataset is not None:
        word(dataset, "dataset")
    check_kind(outputs, "outputs")
    pixels = Pixels(units, value_range)
    bounds = clip_bounds(clip, units)
    test = _Test(
        given=given,
        layout=layout,
        pixels=pixels,
        noises=[function for function, _ in noises],
        scales=wanted,
        drawn=[
            Draw(function, Stream(draw, "test"), clip=bounds)
            for function, _ in noises
            for draw in range(draws)
        ],
        batch_size=batch_size,
        tally=Tally(wanted, len(noises) * draws, outputs, argument="outputs"),
        sampler=Sampler(some_scales(wanted)),
        said=noise.note if isinstance(noise, CorruptionSuite) else "",
    )
    test.run(x, y, images)
    test.tally.check(least_clean, units, test.names)
    on_labels(np.concatenate(test.labels))
    for place, each in enumerate(test.names):
        on_samples(each, test.sampler.samples(pixels.unit, place))
    trial = GivenTrial(
        dataset=dataset or (Path(x).name if isinstance(x, str | Path) else "arrays"),
        dataset_sha256=test.dataset_sha256,
        model=name,
        model_source=given.source,
        noise=test.names[0],
        noise_source=noises[0][1],
        monotone=told_of(noises[0][0]),
        test_scales=(0.0, *wanted),
        seed=0,
        test_draw=0,
        clip=bounds,
        subset=None if test.chosen is None else test.chosen.counts,
        units=units,
    )
    seconds = (time.perf_counter() - start) / len(test.drawn)
    return [
        test.record(replace(trial, seed=draw, test_draw=draw), place * draws + draw, run, seconds)
        for place, trial in enumerate(test.trials(trial, [source for _, source in noises]))
        for draw in range(draws)
    ]


@dataclass
class _Test:
    """An evaluation in progress: a model, the noises that its images get, and the results so far.

    drawn: the draws of the first noise, then of the second, and so on. said: a note on the noises.
    large: a note about the memory that a noise takes. labels: of the groups so far. chosen: which
    images are tested, None for all.
    """

    given: GivenModel
    layout: Layout
    pixels: Pixels
    noises: list[Noise]
    scales: tuple[float, ...]
    drawn: list[Draw]
    batch_size: int
    tally: Tally
    sampler: Sampler
    said: str = ""
    large: str = ""
    chosen: Subset | None = None
    labels: list[Labels] = field(default_factory=list)
    _digests: tuple[Any, Any] = field(default_factory=lambda: (hashlib.sha256(), hashlib.sha256()))
    _channels: bool = False  # whether images have an axis of them
    _dtype: str = ""  # of the images

    @property
    def sizes(self) -> list[int]:
        """How many images are in a group, one after the other."""
        return group_sizes(self.batch_size, blocks=not all(map(is_shipped, self.noises)))

    @property
    def names(self) -> list[str]:
        """The names of the noises."""
        return list(map(name_of, self.noises))

    def trials(self, trial: GivenTrial, sources: list[str]) -> list[GivenTrial]:
        """Return a trial with each noise, given the hashes of their code."""
        return [
            replace(trial, noise=name_of(noise), noise_source=source, monotone=told_of(noise))
            for noise, source in zip(self.noises, sources, strict=True)
        ]

    def run(self, x: Any, y: Any, images: int | None) -> None:
        """Call the model for all images, or for as many as are wanted; count what it returns."""
        with self.given.working():
            self.chosen, groups = read_groups(x, y, self.layout, self.sizes, images)
            for each, labels in groups:
                self.group(each, labels)
        self.tally.settle()
        self.pixels.check()

    def group(self, images: NDArray[Any], labels: Labels) -> None:
        """Call the model for the next images, without noise and with each noise."""
        tally = self.tally
        self._note(images, labels)
        places = None
        if self.chosen is not None:
            places = self.chosen.places[tally.images : tally.images + len(images)]
        plain = images.astype(np.float32, order="C")
        inside = self.pixels.enter(images, plain)
        if any(keyed(noise) is not None for noise in self.noises):
            self.pixels.bound(inside)
        for noise in [] if tally.images else self.noises:
            try_noise(noise, inside[:1], self.scales)
            blocks = not is_shipped(noise) or (places is not None and not keyed(noise))
            self.large = self.large or (_large(noise, inside) if blocks else "")
        tally.clean(inside, labels, self._ask(plain, None))
        self.sampler.choose(inside, labels)
        del plain
        for scale in self.scales:
            for place in range(len(self.drawn)):
                self._under_noise(inside, labels, place, scale, places)
        for draw in self.drawn:
            draw.advance(len(images))
        if tally.images % CHUNK == 0:
            tally.settle()

    def _under_noise(
        self,
        inside: FloatArray,
        labels: Labels,
        place: int,
        scale: float,
        places: NDArray[np.int64] | None,
    ) -> None:
        """Call the model for the next images, of these places, under one draw at a scale."""
        noise, draw = divmod(place, len(self.drawn) // len(self.noises))
        noisy = self.drawn[place].noisy(inside, scale, places)
        self.tally.noisy(place, scale, noisy, changed=not np.array_equal(inside, noisy))
        if not draw:
            self.sampler.take(scale, noisy, noise)
        # A noise that draws nothing at random is called once.
        if draw and self.tally.seen_alike(place - draw, place, scale):
            self.tally.judge_alike(place - draw, place, scale)
        else:
            self.tally.judge(place, scale, labels, self._ask(noisy, self.pixels))

    def _note(self, images: NDArray[Any], labels: Labels) -> None:
        """Remember which images and labels these are."""
        for digest, part in zip(self._digests, (images, labels), strict=True):
            if self.tally.images % CHUNK == 0:
                digest.update(f"{part.dtype} {part.shape[1:]}".encode())
            digest.update(np.ascontiguousarray(part).data)
        self.labels.append(labels)
        self._channels = images.ndim == 4
        self._dtype = str(images.dtype)

    @property
    def dataset_sha256(self) -> str:
        """The SHA-256 of all images and labels."""
        return hashlib.sha256(b"".join(each.digest() for each in self._digests)).hexdigest()

    def _ask(self, images: FloatArray, pixels: Pixels | None) -> Outputs:
        """Return the outputs for all images, a batch at a time; the tally counts the seconds.

        pixels: converts the images to what the model takes, None if they are that already. Every
        batch is a copy: if the model changes its input, that changes nothing else.
        """
        parts = []
        for first in range(0, len(images), self.batch_size):
            part = images[first : first + self.batch_size]
            batch = self.layout.batch(part if pixels is None else pixels.leave(part))
            start = time.perf_counter()
            try:
                answer = self.given.ask(batch)
            except Exception as error:  # whatever a model raises
                remedy = self.layout.advice.when_failed(batch.shape)
                raise failed(error, batch, remedy) from error
            parts.append(as_outputs(answer, len(batch)))  # a lazy answer is computed here
            self.tally.model_seconds += time.perf_counter() - start
        return joined(parts)

    def record(self, trial: GivenTrial, place: int, run: str, seconds: float) -> TrialRecord:
        """Return the record of the draw at a place, which took so many seconds."""
        environment: dict[str, Any] = {
            **self.given.versions,
            "noisecore": noisecore.__version__,
            "python": platform.python_version(),
            "numpy": version("numpy"),
            "processor": processor(),
            "system": f"{platform.system()} {platform.machine()}",
            "outputs": self.tally.kind,
            "value_range": self.pixels.shown,
            "dtype": self._dtype,
            "model_kind": self.given.kind,
        }
        if self._channels and self.layout.model == "first":
            environment["channels"] = "first"
        told = self.tally.note, self.said
        if place and len(self.noises) > 1:  # the first noise's record has said it
            told = "", ""
        note = "; ".join(filter(None, (self.large, self.pixels.note, *told)))
        return TrialRecord(
            key=trial.key(environment),
            run=run,
            trial=trial,
            status="complete",
            environment=environment,
            parameters=self.given.parameters,
            evaluations=self.tally.evaluations(place),
            cost={
                "started": datetime.now(UTC).isoformat(timespec="seconds"),
                "seconds": seconds,
                "model_seconds": self.tally.model_seconds / len(self.drawn),
                "peak_memory_bytes": peak_memory(),
                **({"note": note} if note else {}),
            },
        )


def _noise(noise: str | Noise) -> tuple[Noise, str]:
    """Return a noise, and the SHA-256 that identifies it; raise `GivenError` if it is not one."""
    function = as_noise(noise)
    try:
        return function, source_sha256(function)
    except BoundError as error:
        raise GivenError(f"the noise {name_of(function)} cannot be kept: {error}") from None
    except (OSError, TypeError):
        bound = ", with what is bound to it," if is_bound(function) else ""
        raise GivenError(
            f"the source of the noise {name_of(function)}{bound} cannot be read: define it in a "
            "file" + (", and bind numbers, texts and arrays" if bound else "")
        ) from None


def _large(noise: Noise, images: FloatArray) -> str:
    """Return a note about the memory that a noise takes which is drawn in blocks.

    The images, the noisy ones, and the block that goes into the noise and the one that comes out of
    it are held at once.
    """
    held = 2 * images.nbytes + 2 * BLOCK * images[0].nbytes
    if held <= _MOST_MEMORY:
        return ""
    return (
        f"the noise {name_of(noise)} was made in whole blocks of {BLOCK} images, which took about "
        f"{held / 2**20:.0f} MiB in addition to the model and the data"
    )


__all__ = ["GivenError", "clip_bounds", "evaluate_given", "evaluate_outputs"]
