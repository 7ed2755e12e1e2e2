"""What is fast is what was defined: each corruption against its definition, written plainly."""

from __future__ import annotations

import colorsys
import math

import numpy as np
import pytest
from golden import picture
from PIL import Image
from scipy import ndimage, stats

from noisecore.noise.corruptions import SUITES, corrupt
from noisecore.noise.corruptions.additive import impulse_noise, shot_noise
from noisecore.noise.corruptions.blur import _disc, _walked, along
from noisecore.noise.corruptions.digital import _smooth_fields
from noisecore.noise.corruptions.resampling import between, correlated, enlarged
from noisecore.noise.corruptions.weather import _clouds, _distances

RNG = np.random.default_rng(0)
PICTURE = picture(32)[np.newaxis]


@pytest.mark.parametrize("count", [3, 60, 500])
def test_shot_noise_is_the_quantile_of_a_poisson_number(count) -> None:
    """One number drawn for each pixel serves every count, by SciPy's own quantiles."""
    images = RNG.integers(0, 256, (4, 20, 20, 3)).astype(np.float32) / np.float32(255)
    draws = RNG.random((4, 20 * 20 * 3), np.float32)
    expected = stats.poisson.ppf(draws.reshape(images.shape).astype(np.float64), count * images)
    found = shot_noise(images, draws, count) * count
    assert np.mean(np.abs(found - np.maximum(expected, 0)) > 1e-3) < 0.002
    draws[:] = np.float32(1) - np.float32(2**-24)
    assert np.isfinite(shot_noise(images, draws, count)).all()


def test_impulse_noise_replaces_its_share_of_the_values() -> None:
    """Half of them become 0 and half 1, each channel for itself."""
    images = np.full((50, 20, 20, 3), 0.5, np.float32)
    noisy = impulse_noise(images, RNG.random((50, 1200), np.float32), 0.2)
    for value in (0, 1):
        assert stats.binomtest(int((noisy == value).sum()), noisy.size, 0.1).pvalue > 0.001
    changed = noisy != 0.5
    assert np.mean(changed.any(axis=-1)) == pytest.approx(1 - 0.8**3, abs=0.02)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("reach", "rounds"), [(1, 2), (2, 3), (4, 2)])
