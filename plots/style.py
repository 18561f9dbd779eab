"""The shared look: colours, markers and dashes of the arms, axes, ticks and text.

Colours are those of Okabe & Ito (2008), which colour-blind readers tell apart; grey takes the place
of their yellow, which vanishes on white. Markers, dashes and hatches differ too, so that greyscale
print stays readable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Sequence

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.ticker import (FixedFormatter, FixedLocator, FuncFormatter, NullFormatter,
                               NullLocator)

COLOURS = ("#000000", "#E69F00", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9",
           "#8C8C8C")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "<", "*", ">", "h", "d", "8")
MARKER_POINTS = {"*": 8.5, "P": 6.5, "X": 6.5, "p": 6.5, "d": 6.5}  # slim ones need more
DASHES = ("solid", (0, (6, 2)), (0, (6, 2, 1.5, 2)), (0, (2.2, 1.4)),
          (0, (6, 1.5, 1.5, 1.5, 1.5, 1.5)))
# Of bars. Lines alone: dots and circles make vector figures ten times as large.
HATCHES = ("", "/////", "+++", "\\\\\\\\\\", "-----", "xxxxx", "|||||", "//---")

MANY_LINES = 8  # more in one panel need height to keep apart

FONT = "DejaVu Sans"  # ships with matplotlib, so that every machine measures text alike
TITLE_POINTS = 12.0
TEXT_POINTS = 9.0
SMALL_POINTS = 8.0
TICK_INCHES = 0.02  # from one tick to the next, so that both are seen
GREY = "#555555"
BAND = "#FFE9A8"        # the crossover; pale, so that lines in front of it keep their contrast
BAND_EDGE = "#C9A227"
SHARP_BAND = "#FFC52E"
PREDICTED = {"color": "#7A5C00", "linestyle": (0, (5, 1.5, 1, 1.5)), "linewidth": 1.2}
MARGIN_BAND = "#E6E6E6"

SIGN_MARKS = {  # marker, colour, filled, legend text
    "+": ("^", "#0072B2", True, "variant faster"),
    "-": ("v", "#D55E00", True, "variant slower"),
    "0": ("s", "#555555", True, "equivalent"),
    "?": ("o", "#000000", False, "undecided"),
}


@dataclass(frozen=True)
class Look:
    """How one arm is drawn, in every figure of a run."""

    colour: str
    marker: str
    dashes: object
    hatch: str

    def line(self) -> dict[str, object]:
        """Keyword arguments of a line with markers."""
        return {"color": self.colour, "marker": self.marker, "linestyle": self.dashes,
                "linewidth": 1.5, "markersize": MARKER_POINTS.get(self.marker, 5.5),
                "markeredgecolor": "white", "markeredgewidth": 0.5}


def look(index: int) -> Look:
    """The look of that number. Marker and dashes together repeat after 70, colour and hatch (which
    moves on by one in every round of colours) after 64."""
    return Look(COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)],
                DASHES[index % len(DASHES)],
                HATCHES[(index + index // len(COLOURS)) % len(HATCHES)])


def assign_looks(arms_by_section: Sequence[Sequence[str]]) -> list[dict[str, Look]]:
    """The look of every arm, one mapping per section.

    An arm keeps its look from section to section, except where two arms of one section would share
    a colour although enough colours are left.
    """
    known: dict[str, int] = {}
    result = []
    for arms in arms_by_section:
        chosen: dict[str, int] = {}
        for arm in dict.fromkeys(arms):
            taken = {index % len(COLOURS) for index in chosen.values()}
            index = known.get(arm)
            clash = index in chosen.values() or (
                len(arms) <= len(COLOURS) and index is not None and index % len(COLOURS) in taken)
            if index is None or clash:
                reserved = {known[other] for other in arms if other in known and other != arm}
                index = _free_index(set(chosen.values()) | reserved)
            chosen[arm] = index
            known.setdefault(arm, index)
        result.append({arm: look(index) for arm, index in chosen.items()})
    return result


def _free_index(taken: set[int]) -> int:
    index = 0
    while index in taken:
        index += 1
    return index


def apply() -> None:
    """Sets matplotlib's parameters, whatever the user's own file says."""
    matplotlib.rcdefaults()
    matplotlib.rcParams.update({
        "svg.fonttype": "none",        # text is text: files a tenth of the size, and searchable
        "svg.hashsalt": "crossover",   # the same bytes every time
        "text.parse_math": False,      # a "$" in a reason is a dollar
        "font.family": FONT,
        "font.size": TEXT_POINTS,
        "axes.titlesize": TEXT_POINTS,
        "axes.labelsize": TEXT_POINTS,
        "xtick.labelsize": SMALL_POINTS,
        "ytick.labelsize": SMALL_POINTS,
        "legend.fontsize": SMALL_POINTS,
        "hatch.linewidth": 0.5,
        "axes.unicode_minus": True,
    })


def dress(axes: Axes) -> None:
    """Frame and grid of one axes."""
    axes.spines["top"].set_visible(False)
    axes.spines["right"].set_visible(False)
    axes.grid(True, axis="y", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=3, width=0.6)


@lru_cache(maxsize=4096)
def text_inches(text: str, points: float) -> float:
    """The width of one line of text."""
    font = font_manager.get_font(font_manager.findfont(FONT))
    font.set_size(points, 72)
    font.set_text(text)
    return font.get_width_height()[0] / 64 / 72  # in 1/64 pixel at 72 pixels per inch


def wrap(text: str, inches: float, points: float) -> list[str]:
    """The text in lines of at most that width, broken between words."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_inches(longer, points) <= inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def short_number(value: float) -> str:
    """Three significant digits: 0.0123, 1.5, 48, 1230, 53.1k, 2M; whole up to 9999."""
    if not 1e-4 <= abs(value) < 1e12:
        return f"{value:.3g}"
    for unit, factor in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= max(factor, 9999.5):
            return short_number(value / factor) + unit
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def size_text(value: int) -> str:
    """An axis value as a tick: 1024, 48, 64Ki, 1Mi."""
    for unit, factor in (("Mi", 1 << 20), ("Ki", 1 << 10)):
        if value % factor == 0 and value >= 16 * 1024:
            return f"{value // factor}{unit}"
    return str(value)


