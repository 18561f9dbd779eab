"""Speed-up: how many times faster an arm is than the one it is compared with.

For crossovers the ratio at every size with the simultaneous intervals that its sign rests on; for
sweeps and comparisons the ratio of every arm to the baseline.
"""

from __future__ import annotations

from typing import Iterator

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import caption
import outcome
from load import Comparison, Crossover, Estimate, Run, Section
from page import Legend, Page, columns_for, pages_of
from panels import (Panel, crossover_panels, describe, is_series, key_of, part_of,
                    sweep_panels)
from style import (GREY, MANY_LINES, MARGIN_BAND, SIGN_MARKS, TEXT_POINTS, Look, set_log_axis,
                   set_size_axis, text_inches)

NAME = "speedup"
SIMULTANEOUS = "Above 1 the variant is faster. Error bars: simultaneous 95% intervals over all " \
    "sizes and looks."
PAIRED = "Above 1 the variant is faster. Error bars: interval of the median launch effect, at " \
    "least 95%."
RATIO = "time(against) / time(variant)"
DODGE = 0.7  # of the distance between categories is covered by their arms


def pages(run: Run, section: Section, looks: dict[str, Look]) -> list[Page]:
    """The files of this figure for one section; none where nothing was compared."""
    if section.question == "crossover":
        panels = [panel for panel in crossover_panels(section)
                  if panel.pair is not None and panel.pair.points]
        return [_crossover_page(run, section, [panels[i] for i in chosen], panels)
                for chosen in pages_of(len(panels))]
    ratios = [_Ratios(section, looks, against)
              for against in dict.fromkeys(row.against for row in section.comparisons)]
    if all(len(each.panels) == 1 for each in ratios):  # a panel per baseline instead of a file
        groups = [[(each, each.panels[0]) for each in ratios]]
        limits = ratio_limits([row.ratio for row in section.comparisons], section.margin)
        for each in ratios:
            each.limits = limits
    else:
        groups = [[(each, panel) for panel in each.panels] for each in ratios]
    return [_sweep_page(run, section, [group[i] for i in chosen], group)
            for group in groups for chosen in pages_of(len(group))]


def ratio_limits(ratios: list[Estimate], margin: float | None) -> tuple[float, float]:
    """The y axis: all ratios, 1 and the margin; intervals only as far as a factor of two."""
    lows = [max(ratio.value - ratio.reach()[0], ratio.value / 2) for ratio in ratios]
    highs = [min(ratio.value + ratio.reach()[1], ratio.value * 2) for ratio in ratios]
    lows.append(1 - (margin or 0))
    highs.append(1 + (margin or 0))
    pad = (max(highs) / min(lows)) ** 0.07 * 1.005
    return min(lows) / pad, max(highs) * pad


def _draw_frame(axes: Axes, limits: tuple[float, float], margin: float | None) -> None:
    """The line at 1, the margin of equivalence, and the axis."""
    set_log_axis(axes, *limits, suffix="×")
    axes.axhline(1, color=GREY, linewidth=1, zorder=1.5)
    if margin:
        axes.axhspan(1 - margin, 1 + margin, facecolor=MARGIN_BAND, edgecolor="none", zorder=0.9)


def _frame_legend(margin: float | None) -> Legend:
    if not margin:
        return []
    return [(Patch(facecolor=MARGIN_BAND), f"equivalent (±{100 * margin:g}%)")]


def _draw_points(axes: Axes, pair: Crossover, values: list[int], inches: float,
                 margin: float | None) -> None:
    points = sorted((point for point in pair.points if point.axis_value >= 1),
                    key=lambda point: point.axis_value)
    values = [*values, *(point.axis_value for point in points)]
    outcome.draw_bands(axes, pair)
    _draw_frame(axes, ratio_limits([point.ratio for point in points], margin), margin)
    axes.plot([p.axis_value for p in points], [p.ratio.value for p in points], color="#999999",
              linewidth=0.9, zorder=2)
    for sign, (marker, colour, filled, _) in SIGN_MARKS.items():
        chosen = [point for point in points if point.sign == sign]
        if chosen:
            axes.errorbar(
                [p.axis_value for p in chosen], [p.ratio.value for p in chosen],
                yerr=list(zip(*[p.ratio.reach() for p in chosen])), linestyle="none",
                marker=marker, markersize=5.5, color=colour, markeredgecolor=colour,
                markerfacecolor=colour if filled else "white", elinewidth=1, capsize=2, zorder=3)
    set_size_axis(axes, values, inches)


