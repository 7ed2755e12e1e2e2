"""The images of a training, and how they become noisy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from noisecore.data import Dataset, unit_images
from noisecore.noise import BLOCK, FloatArray, Stream, apply_noise, get_noise
from noisecore.records import Trial
from noisecore.running.training import TrialError, standardise


def trained_with(trial: Trial) -> str:
    """Return the noise that a trial's model is trained with."""
    return trial.trained_with or trial.noise


@dataclass(frozen=True)
class Images:
    """The images of a training, standardised, and how they become noisy.

    trial: any trial of the training. train, test: float32, (n, height, width, channels).
    channels_last: how the backend takes them; the noise is added to images in one layout, so that
    it is the same for every backend.
    """

    trial: Trial
    train: FloatArray
    test: FloatArray
    channels_last: bool

    @classmethod
    def of(cls, trial: Trial, dataset: Dataset) -> Images:
        """Return the images of a data set, as a trial takes them."""
        import keras

        # Each step is done in place if possible: at full size a split in float32 is 188 MB.
        splits = dataset.x_train, dataset.x_test
        train, test = (unit_images(each, out=np.empty(each.shape, np.float32)) for each in splits)
        if trial.blank:
            train[:], test[:] = 0, 0
        standardise(train, test, trial.recipe.standardisation, in_place=True)
        return cls(trial, train, test, keras.backend.image_data_format() == "channels_last")

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, as the backend takes it."""
        return self.laid_out(self.train[:1]).shape[1:]

    def laid_out(self, images: FloatArray) -> FloatArray:
        """Return images as the backend takes them."""
        return images if self.channels_last else np.moveaxis(images, -1, 1)

    def check_noise(self, trial: Trial) -> None:
        """Raise `TrialError` if a noise changes nothing: now rather than after the training."""
        self.test_at(trial.train_scale, trained_with(trial), most=BLOCK)
        for scale in trial.test_scales:
            self.test_at(scale, trial.noise, most=BLOCK)

    def by_epoch(self) -> Callable[[int], FloatArray]:
        """Return a function that gives the noisy training images of an epoch, laid out."""
        if self.trial.recipe.train_noise == "fresh" and self.trial.train_scale > 0:
            return self._train_at
        frozen = self._train_at(None, out=self.train)
        return lambda epoch: frozen

    def _train_at(self, epoch: int | None, out: FloatArray | None = None) -> FloatArray:
        trial = self.trial
        stream = Stream(trial.seed, "train", epoch)
        scale = trial.train_scale
        noise = get_noise(trained_with(trial))
        return self.laid_out(
            apply_noise(noise, self.train, scale, stream, clip=trial.clip, out=out)
        )

    def test_at(self, scale: float, name: str, most: int | None = None) -> FloatArray:
        """Return the noisy test images, the first `most` of them; not laid out.

        Raises `TrialError` if the noise changes no test image at all.
        """
        stream = Stream(self.trial.test_draw, "test")
        noise, test = get_noise(name), self.test
        noisy = apply_noise(noise, test[:most], scale, stream, clip=self.trial.clip)
        if scale > 0 and np.array_equal(noisy, test[:most]):
            if most is not None:  # the noise may be rare
                return self.test_at(scale, name)
            raise TrialError(f"noise {name} at scale {scale:g} changed no test image")
        return noisy
