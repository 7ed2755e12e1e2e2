"""The README says what is there."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from noisecore.plugin.options import OPTIONS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_option_is_listed() -> None:
    """The README's table has every option of the plugin, and no other."""
    listed = re.findall(r"^\| `--noise-([a-z-]+)", README, re.MULTILINE)
    assert listed == [option.name for option in OPTIONS]


@pytest.mark.parametrize("name", ["run", "test"])
def test_a_command_sets_everything_up(name) -> None:
    """Each of the two commands stands in a block that CI can find, and is one line."""
    block = re.search(rf"^<!-- ci: {name} -->\n```sh\n(.*?)\n```$", README, re.M | re.S)
    assert block is not None
    assert "\n" not in block[1]
    assert "-m venv" in block[1]


def test_links_lead_somewhere() -> None:
    """Every file that the README links to or shows is in the repository."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def shown(name: str) -> str:
    """Return the test file of that name as the README shows it; its test is ten lines at most."""
    code = re.search(rf"^```python\n(# {re.escape(name)}\n.*?)^```$", README, re.M | re.S)
    assert code is not None
    assert len(code[1].partition("def test_")[2].strip().splitlines()) <= 10
    return code[1]


MY_PACKAGE = """
import numpy as np

rng = np.random.default_rng(0)
y_test = rng.integers(0, 3, 400)
x_test = rng.random((400, 8, 8, 1)).astype(np.float32) / 2
for k in range(3):
    x_test[y_test == k, 2 * k : 2 * k + 2] += 0.4

def model(x):
    return np.stack([x[:, 2 * k : 2 * k + 2].mean(axis=(1, 2, 3)) for k in range(3)], 1)
"""


def test_a_trained_model_as_it_is_shown(pytester, monkeypatch) -> None:
    """The README's test of a trained model runs, by the README's commands."""
    monkeypatch.delenv("CI", raising=False)
    code = shown("test_my_model.py")
    (pytester.path / "my_package.py").write_text(MY_PACKAGE)
    (pytester.path / "test_my_model.py").write_text(code)
    pytester.makeini("[pytest]\npythonpath = .\n")
    commands = re.findall(r"^pytest test_my_model.py (.*?)\s*#", README, re.M)
    assert len(commands) == 2
    for command in commands:
        assert pytester.runpytest_subprocess("test_my_model.py", *command.split()).ret == 0


MY_NET = """
import torch
from test_data import model, x_test, y_test

class Net(torch.nn.Module):
    def forward(self, images):
        return torch.stack([images[:, 0, 2 * k : 2 * k + 2].mean(dim=(1, 2)) for k in range(3)], 1)

net, x, y = Net(), torch.from_numpy(x_test).permute(0, 3, 1, 2), torch.from_numpy(y_test)
"""


def test_a_torch_module_as_it_is_shown(pytester) -> None:
    """The README's test of a PyTorch module runs."""
    # Not imported here: pytester forgets what was, and PyTorch cannot be imported twice.
    if importlib.util.find_spec("torch") is None:
        pytest.skip("PyTorch is not installed")
    (pytester.path / "test_data.py").write_text(MY_PACKAGE)
    (pytester.path / "my_package.py").write_text(MY_NET)
    (pytester.path / "test_net.py").write_text(shown("test_net.py"))
    pytester.makeini("[pytest]\npythonpath = .\n")
    assert pytester.runpytest_subprocess("test_net.py").ret == 0


def test_the_newcomers_path_as_it_is_shown(pytester, monkeypatch) -> None:
    """The README's digits pass against their baseline, and fail with a worse classifier."""
    pytest.importorskip("sklearn")
    monkeypatch.delenv("CI", raising=False)
    code = shown("test_digits.py")
    test = pytester.path / "test_digits.py"
    test.write_text(code)
    commands = re.findall(r"^\.venv/bin/pytest test_digits.py (.*?)\s*#", README, re.M)
    assert len(commands) == 2
    for command in commands:
        assert pytester.runpytest_subprocess(test, *command.split()).ret == 0
    test.write_text(code.replace("max_iter=1000", "max_iter=1"))
    worse = pytester.runpytest_subprocess(test, *commands[-1].split())
    assert worse.ret == 1
    worse.stdout.fnmatch_lines(["*no regression: fail:** than its baseline*"])


def test_results_made_elsewhere_as_they_are_shown(pytester, monkeypatch) -> None:
    """The README's test of arrays that a model gave elsewhere gates them against a baseline."""
    monkeypatch.delenv("CI", raising=False)
    (pytester.path / "test_results.py").write_text(shown("test_results.py"))
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 400)

    def save(factor: float) -> None:
        rng = np.random.default_rng(1)  # the same noise each time
        outputs = {
            name: 4 * np.eye(3)[labels] + spread * rng.normal(size=(400, 3))
            for name, spread in {"clean": 0.5, "noisy": 1.5 * factor, "noisier": 3 * factor}.items()
        }
        np.savez(pytester.path / "results.npz", labels=labels, **outputs)

    save(1)
    assert pytester.runpytest_subprocess("--noise-update-baseline").ret == 0
    save(1.01)
    assert pytester.runpytest_subprocess("--noise-baseline=auto").ret == 0
    save(2)
    worse = pytester.runpytest_subprocess("--noise-baseline=auto")
    assert worse.ret == 1
    worse.stdout.fnmatch_lines(["*no regression: fail:** than its baseline*"])
