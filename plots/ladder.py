"""What each step of a series of variants gave: its speed, and the factor over the step before."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Patch

import caption
import rates
from load import Cell, Estimate, Run, Section
from page import Legend, Page
from panels import cells_by_place, describe, key_of
from style import (GREY, SMALL_POINTS, TEXT_POINTS, Look, short_number, text_inches)

NAME = "ladder"
FEWEST_STEPS = 4
MOST_STEPS = 10
MOST_PROBLEMS = 6
KEPT = "#C9D6E2"    # what the step before had reached
GAIN = "#0072B2"
LOSS = "#D55E00"
BAR_INCHES = 2.7    # of a panel's width; beside the bars stand the numbers
TEXT_INCHES = 2.1
ROW_INCHES = 0.27
FACTOR = "In brackets: interval of the factor over the step before, at least 90%, from the 95% " \
    "intervals of the two times."


def steps_of(section: Section) -> list[str]:
    """The arms, where they are a series of steps: each variant once, all of them our own code, and
    the first one is what all others were compared with."""
    labels = section.labels()
    first_cells = {cell.label: cell for cell in reversed(section.cells)}
    variants = {cell.variant for cell in first_cells.values()}
    if section.question == "crossover" or not FEWEST_STEPS <= len(labels) <= MOST_STEPS:
        return []
    if len(variants) < len(labels) or any(not cell.counted for cell in section.measured()):
        return []
    return labels if {row.against for row in section.comparisons} == {labels[0]} else []


def factor(before: Estimate, now: Estimate) -> Estimate:
    """How many times faster, from two times per call."""
    if None in (before.low, before.high, now.low, now.high):
        return Estimate(before.value / now.value)
    return Estimate(before.value / now.value, before.low / now.high, before.high / now.low)


def factor_text(ratio: Estimate) -> str:
    """E.g. "×1.72 [1.68, 1.77]"."""
    # The same for all three, or they would look unlike.
    digits = 1 if ratio.value >= 10 else 2 if ratio.value >= 0.1 else 3
    text = f"×{ratio.value:.{digits}f}"
    if ratio.low is None or ratio.high is None:
        return text
    return f"{text} [{ratio.low:.{digits}f}, {ratio.high:.{digits}f}]"


class _Ladder:
    """What all panels have in common."""

    def __init__(self, run: Run, section: Section, steps: list[str]) -> None:
        self.steps = steps
        self.unit = rates.unit_of(section)
        self.cells = cells_by_place(section)
        measured = section.measured()
        self.problems = list({key_of(cell.problem): cell.problem for cell in measured}.values())
        self.rates = [rates.rate(cell, self.unit) for cell in measured]
        self.peaks = rates.peaks_for(measured, self.unit)
        self.ceilings = rates.ceilings_of(measured, of_bytes=True) if self.unit == "GB/s" else []
        lowest = min(rate.value for rate in self.rates)
        highest = max([rate.value for rate in self.rates]
                      + [peak.rate.value for peak in self.peaks]
                      + [ceiling.rate.value / 1e9 for ceiling in self.ceilings])
        self.bottom, self.top = lowest / 1.8, highest * 1.12

    def draw(self, axes: Axes, problem: dict[str, int]) -> None:
        axes.set_xscale("log")
        share = (BAR_INCHES + TEXT_INCHES) / BAR_INCHES
        axes.set_xlim(self.bottom, self.bottom * (self.top / self.bottom) ** share)
        axes.set_ylim(len(self.steps) - 0.5, -0.5)
        before: Cell | None = None
        for row, label in enumerate(self.steps):
            cell = self.cells.get((label, key_of(problem)))
            if cell is None or cell.seconds is None:
                axes.text(self.bottom * 1.03, row, "not measured", va="center", color=GREY,
                          fontsize=SMALL_POINTS - 1)
                continue
            self._draw_step(axes, row, cell, before)
            before = cell
        for peak in self.peaks:
            axes.plot([peak.rate.value] * 2, [-0.5, len(self.steps) - 0.5], color=GREY,
                      linewidth=1.1, linestyle=peak.dashes, zorder=1.5)
        self._dress(axes)

    def _draw_step(self, axes: Axes, row: int, cell: Cell, before: Cell | None) -> None:
        now = rates.rate(cell, self.unit)
        was = self.bottom if before is None else rates.rate(before, self.unit).value
        if self.ceilings and cell.ceiling is not None and cell.ceiling.of_bytes:
            axes.plot([cell.ceiling.rate.value / 1e9] * 2, [row - 0.42, row + 0.42], color=GREY,
                      linewidth=1.3, zorder=2.5)
        for low, high, look in ((self.bottom, min(was, now.value), {"color": KEPT}),
                                (was, now.value, {"color": GAIN}),
                                (now.value, was, {"facecolor": "none", "edgecolor": LOSS,
                                                  "hatch": "/////", "linewidth": 0.8})):
            if high > low:
                axes.barh(row, high - low, left=low, height=0.68, zorder=2, **look)
        if now.low is not None and now.high is not None:
            axes.plot([now.low, now.high], [row, row], color="#222222", linewidth=0.9, zorder=3)
        words = [short_number(now.value)]
        if before is not None and before.seconds is not None and cell.seconds is not None:
            words.append(factor_text(factor(before.seconds, cell.seconds)))
        for text, inches in zip(words, (0.12, 0.55)):
            axes.text((BAR_INCHES + inches) / (BAR_INCHES + TEXT_INCHES), row, text, va="center",
                      fontsize=SMALL_POINTS, transform=axes.get_yaxis_transform())

    def _dress(self, axes: Axes) -> None:
        axes.set_yticks(range(len(self.steps)), self.steps)
        axes.tick_params(axis="y", length=0)
        ticks = [v * 10.0 ** e for e in range(-3, 6) for v in (1, 3)
                 if self.bottom <= v * 10.0 ** e <= self.top]
        axes.set_xticks(ticks, [short_number(tick) for tick in ticks])
        axes.minorticks_off()
        axes.grid(False)
        axes.spines["bottom"].set_bounds(self.bottom, self.top)
        for tick in ticks:
            axes.axvline(tick, color="#DDDDDD", linewidth=0.6, zorder=0.8)

    def legend(self) -> Legend:
        entries: Legend = [(Patch(color=KEPT), "reached by the step before"),
                           (Patch(color=GAIN), "gained by this step")]
        if self._any_loss():
            entries.append((Patch(facecolor="none", edgecolor=LOSS, hatch="/////"),
                            "lost by this step"))
        return entries

    def _any_loss(self) -> bool:
        for problem in self.problems:
            found = [self.cells.get((label, key_of(problem))) for label in self.steps]
            times = [cell.seconds.value for cell in found if cell and cell.seconds]
            if any(now > before for before, now in zip(times, times[1:])):
                return True
        return False


def pages(run: Run, section: Section, looks: dict[str, Look]) -> list[Page]:
    """One file with a panel per problem; none where the arms are no series of steps."""
    del looks  # what matters here is the step, not the arm
    steps = steps_of(section)
    measured = section.measured()
    if not steps or rates.unit_of(section) == "calls/s":
        return []
    ladder = _Ladder(run, section, steps)
    if len(ladder.problems) > MOST_PROBLEMS:
        return []
    without = sum(cell.seconds is not None and cell.seconds.low is None for cell in measured)
    return [Page(
        stem=NAME,
        title=f"{section.family}: what each step gave ({section.name})",
        headings=[describe(problem) for problem in ladder.problems],
        x_label=f"{ladder.unit} (log scale); beside it the speed, and the factor over the step before",
        y_label="",
        draw=lambda axes, i: ladder.draw(axes, ladder.problems[i]),
        legend=rates.peak_legend(ladder.peaks, ladder.top)
        + rates.ceiling_legend(ladder.ceilings, "step") + ladder.legend(),
        caption=[caption.provenance(run, section, (cell.launches for cell in measured)),
                 f"{caption.interval(FACTOR, len(measured), without)} {caption.noise(run)}",
                 rates.BANDWIDTH if ladder.ceilings else "",
                 caption.not_shown(section.cells)],
        width=BAR_INCHES + TEXT_INCHES,
        height=ROW_INCHES * len(steps) + 0.1,
        left=0.25 + max(text_inches(step, TEXT_POINTS) for step in steps),
        columns=1 if len(ladder.problems) == 1 else 2)]
