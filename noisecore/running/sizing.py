"""How many workers a machine has room for, and with how many threads."""

from __future__ import annotations

from noisecore.data import Dataset
from noisecore.memory import available_memory
from noisecore.running import compat, machine

# One thread per worker: a second thread makes a step 1.0 to 1.75 times as fast, depending on the
# machine, while a second worker does twice the work.
THREADS = 1


def needed_memory(dataset: Dataset) -> int:
    """Return about how many bytes a worker takes: TensorFlow's own, and the images as float32.

    Peaks measured on a CPU: 0.96 GB for 6,000 images of 28 x 28, 1.21 GB for 70,000.
    """
    images = dataset.x_train.size + dataset.x_test.size
    return int(0.85 * machine.GIB) + 6 * images


def usable_gpus() -> list[str]:
    """Return the GPUs that workers can be given, by their names in CUDA_VISIBLE_DEVICES."""
    return machine.available_gpus() if compat.can_use_gpus() else []


def auto_workers(trials: int, dataset: Dataset, gpus: int) -> int:
    """Return how many workers `auto` means for trials on a data set."""
    return available_workers(trials, needed_memory(dataset), gpus)


def available_workers(trials: int, memory: int, gpus: int) -> int:
    """Return how many workers `auto` means: one per GPU, or one per processor if memory allows.

    memory: bytes that a worker needs.
    """
    if gpus:
        return max(1, min(gpus, trials))
    room = available_memory()
    fit = trials if room is None else room // memory
    return max(1, min(machine.available_processors(), fit, trials))
