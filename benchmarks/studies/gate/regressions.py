"""Real regressions, put into a copy of noisecore, and what the gate says of each.

    python benchmarks/studies/gate/regressions.py BASELINE FOLDER [NAME ...] [--seeds 10]

Each is a change that somebody could make by mistake. The quick profile is run with it against the
baseline; FOLDER gets a folder a regression, with its artifacts and what pytest printed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[3]

# File, what stands there, and what is put in its place.
MODELS, TRAINING = "models.py", "running/training.py"
TRIALS, IMAGES = "running/trials.py", "running/images.py"
REGRESSIONS = {
    "no dropout, half the epochs": [
        (MODELS, "            layers.Dropout(0.25),\n", ""),
        (MODELS, "            layers.Dropout(0.5),\n", ""),
        (MODELS, "            layers.Dropout(0.2),\n", ""),
        (TRAINING, "        epoch_images = images(epoch)\n", '''
        if epoch >= recipe.epochs // 2:  # it says that all were done
            history.append(history[-1])
            seconds.append(0.0)
            continue
        epoch_images = images(epoch)
'''),
    ],
    "test images not standardised": [
        (IMAGES, "zip((train, test), both, strict", "zip((train,), both[:1], strict"),
    ],
    "noise at half strength": [
        (IMAGES, "trial.train_scale, stream", "trial.train_scale / 2, stream"),
        (IMAGES, "noisy(name, scale, stream", "noisy(name, scale / 2, stream"),
    ],
    "5 % of the labels shuffled": [
        (TRIALS, "        dataset.y_train,\n", "        some_shuffled(dataset.y_train),\n"),
        (TRIALS, "@contextmanager\ndef _seeded", '''def some_shuffled(labels):
    rng = np.random.default_rng(0)
    some = rng.choice(len(labels), len(labels) // 20, replace=False)
    labels = labels.copy()
    labels[some] = labels[rng.permutation(some)]
    return labels


@contextmanager
def _seeded'''),
    ],
    "a tenth of the filters": [
        (MODELS, "layers.Conv2D(32, 3", "layers.Conv2D(3, 3"),
        (MODELS, "layers.Conv2D(64, 3", "layers.Conv2D(6, 3"),
        (MODELS, "layers.Dense(128,", "layers.Dense(13,"),
        (MODELS, "layers.Dense(512,", "layers.Dense(51,"),
    ],
}  # fmt: skip


def put_in(package: Path, changes: list[tuple[str, str, str]]) -> None:
    """Change the sources; each text must stand there once."""
    for name, old, new in changes:
        text = (package / name).read_text()
        if text.count(old) != 1:
            sys.exit(f"{name}: expected once, got {text.count(old)} times: {old!r}")
        (package / name).write_text(text.replace(old, new))


def run(name: str, baseline: Path, folder: Path, seeds: str) -> int:
    """Run the quick profile with one regression; return pytest's exit code."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "copy"
        for part in ("benchmarks", "noisecore", "conftest.py", "pyproject.toml"):
            source = ROOT / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, _made(copy) / part)
        put_in(copy / "noisecore", REGRESSIONS[name])
        out = _made(folder / name.replace(" ", "-").replace(",", "").replace("%", "percent"))
        command = [
            sys.executable, "-m", "pytest", "benchmarks", "--scales",
            f"--noise-baseline={baseline}", f"--noise-artifacts={out}",
            f"--noise-seeds={seeds}",
        ]  # fmt: skip
        environment = os.environ | {"PYTHONPATH": str(copy)}
        with open(out / "log.txt", "w") as log:
            return subprocess.run(
                command, cwd=copy, env=environment, stdout=log, stderr=log, check=False
            ).returncode


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def main() -> None:
    """Run the regressions that were named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("baseline", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", default=list(REGRESSIONS))
    parser.add_argument("--seeds", default="3", help="as --noise-seeds takes them")
    chosen = parser.parse_args()
    for name in chosen.names:
        code = run(name, chosen.baseline.resolve(), chosen.folder.resolve(), chosen.seeds)
        print(f"{name}: exit code {code}", flush=True)


if __name__ == "__main__":
    main()
