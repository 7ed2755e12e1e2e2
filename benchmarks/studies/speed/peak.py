"""The rate of a plain matrix product, the roof over every training step, in FLOP/s.

    python benchmarks/studies/speed/peak.py float32|bfloat16 [THREADS]

TensorFlow's own product of two 4096 x 4096 matrices: the best of ten.
"""

import os
import sys
import time

SIZE = 4096
THREADS = sys.argv[2] if len(sys.argv) > 2 else "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ |= {"TF_NUM_INTRAOP_THREADS": THREADS, "TF_NUM_INTEROP_THREADS": THREADS}

import tensorflow as tf  # noqa: E402

left = tf.cast(tf.random.normal((SIZE, SIZE)), sys.argv[1])
product = tf.function(lambda: tf.matmul(left, left))
product().numpy()
best = float("inf")
for _ in range(10):
    start = time.perf_counter()
    product().numpy()
    best = min(best, time.perf_counter() - start)
print(2 * SIZE**3 / best)
