"""Corruptions are keyed, keep their images' shape and range, and are refused in one line."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from golden import picture
from zeros import STREAM

from noisecore.errors import RefusedError
from noisecore.noise import BLOCK, NoiseError, Stream, apply_noise
from noisecore.noise.corruptions import CORRUPTIONS, EXTRAS, SUITES, Corruption, corrupt
from noisecore.noise.corruptions.applied import TOGETHER
from noisecore.testing import check_noise

EVERY = [(suite, family) for suite, rows in SUITES.items() for family in rows]
# Each family once, in a suite that is made for small images.
SMALL = ("noisecore", "mnist-c", "cifar-10-c")
FAMILIES = {family: suite for suite in SMALL for family in SUITES[suite]}
each = pytest.mark.parametrize(("family", "suite"), FAMILIES.items())


@pytest.fixture(scope="module", autouse=True)
def photographs(tmp_path_factory) -> str:
    """Return a folder of photographs of ice, which are none."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("ice")
    for number in range(6):
        levels = np.add.outer(np.arange(900) // (5 + number), np.arange(2700) // 50 % 90)
        levels = levels.astype(np.uint8).reshape(900, 900, 3)
        Image.fromarray(levels).save(folder / f"ice{number}.png")
    return str(folder)


def waves(size, *shape) -> np.ndarray:
    """Return smooth images in [0, 1], no two alike."""
    axes = np.ix_(*[np.linspace(0, 3 + axis, side) for axis, side in enumerate(shape)])
    phases = np.arange(size).reshape(-1, *[1] * len(shape))
    return ((1 + np.sin(sum(axes) + phases)) / 2).astype(np.float32)


def made(family, suite, images, severity, folder, **rest) -> np.ndarray:
    """Return images under a corruption; frost gets its photographs."""
    return corrupt(images, family, severity, suite=suite, photographs=folder, **rest)


def most(family, suite) -> int:
    """Return the greatest severity of a family."""
    return len(SUITES[suite][family])


@each
def test_a_draw_is_keyed(family, suite, photographs) -> None:
    """A sample's corruption depends on its index and the stream: not on subset, order or batch."""
    images = waves(BLOCK + 40, 12, 12, 3)
    severity = most(family, suite)
    whole = made(family, suite, images, severity, photographs, stream=STREAM)
    some = np.random.default_rng(0).permutation(len(images))[:37]
    part = made(family, suite, images[some], severity, photographs, stream=STREAM, indices=some)
    np.testing.assert_array_equal(part, whole[some])
    for place in (0, BLOCK - 1, BLOCK + 39):
        alone = made(
            family, suite, images[[place]], severity, photographs, stream=STREAM, indices=[place]
        )
        np.testing.assert_array_equal(alone[0], whole[place])


@each
def test_as_a_noise_it_is_the_same(family, suite, photographs) -> None:
    """What `apply_noise` makes of a corruption is what `corrupt` makes, to the bit."""
    images = waves(BLOCK + 3, 8, 8, 3)
    noise = Corruption(suite, family, photographs)
    severity = most(family, suite)
    whole = made(family, suite, images, severity, photographs, stream=STREAM)
    np.testing.assert_array_equal(apply_noise(noise, images, severity, STREAM), whole)
    # Group by group one generator serves them all.
    rng = STREAM.generator(0)
    groups = [noise(images[:5], severity, rng=rng), noise(images[5:9], severity, rng=rng)]
    np.testing.assert_array_equal(np.concatenate(groups), whole[:9])


@each
@pytest.mark.parametrize("shape", [(8, 8), (28, 28, 1), (13, 21, 3), (32, 37)])
def test_a_corruption_keeps_shape_and_range(family, suite, shape, photographs) -> None:
    """Grey or colour, square or not: float32 in [0, 1] comes out, and what came in stays."""
    images = waves(3, *shape)
    before = images.copy()
    if CORRUPTIONS[family].colour and shape[-1] != 3:
        with pytest.raises(NoiseError, match="needs colour images"):
            made(family, suite, images, 1, photographs)
        return
    for severity in range(1, most(family, suite) + 1):
        for quantise in (False, True):
            noisy = made(family, suite, images, severity, photographs, quantise=quantise)
            assert (noisy.shape, noisy.dtype) == (images.shape, np.float32)
            assert noisy.min() >= 0
            assert noisy.max() <= 1
            if quantise:
                np.testing.assert_allclose(noisy * 255, np.rint(noisy * 255), atol=1e-4)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize(("suite", "family"), EVERY)
def test_every_row_of_every_suite(suite, family, photographs) -> None:
    """Each family of each suite has parameters that its function takes, at each severity."""
    images = waves(2, 64, 64, 3)
    for severity in range(1, most(family, suite) + 1):
        noisy = made(family, suite, images, severity, photographs)
        assert 1e-4 < np.abs(noisy - images).mean() < 0.9


@pytest.mark.parametrize("family", SUITES["tiny-imagenet-c"])
def test_64_pixels(family, photographs) -> None:
    """Of Tiny-ImageNet-C no figures are known: 0 is the identity, all differ, all are in [0, 1]."""
    images = picture(224)[np.newaxis, ::3, ::3][:, :64, :64]
    found = [made(family, "tiny-imagenet-c", images, at, photographs) for at in range(6)]
    np.testing.assert_array_equal(found[0], images)
    assert len({each.tobytes() for each in found}) == 6
    assert all(noisy.min() >= 0 and noisy.max() <= 1 for noisy in found)


@each
def test_large_images_and_flat_ones(family, suite, photographs) -> None:
    """Images of 224 pixels, black ones and white ones too, become finite and stay in [0, 1]."""
    images = np.stack([*waves(1, 224, 224, 3), np.zeros((224, 224, 3)), np.ones((224, 224, 3))])
    images = images.astype(np.float32)
    suite = "imagenet-c" if suite == "cifar-10-c" else suite
    noisy = made(family, suite, images, most(family, suite), photographs)
    assert np.isfinite(noisy).all()
    assert noisy.min() >= 0
    assert noisy.max() <= 1


@each
def test_severity_0_is_the_identity(family, suite, photographs) -> None:
    """At severity 0 the images come back, and every other severity changes them."""
    images = np.random.default_rng(0).random((8, 32, 32, 3), np.float32)
    same = made(family, suite, images, 0, photographs)
    np.testing.assert_array_equal(same, images)
    assert same is not images
    for severity in range(1, most(family, suite) + 1):
        assert (made(family, suite, images, severity, photographs) != images).any()


@each
def test_the_contract_of_a_noise(family, suite, photographs) -> None:
    """Each family keeps the contract of a noise, with what it declares of its severities."""
    noise = Corruption(suite, family, photographs)
    check_noise(noise, noise.severities, shape=(32, 32, 3), monotone=CORRUPTIONS[family].monotone)


@each
def test_memory_is_bounded(family, suite, photographs) -> None:
    """Beyond the result it is a small number of groups, however many images there are."""
    images = waves(40, 160, 160, 3)
    made(family, suite, images[:1], 1, photographs)
    tracemalloc.start()
    try:
        made(family, suite, images, 1, photographs)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - images.nbytes < 15 * TOGETHER


def test_one_draw_serves_every_severity() -> None:
    """What a severity replaces, a greater one replaces too; more photons are less noise."""
    images = waves(4, 16, 16, 3)
    for family in ("dead_pixels", "hot_pixels", "dropped_rows", "salt_and_pepper", "cutout"):
        less, more = (corrupt(images, family, s, suite="noisecore") for s in (2, 4))
        changed = less != images
        assert changed.any()
        np.testing.assert_array_equal(less[changed], more[changed])
    noisy = [corrupt(images, "gaussian_noise", s, suite="cifar-10-c") - images for s in (1, 5)]
    inside = (np.abs(images - 0.5) < 0.2) & (np.abs(noisy[1]) < 0.25)
    np.testing.assert_allclose(noisy[1][inside], noisy[0][inside] * 2.5, atol=1e-5)


def test_streams_differ() -> None:
    """Another draw, split or epoch is another corruption; no two images share theirs."""
    images = np.full((BLOCK + 2, 8, 8), 0.5, np.float32)
    streams = [Stream(0, "test"), Stream(1, "test"), Stream(0, "train"), Stream(0, "test", 0)]
    noise = [corrupt(images, "gaussian_noise", 1, suite="cifar-10-c", stream=s) for s in streams]
    rows = np.concatenate([each.reshape(len(images), -1) for each in noise])
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_the_table_and_the_suites_agree() -> None:
    """Each suite has its families, each family a declaration, each row as many severities."""
    sizes = {
        suite: (len(rows), {len(row) for row in rows.values()}) for suite, rows in SUITES.items()
    }
    assert sizes == {
        "mnist-c": (15, {1}),
        "cifar-10-c": (19, {5}),
        "imagenet-c": (19, {5}),
        "tiny-imagenet-c": (19, {5}),
        "noisecore": (9, {5}),
    }
    assert {family for _, family in EVERY} == set(CORRUPTIONS)
    assert set(EXTRAS) < set(SUITES["imagenet-c"])
    assert {family.kind for family in CORRUPTIONS.values()} == {
        "additive", "blur", "weather", "frost", "photometric", "digital", "geometric", "marks",
        "occlusion",
    }  # fmt: skip
    unordered = {name for name, family in CORRUPTIONS.items() if not family.monotone}
    published = {"elastic_transform", "frost", "glass_blur", "motion_blur", "saturate", "spatter"}
    assert unordered - {"invert"} == published


GREY = np.zeros((2, 8, 8), np.float32)


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"suite": "cifar-10"}, "unknown suite 'cifar-10': .*; did you mean 'cifar-10-c'?"),
        ({"family": "frog"}, "unknown family of cifar-10-c 'frog': .*; did you mean 'f"),
        ({"severity": 2.5}, "severity of cifar-10-c/fog must be one of 0, 1, 2, 3, 4, 5, got 2.5"),
        ({"severity": "2"}, "must be one of 0, 1, 2, 3, 4, 5, got '2'"),
        ({"severity": True}, "must be one of .*, got True"),
        ({"severity": 2, "suite": "mnist-c"}, "severity of mnist-c/fog must be one of 0, 1, got 2"),
        ({"images": GREY[:, :7]}, "images of 8 x 8 pixels or more, got 7 x 8"),
        ({"images": GREY + 2}, r"pixels in \[0, 1\], got 2 to 2: "),
        ({"images": GREY * np.nan}, r"pixels in \[0, 1\], got nan to nan"),
        ({"images": np.zeros((2, 8, 8, 2), np.float32)}, "or colour ones .*, channels last, got"),
        ({"images": [1, 2]}, "images must be a float32 array"),
        ({"images": GREY.astype(np.uint8)}, "images must be a float32 array"),
        ({"indices": [1]}, "indices must be one whole number >= 0 for each of the 2 images"),
        ({"stream": -1}, "stream must be a whole number"),
        ({"family": "frost"}, "frost needs photographs of ice"),
        ({"family": "frost", "photographs": 3}, "photographs must be a folder, got 3"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, refusal) -> None:
    """A mistake gets one line that names what was expected and what was given."""
    given = {"images": GREY, "family": "fog", "severity": 1, "suite": "cifar-10-c", **arguments}
    with pytest.raises(NoiseError, match=refusal) as refused:
        corrupt(given.pop("images"), **given)
    assert "\n" not in str(refused.value)


