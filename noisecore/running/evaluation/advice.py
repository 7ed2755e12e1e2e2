"""What to do about images and a model that do not fit each other, in words.

Each remedy is meant to be copied: to do as it says is enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from noisecore.running.evaluation.frameworks import is_torch, used


@dataclass(frozen=True, eq=False)
class Advice:
    """What is known of a model and its images before either is examined."""

    model: Any
    x: Any

    def for_rows(self, pixels: int) -> str:
        """Return what to do about rows of so many pixels instead of images."""
        side = math.isqrt(pixels)
        sizes = f"{side}, {side}" if side**2 == pixels else "height, width"
        channels = self._channels()
        if channels:
            return f"give {self._reshaped(f'-1, {channels}, {sizes}')}"
        images = f"give {self._reshaped(f'-1, {sizes}')}"
        if hasattr(self.model, "n_features_in_"):
            return f"{images}; the model gets rows of them"
        if self._is_module:
            taken = "torch.nn.Sequential(torch.nn.Flatten(), model)"
        elif hasattr(self.model, "predict_on_batch"):
            taken = f"keras.Sequential([keras.Input(({sizes})), keras.layers.Flatten(), model])"
        else:
            taken = "a function that flattens them, x.reshape(len(x), -1)"
        return f"{images}, and, if the model takes rows, {taken} in its place"

    @property
    def first(self) -> str:
        """How to move the channels of images first."""
        if self._is_set:
            return "a data set whose images are moved, image.moveaxis(-1, 0)"
        return "x.moveaxis(-1, 1)" if self._is_tensor else "numpy.moveaxis(x, -1, 1)"

    @property
    def last(self) -> str:
        """How to move the channels of images last."""
        if self._is_set:
            return "a data set whose images are moved, image.moveaxis(0, -1)"
        return "x.moveaxis(1, -1)" if self._is_tensor else "numpy.moveaxis(x, 1, -1)"

    def when_failed(self, shape: tuple[int, ...]) -> str:
        """Return what may fix a model that failed on such images, empty if nothing is known."""
        frameworks = used(self.model)
        if "torch" in frameworks:
            return self._for_torch(shape)
        if "scikit-learn" in frameworks and callable(self.model):
            return (
                "scikit-learn takes rows of pixels: let the function flatten the images, "
                "x.reshape(len(x), -1)"
            )
        asked = hasattr(self.model, "predict_on_batch") or hasattr(self.model, "get_inputs")
        if asked and len(shape) == 3:
            return "if the model takes an axis of channels, give x[..., None]"
        return ""

    def _for_torch(self, shape: tuple[int, ...]) -> str:
        wanted = self._channels()
        if len(shape) == 3:
            image = (
                "a data set whose images have one, image[None]" if self._is_set else "x[:, None]"
            )
            if wanted > 1 and not self._is_set:
                image = self._repeated("x[:, None]", wanted)
            return f"if the model takes an axis of channels, give {image}, and channels='first'"
        # A module that is not known may take any number of channels.
        if shape[1] == wanted or (not wanted and shape[1] in (1, 3)):
            return ""
        if wanted > 1 == shape[1] and not self._is_set:
            return f"the model takes {wanted} channels: give {self._repeated('x', wanted)}"
        if wanted in (0, shape[3]):
            return f"PyTorch takes channels first: give {self.first}, and channels='first'"
        return ""

    def _reshaped(self, shape: str) -> str:
        return f"x.reshape({shape})" if self._is_tensor else f"numpy.reshape(x, ({shape}))"

    def _repeated(self, x: str, times: int) -> str:
        return (
            f"{x}.expand(-1, {times}, -1, -1)"
            if self._is_tensor
            else (f"numpy.repeat({x}, {times}, 1)")
        )

    @property
    def _is_tensor(self) -> bool:
        return is_torch(self.x, "Tensor")

    @property
    def _is_module(self) -> bool:
        return is_torch(self.model, "nn.Module")

    @property
    def _is_set(self) -> bool:
        return is_torch(self.x, "utils.data.DataLoader", "utils.data.Dataset")

    def _channels(self) -> int:
        """Return how many channels a module's first convolution takes, 0 if it has none."""
        if not self._is_module:
            return 0
        found = (getattr(part, "in_channels", None) for part in self.model.modules())
        return next((each for each in found if isinstance(each, int)), 0)


def without_probabilities(model: Any) -> str:
    """Return what to do with a model that has `predict` but not `predict_proba`."""
    classes = getattr(model, "classes_", None)
    flat = "x.reshape(len(x), -1)"
    if not callable(getattr(model, "decision_function", None)):
        if classes is None:
            return "give a fitted classifier"
        return f"give lambda x: numpy.eye({len(classes)})[model.predict({flat})], and a name="
    fitted = "or fit CalibratedClassifierCV(model) and give that"
    if classes is not None and len(classes) == 2:
        scores = f"numpy.outer(model.decision_function({flat}), [0, 1])"
        return f"give its scores, lambda x: {scores}, and a name=; {fitted}"
    return f"give its scores, model.decision_function, {fitted}"
