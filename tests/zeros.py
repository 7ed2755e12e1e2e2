"""Images of zeros: what is laid over them is the noise itself."""

import numpy as np

from noisecore.noise import BLOCK, Stream

STREAM = Stream(0, "train")
SAMPLES = 3 * BLOCK + 17


def zeros(samples: int, side: int = 2) -> np.ndarray:
    """Return square images of zeros: what is laid over them is the noise itself."""
    return np.zeros((samples, side, side, 1), np.float32)


def flat(noise: np.ndarray) -> np.ndarray:
    """Return noise as (samples, pixels), in double precision."""
    return noise.reshape(len(noise), -1).astype(np.float64)


def assert_uncorrelated(rows: np.ndarray) -> None:
    """Assert that rows of independent normals look so: each pair within 5 standard errors."""
    between = np.corrcoef(rows)[np.triu_indices(len(rows), 1)]
    assert np.abs(between).max() < 5 / np.sqrt(rows.shape[1])
