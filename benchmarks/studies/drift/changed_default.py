"""One of tox's environments with another default of Keras, for the drift gate to catch.

    python benchmarks/studies/drift/changed_default.py .tox/py311-tf221 FOLDER [--epsilon 1e-3]

Runs the quick profile with 5 seeds, as tox does, with a copy of the environment's own Keras in
which the epsilon of Adam is no longer 1e-7; FOLDER gets the artifacts. No version tells of it.

    python -m noisecore drift noisecore-results/tox/py311-tf221 FOLDER --reference py311-tf221
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
OPTIMIZER = "src/optimizers/adam.py"
DEFAULT = "epsilon=1e-7"


def main() -> None:
    """Change the default in a copy of Keras, and run the quick profile with it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("environment", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--epsilon", type=float, default=1e-3)
    chosen = parser.parse_args()
    (keras,) = chosen.environment.glob("lib/python*/site-packages/keras")
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "keras"
        shutil.copytree(keras, copy, ignore=shutil.ignore_patterns("__pycache__"))
        source = (copy / OPTIMIZER).read_text()
        if source.count(DEFAULT) != 1:
            sys.exit(f"{OPTIMIZER}: expected {DEFAULT} once, got {source.count(DEFAULT)} times")
        changed = source.replace(DEFAULT, f"epsilon={chosen.epsilon}")
        (copy / OPTIMIZER).write_text(changed)
        command = [
            chosen.environment.absolute() / "bin/python", "-P", "-m", "pytest", "benchmarks",
            "--import-mode=importlib", "--scales", "--noise-seeds=5",
            f"--noise-artifacts={chosen.folder.absolute()}",
        ]  # fmt: skip
        environment = os.environ | {"PYTHONPATH": temporary}
        sys.exit(subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
