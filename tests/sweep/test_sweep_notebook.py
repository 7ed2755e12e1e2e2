"""The notebook of the documentation runs, and shows what it should."""

from __future__ import annotations

import base64
import io
import os
import re
import sys
from pathlib import Path

import matplotlib.image
import pytest
from needs import needs_tensorflow

nbformat = pytest.importorskip("nbformat")
NOTEBOOK = Path(__file__).parents[2] / "docs" / "sweep.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Return the notebook's cells of code, executed in a folder of its own."""
    pytest.importorskip("ipykernel")
    pytest.importorskip("mlxtend")
    client = pytest.importorskip("nbclient")
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        for name in ("IPYTHONDIR", "JUPYTER_DATA_DIR"):  # a kernel of this Python, without history
            patch.setenv(name, str(folder / name))
        where = {"metadata": {"path": str(folder)}}
        client.NotebookClient(notebook, timeout=900, resources=where).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(cell, kind):
    """Return what a cell shows, of one kind of data."""
    return [each.data[kind] for each in cell.outputs if kind in each.get("data", {})]


def is_drawn(picture: bytes) -> bool:
    """Return whether a PNG is a picture of some size, with something on it."""
    pixels = matplotlib.image.imread(io.BytesIO(picture), format="png")
    height, width, _ = pixels.shape
    return min(height, width) > 300 and pixels.std() > 0.05


def test_is_committed_without_outputs() -> None:
    """The notebook is valid, and holds nothing that a run has left."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert (cell.execution_count, cell.outputs) == (None, [])


@needs_tensorflow
def test_each_cell_ran(executed) -> None:
    """Every cell ran, in its order, and none wrote anything but its bar to stderr."""
    assert [cell.execution_count for cell in executed] == list(range(1, len(executed) + 1))
    for cell in executed:
        told = "".join(o.text for o in cell.outputs if o.get("name") == "stderr")
        assert all(re.search(r"^$| trials: +\d+%\|", line) for line in told.split("\r")), told


@needs_tensorflow
def test_pictures(executed) -> None:
    """Each curve is shown with its picture, and the figure is shown as one."""
    shown = [html for cell in executed for html in outputs(cell, "text/html")]
    inside = [found for html in shown for found in re.findall(r"base64,([^\"]+)", html)]
    alone = [png for cell in executed for png in outputs(cell, "image/png")]
    assert (len(inside), len(alone)) == (3, 1)
    assert all(is_drawn(base64.b64decode(picture)) for picture in inside + alone)


@needs_tensorflow
def test_numbers(executed) -> None:
    """The curve falls and passes, the sweep goes on, and a worse model fails its baseline."""
    said = "\n".join("".join(o.get("text", "") for o in cell.outputs) for cell in executed)
    assert re.search(r"^pass$", said, re.MULTILINE)
    assert "seeds 0 1" in said
    assert "no regression: pass: nearest mean/gaussian is identical" in said
    assert "no regression: fail: nearest mean/gaussian" in said
    scale = re.search(r"accuracy is halved at scale ([\d.]+)", said)
    assert scale is not None
    assert 2 < float(scale[1]) < 8
