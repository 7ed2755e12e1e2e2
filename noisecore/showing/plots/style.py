"""What all pictures share: colours, lines, the note below, and the files that they become."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from noisecore.escaping import one_line
from noisecore.records import CurveId

Floats = NDArray[np.floating[Any]]

# By Okabe and Ito: the colour-blind can tell them apart. Yellow is left out: it is lost on white.
BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE = OKABE_ITO = (
    "#0072b2", "#d55e00", "#009e73", "#e69f00", "#56b4e9", "#cc79a7",
)  # fmt: skip
ACCURACY, LOSS, FAILS, BASELINE = BLUE, GREEN, VERMILLION, "#808080"
PALE, GRID = "#595959", "#dddddd"
SMALL = 8.5  # points: no text is smaller
MARKERS = "osD^vP*X<>"
# Text is taken as it is, whatever the user's own settings say: a dollar sign begins no formula.
_TEXT: Any = {"text.parse_math": False, "text.usetex": False, "font.family": ["DejaVu Sans"]}
_LONGEST = 240  # characters of a name that a picture has room for

P = ParamSpec("P")
MODELS = {"cnn": "convolutional model", "mlp": "multilayer perceptron"}


def plain_text(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Return a function that draws as `draw` does, and takes every text as it is."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with matplotlib.rc_context(_TEXT):
            return draw(*args, **kwargs)

    return drawn


def drawable(text: object) -> str:
    """Return a text for a picture: in one line; characters without a glyph become escapes."""
    line = one_line(text)
    if len(line) > _LONGEST:
        half = _LONGEST // 2
        line = f"{line[:half]}\N{HORIZONTAL ELLIPSIS}{line[-half:]}"
    return "".join(
        each if ord(each) in _glyphs() else each.encode("unicode_escape").decode() for each in line
    )


@cache
def _glyphs() -> frozenset[int]:
    """Return the characters of the font that comes with Matplotlib."""
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return frozenset(FT2Font(str(path)).get_charmap())


def render(figure: Figure) -> dict[str, bytes]:
    """Return the figure's files by their ending, png and svg: always the same for the same figure.

    Without the settings here, an SVG would contain random ids and the time, and both files would
    contain the version of Matplotlib.
    """
    files = {}
    varying: dict[str, dict[str, Any]] = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": None},
    }
    fixed = _TEXT | {"svg.hashsalt": "noisecore", "svg.fonttype": "path"}
    with matplotlib.rc_context(fixed), _drawn_once(figure):
        for kind, metadata in varying.items():
            content = io.BytesIO()
            figure.savefig(content, format=kind, dpi=150, metadata=metadata, facecolor="white")
            files[kind] = content.getvalue()
    return files


@contextmanager
def _drawn_once(figure: Figure) -> Iterator[None]:
    """Let Matplotlib draw a figure once for each file that it is saved to in the block.

    It draws all of it twice: without output, for the layout; then with it, and without the layout's
    engine. Here the engine alone does the former, which takes a fifth less time for the same bytes.
    """
    draw = figure.draw

    def lay_out_or_draw(renderer: RendererBase) -> None:
        engine = figure.get_layout_engine()
        if isinstance(engine, ConstrainedLayoutEngine):
            engine.execute(figure)
        else:
            draw(renderer)

    vars(figure)["draw"] = lay_out_or_draw
    try:
        yield
    finally:
        del vars(figure)["draw"]


def scale_styles(scales: Sequence[float]) -> dict[float, dict[str, Any]]:
    """Return the line of each scale: the more noise, the lighter; without noise, black dashes."""
    noisy = [scale for scale in scales if scale > 0]
    colours = matplotlib.colormaps["viridis"](np.linspace(0, 0.8, max(len(noisy), 1)))
    styles: dict[float, dict[str, Any]] = {
        scale: {"color": colours[n], "marker": MARKERS[n % len(MARKERS)]}
        for n, scale in enumerate(noisy)
    }
    styles[0.0] = {"color": "black", "marker": ".", "linestyle": "--"}
    return {scale: style | {"markersize": 4, "linewidth": 1.5} for scale, style in styles.items()}


def trials(count: int, what: str) -> str:
    """Return a count of trials in words; empty if there are none."""
    return f"{count} trial{'s' if count > 1 else ''} {what}" if count else ""


def set_note(figure: Figure, *parts: str) -> None:
    """Write a note under the picture, for its reader, in lines that fit its width."""
    width = max(int(figure.get_figwidth() * 14.5), 40)
    text = wrap_name("; ".join(drawable(part) for part in parts if part), width)
    figure.supxlabel(text, fontsize=SMALL, color=PALE)


def set_panel_title(axes: Axes, words: str, name: str, width: int) -> None:
    """Write over a panel what it shows, in words, and small the name that files have for it."""
    small = wrap_name(drawable(name), width)
    axes.set_title(
        wrap_name(words, width), fontsize="medium", loc="left", pad=7 + 12 * len(small.splitlines())
    )
    axes.text(
        0, 1.01, small, transform=axes.transAxes, va="bottom", fontsize=SMALL, color=PALE
    )  # fmt: skip


def plain_noise(noise: str) -> str:
    """Return the name of a noise as words."""
    return drawable(noise).replace("_", " ")


def plain_model(curve: CurveId | None, name: str) -> str:
    """Return in words a curve's model, and what it was trained with; name: the curve's.

    curve: None if it is not known; the name is then used instead.
    """
    if curve is None:
        return drawable(name)
    words = drawable(MODELS.get(curve.model, curve.model))
    if curve.trained is not None:
        noise, scale = curve.trained
        how = f"with {plain_noise(noise)} noise at scale {scale:g}" if scale else "on clean images"
        words += f" trained {how}"
    return f"{words} on blank images" if curve.blank else words


def in_words(curve: CurveId | None, name: str) -> str:
    """Return in words the model and the noise of a curve; name: the curve's."""
    model = plain_model(curve, name)
    return model if curve is None else f"{model}, {plain_noise(curve.noise)} noise"


def readable(colour: tuple[float, float, float, float]) -> str:
    """Return the colour of a text on a colour: black or white."""
    red, green, blue, _ = colour
    # The luminance at which black and white text differ equally from the cell (WCAG 2.1).
    bright = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.18
    return "black" if bright else "white"


def wrap_name(text: str, width: int) -> str:
    """Break drawable text into lines: at spaces, and in a curve's name after / and comma only."""
    seam = "\N{ZERO WIDTH SPACE}"
    breakable = re.sub(r"([/,])(?=\S)", rf"\1{seam} ", text)
    return textwrap.fill(breakable, width).replace(f"{seam} ", "").replace(seam, "")
