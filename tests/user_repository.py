"""A user's repository whose functions reach code of every kind, and how its modules are loaded."""

from __future__ import annotations

import importlib.util
import sys

# A user's repository, by file.
FILES = {
    "noise.py": '''"""Noises."""
from __future__ import annotations
import os
import sys, setup_all
from typing import TYPE_CHECKING
import numpy as np
from helpers import weights, unused
from pkg import deep, given
from pkg.sub import thing as renamed
import pkg.other
from stars import *
if TYPE_CHECKING:
    from typed import Image

LIMIT = 3  # at most
TABLE = [1]
TABLE.append(2)
OTHERS = []
UNUSED = 1
images = "a fixture has this name"

def soften(x):
    return x * FACTOR + SHIFT

FACTOR, SHIFT = 2, 0
np.seterr(all="ignore")

def fog(images: Image, scale, *, rng, k=LIMIT):
    """Lay fog over images."""
    import late  # only here
    some = [images for images in TABLE if (SPAN := images)]
    return soften(some) + weights(k) + deep.f(1) + renamed + pkg.other.g() + star + late.h()

def haze(images, scale, *, rng):
    return images

class Cloud:
    def __call__(self, images, scale, *, rng):
        return self.thin(images)

    def thin(self, images):
        return images + LIMIT

def make(density):
    half = density / HALF

    def noise(images, scale, *, rng):
        return images * half

    other = 1
    return noise, lambda images: images * half

HALF = 2

if __name__ == "__main__":
    fog(LIMIT, 1, rng=None)
''',
    "helpers.py": "def weights(k):\n    return k + DEEP\nDEEP = 5\ndef unused():\n    return 1\n",
    "setup_all.py": "import numerics\nVALUE = 1\nnumerics.change(3)\n",
    "numerics.py": "def change(k):\n    return k\n\ndef unused():\n    return 1\n",
    "pkg/__init__.py": "from pkg.giver import given\nfrom .giver import kept\nNAME = 1\n",
    "pkg/giver.py": "given = 1\nkept = 2\n",
    "pkg/deep.py": """
from . import other
from .sub import thing as t
def f(k):
    return other.g() + t
""",
    "pkg/sub.py": "thing = 1\nelse_ = 2\n",
    "pkg/other.py": "def g():\n    return 1\ndef not_g():\n    return 1\n",
    "stars.py": "from stars_of_stars import *\n",
    "stars_of_stars.py": "star = 1\nother_star = 1\n",
    "late.py": "def h():\n    return 1\n",
    "typed.py": "class Image:\n    size = 1\n",
    "apart.py": "raise SystemExit('nobody imports this')\n",
}


def load(path, name: str = "noise"):
    """Return the module in a file, by whatever name."""
    forget()
    importlib.invalidate_caches()
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[name] = module
    return module


def forget() -> None:
    """Take the modules of the repository out again."""
    own = {"pkg", "tests", *(name.removesuffix(".py") for name in FILES)}
    for name in [each for each in sys.modules if each.partition(".")[0] in own]:
        del sys.modules[name]


def change(folder, file: str, old: str, new: str) -> None:
    """Replace a text that stands once in a file."""
    text = (folder / file).read_text()
    assert text.count(old) == 1, old
    (folder / file).write_text(text.replace(old, new))
