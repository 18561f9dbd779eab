"""A figure file: title, panels in a grid, a legend beside them, a caption below.

Everything is placed in inches around the panels, so that text never covers data and nothing is
clipped, whatever the number of arms and panels.
"""

from __future__ import annotations

import io
import math
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import style

PANELS_PER_PAGE = 12
DPI = 150
LINE = 1.35 / 72   # inches that a line of text takes per point of its size
EDGE = 0.12        # inches of white around everything
LEFT = 0.78        # of the first panel: tick labels and axis label
X_LABEL = 0.22

_COORDINATES = re.compile(r'\b(?:d|x|y|x1|x2|y1|y2|width|height|transform|points)="[^"]*"')
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")

Legend = list[tuple[Artist, str]]
Draw = Callable[[Axes, int], None]


@dataclass
class Page:
    """What one figure file shows. width and height are those of one panel, in inches.

    headings has one text per panel; draw(axes, i) fills panel i. shared: all panels have the same
    y axis, and only the first column labels it. tick_lines: lines of text of one x tick. left: inches
    for the labels of the y axis. heights: of each panel, where they differ and stand in one column.
    """

    stem: str
    title: str
    headings: list[str]
    x_label: str
    y_label: str
    draw: Draw
    legend: Legend
    caption: list[str]
    width: float = 6.4
    height: float = 3.8
    columns: int = 1
    shared: bool = True
    tick_lines: int = 1
    left: float = LEFT
    part: str = ""  # tells the files of one figure apart
    heights: list[float] | None = None

    def height_of(self, index: int) -> float:
        return self.height if self.heights is None else self.heights[index]


class _Layout:
    """Where the parts of a page lie, in inches from the left and from the top."""

    def __init__(self, page: Page, legend_width: float, legend_height: float) -> None:
        self.page = page
        self.gap = 0.25 if page.shared else 0.55
        self.right = page.left + page.columns * (page.width + self.gap) - self.gap
        self.width = max(self.right + 0.2 + legend_width + EDGE, 6.0)
        text_width = self.width - 2 * EDGE
        self.title = style.wrap(page.title, text_width, style.TITLE_POINTS)
        self.headings = [style.wrap(text, page.width, style.TEXT_POINTS)
                         for text in page.headings]
        self.caption = [line for text in page.caption
                        for line in style.wrap(text, text_width, style.SMALL_POINTS)]
        top = EDGE + len(self.title) * style.TITLE_POINTS * LINE
        self.row_tops = []
        for start in range(0, len(self.headings), page.columns):
            row = self.headings[start:start + page.columns]
            top += 0.1 + max(len(lines) for lines in row) * style.TEXT_POINTS * LINE
            self.row_tops.append(top)
            top += page.height_of(start) + 0.12 + page.tick_lines * style.SMALL_POINTS * LINE
        legend_bottom = self.row_tops[0] + legend_height
        x_label = X_LABEL if page.x_label else 0
        self.caption_top = max(top + x_label, legend_bottom) + 0.06
        self.height = self.caption_top + len(self.caption) * style.SMALL_POINTS * LINE + EDGE

    def panel(self, index: int) -> tuple[float, float]:
        """Left and top of that panel."""
        row, column = divmod(index, self.page.columns)
        return self.page.left + column * (self.page.width + self.gap), self.row_tops[row]


def render(page: Page) -> Figure:
    """Lays the page out and draws it."""
    figure = Figure(figsize=(1, 1), dpi=100)
    renderer = FigureCanvasAgg(figure).get_renderer()
    legend = figure.legend([artist for artist, _ in page.legend],
                           [text for _, text in page.legend], loc="upper left",
                           borderaxespad=0, frameon=False, handlelength=3.4, labelspacing=0.55)
    box = legend.get_window_extent(renderer)
    layout = _Layout(page, box.width / figure.dpi, box.height / figure.dpi)
    figure.set_size_inches(layout.width, layout.height)
    legend.set_bbox_to_anchor(((layout.right + 0.2) / layout.width,
                               1 - layout.row_tops[0] / layout.height))
    _write(figure, layout, EDGE, EDGE, layout.title, style.TITLE_POINTS, weight="bold")
    _write(figure, layout, EDGE, layout.caption_top, layout.caption, style.SMALL_POINTS,
           color=style.GREY)
    for index in range(len(page.headings)):
        _draw_panel(figure, layout, page, index)
    return figure


def _draw_panel(figure: Figure, layout: _Layout, page: Page, index: int) -> None:
    left, top = layout.panel(index)
    height = page.height_of(index)
    axes = figure.add_axes((left / layout.width, 1 - (top + height) / layout.height,
                            page.width / layout.width, height / layout.height))
    style.dress(axes)
    page.draw(axes, index)
    lines = layout.headings[index]
    _write(figure, layout, left, top - 0.06 - len(lines) * style.TEXT_POINTS * LINE, lines,
           style.TEXT_POINTS)
    if index + page.columns >= len(page.headings):
        axes.set_xlabel(page.x_label)
    if index % page.columns == 0:
        axes.set_ylabel(page.y_label)
    elif page.shared:
        axes.tick_params(axis="y", labelleft=False)


def _write(figure: Figure, layout: _Layout, left: float, top: float, lines: list[str],
           points: float, **options: object) -> None:
    """Writes lines of text downwards from a place in inches."""
    for number, line in enumerate(lines):
        y = top + (number + 0.8) * points * LINE
        figure.text(left / layout.width, 1 - y / layout.height, line, fontsize=points,
                    va="baseline", ha="left", **options)


def save(figure: Figure, title: str, path: Path) -> None:
    """Writes the figure; the suffix of the path is the format. The same figure gives the same
    bytes: neither date nor version goes into the file. Raises OSError."""
    if path.suffix != ".svg":
        image = io.BytesIO()
        figure.savefig(image, format=path.suffix[1:], dpi=DPI, metadata={"Software": None})
        replace(path, image.getvalue())
        return
    text = io.StringIO()
    figure.savefig(text, format="svg", dpi=DPI,
                   metadata={"Date": None, "Creator": "crossover plot", "Title": title})
    replace(path, _rounded(text.getvalue()).encode())


def replace(path: Path, content: bytes) -> None:
    """Writes the file as a whole: who is interrupted leaves the old one, or none. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """What new files may not allow; mkstemp's are for their owner alone."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _rounded(svg: str) -> str:
    """Coordinates with two decimals: a hundredth of a point is less than anybody sees."""
    def shorter(attribute: re.Match[str]) -> str:
        return _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."),
                                attribute[0])
    return _COORDINATES.sub(shorter, svg)


def columns_for(count: int) -> int:
    """Columns of a grid of that many panels of ordinary width."""
    return {1: 1, 2: 2, 4: 2}.get(count, 3)


def pages_of(count: int) -> list[range]:
    """The panels of each file, about evenly filled and in full rows of three."""
    files = max(1, math.ceil(count / PANELS_PER_PAGE))
    size = max(1, 3 * math.ceil(count / files / 3))
    return [range(start, min(start + size, count)) for start in range(0, count, size)]
