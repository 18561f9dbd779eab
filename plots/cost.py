"""What a call costs before its first unit of work, and what each unit adds: times over the size, and
the line that was fitted to them."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import caption
from load import Cost, Run, Section
from page import Legend, Page, columns_for
from panels import cells_by_place, describe, is_on_curve, measured_along, sweep_panels
from style import Look, set_log_axis, set_size_axis

NAME = "cost"
STEPS = 60  # of a line, which is a curve on logarithmic axes
BARS = "Error bars: interval of the median over launches, at least 95%."


def line_of(cost: Cost, low: float, high: float) -> tuple[list[float], list[float]]:
    """Sizes and milliseconds of the fitted line; where it says less than no time it ends."""
    sizes = [low * (high / low) ** (step / STEPS) for step in range(STEPS + 1)]
    points = [(size, 1e3 * (cost.fixed_seconds + cost.seconds_per_unit * size)) for size in sizes]
    return ([size for size, time in points if time > 0], [time for _, time in points if time > 0])


def pages(run: Run, section: Section, looks: dict[str, Look]) -> list[Page]:
    """One file per section that asks for costs."""
    panels = [panel for panel in sweep_panels(section) if panel.axis and min(panel.values) >= 1]
    if not section.costs or not panels:
        return []
    cells = cells_by_place(section)

    times = [cell.seconds for cell in section.measured()]
    low = min(time.low or time.value for time in times) * 1e3 / 1.3
    high = max(time.high or time.value for time in times) * 1e3 * 1.3
    width, height = (5.6, 3.8) if len(panels) == 1 else (3.9, 2.7)

    def draw(axes: Axes, index: int) -> None:
        panel = panels[index]
        set_size_axis(axes, panel.values, width)
        set_log_axis(axes, low, high)
        for label in panel.labels:
            points = measured_along(cells, panel, label)
            look = looks[label]
            axes.errorbar([size for size, _ in points],
                          [1e3 * cell.seconds.value for _, cell in points],
                          yerr=list(zip(*((1e3 * part for part in cell.seconds.reach())
                                          for _, cell in points))) or None,
                          fmt=look.marker, color=look.colour, markersize=5.5, elinewidth=1,
                          capsize=2.5, zorder=3)
        for cost in section.costs:
            if is_on_curve(cost.fixed, panel.fixed):
                axes.plot(*line_of(cost, min(panel.values), max(panel.values)), zorder=2,
                          color=looks[cost.label].colour, linestyle=looks[cost.label].dashes,
                          linewidth=1.3)

    legend: Legend = [(Line2D([], [], **looks[label].line()), label) for label in section.labels()]
    return [Page(
        stem=NAME,
        title=f"{section.family}: fixed cost and cost per unit of {panels[0].axis.name} "
              f"({section.name})",
        headings=[describe(panel.fixed) if len(panels) > 1 else "" for panel in panels],
        x_label=panels[0].axis.name,
        y_label="ms (log scale)",
        draw=draw,
        legend=legend,
        caption=[caption.provenance(run, section, (cell.launches for cell in section.measured())),
                 caption.interval(BARS, len(times), sum(time.low is None for time in times)) +
                 " Lines: fixed cost plus cost per unit.",
                 *(f"{cost.sentence}." for cost in section.costs),
                 caption.not_shown(section.cells)],
        width=width, height=height, columns=columns_for(len(panels)))]
