"""Speed over size: one line per arm with its interval, up to the machine's measured peak."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import caption
import outcome
import rates
from load import Cell, Run, Section
from page import Legend, Page, columns_for, pages_of
from panels import (Panel, cells_by_place, crossover_panels, is_series, key_of, part_of,
                    sweep_panels)
from style import GREY, MANY_LINES, Look, set_linear_axis, set_log_axis, set_size_axis

NAME = "speed"
RIBBON = "Ribbons: interval of the median over launches, at least 95%."


class _Speed:
    """What all files of this figure have in common."""

    def __init__(self, section: Section, looks: dict[str, Look], panels: list[Panel]) -> None:
        self.looks = looks
        self.unit = rates.unit_of(section)
        self.cells = cells_by_place(section)
        self.panels = [panel for panel in panels if self.measured(panel)]
        shown = [cell for panel in self.panels for cell in self.measured(panel)]
        self.values = [rates.rate(cell, self.unit) for cell in shown]
        self.peaks = rates.peaks_for(shown, self.unit)
        self.steps = {} if self.unit != "GB/s" else rates.dashes_by_team(
            rates.ceilings_of(shown, of_bytes=True))
        self.log = self.unit == "GB/s"  # caches and memory differ by more than a line can show
        if self.values:
            self.limits = self._limits(shown)

    def _limits(self, shown: list[Cell]) -> tuple[float, float]:
        if not self.log:
            return 0, rates.axis_top(self.values, self.peaks)
        ceilings = rates.ceilings_of(shown, of_bytes=True)
        return rates.log_limits(self.values, (ceiling.rate.value / 1e9 for ceiling in ceilings))

    def measured(self, panel: Panel) -> list[Cell]:
        cells = [self.cells.get((label, key_of(problem)))
                 for label in panel.labels for problem in panel.problems]
        return [cell for cell in cells if cell is not None and cell.seconds is not None]

    def line(self, panel: Panel, label: str) -> tuple[list[int], list[list[float]]]:
        """Sizes, and for each [speed, low, high]. Speed is nan where the cell was not measured,
        which breaks the line; the bounds are nan where there is no interval, which draws none."""
        sizes, speeds = [], []
        for value, problem in zip(panel.values, panel.problems):
            cell = self.cells.get((label, key_of(problem)))
            if cell is None:
                continue  # not asked for: a size that was added for other arms
            sizes.append(value)
            speed = None if cell.seconds is None else rates.rate(cell, self.unit)
            speeds.append([math.nan if number is None else number for number in (
                (speed.value, speed.low, speed.high) if speed else (None, None, None))])
        return sizes, speeds

    def draw(self, axes: Axes, panel: Panel, inches: float) -> None:
        outcome.draw_bands(axes, panel.pair)
        rates.draw_peaks(axes, self.peaks, self.limits[1])
        self._draw_steps(axes, panel)
        for number, label in enumerate(panel.labels):
            sizes, speeds = self.line(panel, label)
            if all(math.isnan(speed[0]) for speed in speeds):
                continue
            value, low, high = zip(*speeds)
            look = self.looks[label]
            if not all(map(math.isnan, low)):
                axes.fill_between(sizes, low, high, color=look.colour, alpha=0.18, linewidth=0,
                                  zorder=2)
            # Not clipped: a marker at the foot of the axis would lose its lower half.
            axes.plot(sizes, value, zorder=3 + 0.01 * number, clip_on=False, **look.line())
        set_size_axis(axes, panel.values, inches)
        if self.log:
            set_log_axis(axes, *self.limits)
        else:
            set_linear_axis(axes, *self.limits)

    def _draw_steps(self, axes: Axes, panel: Panel) -> None:
        values = {key_of(problem): value for problem, value in zip(panel.problems, panel.values)}
        for team, line in rates.steps_for(self.measured(panel), self.steps, values).items():
            axes.plot(*zip(*rates.stairs(line)), color=GREY, linewidth=1.1, label=rates.CEILING,
                      linestyle=self.steps[team], zorder=1.5)

    def legend(self, panels: list[Panel]) -> Legend:
        """The arms; of a single panel in the order in which its lines end."""
        drawn = {cell.label for panel in panels for cell in self.measured(panel)}
        labels = [label for label in self.looks if label in drawn]
        if len(panels) == 1:
            labels.sort(key=lambda label: -self._last(panels[0], label))
        return [(Line2D([], [], **self.looks[label].line()), label) for label in labels]

    def _last(self, panel: Panel, label: str) -> float:
        return [speed[0] for speed in self.line(panel, label)[1] if not math.isnan(speed[0])][-1]


def pages(run: Run, section: Section, looks: dict[str, Look]) -> list[Page]:
    """The files of this figure for one section; none where its problems form no curve."""
    if section.question == "crossover":
        panels = crossover_panels(section)
    else:
        panels = sweep_panels(section)
        panels = panels if is_series(panels) else []
    speed = _Speed(section, looks, panels)
    return [_page(run, section, speed, [speed.panels[i] for i in chosen])
            for chosen in pages_of(len(speed.panels))]


def _page(run: Run, section: Section, speed: _Speed, panels: list[Panel]) -> Page:
    cells = [cell for panel in speed.panels for cell in speed.measured(panel)]
    top = speed.limits[1]
    columns = columns_for(len(panels))
    width, height = (6.6, 4.0) if len(panels) == 1 else (3.9, 2.7)
    if len(panels) == 1 and len(panels[0].labels) > MANY_LINES:
        height = 5.2
    axis = panels[0].axis
    assert axis is not None  # categories are drawn as bars
    return Page(
        stem=NAME,
        part=part_of(panels, speed.panels),
        title=f"{section.family}: speed over {axis.name} ({section.name})",
        headings=[outcome.heading(panel, speed.panels) for panel in panels],
        x_label=axis.name,
        y_label=speed.unit + (" (log scale)" if speed.log else ""),
        draw=lambda axes, i: speed.draw(axes, panels[i], width),
        legend=rates.peak_legend(speed.peaks, top) + rates.steps_legend(speed.steps)
        + speed.legend(panels) + outcome.band_legend(panels),
        caption=[caption.provenance(run, section, (cell.launches for cell in cells)),
                 " ".join([caption.interval(RIBBON, len(speed.values),
                                            sum(value.low is None for value in speed.values)),
                           caption.noise(run), rates.peaks_above(speed.peaks, top)]),
                 rates.BANDWIDTH if speed.steps else "",
                 caption.not_shown(section.cells)],
        width=width, height=height, columns=columns)