@pytest.mark.parametrize("half", [False, True])
def test_the_walk_of_glass_is_pixel_after_pixel(channels, reach, rounds, half) -> None:
    """All pixels of a step at once give what one after the other gives: a swap, or a copy."""
    high, wide, size, side = 17, 14, 3, 2 * reach
    draws = RNG.random((size, rounds * high * wide), np.float32)
    sources = _walked(draws, high, wide, reach, rounds, swap=channels == 1, half=half)
    for drawn, found in zip(draws.reshape(size, rounds, high, wide), sources.T, strict=True):
        image = np.arange(high * wide).reshape(high, wide)
        for walk in drawn:
            for row in range(high - reach, reach, -1):
                for column in range(wide - reach, reach, -1):
                    code = int(walk[row, column] * np.float32(side * side * (1 + half)))
                    if code >= side * side:
                        continue
                    other = (row + code // side - reach, column + code % side - reach)
                    here = image[row, column]
                    image[row, column] = image[other]
                    if channels == 1:
                        image[other] = here
        np.testing.assert_array_equal(found.reshape(high, wide), image)


def test_motion_blur_is_a_sum_along_a_line() -> None:
    """Its weights start at the pixel; beyond the edge are the edge's pixels."""
    angles = np.deg2rad([-45.0, 10.0, 130.0])
    images = RNG.random((3, 9, 11, 3), np.float32)
    found = along(images, angles, 6, 2)
    weights = np.exp(-(np.arange(13.0) ** 2) / 8)
    expected = np.zeros(images.shape)
    for image, angle, result in zip(images, angles, expected, strict=True):
        for step, weight in enumerate(weights / weights.sum()):
            right, down = (math.ceil(step * f(angle) - 0.5) for f in (math.cos, math.sin))
            rows = np.clip(np.arange(9) + down, 0, 8)
            columns = np.clip(np.arange(11) + right, 0, 10)
            result += weight * image[np.ix_(rows, columns)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("factor", [1, 1.06, 1.3, 2.25, 4.5])
def test_an_enlarged_image_is_that_of_scipy(factor) -> None:
    """Its middle, enlarged by SciPy's linear zoom, and cut to its size."""
    image = RNG.random((30, 41, 1), np.float32)
    size = np.array(image.shape[:2])
    part = np.ceil(size / factor).astype(int)
    top, left = (size - part) // 2
    middle = image[top : top + part[0], left : left + part[1], 0]
    grown = ndimage.zoom(middle, factor, order=1)
    top, left = (grown.shape - size) // 2
    expected = grown[top : top + 30, left : left + 41]
    np.testing.assert_allclose(enlarged(image[np.newaxis], factor)[0, ..., 0], expected, atol=1e-5)


@pytest.mark.parametrize(("radius", "soft"), [(0.3, 0.4), (1.5, 0.1), (3, 0.1), (10, 0.5)])
def test_defocus_is_a_correlation_with_a_disc(radius, soft) -> None:
    """By sums or by Fourier transform it is SciPy's, mirrored at the edge."""
    kernel = _disc(radius, soft)
    assert len(kernel) >= 2 * int(radius) + 1
    found = correlated(PICTURE, kernel)
    for channel in range(3):
        expected = ndimage.correlate(PICTURE[0, ..., channel], kernel, mode="mirror")
        np.testing.assert_allclose(found[0, ..., channel], expected, atol=1e-5)


def test_clouds_are_made_by_halving() -> None:
    """Each middle is the mean of its neighbours and a part drawn, on a map that has no border."""
    side, decay = 16, 1.7
    draws = RNG.random((2, side * side - 1), np.float32)
    for drawn, found in zip(draws, _clouds(draws, side, decay, side, side), strict=True):
        cloud, step, wobble, numbers = np.zeros((side, side)), side, 100.0, iter(drawn)

        def mean(row, column, offsets, cloud=cloud):
            return np.mean([cloud[(row + y) % side, (column + x) % side] for y, x in offsets])

        while step >= 2:
            half = step // 2
            across = [(-half, -half), (-half, half), (half, -half), (half, half)]
            cross = [(-half, 0), (half, 0), (0, -half), (0, half)]
            for down, right, offsets in ((half, half, across), (0, half, cross), (half, 0, cross)):
                for row in range(down, side, step):
                    for column in range(right, side, step):
                        part = wobble**2 * (2 * float(next(numbers)) - 1)
                        cloud[row, column] = mean(row, column, offsets) + part
            step, wobble = half, wobble / decay
        cloud = (cloud - cloud.min()) / np.ptp(cloud)
        np.testing.assert_allclose(found, cloud, atol=1e-5)


@pytest.mark.parametrize("family", ["brightness", "saturate"])
def test_colours_change_as_in_hsv(family) -> None:
    """Value or saturation is changed as Python's own HSV has them, of grey and black pixels too."""
    grey = np.repeat(np.linspace(0, 1, 8, dtype=np.float32), 24).reshape(1, 8, 8, 3)
    images = np.concatenate([grey, RNG.random((1, 8, 8, 3), np.float32)])
    for severity, parameters in enumerate(SUITES["imagenet-c"][family], 1):
        found = corrupt(images, family, severity, suite="imagenet-c").reshape(-1, 3)
        for pixel, result in zip(images.reshape(-1, 3).astype(float), found, strict=True):
            hue, saturation, value = colorsys.rgb_to_hsv(*pixel)
            if family == "brightness":
                value = min(value + parameters[0], 1)
            else:
                saturation = min(saturation * parameters[0] + parameters[1], 1)
            expected = colorsys.hsv_to_rgb(hue, saturation, value)
            np.testing.assert_allclose(result, expected, atol=1e-5)


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_pixelate_is_pillows_box(severity) -> None:
    """Means over whole pixels, and the nearest of them: Pillow's own box, to a grey level."""
    levels = RNG.integers(0, 256, (1, 32, 45, 3), np.uint8)
    (share,) = SUITES["cifar-10-c"]["pixelate"][severity - 1]
    image = Image.fromarray(levels[0])
    small = image.resize((int(45 * share), int(32 * share)), Image.Resampling.BOX)
    expected = np.asarray(small.resize((45, 32), Image.Resampling.BOX))
    found = corrupt(levels / np.float32(255), "pixelate", severity, suite="cifar-10-c")
    assert np.abs(found[0] * 255 - expected).max() < 1.1


@pytest.mark.parametrize("width", [0.96, 6.4, 40])
def test_smooth_fields_are_those_of_a_gaussian_filter(width) -> None:
    """The cosine transform gives what SciPy's filter gives, cut at 3 widths and reflected."""
    fields = RNG.random((2, 2, 30, 21), np.float32)
    expected = ndimage.gaussian_filter(fields, (0, 0, width, width), mode="reflect", truncate=3)
    np.testing.assert_allclose(_smooth_fields(fields, width), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("border", "mode"),
    [
        ("zero", "grid-constant"),
        ("nearest", "nearest"),
        ("mirror", "mirror"),
        ("reflect", "reflect"),
    ],
)
def test_places_between_pixels_are_those_of_scipy(border, mode) -> None:
    """Bilinear inside, and beyond the edge as SciPy has it, however far."""
    images = RNG.random((2, 9, 12, 1), np.float32)
    places = RNG.uniform(-30, 40, (2, 2, 15, 16)).astype(np.float32)
    found = between(images, places[:, 0], places[:, 1], border)
    for image, place, result in zip(images, places, found, strict=True):
        expected = ndimage.map_coordinates(image[..., 0], place, order=1, mode=mode)
        np.testing.assert_allclose(result[..., 0], expected, atol=1e-4)


def test_edges_are_those_of_scikit_image() -> None:
    """The edges of a picture are those that scikit-image's `canny` finds."""
    feature = pytest.importorskip("skimage.feature")
    grey = PICTURE.mean(axis=-1, keepdims=True)
    found = corrupt(grey, "canny_edges", 1, suite="mnist-c")[0, ..., 0]
    expected = feature.canny(grey[0, ..., 0], low_threshold=0.1, high_threshold=0.2)
    assert np.mean(found != expected) < 0.005


@pytest.mark.parametrize("wide", [8, 20, 60])
def test_distances_are_euclidean(wide) -> None:
    """Of each image alone, to its own edges, cut off where said; also of one without any."""
    edges = np.random.default_rng(wide).random((4, 70, wide)) < 0.003
    edges[0] = False
    found = _distances(edges, 20)
    for here, each in zip(found[1:], edges[1:], strict=True):
        plain = ndimage.distance_transform_edt(~each) if each.any() else np.inf
        np.testing.assert_array_equal(here, np.minimum(plain, 20).astype(np.float32))
    assert (found[0] == 20).all()