def _crossover_page(run: Run, section: Section, panels: list[Panel],
                    all_panels: list[Panel]) -> Page:
    pairs = [panel.pair for panel in panels if panel.pair is not None]
    points = [point for pair in pairs for point in pair.points]
    signs: Legend = [
        (Line2D([], [], linestyle="none", marker=marker, markersize=5.5, markeredgecolor=colour,
                markerfacecolor=colour if filled else "white"), text)
        for sign, (marker, colour, filled, text) in SIGN_MARKS.items()
        if any(point.sign == sign for point in points)]
    width, height = (6.6, 4.0) if len(panels) == 1 else (3.9, 2.7)
    headings = [outcome.heading(panel, all_panels) for panel in panels]
    if len(panels) > 1:  # below them all, nobody would know whose a note is
        notes = [outcome.notes(pair, short=True) for pair in pairs]
        headings = [f"{heading}. {note}" if note else heading
                    for heading, note in zip(headings, notes)]
    without = sum(point.ratio.low is None for point in points)
    return Page(
        stem=NAME,
        part=part_of(panels, all_panels),
        title=f"{section.family}: speed-up over {pairs[0].axis} ({section.name})",
        headings=headings,
        x_label=pairs[0].axis,
        y_label=RATIO,
        draw=lambda axes, i: _draw_points(axes, pairs[i], panels[i].values, width,
                                          section.margin),
        legend=signs + outcome.band_legend(panels) + _frame_legend(section.margin),
        caption=[caption.provenance(run, section, (point.launches for point in points)),
                 f"{caption.interval(SIMULTANEOUS, len(points), without)} {caption.noise(run)}",
                 outcome.notes(pairs[0]) if len(panels) == 1 else "",
                 caption.not_shown(section.cells)],
        width=width, height=height, columns=columns_for(len(panels)), shared=False)


class _Ratios:
    """The comparisons with one baseline, arranged in panels."""

    def __init__(self, section: Section, looks: dict[str, Look], against: str) -> None:
        self.looks = looks
        self.against = against
        self.rows = {(row.label, key_of(row.problem)): row for row in section.comparisons
                     if row.against == against}
        self.labels = list(dict.fromkeys(label for label, _ in self.rows))
        self.margin = section.margin
        panels = sweep_panels(section)
        self.series = is_series(panels)
        self.panels = [panel for panel in panels if any(self.arm(panel, a) for a in self.labels)]
        self.limits = ratio_limits([row.ratio for row in self.rows.values()], section.margin)

    def arm(self, panel: Panel, label: str) -> list[tuple[int, Comparison]]:
        """Index of the problem within the panel, and the comparison there."""
        found = [(i, self.rows.get((label, key_of(p)))) for i, p in enumerate(panel.problems)]
        return [(i, row) for i, row in found if row is not None]

    def draw(self, axes: Axes, panel: Panel, inches: float) -> None:
        _draw_frame(axes, self.limits, self.margin)
        for number, label in enumerate(self.labels):
            for run_of_places in self._unbroken(panel, label):
                shift = 0.0 if self.series else \
                    DODGE * ((number + 0.5) / len(self.labels) - 0.5)
                self._draw_arm(axes, panel, label, run_of_places, shift)
        if self.series:
            set_size_axis(axes, panel.values, inches)
            return
        axes.set_xlim(-0.5, len(panel.problems) - 0.5)
        axes.set_xticks(range(len(panel.problems)), panel.ticks)
        axes.tick_params(axis="x", length=0)
        for boundary in range(1, len(panel.problems)):
            axes.axvline(boundary - 0.5, color="#DDDDDD", linewidth=0.6, zorder=0.8)

    def _unbroken(self, panel: Panel, label: str) -> Iterator[list[tuple[int, Comparison]]]:
        """The arm's places in stretches without a missing size between them."""
        stretch: list[tuple[int, Comparison]] = []
        for index, row in self.arm(panel, label):
            if stretch and index != stretch[-1][0] + 1:
                yield stretch
                stretch = []
            stretch.append((index, row))
        if stretch:
            yield stretch

    def _draw_arm(self, axes: Axes, panel: Panel, label: str,
                  places: list[tuple[int, Comparison]], shift: float) -> None:
        values = panel.values  # made anew by every use
        axes.errorbar([values[i] if self.series else i + shift for i, _ in places],
                      [row.ratio.value for _, row in places],
                      yerr=list(zip(*[row.ratio.reach() for _, row in places])),
                      elinewidth=0.9, zorder=3, **self.marks(label))

    def marks(self, label: str) -> dict[str, object]:
        """Keyword arguments of the arm; categories are not joined by lines."""
        options = self.looks[label].line()
        return options if self.series else options | {"linestyle": "none"}

    def drawn(self, panel: Panel) -> list[str]:
        """The arms in a panel, in the order in which their lines end."""
        labels = [label for label in self.labels if self.arm(panel, label)]
        if self.series:
            labels.sort(key=lambda label: -self.arm(panel, label)[-1][1].ratio.value)
        return labels


