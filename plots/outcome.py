"""The outcome of a crossover: as a sentence, and as shaded bands over the size axis."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import caption
from load import Crossover
from page import Legend
from panels import Panel, describe
from style import BAND, BAND_EDGE, PREDICTED, SHARP_BAND

CERTAIN = ("crossing", "several")  # outcomes whose intervals hold crossings
BANDS = {"facecolor": BAND, "edgecolor": BAND_EDGE, "linewidth": 0.8}
PERHAPS = {"facecolor": "none", "edgecolor": BAND_EDGE, "linewidth": 0.8, "linestyle": (0, (3, 2)),
           "hatch": "////"}


def sentence(pair: Crossover) -> str:
    """E.g. "simd_parallel[threads=2] overtakes simd between size 48 and 64"."""
    variant, against = pair.label, pair.against
    if pair.outcome in CERTAIN and pair.intervals:
        return f"{variant} {_crossings(pair)}"
    if pair.outcome == "below":
        return f"{variant} is faster than {against} {_range(pair)}"
    if pair.outcome == "above":
        return f"{variant} is slower than {against} {_range(pair)}"
    if pair.outcome == "indistinguishable":
        return f"{variant} and {against} cannot be told apart {_range(pair)}"
    perhaps = f"; perhaps it {_crossings(pair)}" if pair.intervals else ""
    return f"{variant} against {against}: not resolved {_range(pair)}{perhaps}"


def _crossings(pair: Crossover) -> str:
    parts = []
    for direction in (True, False):
        places = [interval for interval, wins in zip(pair.intervals, pair.wins_above)
                  if wins is direction]
        if places:
            verb = "overtakes" if direction else "falls behind"
            whom = "" if parts else f" {pair.against}"
            ends = ", ".join(f"{number(low)} and {number(high)}" for low, high in places)
            parts.append(f"{verb}{whom} between {_prefix(pair)}{ends}")
    return "; ".join(parts)


def number(value: float) -> str:
    return str(round(value)) if value == round(value) else f"{value:.1f}"


def _prefix(pair: Crossover) -> str:
    return "size " if pair.axis == "size" else f"{pair.axis}="


def _range(pair: Crossover) -> str:
    if not pair.points:
        return ""
    values = [point.axis_value for point in pair.points]
    return f"from {_prefix(pair)}{min(values)} to {max(values)}"


def heading(panel: Panel, panels: list[Panel]) -> str:
    """The text over a panel: the outcome, and the fixed extents where panels differ in them."""
    outcome = "" if panel.pair is None else sentence(panel.pair)
    fixed = describe(panel.fixed)
    several = len({describe(other.fixed) for other in panels}) > 1
    if panel.pair is None and any(other.pair for other in panels):
        outcome = "all arms"
    if fixed and (several or len(panels) == 1):
        return f"{fixed}: {outcome}" if outcome else fixed
    return outcome


def notes(pair: Crossover, short: bool = False) -> str:
    """What is to be known about the outcome, as one sentence; short: for above a panel."""
    found = []
    for note in pair.notes:
        what, colon, sizes = note.rpartition(": ")
        found.append(f"{caption.shortened(what)}: {sizes}" if short and colon else note)
    text = "; ".join(found)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def draw_bands(axes: Axes, pair: Crossover | None) -> None:
    """Shades every interval of a crossing; darker the sharp one, a line where it was predicted."""
    if pair is None:
        return
    for low, high in pair.intervals:
        axes.axvspan(low, high, **(BANDS if pair.outcome in CERTAIN else PERHAPS), zorder=0.5)
    if pair.sharp is not None:
        axes.axvspan(*pair.sharp, facecolor=SHARP_BAND, edgecolor="none", zorder=0.6)
    if pair.predicted is not None:
        axes.axvline(pair.predicted, **PREDICTED, zorder=0.7)


def band_legend(panels: list[Panel]) -> Legend:
    """Entries for what draw_bands() draws in any of these panels."""
    pairs = [panel.pair for panel in panels if panel.pair is not None]
    legend: Legend = []
    for look, text, certain in ((BANDS, "crossover interval", True),
                                (PERHAPS, "perhaps a crossover", False)):
        if any(pair.intervals and (pair.outcome in CERTAIN) is certain for pair in pairs):
            legend.append((Patch(**look), text))
    if any(pair.sharp for pair in pairs):
        legend.append((Patch(facecolor=SHARP_BAND), "sharp interval"))
    if any(pair.predicted for pair in pairs):
        legend.append((Line2D([], [], **PREDICTED), "predicted crossover"))
    return legend
