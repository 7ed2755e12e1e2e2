"""Trained with one, tested with all: the CNN on full MNIST, tested with the whole of MNIST-C.

    python benchmarks/studies/suites/trainings.py FOLDER [--data mnist] [--seeds 4] [--epochs 3]

It is trained on clean digits, with Gaussian noise, and with each of three corruptions: of the
weather, of blur, and of drawn lines. FOLDER gets the records, so that a run that was interrupted
goes on; `accuracies.csv`, a line for each training, family, severity and seed; `trainings.csv`, the
means; `differences.csv`, points above training on clean images, with Welch's 95 % interval over
seeds; and the picture. The data are looked for where NOISECORE_DATA_DIR points. Give as many seeds
as there are cores, or a multiple of them: each training has all of its seeds at the same time.
"""

import argparse
from pathlib import Path

import pandas as pd
from scipy import stats

from noisecore import train_sweep
from noisecore.judging.suites.trainings import one_model
from noisecore.recipes import get_recipe
from noisecore.running.machine import fast_bfloat16
from noisecore.showing.plots import plot_trainings

TRAININGS = {
    "clean": ("gaussian", 0),
    "gaussian": ("gaussian", 0.5),
    "fog": ("mnist-c/fog", 1),
    "motion_blur": ("mnist-c/motion_blur", 1),
    "zigzag": ("mnist-c/zigzag", 1),
}


def main() -> None:
    """Train and test, and write the tables and the picture."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=128)
    chosen = parser.parse_args()
    precision = "mixed_bfloat16" if fast_bfloat16() else "float32"
    recipe = get_recipe("quick").but(
        epochs=chosen.epochs, batch_size=chosen.batch_size, precision=precision
    )
    suites = {}
    for name, train in TRAININGS.items():
        folder = chosen.folder / name
        suites[name] = train_sweep(
            "cnn",
            chosen.data,
            suite="mnist-c",
            train=train,
            seeds=chosen.seeds,
            recipe=recipe,
            artifacts=folder,
            resume=folder.exists(),
            progress=False,
        )
        print(suites[name], flush=True)
    frames = [suite.to_frame().assign(trained=name) for name, suite in suites.items()]
    found = pd.concat(frames)
    found.to_csv(chosen.folder / "accuracies.csv", index=False)
    differences(found).to_csv(chosen.folder / "differences.csv", index=False)
    means = one_model(list(suites.values())).to_frame()
    means.to_csv(chosen.folder / "trainings.csv", index=False)
    plot_trainings(list(suites.values())).savefig(chosen.folder / "trainings.png", dpi=150)
    seconds = {
        name: round(sum(record.cost["seconds"] for record in suite.records))
        for name, suite in suites.items()
    }
    print(f"recipe {recipe.name}, {precision}; seconds of trainings and tests: {seconds}")


def differences(found: pd.DataFrame) -> pd.DataFrame:
    """Return for each training and family the points above training on clean images, and 95 %."""
    noisy = found[found.scale > 0]
    by_seed = noisy.groupby(["trained", "family", "seed"], sort=False).accuracy.mean().unstack()
    means = by_seed.groupby("trained", sort=False).mean()
    rows = []
    for trained in list(TRAININGS)[1:]:
        for family in [*by_seed.loc[trained].index, "mean"]:
            one, clean = (
                100 * (means.loc[name] if family == "mean" else by_seed.loc[name, family])
                for name in (trained, "clean")
            )
            interval = stats.ttest_ind(one, clean, equal_var=False).confidence_interval(0.95)
            points = {"points": one.mean() - clean.mean(), "low": interval[0], "high": interval[1]}
            rows.append({"trained": trained, "tested": family, **points})
    return pd.DataFrame(rows).round(2)


if __name__ == "__main__":
    main()
