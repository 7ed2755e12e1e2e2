"""Sphinx's configuration. `tox -e docs` builds the site strictly and offline."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for generated.py

import noisecore

project = "noisecore"
author = "The noisecore developers"
copyright = f"2026, {author}"
version = release = noisecore.__version__

extensions = [
    "generated",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
nitpicky = True
# Names of other packages: their sites are not asked, so that the build needs no network.
nitpick_ignore_regex = [(r"py:.*", r"(?!noisecore\.).*"), (r"py:.*", r"noisecore\.\w+\..*")]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

default_role = "literal"  # docstrings have names between single backticks
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the Args section says what fits
autodoc_class_signature = "mixed"

html_theme = "furo"
html_title = "noisecore"
html_show_sourcelink = False
html_copy_source = False
html_show_search_summary = False  # it would fetch pages, which a browser refuses from disk
html_theme_options = {
    "source_repository": "https://github.com/noisecore/noisecore/",
    "source_branch": "main",
    "source_directory": "docs/",
}
pygments_style = "tango"
pygments_dark_style = "monokai"
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True
