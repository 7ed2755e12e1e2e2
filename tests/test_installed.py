"""What is tested is what was installed."""

import json
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

import noisecore


def test_imported_as_installed() -> None:
    """The package that is imported is the installed one: in tox the wheel, not the checkout."""
    installed = distribution("noisecore")
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    home = Path(str(installed.locate_file(".")))
    if origin.get("dir_info", {}).get("editable"):
        home = Path(url2pathname(urlparse(origin["url"]).path))
    assert Path(noisecore.__file__).resolve() == (home / "noisecore" / "__init__.py").resolve()
