"""Where the winner changes, of several runs on one page: a band per curve, and the same as a table.

The axis is the time that the base takes there, since sizes of different families mean different
things: it is what a caller knows when deciding whether to go parallel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from load import Crossover, Run, Section
from outcome import number
from page import Page
from panels import describe
from style import BAND_EDGE, GREY, SHARP_BAND, SMALL_POINTS, text_inches

NAME = "crossovers"
ROW_INCHES = 0.27
WIDTH = 5.6
WORDS = {"below": "faster throughout", "above": "slower throughout",
         "indistinguishable": "cannot be told apart", "unresolved": "not resolved"}
MEANING = "Line: what was measured. Band: from the last certain sign before a change to the first " \
    "after it, simultaneous 95%; dark: sharp 95% interval. The axis is the median time of the base, " \
    "interpolated between the sizes that were measured."
TIME_UNITS = ((1e-9, "ns"), (1e-6, "µs"), (1e-3, "ms"), (1.0, "s"))


@dataclass(frozen=True)
class Band:
    """One curve of one run, its places in seconds of the base. span is None where the base has no
    times along the curve."""

    run: Run
    section: Section
    pair: Crossover
    span: tuple[float, float] | None
    intervals: list[tuple[float, float]]
    sharp: tuple[float, float] | None

    def label(self) -> str:
        fixed = describe(self.pair.fixed)
        where = f" ({fixed})" if fixed else ""
        return f"{self.section.family}/{self.section.name}: {self.pair.label} over " \
            f"{self.pair.against}{where}"

    def place(self) -> float:
        """By which bands are sorted: where the first change is, curves without one last."""
        if not self.intervals or self.pair.outcome not in ("crossing", "several"):
            return math.inf
        low, high = self.intervals[0]
        return math.sqrt(low * high)

    def words(self) -> str:
        if self.pair.outcome in WORDS:
            return WORDS[self.pair.outcome]
        sizes = ", ".join(f"{number(low)}–{number(high)}" for low, high in self.pair.intervals)
        return f"{self.pair.axis} {sizes}"


def times_along(section: Section, pair: Crossover) -> list[tuple[float, float]]:
    """Axis value and median time of the base, ascending."""
    times = {}
    for cell in section.cells:
        fixed = all(cell.problem.get(name) == value for name, value in pair.fixed.items())
        if cell.label != pair.against or cell.seconds is None or not fixed:
            continue
        free = [value for name, value in cell.problem.items() if name not in pair.fixed]
        value = cell.problem.get(pair.axis, free[0] if free else None)
        if value is not None and value >= 1:
            times[float(value)] = cell.seconds.value
    return sorted(times.items())


def time_at(times: list[tuple[float, float]], value: float) -> float:
    """Log-log interpolation; beyond the ends the time at the end."""
    if value <= times[0][0]:
        return times[0][1]
    for (x0, t0), (x1, t1) in zip(times, times[1:]):
        if value <= x1:
            share = math.log(value / x0) / math.log(x1 / x0)
            return math.exp((1 - share) * math.log(t0) + share * math.log(t1))
    return times[-1][1]


def _band(run: Run, section: Section, pair: Crossover) -> Band:
    times = times_along(section, pair)
    points = [point.axis_value for point in pair.points if point.axis_value >= 1]
    if not times or not points:
        return Band(run, section, pair, None, [], None)

    def in_time(ends: tuple[float, float]) -> tuple[float, float]:
        first, second = sorted(time_at(times, end) for end in ends)
        return first, second

    # Of an unresolved curve they are candidates, which nobody may read as a crossing.
    intervals = pair.intervals if pair.outcome in ("crossing", "several") else []
    return Band(run, section, pair, in_time((min(points), max(points))),
                [in_time(interval) for interval in intervals],
                None if pair.sharp is None else in_time(pair.sharp))


def bands_of(runs: list[Run]) -> list[Band]:
    """Those of all runs, by machine and family, and within these by where the change is."""
    bands = [_band(run, section, pair) for run in runs for section in run.sections
             for pair in section.crossovers]
    return sorted(bands, key=lambda band: (band.run.machine, band.section.family, band.place(),
                                           band.label(), band.run.started))


def time_text(seconds: float) -> str:
    """Three digits with a unit: 3.42 µs."""
    for factor, unit in reversed(TIME_UNITS):
        if seconds >= 0.9995 * factor:
            return f"{seconds / factor:.3g} {unit}"
    return f"{seconds / TIME_UNITS[0][0]:.3g} {TIME_UNITS[0][1]}"


class _Panel:
    """The bands of one machine; labels tell apart what two runs have in common."""

    def __init__(self, bands: list[Band]) -> None:
        self.bands = bands
        labels = [band.label() for band in bands]
        several = len({(b.run.experiment, b.run.started) for b in bands}) > 1
        self.labels = [f"{label} [{band.run.started}]" if several and labels.count(label) > 1
                       else label for label, band in zip(labels, bands)]

    def height(self) -> float:
        return ROW_INCHES * len(self.bands) + 0.1

    def draw(self, axes: Axes, limits: tuple[float, float]) -> None:
        axes.set_xscale("log")
        axes.set_xlim(*limits)
        axes.set_ylim(len(self.bands) - 0.4, -0.6)
        for row, band in enumerate(self.bands):
            self._draw_band(axes, row, band, limits)
        ticks = [10.0 ** e for e in range(math.ceil(math.log10(limits[0])),
                                          math.floor(math.log10(limits[1])) + 1)]
        axes.set_xticks(ticks, [time_text(tick).replace(" ", "") for tick in ticks])
        axes.minorticks_off()
        axes.set_yticks(range(len(self.bands)), self.labels)
        axes.tick_params(axis="y", length=0)
        axes.grid(False, axis="y")
        axes.grid(True, axis="x", color="#DDDDDD", linewidth=0.6)
        axes.spines["left"].set_visible(False)
        families = [band.section.family for band in self.bands]
        for row in range(1, len(families)):
            if families[row] != families[row - 1]:
                axes.axhline(row - 0.5, color="#BBBBBB", linewidth=0.7, zorder=0.8)

    def _draw_band(self, axes: Axes, row: int, band: Band, limits: tuple[float, float]) -> None:
        right = limits[0]
        if band.span is not None:
            axes.plot(band.span, [row, row], color="#999999", linewidth=1, zorder=1,
                      solid_capstyle="butt")
            right = band.span[1]
        for (low, high), rises in zip(band.intervals, band.pair.wins_above):
            axes.barh(row, high - low, left=low, height=0.62, facecolor=FACES[rises],
                      edgecolor=BAND_EDGE if rises else GREY, linewidth=0.8, zorder=2)
        if band.sharp is not None and band.intervals:
            low, high = band.sharp
            axes.barh(row, high - low, left=low, height=0.62, color=SHARP_BAND, zorder=3)
        words = band.words() if band.span is not None else f"{band.words()}; time not known"
        axes.annotate(words, (right, row), (5, 0), textcoords="offset points", va="center",
                      fontsize=SMALL_POINTS - 1, color=GREY)


FACES = {True: "#FFE9A8", False: "#DCE6F2"}  # by whether the variant wins above


def page_of(runs: list[Run]) -> Page | None:
    """One page, a panel per machine; None where no run has a crossover."""
    bands = bands_of(runs)
    machines = list(dict.fromkeys(band.run.machine for band in bands))
    if not machines:
        return None
    panels = [_Panel([band for band in bands if band.run.machine == machine])
              for machine in machines]
    spans = [band.span for band in bands if band.span is not None] or [(1e-6, 1e-3)]
    low, high = min(span[0] for span in spans) / 1.3, max(span[1] for span in spans) * 1.3
    words = max(text_inches(band.words() + "; time not known" * (band.span is None),
                            SMALL_POINTS) for band in bands)
    # Room to the right of the longest line for its words.
    limits = low, low * (high / low) ** ((WIDTH + words) / WIDTH)
    longest = max(text_inches(label, SMALL_POINTS) for panel in panels for label in panel.labels)
    return Page(
        stem=NAME,
        title="Crossovers: from which time of the base on the variant is faster",
        headings=machines,
        x_label="median time of the base per call (log scale)",
        y_label="",
        draw=lambda axes, i: panels[i].draw(axes, limits),
        legend=_legend(bands),
        caption=[_sources(runs), MEANING],
        width=WIDTH + words, heights=[panel.height() for panel in panels], left=0.25 + longest,
        shared=False)


def _legend(bands: list[Band]) -> list[tuple[object, str]]:
    ways = {rises for band in bands for _, rises in zip(band.intervals, band.pair.wins_above)}
    legend: list[tuple[object, str]] = [(Line2D([], [], color="#999999", linewidth=1), "measured")]
    if True in ways:
        legend.append((Patch(facecolor=FACES[True], edgecolor=BAND_EDGE), "overtakes the base"))
    if False in ways:
        legend.append((Patch(facecolor=FACES[False], edgecolor=GREY), "falls behind it"))
    if any(band.sharp for band in bands):
        legend.append((Patch(facecolor=SHARP_BAND), "sharp interval"))
    return legend


def _sources(runs: list[Run]) -> str:
    parts = []
    for run in runs:
        partial = "" if run.state == "done" else f", partial: {run.state}"
        git = f", git {run.git}" if run.git else ""
        parts.append(f"{run.experiment} ({run.started}{git}{partial})")
    return "; ".join(parts) + "."


def _ends(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"{number(ends[0])}–{number(ends[1])}"


def table_of(runs: list[Run]) -> str:
    """The same as Markdown: one row per curve, in the order of the figure."""
    columns = ("machine", "experiment", "family", "section", "variant", "against", "fixed",
               "outcome", "axis", "interval", "sharp", "time of the base there", "measured",
               "started", "git")
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for band in bands_of(runs):
        run, pair = band.run, band.pair
        measured = [point.axis_value for point in pair.points]
        cells = (run.machine, run.experiment, band.section.family, band.section.name, pair.label,
                 pair.against, describe(pair.fixed),
                 pair.outcome if run.state == "done" else f"{pair.outcome} ({run.state})",
                 pair.axis,
                 "; ".join(_ends(interval) for interval in pair.intervals) if band.intervals else "",
                 _ends(pair.sharp),
                 "; ".join(f"{time_text(low)} to {time_text(high)}"
                           for low, high in band.intervals),
                 f"{min(measured)} to {max(measured)}" if measured else "", run.started, run.git)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
