"""What the usual rules for the number of workers cost: for every batch size, how much longer than with
the best of the measured numbers a pass takes with the number that a rule gives."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import caption
from load import Cell, Run, Section
from page import Legend, Page
from style import GREY, Look, set_linear_axis, set_size_axis

NAME = "workers"
MARKERS = "osD^vP"
COLOURS = ("#4477AA", "#EE6677", "#228833", "#AA3377", "#CCBB44", "#66CCEE")


def rules(cores: int) -> dict[str, object]:
    """By name, what each rule gives for a batch."""
    return {
        "one": lambda batch: 1,
        "half the cores": lambda batch: max(1, cores // 2),
        "all cores": lambda batch: cores,
        "twice the cores": lambda batch: 2 * cores,
        "min(batch, cores)": lambda batch: min(batch, cores),
    }


def regrets(cells: list[Cell], cores: int) -> dict[str, dict[int, float]]:
    """Percent by rule and batch, where all of the numbers that the rules give were measured."""
    times = {(cell.problem["batch"], cell.threads): cell.seconds.value for cell in cells
             if cell.seconds is not None}
    result: dict[str, dict[int, float]] = {name: {} for name in rules(cores)}
    for batch in sorted({batch for batch, _ in times}):
        chosen = {name: times.get((batch, rule(batch))) for name, rule in rules(cores).items()}
        if None in chosen.values():
            continue
        best = min(time for (other, _), time in times.items() if other == batch)
        for name, time in chosen.items():
            result[name][batch] = 100 * (time / best - 1)
    return result


def pages(run: Run, section: Section, looks: dict[str, Look]) -> list[Page]:
    """One file for a sweep of coarse passes over batch and threads; else none."""
    cells = [cell for cell in section.measured() if cell.variant == "coarse"]
    if run.cores is None or section.question == "crossover" or "batch" not in section.axes():
        return []
    if len({cell.threads for cell in cells}) < 2:
        return []
    found = regrets(cells, run.cores)
    batches = sorted({batch for of_rule in found.values() for batch in of_rule})
    if len(batches) < 2:
        return []
    top = max(10.0, 1.1 * max(max(of_rule.values()) for of_rule in found.values()))
    means = {name: sum(of_rule.values()) / len(of_rule) for name, of_rule in found.items()}

    def draw(axes: Axes, _: int) -> None:
        for (name, of_rule), colour, marker in zip(found.items(), COLOURS, MARKERS):
            axes.plot(batches, [of_rule.get(batch, math.nan) for batch in batches], color=colour,
                      marker=marker, markersize=4, linewidth=1.2, clip_on=False)
        axes.axhline(0, color=GREY, linewidth=0.8)
        set_size_axis(axes, batches, 6.6)
        set_linear_axis(axes, 0, top)

    legend: Legend = [(Line2D([], [], color=colour, marker=marker, markersize=4),
                       f"{name}: {means[name]:.1f}% on average")
                      for name, colour, marker in zip(found, COLOURS, MARKERS)]
    return [Page(stem=NAME, title=f"{section.family}: what rules for workers cost ({section.name})",
                 headings=[f"{run.cores} cores"], x_label="batch",
                 y_label="% more time than the best", draw=draw, legend=legend,
                 caption=[caption.provenance(run, section, (cell.launches for cell in cells)),
                          "The best number is chosen by the same measurement, so that noise makes "
                          "regrets too large, never too small. " + caption.noise(run),
                          caption.not_shown(section.cells)],
                 width=6.6, height=4.0)]
