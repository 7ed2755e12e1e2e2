"""The images of a training, and how they become noisy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from noisecore.data import Dataset, unit_images
from noisecore.noise import BLOCK, FloatArray, Stream, apply_noise, get_noise, keyed
from noisecore.records import Trial
from noisecore.running.training import Scaling, TrialError, scalings


def trained_with(trial: Trial) -> str:
    """Return the noise that a trial's model is trained with."""
    return trial.trained_with or trial.noise


@dataclass(frozen=True)
class Split:
    """The images of a split, standardised, and how they become noisy.

    images: float32, (n, height, width, channels). pixels: the same as the data set holds them.
    scaling: how they were standardised, None if they were not.
    """

    images: FloatArray
    pixels: NDArray[Any]
    scaling: Scaling | None

    def noisy(
        self,
        noise: str,
        scale: float,
        stream: Stream,
        *,
        places: NDArray[np.intp] | slice = slice(None),
        clip: tuple[float, float] | None = None,
        out: FloatArray | None = None,
    ) -> FloatArray:
        """Return the images at some places under a noise, and bounded by `clip`.

        A corruption acts on the pixels in [0, 1], which are standardised afterwards, as they were
        without it; another noise acts on the standardised images.
        """
        function, indices = get_noise(noise), np.arange(len(self.images))[places]
        if not scale or keyed(function) is None:
            images = self.images[places]
            return apply_noise(function, images, scale, stream, indices=indices, clip=clip, out=out)
        pixels = self.pixels[places]
        made = unit_images(pixels, out=np.empty(pixels.shape, np.float32) if out is None else out)
        apply_noise(function, made, scale, stream, indices=indices, out=made)
        if self.scaling is not None:
            self.scaling.standardise(made)
        return made if clip is None else np.clip(made, *clip, out=made)


def splits_of(
    dataset: Dataset, standardisation: str, *, blank: bool = False
) -> tuple[Split, Split]:
    """Return the training images and the test images; blank: all their pixels are 0."""
    pixels = [dataset.x_train, dataset.x_test]
    if blank:
        pixels = [np.zeros_like(each) for each in pixels]
    # Each step is done in place if possible: at full size a split in float32 is 188 MB.
    train, test = (unit_images(each, out=np.empty(each.shape, np.float32)) for each in pixels)
    both = scalings(train, test, standardisation) or (None, None)
    for images, scaling in zip((train, test), both, strict=True):
        if scaling is not None:
            scaling.standardise(images)
    return Split(train, pixels[0], both[0]), Split(test, pixels[1], both[1])


@dataclass(frozen=True)
class Images:
    """The images of a training, and how they become noisy.

    trial: any trial of the training.
    channels_last: how the backend takes them; the noise is added to images in one layout, so that
    it is the same for every backend.
    """

    trial: Trial
    train: Split
    test: Split
    channels_last: bool

    @classmethod
    def of(cls, trial: Trial, dataset: Dataset) -> Images:
        """Return the images of a data set, as a trial takes them."""
        import keras

        train, test = splits_of(dataset, trial.recipe.standardisation, blank=trial.blank)
        return cls(trial, train, test, keras.backend.image_data_format() == "channels_last")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, as the backend takes it."""
        return self.laid_out(self.train.images[:1]).shape[1:]

    def laid_out(self, images: FloatArray) -> FloatArray:
        """Return images as the backend takes them."""
        return images if self.channels_last else np.moveaxis(images, -1, 1)

    def check_noise(self, trial: Trial) -> None:
        """Raise `TrialError` if a noise changes nothing: now rather than after the training."""
        asked = [(trial.train_scale, trained_with(trial))]
        asked += [(scale, trial.noise) for scale in trial.test_scales]
        for scale, noise in asked:
            try:
                self.test_at(scale, noise, slice(BLOCK))
            except TrialError:  # the noise may be rare
                self.test_at(scale, noise)

    def by_epoch(self) -> Callable[[int], FloatArray]:
        """Return a function that gives the noisy training images of an epoch, laid out."""
        if self.trial.recipe.train_noise == "fresh" and self.trial.train_scale > 0:
            return self._train_at
        frozen = self._train_at(None, out=self.train.images)
        return lambda epoch: frozen

    def _train_at(self, epoch: int | None, out: FloatArray | None = None) -> FloatArray:
        trial = self.trial
        stream = Stream(trial.seed, "train", epoch)
        return self.laid_out(
            self.train.noisy(
                trained_with(trial), trial.train_scale, stream, clip=trial.clip, out=out
            )
        )

    def test_at(
        self, scale: float, name: str, places: NDArray[np.intp] | slice = slice(None)
    ) -> FloatArray:
        """Return the noisy test images, those at some places; not laid out.

        Raises `TrialError` if the noise changes none of them.
        """
        stream = Stream(self.trial.test_draw, "test")
        noisy = self.test.noisy(name, scale, stream, places=places, clip=self.trial.clip)
        if scale > 0 and np.array_equal(noisy, self.test.images[places]):
            raise TrialError(f"noise {name} at scale {scale:g} changed no test image")
        return noisy