def test_frost_refuses_photographs_that_do_not_fit(tmp_path, photographs) -> None:
    """A folder without photographs, or with ones smaller than the images, is refused in a line."""
    with pytest.raises(RefusedError, match="absent: No such file or directory"):
        corrupt(GREY, "frost", 1, suite="cifar-10-c", photographs=tmp_path / "absent")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "ice.png").write_bytes(b"no picture")
    with pytest.raises(RefusedError, match="cannot identify image file"):
        corrupt(GREY, "frost", 1, suite="cifar-10-c", photographs=tmp_path / "odd")
    with pytest.raises(NoiseError, match="no photograph"):
        corrupt(GREY, "frost", 1, suite="cifar-10-c", photographs=tmp_path)
    large = np.zeros((1, 200, 200), np.float32)
    with pytest.raises(NoiseError, match="photographs larger than the images of 200 x 200"):
        corrupt(large, "frost", 1, suite="cifar-10-c", photographs=photographs)


def test_another_generator_is_refused() -> None:
    """A generator in which an image cannot have a stretch of its own is refused."""
    rng = np.random.Generator(np.random.MT19937(0))
    with pytest.raises(NoiseError, match="draws from a PCG64 generator, got MT19937"):
        Corruption("cifar-10-c", "fog")(GREY, 1, rng=rng)
