"""Speed and the measured ceilings, as speed.py and bars.py both draw them.

What is bounded by arithmetic is drawn in GFLOP/s, with one peak per thread count. What is bounded by
memory is drawn in GB/s, with ceilings that differ from problem to problem, as operands outgrow one
cache after the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Iterable

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from load import FMA_PEAK, Ceiling, Cell, Estimate, Section
from page import Legend
from panels import key_of
from style import GREY, short_number

PEAK_DASHES = ("solid", (0, (1, 1.2)), (0, (4, 1.5)), (0, (4, 1.5, 1, 1.5)))
CEILING = "_ceiling"  # label of their lines, which no legend shows
WORTH_SHOWING = 0.08  # of the peak: below, an axis up to the peak would flatten every line
PEAK_NAMES = {FMA_PEAK: "FMA peak", "int8_dot": "8-bit dot product peak",
              "stream_read": "bandwidth of reading", "stream_copy": "bandwidth of copying"}
BANDWIDTH = "GB/s: bytes of the operands, each counted once. Ceilings: what the probe reached in the " \
    "same run with as much memory per thread, or with the next smaller amount that was measured."


@dataclass(frozen=True)
class Peak:
    """A ceiling in GFLOP/s and its look."""

    threads: int
    rate: Estimate
    dashes: object
    probe: str = FMA_PEAK

    def text(self) -> str:
        return f"{team_text(self.probe, self.threads)}: {short_number(self.rate.value)} GFLOP/s"


def team_text(probe: str, threads: int) -> str:
    """"FMA peak, 2 threads"."""
    plural = "" if threads == 1 else "s"
    return f"{PEAK_NAMES.get(probe, probe)}, {threads} thread{plural}"


def unit_of(section: Section) -> str:
    """GB/s where memory bounds the cells or they do no arithmetic; else GFLOP/s; calls/s where
    neither is counted."""
    cells = section.measured()
    of_bytes = any(cell.ceiling is not None and cell.ceiling.of_bytes for cell in cells)
    if all(cell.gigabytes for cell in cells) and (
            of_bytes or not any(cell.gflops for cell in cells)):
        return "GB/s"
    return "GFLOP/s" if all(cell.gflops is not None for cell in cells) else "calls/s"


def rate(cell: Cell, unit: str) -> Estimate:
    """The speed of a measured cell. Its interval is that of the time per call, inverted."""
    seconds = cell.seconds
    assert seconds is not None
    value = {"GFLOP/s": cell.gflops, "GB/s": cell.gigabytes}.get(unit) or 1 / seconds.value
    if seconds.low is None or seconds.high is None:
        return Estimate(value)
    return Estimate(value, value * seconds.value / seconds.high,
                    value * seconds.value / seconds.low)


def ceilings_of(cells: Iterable[Cell], of_bytes: bool) -> list[Ceiling]:
    return list(dict.fromkeys(cell.ceiling for cell in cells if cell.ceiling is not None
                              and cell.ceiling.of_bytes == of_bytes))


def dashes_by_team(ceilings: Iterable[Ceiling]) -> dict[tuple[str, int], object]:
    """Dashes for each probe and thread count, the most threads first. Of more than there are dashes
    only the first and the last are kept."""
    teams = sorted({(ceiling.probe, ceiling.threads) for ceiling in ceilings},
                   key=lambda team: (-team[1], team[0]))
    if len(teams) > len(PEAK_DASHES):
        teams = [teams[0], teams[-1]]
    return dict(zip(teams, PEAK_DASHES))


def peaks_for(cells: Iterable[Cell], unit: str) -> list[Peak]:
    """The peak of every thread count among the cells, the most threads first."""
    if unit != "GFLOP/s":
        return []
    ceilings = {(ceiling.probe, ceiling.threads): ceiling.rate
                for ceiling in ceilings_of(cells, of_bytes=False)}
    peaks = []
    for (probe, threads), dashes in dashes_by_team(ceilings_of(cells, of_bytes=False)).items():
        peak = ceilings[probe, threads]
        ends = [None if end is None else end / 1e9 for end in (peak.low, peak.high)]
        peaks.append(Peak(threads, Estimate(peak.value / 1e9, *ends), dashes, probe))
    return peaks


def steps_for(cells: Iterable[Cell], dashes: dict[tuple[str, int], object],
              value_of: dict[object, float]) -> dict[tuple[str, int], list[tuple[float, float]]]:
    """The ceilings of memory over an axis, in GB/s, of each probe and thread count that has dashes.

    value_of: the axis value of each problem (key_of). Where arms differ (warm and cold), the highest
    ceiling counts.
    """
    steps: dict[tuple[str, int], dict[float, float]] = {}
    for cell in cells:
        ceiling = cell.ceiling
        if ceiling is None or not ceiling.of_bytes or (ceiling.probe, ceiling.threads) not in dashes:
            continue
        at = value_of[key_of(cell.problem)]
        line = steps.setdefault((ceiling.probe, ceiling.threads), {})
        line[at] = max(line.get(at, 0), ceiling.rate.value / 1e9)
    return {team: sorted(steps[team].items()) for team in dashes if team in steps}


def stairs(line: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The corners of a line that changes half way between its points, on a logarithmic axis."""
    corners = [line[0]]
    for (x0, y0), (x1, y1) in zip(line, line[1:]):
        corners += [(math.sqrt(x0 * x1), y0), (math.sqrt(x0 * x1), y1)]
    return [*corners, line[-1]]


def steps_legend(dashes: dict[tuple[str, int], object]) -> Legend:
    return [(Line2D([], [], color=GREY, linewidth=1.1, linestyle=look), team_text(*team))
            for team, look in dashes.items()]


def ceiling_legend(ceilings: Iterable[Ceiling], what: str) -> Legend:
    """Of ceilings that stand at every bar or step."""
    names = dict.fromkeys(PEAK_NAMES.get(ceiling.probe, ceiling.probe) for ceiling in ceilings)
    return [(Line2D([], [], color=GREY, linewidth=1.3), f"{name}, of each {what}")
            for name in names]


def log_limits(estimates: Iterable[Estimate], ceilings: Iterable[float]) -> tuple[float, float]:
    """Of a logarithmic axis with everything on it."""
    estimates = list(estimates)
    lows = [e.value if e.low is None else e.low for e in estimates]
    highs = [e.value if e.high is None else e.high for e in estimates]
    return min(lows) / 1.25, max([*highs, *ceilings]) * 1.25


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
