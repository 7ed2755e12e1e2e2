"""A set of tf.data or PyTorch is asked what it holds, and read to its end."""

from __future__ import annotations

import numpy as np
import pytest
from bands import CLASSES, X, Y, evaluate, make_images, sharp
from needs import needs_tensorflow

from noisecore.judging.baselines import compare_records
from noisecore.running.evaluation import GivenError
from noisecore.running.evaluation.elements import is_batched
from noisecore.running.evaluation.images import CHUNK

FLAT = X[..., 0]
HOT = np.eye(CLASSES, dtype=np.float32)[Y]


def grey(images):
    """Answer for images without an axis of channels."""
    return sharp(images[..., np.newaxis])


class OneShot:
    """A set that can be read once, and says nothing of itself."""

    def __init__(self, elements, error=None) -> None:
        self.left = iter(elements)
        self.error = error
        self.passes = 0

    def as_numpy_iterator(self):
        """Return what is left."""
        self.passes += 1
        if self.passes > 1 and self.error:
            raise self.error
        return self.left


@pytest.mark.parametrize(
    ("images", "labels", "batched"),
    [
        ((None, 8, 8, 1), (None,), True),
        ((8, 8), (), False),
        ((8, 8), (3,), False),
        ((8, 8, 1), (), False),
        ((8, 8, 1), (1,), False),
        ((8, 8, 3), (8,), False),
        ((None, 8, 8), (None,), True),
        ((None, None, 3), (3,), False),
        ((None, 28, 4), (None,), True),
        ((2, 8, 8), (2,), True),
        ((2, 8, 8), (2, 3), True),
        ((None, 8, 8), (None, 1), True),
        ((None, None, None), (None,), True),
        ((8, 8, 2), (3,), False),
        ((8,), (), True),
    ],
)
def test_is_batched(images, labels, batched) -> None:
    """The shapes of an image and its label tell whether they are many."""
    assert is_batched(images, labels, "last") is batched


def test_is_batched_with_channels_first() -> None:
    """Channels before the pixels are an image's, as those after them are."""
    assert not is_batched((3, 8, 8), (3,), "first")
    assert not is_batched((1, 8, 8), (1,), "first")
    assert is_batched((2, 8, 8), (2,), "first")


@needs_tensorflow
class TestBatches:
    """Batched or not, in whatever shape."""

    @pytest.mark.parametrize("labels", [Y, HOT, Y[:, np.newaxis]], ids=["numbers", "hot", "(n,1)"])
    @pytest.mark.parametrize("shape", ["grey", "one channel"])
    def test_every_way_is_one(self, shape, labels) -> None:
        """Grey images and others, batched evenly or not, or not at all, are measured alike."""
        import tensorflow as tf

        x, model = (FLAT, grey) if shape == "grey" else (X, sharp)
        wanted = evaluate(model, x=x, draws=1)[0].evaluations
        data = tf.data.Dataset.from_tensor_slices((x, labels))
        for each in (
            data,
            data.batch(37),
            data.batch(2),
            data.batch(3, drop_remainder=True),
            data.batch(1, drop_remainder=True),
            data.batch(2).prefetch(1),
            data.batch(60).cache(),
        ):
            assert evaluate(model, x=each, y=None, draws=1)[0].evaluations == wanted

    def test_two_classes_in_pairs(self) -> None:
        """Grey images in batches of two, with labels 0 and 1, are all counted."""
        import tensorflow as tf

        chosen = np.flatnonzero(Y < 2)[:40]
        x, y = FLAT[chosen], Y[chosen]
        data = tf.data.Dataset.from_tensor_slices((x, y)).batch(2)
        (record,) = evaluate(lambda images: grey(images)[:, :2], x=data, y=None, draws=1)
        assert record.evaluations[0].images == 40

    @pytest.mark.parametrize("grey_images", [True, False])
    @pytest.mark.parametrize("size", [None, 50])
    def test_unknown_rank(self, size, grey_images) -> None:
        """Where a set does not know its shapes, those of its first element are taken."""
        import tensorflow as tf

        x, model = (FLAT, grey) if grey_images else (X, sharp)

        def elements():
            for first in range(0, 300, size or 1):
                yield (x[first : first + size], Y[first : first + size]) if size else (
                    x[first], Y[first],
                )  # fmt: skip

        data = tf.data.Dataset.from_generator(elements, output_types=(tf.float32, tf.int64))
        wanted = evaluate(model, x=x, draws=1)[0].evaluations
        assert evaluate(model, x=data, y=None, draws=1)[0].evaluations == wanted

    def test_low_precision(self) -> None:
        """Images of bfloat16 are those of their values."""
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((tf.cast(X, tf.bfloat16), Y)).batch(50)
        x = tf.cast(tf.cast(X, tf.bfloat16), tf.float32).numpy()
        assert evaluate(x=data, y=None)[0].evaluations == evaluate(x=x)[0].evaluations


