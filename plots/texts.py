"""Time per text over the batch size (or its length): one line per mode of parallelism, with the
bands in which one overtakes another."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import caption
import outcome
from load import Cell, Estimate, Run, Section
from page import Legend, Page, columns_for, pages_of
from panels import (Panel, cells_by_place, crossover_panels, is_series, measured_along, part_of,
                    sweep_panels)
from style import Look, set_log_axis, set_size_axis

NAME = "texts"
RIBBON = "Ribbons: interval of the median over launches, at least 95%."


def milliseconds(cell: Cell) -> Estimate:
    """Of one text, in a batch of several."""
    factor = 1e3 / cell.items["texts"]
    seconds = cell.seconds
    assert seconds is not None  # only measured cells are drawn
    return Estimate(seconds.value * factor, None if seconds.low is None else seconds.low * factor,
                    None if seconds.high is None else seconds.high * factor)


def _line(cells: dict, panel: Panel, label: str) -> list[tuple[int, Estimate]]:
    """Of the cells that compute texts."""
    return [(value, milliseconds(cell)) for value, cell in measured_along(cells, panel, label)
            if cell.items.get("texts", 0) > 0]


def pages(run: Run, section: Section, looks: dict[str, Look]) -> list[Page]:
    """The files of this figure for one section; none where calls compute no texts, or where they
    form no curve."""
    if not any(cell.items.get("texts") for cell in section.measured()):
        return []
    if section.question == "crossover":
        panels = crossover_panels(section)
    else:
        panels = sweep_panels(section)
        panels = panels if is_series(panels) else []
    cells = cells_by_place(section)
    panels = [panel for panel in panels if any(_line(cells, panel, x) for x in panel.labels)]
    return [_page(run, section, looks, panels, [panels[i] for i in chosen])
            for chosen in pages_of(len(panels))]


def _page(run: Run, section: Section, looks: dict[str, Look], all_panels: list[Panel],
          panels: list[Panel]) -> Page:
    cells = cells_by_place(section)
    times = [time for panel in all_panels for label in panel.labels
             for _, time in _line(cells, panel, label)]
    low = min(time.low or time.value for time in times) / 1.15
    high = max(time.high or time.value for time in times) * 1.15
    width, height = (6.6, 4.0) if len(panels) == 1 else (3.9, 2.7)

    def draw(axes: Axes, index: int) -> None:
        panel = panels[index]
        outcome.draw_bands(axes, panel.pair)
        for label in panel.labels:
            line = _line(cells, panel, label)
            if not line:
                continue
            sizes = [size for size, _ in line]
            values = [time.value for _, time in line]
            axes.fill_between(sizes, [time.low or time.value for _, time in line],
                              [time.high or time.value for _, time in line],
                              color=looks[label].colour, alpha=0.18, linewidth=0, zorder=2)
            axes.plot(sizes, values, zorder=3, clip_on=False, **looks[label].line())
        set_size_axis(axes, panel.values, width)
        set_log_axis(axes, low, high)

    drawn = {label for panel in panels for label in panel.labels if _line(cells, panel, label)}
    legend: Legend = [(Line2D([], [], **looks[label].line()), label) for label in looks
                      if label in drawn]
    axis = panels[0].axis
    assert axis is not None  # is_series and crossovers have one
    return Page(
        stem=NAME,
        part=part_of(panels, all_panels),
        title=f"{section.family}: time per text over {axis.name} ({section.name})",
        headings=[outcome.heading(panel, all_panels) for panel in panels],
        x_label=axis.name,
        y_label="ms per text (log scale)",
        draw=draw,
        legend=legend + outcome.band_legend(panels),
        caption=[caption.provenance(run, section, (cell.launches for cell in section.measured())),
                 " ".join([caption.interval(RIBBON, len(times),
                                            sum(time.low is None for time in times)),
                           caption.noise(run)]),
                 caption.not_shown(section.cells)],
        width=width, height=height, columns=columns_for(len(panels)))