def _sweep_legend(shown: list[tuple[_Ratios, Panel]]) -> Legend:
    """The arms; of a single panel with lines in the order in which these end."""
    ratios, panel = shown[0]
    labels = ratios.drawn(panel) if len(shown) == 1 else \
        [label for label in ratios.looks if any(label in each.drawn(one) for each, one in shown)]
    return [(Line2D([], [], **ratios.marks(label)), label) for label in labels]


def _sweep_page(run: Run, section: Section, shown: list[tuple[_Ratios, Panel]],
                group: list[tuple[_Ratios, Panel]]) -> Page:
    """Panels of one baseline, or of several."""
    ratios = shown[0][0]
    several = len({each.against for each, _ in group}) > 1
    all_panels, panels = [panel for _, panel in group], [panel for _, panel in shown]
    rows = [row for each in dict.fromkeys(each for each, _ in group) for row in each.rows.values()]
    axis, single = panels[0].axis, len(group) == 1
    most = max(len(each.labels) for each, _ in group)
    width = 6.6 if single else 3.9
    if not ratios.series:
        width = max(4.4 if single else 2.6,
                    max(len(panel.problems) for panel in all_panels) * max(0.6, 0.085 * most))
    headings = [outcome.heading(panel, all_panels) for panel in panels]
    if several:
        fixed = describe(panels[0].fixed)
        headings = [f"over {each.against}{': ' if fixed else ''}{fixed}" for each, _ in shown]
        width = max(width, *(text_inches(f"over {each.against}:", TEXT_POINTS)
                             for each, _ in group))
    without = sum(row.ratio.low is None for row in rows)
    return Page(
        stem=NAME,
        part=part_of(panels, all_panels),
        title=f"{section.family}: speed-up over "
              f"{'several baselines' if several else ratios.against} ({section.name})",
        headings=headings,
        x_label="" if axis is None else axis.name,
        y_label=RATIO,
        draw=lambda axes, i: shown[i][0].draw(axes, panels[i], width),
        legend=_sweep_legend(shown) + _frame_legend(section.margin),
        caption=[caption.provenance(run, section, (row.launches for row in rows)),
                 f"{caption.interval(PAIRED, len(rows), without)} {caption.noise(run)}",
                 caption.not_shown(section.cells)],
        width=width, height=2.6 if not single else 5.2 if most > MANY_LINES else 4.0,
        columns=max(1, min(columns_for(len(panels)), int(13.5 / width))),
        tick_lines=max(tick.count("\n") + 1 for panel in panels for tick in panel.ticks))
