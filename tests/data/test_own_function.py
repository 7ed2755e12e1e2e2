"""Data from a user's own function."""

import sys

import pytest

from noisecore.data import DatasetError, DatasetNotFoundError, load_dataset


class TestFunction:
    """Data that a function of the user's gives."""

    CODE = """
import numpy as np
SIDE = 5
def load():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (9, SIDE, 6, 3), np.uint8)
    labels = np.arange(9) % 3
    return (images[:6], labels[:6]), (images[6:], labels[6:])
def nothing(): return None
def wrong(): return (1, 2), (3,)
def broken(): raise OSError("the disk\\nis gone")
def exits(): raise SystemExit(3)
def test(): import pytest; pytest.fail("no data")
def skips(): import pytest; pytest.skip("no data")
class Own(BaseException): pass
def own(): raise Own("gone")
class Lazy:
    def __array__(self, *given, **named): raise RuntimeError("the link\\nis down")
def lazy(): return (Lazy(), [0]), (Lazy(), [0])
def ragged(): return ([[1], [1, 2]], [0]), ([[1]], [0])
def stopped(): raise KeyboardInterrupt
def black(): return tuple((0 * x, y) for x, y in load())
"""

    @pytest.fixture
    def file(self, tmp_path):
        """Return the path of a file with functions."""
        path = tmp_path / "mine.py"
        path.write_text(self.CODE)
        return str(path)

    def test_taken(self, file):
        """Its arrays are checked and held like those of an `.npz`, under file and name."""
        dataset = load_dataset(f"{file}:load")
        assert (dataset.name, dataset.source) == ("mine.py:load", file)
        assert dataset.image_shape == (5, 6, 3)
        assert dataset.y_test.tolist() == [0, 1, 2]
        assert load_dataset(f"{file}:load").sha256 == dataset.sha256

    @pytest.mark.parametrize(
        ("function", "message"),
        [
            ("lod", "expected a function of that name, got none"),
            ("SIDE", "expected a function of that name, got int"),
            ("nothing", "expected ((x_train, y_train), (x_test, y_test)), got NoneType"),
            ("wrong", "expected ((x_train, y_train), (x_test, y_test)), got tuple"),
            ("broken", "expected a function that returns data, got OSError: the disk is gone"),
            ("exits", "expected a function that returns data, got SystemExit: 3"),
            ("test", "expected a function that returns data, got Failed: no data"),
            ("skips", "expected a function that returns data, got Skipped: no data"),
            ("own", "expected a function that returns data, got Own: gone"),
            ("lazy", "expected a function that returns data, got RuntimeError: the link is down"),
            ("ragged", "expected a function that returns data, got ValueError: "),
            ("black", "expected pixels over the whole range of their dtype"),
        ],
    )
    def test_refused(self, file, function, message):
        """What is no function, or gives no data, is refused in one line."""
        with pytest.raises(DatasetError) as caught:
            load_dataset(f"{file}:{function}")
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_stopped(self, file):
        """Ctrl-C while the function works is the user's, and ends what asked for the data."""
        with pytest.raises(KeyboardInterrupt):
            load_dataset(f"{file}:stopped")

    @pytest.mark.parametrize("line", ["raise SystemExit", "import sys; sys.exit('no data today')"])
    def test_file_that_exits(self, tmp_path, line):
        """A file that ends the process when it is run is told as such."""
        (tmp_path / "exits.py").write_text(f"{line}\n")
        with pytest.raises(DatasetError, match="got SystemExit"):
            load_dataset(f"{tmp_path}/exits.py:load")

    def test_file_that_cannot_be_run(self, tmp_path):
        """A slip in the file itself is told as such."""
        (tmp_path / "slip.py").write_text("import no_such_module\n")
        with pytest.raises(DatasetError, match="got ModuleNotFoundError: No module named"):
            load_dataset(f"{tmp_path}/slip.py:load")

    def test_file_that_is_not_there(self, tmp_path):
        """A missing file is named with the folder that was looked in."""
        with pytest.raises(
            DatasetNotFoundError, match=r"expected a Python file at .*, got no such"
        ):
            load_dataset(f"{tmp_path}/none.py:load")


NEIGHBOURS = """
from beside_at_once import SIDE
def load():
    import numpy as np
    from beside_later import RED
    images = np.arange(9 * SIDE * 6 * 3).reshape(9, SIDE, 6, 3).astype(np.uint8)
    labels = np.arange(9) % 3
    return (images[:6], labels[:6]), (images[6:] // RED, labels[6:])
"""


@pytest.fixture
def neighbours(tmp_path, monkeypatch):
    """Return the path of a file that imports the files beside it: at once, and when it is called.

    The current folder is another one.
    """
    (tmp_path / "data").mkdir()
    (tmp_path / "data/beside_at_once.py").write_text("SIDE = 5\n")
    (tmp_path / "data/beside_later.py").write_text("RED = 1\n")
    (tmp_path / "data/mine.py").write_text(NEIGHBOURS)
    monkeypatch.chdir(tmp_path)
    yield "data/mine.py"
    for name in ("beside_at_once", "beside_later"):
        sys.modules.pop(name, None)


def test_modules_beside_the_file(neighbours) -> None:
    """A file imports the modules of its own folder, as a script does; the path is as it was."""
    before = list(sys.path)
    assert load_dataset(f"{neighbours}:load").image_shape == (5, 6, 3)
    assert sys.path == before


def test_function_that_changes_the_path(tmp_path, neighbours) -> None:
    """What a file itself takes off the path, or puts on it, stays so."""
    own = tmp_path / "data/own.py"
    own.write_text(
        f"import sys\nsys.path.remove({str(own.parent)!r})\nsys.path.append('/nowhere')\n"
        "def load(): return None\n"
    )
    before = list(sys.path)
    with pytest.raises(DatasetError, match="got NoneType"):
        load_dataset("data/own.py:load")
    assert sys.path == [*before, "/nowhere"]
    sys.path.remove("/nowhere")


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("# few", "# words", True),
        ("def count", "\n\ndef count", True),
        ("return 9", "return 12", False),
    ],
)
def test_helper_of_a_data_function(tmp_path, monkeypatch, old, new, same) -> None:
    """A data set is known by its arrays: a helper's words change nothing, what it gives does."""
    monkeypatch.syspath_prepend(tmp_path)
    helper = "def count():\n    # few\n    return 9\n"
    sums = []
    for name, text in (("one", helper), ("two", helper.replace(old, new))):
        (tmp_path / f"helper_{name}.py").write_text(text)
        mine = TestFunction.CODE.replace("(9, SIDE", "(count(), SIDE")
        mine = mine.replace("arange(9)", "arange(count())")
        (tmp_path / f"mine_{name}.py").write_text(f"from helper_{name} import count\n{mine}")
        sums.append(load_dataset(f"{tmp_path}/mine_{name}.py:load").sha256)
        del sys.modules[f"helper_{name}"]
    assert (sums[0] == sums[1]) is same
