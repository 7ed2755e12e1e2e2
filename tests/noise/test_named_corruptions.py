"""Corruptions by name: how they are written, what is refused, their keys and what is claimed."""

from __future__ import annotations

import functools
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from noisecore.callables import named, source_sha256
from noisecore.noise import (
    BLOCK,
    FAMILIES,
    Draw,
    NoiseError,
    Stream,
    apply_noise,
    check_scales,
    claims_fall,
    get_noise,
    keyed,
)
from noisecore.noise.corruptions import Corruption, applied, corrupt, hashes, suites
from noisecore.testing import check_noise


def random_images(*shape) -> np.ndarray:
    """Return images in [0, 1]."""
    return np.random.default_rng(0).random(shape, dtype=np.float32)


@pytest.mark.parametrize(
    ("name", "suite", "family", "quantise"),
    [
        ("cifar-10-c/fog", "cifar-10-c", "fog", False),
        ("imagenet-c/fog/uint8", "imagenet-c", "fog", True),
        ("gamma", "noisecore", "gamma", False),
        ("noisecore/gamma", "noisecore", "gamma", False),
        ("noisecore/salt_and_pepper", "noisecore", "salt_and_pepper", False),
    ],
)
def test_a_name_is_a_corruption(name, suite, family, quantise) -> None:
    """SUITE/FAMILY is that family, and a family of noisecore's own needs no suite."""
    noise = get_noise(name)
    assert keyed(noise) == Corruption(suite, family, quantise=quantise)
    assert noise.__name__ == name
    images = random_images(5, 9, 9, 3)
    wanted = corrupt(images, family, 2, suite=suite, quantise=quantise)
    np.testing.assert_array_equal(apply_noise(name, images, 2), wanted)


def test_shipped_noises_keep_their_names() -> None:
    """The plain name of one of the four shipped noises is still that noise."""
    for name in ("gaussian", "uniform", "salt_and_pepper", "gaussian_blur"):
        assert keyed(get_noise(name)) is None
        assert claims_fall(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fog", "unknown noise 'fog': expected one of mnist-c/fog, cifar-10-c/fog, imagenet-c/fog"),
        ("fogg", "unknown noise 'fogg'.*`noisecore noises` lists them"),
        ("cifar-10/fog", "unknown suite 'cifar-10'.*did you mean 'cifar-10-c'"),
        ("cifar-10-c/fogg", "unknown family of cifar-10-c 'fogg'.*did you mean 'fog'"),
        ("cifar-10-c/fog/8", "SUITE/FAMILY/uint8, got 'cifar-10-c/fog/8'"),
        ("cifar-10-c/frost", "frost needs photographs of ice.*Corruption\\('cifar-10-c', 'frost'"),
    ],
)
def test_other_names_are_refused(name, said) -> None:
    """A name that is none gets one line: what is known, or what is missing."""
    with pytest.raises(NoiseError, match=said) as error:
        get_noise(name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("name", "scale"), [("mnist-c/fog", 2), ("gamma", 0.5), ("gamma", 6)])
def test_scales_are_severities(name, scale) -> None:
    """A scale that is no severity of the suite is refused before anything is drawn."""
    check_scales(get_noise(name), [0, 1])
    with pytest.raises(NoiseError, match=f"{re.escape(name)} must be one of 0, 1.*, got {scale}"):
        check_scales(get_noise(name), [1, scale])


def gamma(images, scale, *, rng) -> np.ndarray:
    """Make nothing darker."""
    return images + np.float32(scale)


def test_a_noise_of_ones_own_comes_first() -> None:
    """A function that is called as one of noisecore's corruptions is the user's own."""
    with FAMILIES.lend(gamma) as name:
        assert get_noise(name) is gamma
        assert claims_fall(name)
    assert get_noise("gamma") is not gamma


def test_an_object_is_what_its_name_says(tmp_path) -> None:
    """A corruption that a name says in full is not the user's own; frost's photographs are."""
    for noise in (Corruption("mnist-c", "fog"), get_noise("gamma")):
        assert FAMILIES.home(FAMILIES.add(noise)) is None
    (tmp_path / "ice.png").write_bytes(b"its bytes")
    with FAMILIES.lend(Corruption("cifar-10-c", "frost", tmp_path)) as name:
        assert name == "cifar-10-c/frost"
        assert FAMILIES.home(name) is not None
        assert not claims_fall(name)


