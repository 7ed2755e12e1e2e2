"""A model that is given is tested on some of the images: with their noise, from any source."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from bands import X, Y, evaluate, sharp

from noisecore import evaluate as curve_of
from noisecore import evaluate_outputs, judge_no_regression
from noisecore.data import DatasetError, choose
from noisecore.errors import ArgumentTypeError
from noisecore.records import Record, TrialRecord
from noisecore.running.evaluation import GivenError
from noisecore.running.evaluation.reading import read_groups

SOME = 90
PLACES = choose(Y, SOME).places


class Batches:
    """A set of batches, as those of tf.data: gives what `passes` says, one after the other."""

    def __init__(self, *passes) -> None:
        self.passes = list(passes)
        self.given = 0

    def as_numpy_iterator(self):
        """Return the batches of the next pass, of the last one from then on."""
        x, y = self.passes.pop(0) if len(self.passes) > 1 else self.passes[0]
        for first in range(0, len(x), 37):
            self.given += 1
            yield x[first : first + 37], y[first : first + 37]


def blurred(images, scale, *, rng):
    """Add noise in a way of one's own."""
    return images + np.float32(scale) * rng.random(images.shape, dtype=np.float32)


@pytest.mark.parametrize(
    ("noise", "scales"), [("gaussian", [0.5, 2]), ("mnist-c/fog", [1]), (blurred, [0.5])]
)
@pytest.mark.parametrize("size", [7, 500])
def test_same_answers(noise, scales, size) -> None:
    """An image has the answers that it has in the whole set: its noise is that of its place."""
    how = {"noise": noise, "scales": scales, "draws": 2, "least_clean": 0}
    whole = evaluate(**how)
    some = evaluate(**how, images=SOME, batch_size=size)
    for one, all_ in zip(some, whole, strict=True):
        assert one.trial.subset == (SOME, len(X))
        for mine, theirs in zip(one.evaluations, all_.evaluations, strict=True):
            assert mine.images == SOME
            assert mine.right.tolist() == theirs.right[PLACES].tolist()


def test_whole_set() -> None:
    """As many images as there are, or more: the very records of the whole set, and their keys."""
    whole = [each.numbers() for each in evaluate()]
    for images in (len(X), len(X) + 1):
        assert [each.numbers() for each in evaluate(images=images)] == whole
    assert "subset" not in whole[0]["trial"]
    assert evaluate(images=SOME)[0].key != evaluate()[0].key


@pytest.mark.parametrize("how", ["lists", "set", "file", "channels first"])
def test_sources(how, tmp_path) -> None:
    """The same images are tested, whatever they come from."""
    wanted = evaluate(images=SOME)
    if how == "file":
        np.savez(tmp_path / "own.npz", x_test=X, y_test=Y)
        found = evaluate(x=str(tmp_path / "own.npz"), y=None, images=SOME)
    elif how == "set":
        found = evaluate(x=Batches((X, Y)), y=None, images=SOME)
    elif how == "lists":
        found = evaluate(x=X, y=Y.tolist(), images=SOME)
    else:
        images = np.moveaxis(X, -1, 1)
        found = evaluate(
            lambda x: sharp(np.moveaxis(x, 1, -1)), images, channels="first", images=SOME
        )
    assert [each.evaluations for each in found] == [each.evaluations for each in wanted]
    assert found[0].trial.dataset_sha256 == wanted[0].trial.dataset_sha256


def test_torch() -> None:
    """A tensor, a Dataset and a DataLoader of PyTorch give the same, too."""
    torch = pytest.importorskip("torch")
    x, y = torch.from_numpy(np.moveaxis(X, -1, 1).copy()), torch.from_numpy(Y)
    held = torch.utils.data.TensorDataset(x, y)
    wanted = evaluate(images=SOME)
    for given, labels in (
        (x, y),
        (held, None),
        (torch.utils.data.DataLoader(held, batch_size=41), None),
    ):
        found = evaluate(
            lambda x: sharp(np.moveaxis(x, 1, -1)), given, labels, channels="first", images=SOME
        )
        assert [each.evaluations for each in found] == [each.evaluations for each in wanted]


