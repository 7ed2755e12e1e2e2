"""Trials in this process, which may be a notebook's that has imported TensorFlow already."""

from __future__ import annotations

import os
import sys

from noisecore.running import compat


def settle_late(threads: int) -> None:
    """Give this process the thread settings of a worker, even if TensorFlow is imported already.

    `compat.settle` sets them in the environment, which TensorFlow reads while it loads. Until it is
    used they can still be set by its own functions, with the same numbers; raises `TensorFlowError`
    after that.
    """
    wanted = {name: value for name, value in compat.settings(threads).items() if "THREADS" in name}
    tf = sys.modules.get("tensorflow")
    if tf is not None and any(os.environ.get(name) != value for name, value in wanted.items()):
        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError:
            raise compat.TensorFlowError(
                "TensorFlow was used in this process before, with other thread settings, so its "
                "numbers could differ from those of a worker: let a worker train (workers=1), or "
                "restart this process and train first"
            ) from None
        os.environ.update(wanted)  # `compat.settle` checks what TensorFlow was started with
    compat.settle(threads)