class TestKeys:
    """Only the images that are asked for are made."""

    @pytest.mark.parametrize("give", [Corruption, lambda *of: named(Corruption(*of), name="mist")])
    def test_a_subset_is_made_alone(self, give, monkeypatch) -> None:
        """Three images of three blocks are what they are in the whole, and no others are made."""
        images, places = random_images(2 * BLOCK + 9, 8, 8, 3), np.array([2 * BLOCK + 3, 0, 300])
        noise = give("cifar-10-c", "fog")
        whole = corrupt(images, "fog", 5, suite="cifar-10-c", stream=7)
        made = []
        original = applied.Rows.drawn
        monkeypatch.setattr(
            applied.Rows,
            "drawn",
            lambda self, keys, *rest: made.extend(keys) or original(self, keys, *rest),
        )
        part = apply_noise(noise, images[places], 5, 7, indices=places)
        np.testing.assert_array_equal(part, whole[places])
        assert len(made) == len(places)
        np.testing.assert_array_equal(
            apply_noise(noise, images, 5, 7, clip=(0.2, 0.5)), whole.clip(0.2, 0.5)
        )

    def test_group_by_group(self) -> None:
        """A draw in small groups gives what the whole gives, and each group is made alone."""
        images = random_images(BLOCK + 20, 8, 8, 1)
        draw, parts = Draw(get_noise("mnist-c/zigzag"), Stream(3, "test")), []
        for first in range(0, len(images), 50):
            parts.append(draw.noisy(images[first : first + 50], 1))
            draw.advance(len(parts[-1]))
        np.testing.assert_array_equal(
            np.concatenate(parts), corrupt(images, "zigzag", 1, suite="mnist-c", stream=3)
        )


class TestSource:
    """A changed corruption is another noise."""

    @pytest.fixture
    def code(self, tmp_path, monkeypatch) -> Path:
        """Return a folder with the code of the corruptions, which is what is hashed."""
        folder = tmp_path / "corruptions"
        shutil.copytree(Path(hashes.__file__).parent, folder)
        monkeypatch.setattr(hashes, "_FOLDER", folder)
        return folder

    @staticmethod
    def sources() -> dict[str, str]:
        """Return the hashes of some corruptions, read anew."""
        hashes._modules_sha256.cache_clear()
        hashes._applied_sha256.cache_clear()
        names = ("cifar-10-c/fog", "imagenet-c/fog", "mnist-c/spatter", "gamma")
        return {name: source_sha256(get_noise(name)) for name in names}

    def test_names_of_one_corruption_have_one_hash(self) -> None:
        """The two spellings of a corruption, and the object, are the same noise."""
        assert len({*self.sources().values()}) == 4
        assert FAMILIES.source("noisecore/gamma") == FAMILIES.source("gamma")
        assert FAMILIES.source("gamma") == source_sha256(Corruption("noisecore", "gamma"))

    def test_changed_code(self, code) -> None:
        """The code of a family is part of it, that of another kind and comments are not."""
        before = self.sources()
        file = code / "weather.py"
        file.write_text(file.read_text() + "\n# a comment\n")
        assert self.sources() == before
        file.write_text(file.read_text() + "\nother = 1\n")
        changed = {name for name, source in self.sources().items() if source != before[name]}
        assert changed == {"cifar-10-c/fog", "imagenet-c/fog", "mnist-c/spatter"}

    @pytest.mark.parametrize(
        ("file", "old", "new"),
        [
            ("draws.py", "_JUMP = 0x9", "_JUMP = 0x8"),
            ("applied.py", "np.clip(made, 0, 1", "np.clip(made, 0, 2"),
        ],
    )
    def test_changed_application(self, code, file, old, new) -> None:
        """How all of them are drawn and applied is part of each."""
        before = self.sources()
        text = (code / file).read_text()
        assert old in text
        (code / file).write_text(text.replace(old, new))
        after = self.sources()
        assert all(after[name] != before[name] for name in before)

    def test_changed_parameters(self, monkeypatch) -> None:
        """The parameters of a suite are part of its families alone."""
        before = self.sources()
        monkeypatch.setitem(suites.SUITES["cifar-10-c"], "fog", ((9, 9, 32),) * 5)
        changed = {name for name, source in self.sources().items() if source != before[name]}
        assert changed == {"cifar-10-c/fog"}

    def test_wrapped(self, monkeypatch) -> None:
        """A changed corruption is another noise inside a partial, too."""
        noise = functools.partial(Corruption("cifar-10-c", "fog"))
        before = source_sha256(noise)
        monkeypatch.setitem(suites.SUITES["cifar-10-c"], "fog", ((9, 9, 32),) * 5)
        assert source_sha256(noise) != before


class TestClaims:
    """What is claimed of a corruption comes from its declaration."""

    def test_no_claim(self) -> None:
        """Some severities are not in order, in every suite; a name that is unknown may claim."""
        assert not claims_fall("cifar-10-c/elastic_transform")
        assert not claims_fall("imagenet-c/frost/uint8")
        assert not claims_fall("invert")
        for name in ("cifar-10-c/fog", "gamma", "mine", "mine/elastic_transform", ""):
            assert claims_fall(name)

    def test_check_noise_takes_it(self) -> None:
        """`check_noise` asks only those for an order that declare one."""
        elastic = get_noise("cifar-10-c/elastic_transform")
        check_noise(elastic, [1, 2, 3, 4, 5], shape=(32, 32, 3))
        with pytest.raises(AssertionError, match="must grow with the scale"):
            check_noise(elastic, [1, 2, 3, 4, 5], shape=(32, 32, 3), monotone=True)
        check_noise(get_noise("cifar-10-c/fog"), [1, 2, 3], shape=(32, 32, 3))