def test_tensorflow() -> None:
    """So does a set of tf.data."""
    tf = sys.modules.get("tensorflow") or pytest.importorskip("tensorflow")
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(50)
    found, wanted = evaluate(x=data, y=None, images=SOME), evaluate(images=SOME)
    assert [each.evaluations for each in found] == [each.evaluations for each in wanted]


def test_memory(monkeypatch) -> None:
    """No more images are held than a group: a set is read twice, and never as a whole."""
    held = []

    def groups(x, y, layout, sizes, images):
        chosen, found = read_groups(x, y, layout, sizes, images)
        return chosen, (held.append(len(each[0])) or each for each in found)

    monkeypatch.setattr("noisecore.running.evaluation.read_groups", groups)
    given = Batches((X, Y))
    evaluate(x=given, y=None, images=SOME, batch_size=20)
    assert max(held) == 20
    assert sum(held) == SOME
    assert given.given <= 3 * 9  # its labels, its order, its images


@pytest.mark.parametrize(
    ("passes", "said"),
    [
        ([(X, Y), (X, Y), (X, (Y + 1) % 3)], "the labels have changed"),
        ([(X, Y), (X[:0], Y[:0])], "was it read before"),
        ([(X, Y), (X, Y), (X[:50], Y[:50])], "it ended after 50 images"),
    ],
)
def test_read_once(passes, said) -> None:
    """A set that is not the same when it is read again is refused, in one line."""
    with pytest.raises(
        GivenError, match=r"images= reads a data set twice, .* give arrays"
    ) as error:
        evaluate(x=Batches(*passes), y=None, images=SOME)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("images", [0, -1, 2.5, True, "many"])
def test_no_number(images) -> None:
    """What is no number of images is refused in one line."""
    with pytest.raises(GivenError, match="images must be a whole number >= 1, got"):
        evaluate(images=images)


def test_too_few() -> None:
    """So few that a class has none are refused in one line."""
    with pytest.raises(DatasetError, match="2 of 300 test images would have none of class"):
        evaluate(images=2)


def test_outputs() -> None:
    """Outputs that were made before have no images to choose: a number there is refused."""
    with pytest.raises(ArgumentTypeError, match="unknown argument 'images'"):
        evaluate_outputs({0: sharp(X), 1: sharp(X)}, Y, images=10)


def test_records() -> None:
    """A record of some images is read again as it was; one that denies its number is refused."""
    records = evaluate(images=SOME)
    for each in records:
        assert TrialRecord.from_dict(each.to_dict()) == each
    held = Record.of(records)
    assert Record.from_dict(held.to_dict()) == held
    assert {tuple(cell["subset"]) for cell in held.to_dict()["cells"]} == {(SOME, len(X))}
    plain = records[0].to_dict() | {"schema": 1}  # the first schema has no checksum
    plain["trial"]["subset"] = [SOME + 1, len(X)]
    with pytest.raises(ValueError, match=r"a test on 91 of 300 images must .* got 90"):
        TrialRecord.from_dict(plain)


def test_curve() -> None:
    """A curve says how many of how many images it is on, and an error that fits these."""
    how = {"scales": [0.5, 2], "name": "mine"}
    some, whole = curve_of(sharp, X, Y, images=SOME, **how), curve_of(sharp, X, Y, **how)
    assert str(some).startswith("mine/gaussian on 90 of 300 test images\n")
    assert str(some.at(2)).startswith("mine/gaussian on 90 of 300 test images\n")
    assert str(whole).startswith("mine/gaussian on 300 test images\n")
    assert some.labels.tolist() == Y[PLACES].tolist()
    assert np.diff([some.interval.low[-1], some.interval.high[-1]]) > np.diff(
        [whole.interval.low[-1], whole.interval.high[-1]]
    )
    assert judge_no_regression(some, some).sentence.endswith("(on 90 of 300 test images)")
    assert "test images" not in judge_no_regression(whole, whole).sentence
