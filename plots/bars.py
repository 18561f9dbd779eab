"""Speed of every arm on every shape, as groups of bars with intervals.

For sweeps and comparisons whose problems form no curve over one size, and for those of few sizes.
"""

from __future__ import annotations

from typing import Iterator

from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke

import caption
import outcome
import rates
from load import Cell, Run, Section
from page import Legend, Page, pages_of
from panels import Panel, cells_by_place, is_series, key_of, part_of, sweep_panels
from style import (GREY, SMALL_POINTS, Look, assign_looks, set_linear_axis, set_log_axis,
                   short_number)

NAME = "bars"
WHISKER = "Whiskers: interval of the median over launches, at least 95%."
GROUP = 0.84         # of the distance between groups is covered by bars
NARROWEST = 0.1      # inches of a bar on which a hatch is still seen
MOST_BARS = 60       # of a panel; of more, each number of threads has a file of its own
WIDEST = 0.45        # inches; wider bars of a small section say no more
NUMBERED_BARS = 30   # a panel with more has no room for a number over every bar
NUMBER_INCHES = 0.4  # of a number that stands upright
FLAT = 0.06          # of the axis: groups that stay below this are not readable
ROW_INCHES = 13.5    # of all panels of a row together
OVER_A_LINE = {"facecolor": "white", "edgecolor": "none", "pad": 0.4}  # numbers at a peak's height


class _Bars:
    """What all files of this figure have in common: the cells, the axes and the sizes."""

    def __init__(self, section: Section, looks: dict[str, Look], panels: list[Panel],
                 threads: int | None = None) -> None:
        self.panels = panels
        self.threads = threads
        self.unit = rates.unit_of(section)
        self.cells = cells_by_place(section)
        self.measured = [cell for cell in section.measured() if threads in (None, cell.threads)]
        drawn = {cell.label for cell in self.measured}
        self.labels = [label for label in section.labels() if label in drawn]
        self.looks = looks if threads is None else assign_looks([self.labels])[0]
        self.rates = [rates.rate(cell, self.unit) for cell in self.measured]
        self.peaks = rates.peaks_for(self.measured, self.unit)
        self.top = rates.axis_top(self.rates, self.peaks)
        self.ceilings = [] if self.unit != "GB/s" else rates.ceilings_of(self.measured,
                                                                         of_bytes=True)
        if self.ceilings:
            self.top = max(self.top, 1.05e-9 * max(c.rate.value for c in self.ceilings))
        self.log = self._needs_log(panels)
        self._set_sizes()

    def _needs_log(self, panels: list[Panel]) -> bool:
        """Whether a linear axis would hide groups; or, without a common peak to look up to, bars."""
        if self.unit != "GFLOP/s":
            return bool(self.ceilings) or min(r.value for r in self.rates) < FLAT * self.top
        return any(self._best(panel, i) < FLAT * self.top
                   for panel in panels for i in range(len(panel.problems)))

    def _best(self, panel: Panel, index: int) -> float:
        cells = [self.cells.get((label, key_of(panel.problems[index]))) for label in self.labels]
        return max((rates.rate(cell, self.unit).value for cell in cells if cell and cell.seconds),
                   default=self.top)

    def _set_sizes(self) -> None:
        """Width and height of a panel in inches; groups: how many its x axis has room for."""
        single = len(self.panels) == 1
        groups = max(len(panel.problems) for panel in self.panels)
        arms = len(self.labels)
        self.height = 3.6 if single else 2.4
        self.width = max(4.4 if single else 2.6, 0.62 * groups, groups * arms * NARROWEST / GROUP)
        self.groups = max(groups, self.width * GROUP / (arms * WIDEST))
        self.bar_inches = self.width * GROUP / (self.groups * arms)
        self.numbered = groups * arms <= NUMBERED_BARS

    def limits(self) -> tuple[float, float]:
        """The ends of the y axis, with room for the numbers over the bars."""
        lowest = min(rate.value if rate.low is None else rate.low for rate in self.rates)
        highest = max(rate.value if rate.high is None else rate.high for rate in self.rates)
        free = 1 - (NUMBER_INCHES / self.height if self.numbered else 0)
        if not self.log:
            return 0, max(self.top, highest / free)
        bottom = lowest / 1.6
        return bottom, max(self.top * 1.1, bottom * (highest / bottom) ** (1 / free))

    def bars(self, panel: Panel, label: str) -> Iterator[tuple[float, Cell]]:
        """Centre of the bar in groups, and its cell; an arm keeps its place in every group."""
        step = GROUP / len(self.labels)
        offset = (self.labels.index(label) + 0.5) * step - GROUP / 2
        for index, problem in enumerate(panel.problems):
            cell = self.cells.get((label, key_of(problem)))
            if cell is not None and cell.seconds is not None:
                yield index + offset, cell

    def draw(self, axes: Axes, panel: Panel) -> None:
        rates.draw_peaks(axes, self.peaks, self.top)
        for label in self.labels:
            self._draw_arm(axes, panel, label)
        if self.log:
            set_log_axis(axes, *self.limits())
        else:
            set_linear_axis(axes, *self.limits())
        middle = (len(panel.problems) - 1) / 2
        axes.set_xlim(middle - self.groups / 2, middle + self.groups / 2)
        axes.set_xticks(range(len(panel.problems)), panel.ticks)
        axes.tick_params(axis="x", length=0)

    def _draw_arm(self, axes: Axes, panel: Panel, label: str) -> None:
        places = list(self.bars(panel, label))
        if not places:
            return
        centres = [centre for centre, _ in places]
        values = [rates.rate(cell, self.unit) for _, cell in places]
        heights = [value.value for value in values]
        axes.bar(centres, heights, width=GROUP / len(self.labels), zorder=2,
                 **_fill(self.looks[label]))
        axes.errorbar(centres, heights, yerr=list(zip(*[value.reach() for value in values])),
                      fmt="none", ecolor="#333333", elinewidth=0.9, zorder=3,
                      path_effects=[withStroke(linewidth=2, foreground="white")])  # on black bars
        if self.ceilings:
            self._draw_ceilings(axes, places)
        upright = self.bar_inches < 0.34
        for centre, value in zip(centres, values) if self.numbered else []:
            axes.annotate(short_number(value.value), (centre, value.high or value.value), (0, 3),
                          textcoords="offset points", rotation=90 if upright else 0, ha="center",
                          va="bottom", fontsize=SMALL_POINTS - 1, bbox=OVER_A_LINE)

    def _draw_ceilings(self, axes: Axes, places: list[tuple[float, Cell]]) -> None:
        """A line across the place of every bar that has one."""
        half = GROUP / len(self.labels) / 2
        bounded = [(centre, cell.ceiling.rate.value / 1e9) for centre, cell in places
                   if cell.ceiling is not None and cell.ceiling.of_bytes]
        if bounded:
            centres, heights = zip(*bounded)
            axes.hlines(heights, [centre - half for centre in centres],
                        [centre + half for centre in centres], color=GREY, linewidth=1.3,
                        zorder=2.5)


