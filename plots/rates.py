"""Speed and the measured peaks, as speed.py and bars.py both draw them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterable

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from load import Cell, Estimate, Run, Section
from page import Legend
from style import GREY, short_number

PEAK_DASHES = ("solid", (0, (1, 1.2)), (0, (4, 1.5)), (0, (4, 1.5, 1, 1.5)))
WORTH_SHOWING = 0.08  # of the peak: below, an axis up to the peak would flatten every line


@dataclass(frozen=True)
class Peak:
    """A ceiling in GFLOP/s and its look."""

    threads: int
    rate: Estimate
    dashes: object

    def text(self) -> str:
        plural = "" if self.threads == 1 else "s"
        return f"FMA peak, {self.threads} thread{plural}: {short_number(self.rate.value)} GFLOP/s"


def unit_of(section: Section) -> str:
    """GFLOP/s; calls/s where a kernel does no arithmetic that is counted."""
    counted = all(cell.gflops is not None for cell in section.measured())
    return "GFLOP/s" if counted else "calls/s"


def rate(cell: Cell, unit: str) -> Estimate:
    """The speed of a measured cell. Its interval is that of the time per call, inverted."""
    seconds = cell.seconds
    assert seconds is not None
    value = cell.gflops if unit == "GFLOP/s" and cell.gflops else 1 / seconds.value
    if seconds.low is None or seconds.high is None:
        return Estimate(value)
    return Estimate(value, value * seconds.value / seconds.high,
                    value * seconds.value / seconds.low)


def peaks_for(run: Run, cells: Iterable[Cell], unit: str) -> list[Peak]:
    """The peak of every thread count among the cells, the highest first.

    More threads than any measured peak has (oversubscription) have that of the most threads. Of
    more peaks than there are dashes only the highest and the lowest are kept.
    """
    if unit != "GFLOP/s" or not run.peaks:
        return []
    counts = set()
    for cell in cells:
        within = [threads for threads in run.peaks if threads <= cell.threads]
        counts.add(max(within) if within else min(run.peaks))
    order = sorted(counts, key=lambda count: -run.peaks[count].value)
    if len(order) > len(PEAK_DASHES):
        order = [order[0], order[-1]]
    peaks = []
    for threads, dashes in zip(order, PEAK_DASHES):
        peak = run.peaks[threads]
        ends = [None if end is None else end / 1e9 for end in (peak.low, peak.high)]
        peaks.append(Peak(threads, Estimate(peak.value / 1e9, *ends), dashes))
    return peaks


def axis_top(estimates: Iterable[Estimate], peaks: list[Peak]) -> float:
    """The end of the y axis: just above the highest peak that is not far above all values."""
    highest = max(e.value if e.high is None else e.high for e in estimates)
    shown = [p.rate.value for p in peaks if highest >= WORTH_SHOWING * p.rate.value]
    return 1.05 * max([highest, *shown])


def draw_peaks(axes: Axes, peaks: list[Peak], top: float) -> None:
    """Horizontal lines at the peaks that lie on the axis, with their intervals."""
    for peak in peaks:
        if peak.rate.value <= top:
            axes.axhline(peak.rate.value, color=GREY, linewidth=1.1, linestyle=peak.dashes,
                         zorder=1.5)
            if peak.rate.low is not None and peak.rate.high is not None:
                axes.axhspan(peak.rate.low, peak.rate.high, color=GREY, alpha=0.15,
                             linewidth=0, zorder=1.4)


def peak_legend(peaks: list[Peak], top: float) -> Legend:
    """One entry per peak on the axis; the others are named by peaks_above()."""
    return [(Line2D([], [], color=GREY, linewidth=1.1, linestyle=peak.dashes), peak.text())
            for peak in peaks if peak.rate.value <= top]


def peaks_above(peaks: list[Peak], top: float) -> str:
    """The peaks beyond the axis, for the caption."""
    above = [peak.text() for peak in peaks if peak.rate.value > top]
    return "Above the axis: " + "; ".join(above) + "." if above else ""