def size_ticks(values: Sequence[int], inches: float) -> list[int]:
    """The sizes to be labelled on a log2 axis of that length.

    All that were measured where they fit; else powers of two (of four, of eight, ...) within the
    range; else those measured that fit.
    """
    low, high = math.log2(min(values)), math.log2(max(values))
    fits = _fitting(sorted(set(values)), low, high, inches)
    if len(fits) == len(set(values)):
        return fits
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    for step in range(1, 8):
        powers = [2 ** e for e in range(first, last + 1) if (e - first) % step == 0]
        if len(powers) >= 3 and len(_fitting(powers, low, high, inches)) == len(powers):
            return powers
    return fits


def _fitting(values: list[int], low: float, high: float, inches: float) -> list[int]:
    """From left to right, every value whose label does not touch the one before."""
    kept: list[int] = []
    scale = inches / max(high - low, 1e-9) if high > low else 0
    right = -math.inf
    for value in values:
        centre = (math.log2(value) - low) * scale
        half = text_inches(size_text(value), SMALL_POINTS) / 2
        if centre - half > right + 0.06:
            kept.append(value)
            right = centre + half
    return kept


def apart_ticks(values: Sequence[int], inches: float) -> list[int]:
    """The sizes, without those whose tick on a log2 axis of that length would touch another's: a
    tick of its own for each of very many sizes shows nothing and takes minutes to draw."""
    low, high = math.log2(min(values)), math.log2(max(values))
    nearest = (high - low) * TICK_INCHES / inches
    kept: list[int] = []
    for value in sorted(set(values)):
        if not kept or math.log2(value) - math.log2(kept[-1]) >= nearest:
            kept.append(value)
    return kept


def set_size_axis(axes: Axes, values: Sequence[int], inches: float) -> None:
    """A log2 axis over these sizes: every measured size has a tick where there is room for it, as
    many as fit a label."""
    axes.set_xscale("log", base=2)
    ticks = size_ticks(values, inches)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FixedFormatter([size_text(tick) for tick in ticks]))
    axes.xaxis.set_minor_locator(FixedLocator(apart_ticks(values, inches)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", length=1.8, width=0.5)
    pad = max((max(values) / min(values)) ** 0.03, 1.02)
    axes.set_xlim(min(values) / pad, max(values) * pad)


def set_linear_axis(axes: Axes, low: float, high: float) -> None:
    """A linear y axis from low to high, whose large numbers have a letter and no common factor."""
    axes.set_ylim(low, high)
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: short_number(value) if value else "0"))


def set_log_axis(axes: Axes, low: float, high: float, suffix: str = "") -> None:
    """A logarithmic y axis from low to high with ticks at round numbers."""
    axes.set_yscale("log")
    ticks = log_ticks(low, high)
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_major_formatter(FixedFormatter([short_number(t) + suffix for t in ticks]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_ylim(low, high)


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers within low..high, about 4 to 9 of them, evenly spread on a log scale."""
    decades = math.log10(high / low)
    if decades > 0.75:
        steps = (1, 1.5, 2, 3, 5, 7) if decades <= 1.1 else \
            (1, 2, 5) if decades <= 2.5 else (1, 3) if decades <= 4 else (1,)
        stride = max(1, math.ceil(decades / 8))
        exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [m * 10.0 ** e for e in exponents if e % stride == 0 for m in steps]
    else:
        step = _round_step((high - low) / 8)
        ticks = [i * step for i in range(math.floor(low / step), math.ceil(high / step) + 1)]
    return [tick for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]


def _round_step(step: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is not below the step."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= step * (1 - 1e-9))
