"""`tf.data` sets: whether they are batched, how long they are, and in which order."""

from __future__ import annotations

import numpy as np
import pytest
from bands import X, Y, evaluate, sharp
from needs import needs_tensorflow

from noisecore.running.evaluation import GivenError


def numbers(records):
    """Return what was measured, without what names the model."""
    return [record.evaluations for record in records]


@needs_tensorflow
class TestDatasets:
    """`tf.data`: what can be asked of a set is asked."""

    GREY = X[..., 0]

    @staticmethod
    def grey(images):
        """Answer for images without an axis of channels."""
        return sharp(images[..., np.newaxis])

    @pytest.mark.parametrize("drop", [False, True])
    @pytest.mark.parametrize("size", [1, 2, 50])
    @pytest.mark.parametrize("one_hot", [False, True])
    def test_batches_of_grey_images(self, size, drop, one_hot) -> None:
        """Batches (batch, height, width) are batches, whatever their size and labels."""
        import tensorflow as tf

        y = np.eye(3)[Y] if one_hot else Y
        data = tf.data.Dataset.from_tensor_slices((self.GREY, y)).batch(size, drop_remainder=drop)
        found = evaluate(self.grey, x=data, y=None)
        assert numbers(found) == numbers(evaluate(self.grey, x=self.GREY))

    @pytest.mark.parametrize("shape", ["grey", "channel"])
    @pytest.mark.parametrize("labels", ["number", "one_hot", "column"])
    def test_single_images(self, shape, labels) -> None:
        """A set that is not batched counts each image once, whatever its labels."""
        import tensorflow as tf

        x, model = (self.GREY, self.grey) if shape == "grey" else (X, sharp)
        y = {"number": Y, "one_hot": np.eye(3)[Y], "column": Y[:, np.newaxis]}[labels]
        data = tf.data.Dataset.from_tensor_slices((x, y))
        assert numbers(evaluate(model, x=data, y=None)) == numbers(evaluate(model, x=x))

    def test_endless(self) -> None:
        """A set that repeats for ever is refused before it is read."""
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(50).repeat()
        with pytest.raises(GivenError, match=r"repeats for ever: .* \.take\(n\)"):
            evaluate(x=data, y=None)
        found = evaluate(x=data.take(6), y=None)
        assert numbers(found) == numbers(evaluate())

    def test_shuffled(self) -> None:
        """A set that gives another order each time is told so; one that is shuffled once is not."""
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((X, Y))
        with pytest.raises(GivenError, match=r"same order each time.*leave shuffle\(\)"):
            evaluate(x=data.shuffle(300).batch(50), y=None)
        once = data.shuffle(300, seed=1, reshuffle_each_iteration=False).batch(50)
        assert evaluate(x=once, y=None)[0].evaluations[0].images == len(X)

    def test_random_changes(self) -> None:
        """Images that are changed at random while they are read are told so too."""
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((X, Y)).map(
            lambda x, y: (x * tf.random.uniform([]), y)
        )
        with pytest.raises(GivenError, match="random changes"):
            evaluate(x=data.batch(50), y=None)

    def test_read_once(self) -> None:
        """A generator that can be read once loses no image."""
        import tensorflow as tf

        pairs = iter(zip(X, Y, strict=True))
        spec = tf.TensorSpec(X.shape[1:], tf.float32), tf.TensorSpec((), tf.int64)
        data = tf.data.Dataset.from_generator(lambda: pairs, output_signature=spec)
        assert numbers(evaluate(x=data, y=None)) == numbers(evaluate())

    def test_empty(self) -> None:
        """A set without any image is one line."""
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((X, Y)).take(0)
        with pytest.raises(GivenError, match="must hold one image at least, got none"):
            evaluate(x=data, y=None)