@needs_tensorflow
class TestRefusals:
    """Sets that give no baseline."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data.repeat(),
            lambda data: data.batch(50).repeat(),
            lambda data: data.repeat().batch(50).prefetch(1),
            lambda data: data.filter(lambda x, y: y < 9).repeat().shuffle(10),
        ],
    )
    def test_endless(self, change) -> None:
        """A set that repeats for ever is refused at once, in one line with the remedy."""
        import tensorflow as tf

        data = change(tf.data.Dataset.from_tensor_slices((X, Y)))
        with pytest.raises(GivenError, match=r"repeats for ever: .*\.take\(n\)") as caught:
            evaluate(x=data, y=None)
        assert "\n" not in str(caught.value)
        if "Batch" in type(change(data)).__name__:
            evaluate(x=data.take(6), y=None)

    @pytest.mark.parametrize(
        "change",
        [
            lambda data: data.shuffle(300).batch(50),
            lambda data: data.batch(50).shuffle(2, seed=1),
            lambda data: data.batch(30).shuffle(10),
            lambda data: data.take(4).shuffle(4),
            lambda data: data.batch(300).map(_augmented),
            lambda data: data.map(_augmented),
        ],
    )
    def test_other_each_time(self, change) -> None:
        """Another order or other images each time are refused: a baseline needs the same ones."""
        import tensorflow as tf

        data = change(tf.data.Dataset.from_tensor_slices((X, Y)))
        with pytest.raises(GivenError, match="leave shuffle and random augmentation out") as caught:
            evaluate(x=data, y=None, least_clean=0)
        assert "\n" not in str(caught.value)

    def test_shuffled_once_is_a_fixed_order(self) -> None:
        """A set that was shuffled once, and is the same each time, is measured."""
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((X, Y))
        for each in (data.shuffle(300, 1, reshuffle_each_iteration=False), data.shuffle(9).cache()):
            (record,) = evaluate(x=each.batch(50), y=None, draws=1)
            assert record.evaluations[0].images == 300

    def test_empty(self) -> None:
        """A set without an image is refused in one line."""
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((X, Y))
        for each in (data.take(0), data.filter(lambda x, y: y > 9), data.batch(9).skip(99)):
            with pytest.raises(GivenError, match="one image at least, got an empty one"):
                evaluate(x=each, y=None)


def _augmented(x, y):
    import tensorflow as tf

    return x * tf.random.uniform([], 0.9, 1), y


class TestOneShot:
    """Sets that can be read only once."""

    @pytest.mark.parametrize("error", [None, RuntimeError("it was read")])
    @pytest.mark.parametrize("size", [None, 7, 300])
    def test_no_element_is_lost(self, size, error) -> None:
        """All of it is measured, though nothing can be compared after."""
        if size is None:
            data = OneShot(zip(X, Y, strict=True), error)
        else:
            data = OneShot([(X[k : k + size], Y[k : k + size]) for k in range(0, 300, size)], error)
        assert evaluate(x=data, y=None)[0].evaluations == evaluate()[0].evaluations

    @pytest.mark.parametrize("error", [None, RuntimeError("it was read")])
    def test_another_order_is_not_compared(self, error) -> None:
        """One that shuffles is measured, for it cannot be asked again; but no baseline fits it."""

        def read(order):
            parts = [(X[order[k : k + 30]], Y[order[k : k + 30]]) for k in range(0, 300, 30)]
            return evaluate(x=OneShot(parts, error), y=None)

        first, again = read(np.arange(300)), read(np.arange(300))
        other = read(np.random.default_rng(0).permutation(300))
        assert other[0].evaluations[0].accuracy == first[0].evaluations[0].accuracy
        (same,) = compare_records(again, first).values()
        assert same.identical
        (apart,) = compare_records(other, first).values()
        assert "dataset sha256 is" in apart.obstacles[0]
        assert apart.new.size == 0

    def test_many_chunks(self) -> None:
        """Nor is it where there is more than is held at once."""
        x, y = make_images(CHUNK + 100, side=6)
        data = OneShot([(x[k : k + 90], y[k : k + 90]) for k in range(0, len(x), 90)])
        (record,), (wanted,) = evaluate(x=data, y=None, draws=1), evaluate(x=x, y=y, draws=1)
        assert record.evaluations == wanted.evaluations

    @pytest.mark.parametrize(
        ("elements", "message"),
        [
            ([(X[:9], Y[:8])], r"as many labels as images, got \(8,\) and \(9, 8, 8, 1\)"),
            ([X[:9]], "must hold .images, labels., got elements of ndarray"),
            ([(X[:9], Y[:9], Y[:9])], "must hold .images, labels., got 3 things in one element"),
            ([], "got an empty one"),
            ([(X[0, 0, 0], Y[0])], "as many labels as images"),
        ],
    )
    def test_one_line(self, elements, message) -> None:
        """Elements that are no images and labels are refused in one line."""
        with pytest.raises(GivenError, match=message) as caught:
            evaluate(x=OneShot(elements), y=None)
        assert "\n" not in str(caught.value)


class Torch:
    """What noisecore reads of PyTorch's sets, for a set of a user's own."""

    @staticmethod
    def iterable(read):
        """Return an IterableDataset that gives what `read` gives; skip without PyTorch."""
        torch = pytest.importorskip("torch")

        class Set(torch.utils.data.IterableDataset):
            def __iter__(self):
                return read()

        return Set()


def again_and_again(images: int):
    """Return what reads the first images over and over."""

    def read():
        place = 0
        while True:
            yield X[place % images], int(Y[place % images])
            place += 1

    return read


@pytest.mark.parametrize("images", [1, 7, len(X)])
def test_torch_set_without_end(images) -> None:
    """A set without a length that begins again is refused, however long it is."""
    with pytest.raises(GivenError, match=r"must have an end, got one that begins again"):
        evaluate(x=Torch.iterable(again_and_again(images)), y=None)


def test_torch_set_that_ends() -> None:
    """A set without a length that ends is read as arrays are."""
    held = Torch.iterable(lambda: ((x, int(y)) for x, y in zip(X, Y, strict=True)))
    found, wanted = evaluate(x=held, y=None), evaluate()
    assert [each.evaluations for each in found] == [each.evaluations for each in wanted]


@needs_tensorflow
def test_generator_without_end() -> None:
    """A tf.data set of a generator does not know that it has no end."""
    import tensorflow as tf

    shapes = (tf.TensorSpec(X.shape[1:]), tf.TensorSpec((), tf.int32))
    held = tf.data.Dataset.from_generator(again_and_again(50), output_signature=shapes)
    with pytest.raises(GivenError, match=r"must have an end, got one that begins again"):
        evaluate(x=held.batch(10), y=None)


def test_torch_set_that_fails() -> None:
    """An error of the set itself is one line, which names it."""

    def read():
        yield X[0], int(Y[0])
        raise OSError("cannot read image 1")

    with pytest.raises(GivenError, match="could not give its images: OSError: cannot read") as no:
        evaluate(x=Torch.iterable(read), y=None)
    assert "\n" not in str(no.value)
