"""Every kernel on every problem as a point below the measured roofs: bandwidth and FMA peak."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import caption
import rates
from load import FMA_PEAK, Ceiling, Cell, Run, Section
from page import Legend, Page
from style import GREY, MANY_LINES, Look, log_ticks, set_log_axis, short_number

NAME = "roofline"
FEWEST_INTENSITIES = 3
PADDING = 1.5  # factor of free space around the points
INTENSITY = "Intensity: flops per byte of the operands, each counted once. The slope is the " \
    "measured bandwidth of memory: operands that stay in a cache may lie above it."


def intensity(cell: Cell) -> float | None:
    """Flops per byte of the cell's problem, from its two rates."""
    if cell.seconds is None or not cell.gflops or not cell.gigabytes:
        return None
    return cell.gflops / cell.gigabytes


class _Roofline:
    """The cells of each thread count that has both roofs, and the common axes."""

    def __init__(self, run: Run, section: Section, looks: dict[str, Look]) -> None:
        self.run = run
        self.looks = looks
        counts = sorted({cell.threads for cell in section.measured()})
        self.counts = [count for count in counts if count in run.peaks and count in run.bandwidths]
        self.cells = [cell for cell in section.measured()
                      if intensity(cell) and cell.threads in self.counts]
        self.intensities = {round(intensity(cell) or 0, 6) for cell in self.cells}
        self.peaks = {count: self._peak(count) for count in self.counts}
        if self.cells:
            speeds = [cell.gflops for cell in self.cells if cell.gflops]
            top = max([peak.rate.value / 1e9 for peak in self.peaks.values()] + speeds)
            self.x = (min(self.intensities) / PADDING, max(self.intensities) * PADDING)
            self.y = (min(speeds) / PADDING, top * PADDING)

    def _peak(self, threads: int) -> Ceiling:
        """The highest of what bounds the cells; 8-bit kernels do more than the FMA peak allows."""
        told = [cell.ceiling for cell in self.cells if cell.threads == threads
                and cell.ceiling is not None and not cell.ceiling.of_bytes]
        return max(told, key=lambda ceiling: ceiling.rate.value,
                   default=Ceiling(FMA_PEAK, threads, self.run.peaks[threads]))

    def draw(self, axes: Axes, threads: int) -> None:
        peak = self.peaks[threads].rate.value / 1e9
        slope = self.run.bandwidths[threads].value / 1e9
        ridge = min(max(peak / slope, self.x[0]), self.x[1])
        axes.plot([self.x[0], ridge, self.x[1]],
                  [min(peak, slope * x) for x in (self.x[0], ridge, self.x[1])], color=GREY,
                  linewidth=1.6, zorder=1.5)
        for number, label in enumerate(self.labels(threads)):
            points = [cell for cell in self.cells if cell.label == label]
            look = self.looks[label]
            axes.plot([intensity(cell) for cell in points], [cell.gflops for cell in points],
                      zorder=2 + 0.01 * number, alpha=0.9,
                      **(look.line() | {"linestyle": "none"}))
        set_log_axis(axes, *self.y)
        axes.set_xscale("log")
        axes.set_xlim(*self.x)
        ticks = log_ticks(*self.x)
        axes.set_xticks(ticks, [short_number(tick) for tick in ticks])
        axes.minorticks_off()

    def labels(self, threads: int | None = None) -> list[str]:
        drawn = {cell.label for cell in self.cells if threads in (None, cell.threads)}
        return [label for label in self.looks if label in drawn]

    def heading(self, threads: int) -> str:
        plural = "" if threads == 1 else "s"
        return (f"{threads} thread{plural}: {self.peaks[threads].rate.value / 1e9:.0f} GFLOP/s, "
                f"{self.run.bandwidths[threads].value / 1e9:.1f} GB/s")

    def legend(self) -> Legend:
        roof = Line2D([], [], color=GREY, linewidth=1.6)
        names = dict.fromkeys(rates.PEAK_NAMES.get(peak.probe, peak.probe)
                              for peak in self.peaks.values())
        return [(roof, f"measured bandwidth and {' or '.join(names)}")] + [
            (Line2D([], [], **(self.looks[label].line() | {"linestyle": "none"})), label)
            for label in self.labels()]


def pages(run: Run, section: Section, looks: dict[str, Look]) -> list[Page]:
    """One file with a panel per thread count; none without a measured bandwidth."""
    if section.question == "crossover" or rates.unit_of(section) != "GFLOP/s":
        return []
    roofline = _Roofline(run, section, looks)
    if len(roofline.intensities) < FEWEST_INTENSITIES:
        return []
    counts = [count for count in roofline.counts if roofline.labels(count)]
    return [Page(
        stem=NAME,
        title=f"{section.family}: kernels below the roofs ({section.name})",
        headings=[roofline.heading(count) for count in counts],
        x_label="flops per byte (log scale)",
        y_label="GFLOP/s (log scale)",
        draw=lambda axes, i: roofline.draw(axes, counts[i]),
        legend=roofline.legend(),
        caption=[caption.provenance(run, section, (cell.launches for cell in roofline.cells)),
                 INTENSITY, caption.not_shown(section.cells)],
        width=4.6, height=4.6 if len(roofline.labels()) > MANY_LINES else 3.8,
        columns=min(len(counts), 2))]