def _fill(look: Look) -> dict[str, object]:
    """Keyword arguments of a bar; its edge is also the colour of the hatch."""
    return {"facecolor": look.colour, "hatch": look.hatch, "edgecolor": "white", "linewidth": 0.4}


def pages(run: Run, section: Section, looks: dict[str, Look]) -> list[Page]:
    """The files of this figure for one section; none where lines suit its problems."""
    if section.question == "crossover" or not section.measured():
        return []
    panels = sweep_panels(section)
    if is_series(panels):
        return []
    return [_page(run, section, bars, [panels[i] for i in chosen])
            for bars in _files(section, looks, panels) for chosen in pages_of(len(panels))]


def _files(section: Section, looks: dict[str, Look], panels: list[Panel]) -> list[_Bars]:
    """All arms together, or those of each number of threads where they are too many."""
    whole = _Bars(section, looks, panels)
    counts = sorted({cell.threads for cell in section.measured()})
    if len(counts) < 2 or len(whole.labels) * max(len(p.problems) for p in panels) <= MOST_BARS:
        return [whole]
    return [_Bars(section, looks, panels, threads) for threads in counts]


def _page(run: Run, section: Section, bars: _Bars, panels: list[Panel]) -> Page:
    axis = panels[0].axis
    without = sum(rate.low is None for rate in bars.rates)
    legend: Legend = [(Patch(**_fill(bars.looks[label])), label) for label in bars.labels]
    team = "" if bars.threads is None else \
        f"{bars.threads} thread{'' if bars.threads == 1 else 's'}"
    return Page(
        stem=NAME,
        part="_".join(word for word in (team.replace(" ", ""), part_of(panels, bars.panels))
                      if word),
        title=f"{section.family}: speed of every variant{', ' if team else ''}{team} "
              f"({section.name})",
        headings=[outcome.heading(panel, bars.panels) for panel in panels],
        x_label="" if axis is None else axis.name,
        y_label=bars.unit + (" (log scale)" if bars.log else ""),
        draw=lambda axes, i: bars.draw(axes, panels[i]),
        legend=rates.peak_legend(bars.peaks, bars.top)
        + rates.ceiling_legend(bars.ceilings, "bar") + legend,
        caption=[caption.provenance(run, section, (cell.launches for cell in bars.measured)),
                 " ".join([caption.interval(WHISKER, len(bars.rates), without),
                           caption.noise(run), rates.peaks_above(bars.peaks, bars.top)]),
                 rates.BANDWIDTH if bars.ceilings else "",
                 caption.not_shown(cell for cell in section.cells
                                   if bars.threads in (None, cell.threads))],
        width=bars.width,
        height=bars.height,
        columns=max(1, min(len(panels), 3, int(ROW_INCHES / bars.width))),
        tick_lines=max(tick.count("\n") + 1 for panel in panels for tick in panel.ticks))
