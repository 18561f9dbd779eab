"""Our kernels beside those of libraries: squares, few rows, and layers, up to the measured peak.

One file per thread count and state of the caches (and layout, where that varies), from all sections
of the run that are no crossovers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Iterator

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import caption
import rates
import style
from load import Cell, Problem, Run, Section
from page import Page
from panels import CUBE, describe, key_of
from style import GREY, SMALL_POINTS, Look, text_inches

NAME = "peers"
FEW_ROWS = 32          # of A, up to which a product has too few to use what it loads
FEWEST_PROBLEMS = 3    # of a class
FEWEST_VARIANTS = 3    # of a run: two are a duel, which the section's own figures show
WORTH_A_LINE = 0.12    # of the peak at best: below, a line lies on the foot of every panel
SEPARATE = ("threads", "cache", "layout")  # a file for each combination
CLASSES = ("squares", f"few rows (m up to {FEW_ROWS})", f"layers (m above {FEW_ROWS})")
STEP_INCHES = 0.34     # from one problem to the next
WIDTHS = (5.0, 12.0)
RIBBON = "Ribbons: interval of the median over launches, at least 95%."

Shape = tuple[int, int]  # n and k; where m varies, its problems form a line


def class_of(problem: Problem) -> str:
    if len({problem[extent] for extent in CUBE}) == 1:
        return CLASSES[0]
    return CLASSES[1] if problem["m"] <= FEW_ROWS else CLASSES[2]


@dataclass
class _View:
    """What one file shows: cells by arm and problem."""

    family: str
    threads: int
    words: list[str]                                    # "1 thread", "cold"
    cells: dict[tuple[str, object], Cell] = field(default_factory=dict)
    problems: dict[object, Problem] = field(default_factory=dict)
    missing: dict[tuple[str, object], Cell] = field(default_factory=dict)

    def without_panel(self) -> list[Problem]:
        """Those of classes with too few problems."""
        classes = self.classes()
        return [problem for problem in self.problems.values() if class_of(problem) not in classes]

    def classes(self) -> list[str]:
        """Those with enough problems, in their order."""
        found = [class_of(problem) for problem in self.problems.values()]
        return [name for name in CLASSES if found.count(name) >= FEWEST_PROBLEMS]

    def groups(self, name: str) -> list[list[Problem]]:
        """The problems of a class: those that differ in m alone together, in ascending order;
        squares are one group."""
        groups: dict[Shape, list[Problem]] = {}
        for problem in self.problems.values():
            if class_of(problem) == name:
                shape = (0, 0) if name == CLASSES[0] else (problem["n"], problem["k"])
                groups.setdefault(shape, []).append(problem)
        return [sorted(group, key=lambda problem: (problem["m"], key_of(problem)))
                for group in groups.values()]


def _arm(cell: Cell, varying: set[str]) -> str:
    """The variant, with the settings that vary and make no file of their own."""
    kept = [f"{key}={cell.settings[key]}" for key in sorted(varying & set(cell.settings))]
    return f"{cell.variant}[{','.join(kept)}]" if kept else cell.variant


def _varying(cells: list[Cell]) -> set[str]:
    values: dict[str, set[str | None]] = {}
    for key in {key for cell in cells for key in cell.settings}:
        values[key] = {cell.settings.get(key) for cell in cells}
    return {key for key, found in values.items() if len(found) > 1}


def _sections(run: Run) -> list[Section]:
    return [section for section in run.sections if section.question != "crossover"]


def _words(cell: Cell, varying: set[str]) -> list[str]:
    """What the file of a cell is called."""
    plural = "" if cell.threads == 1 else "s"
    return [f"{cell.threads} thread{plural}"] + [
        cell.settings[key] for key in SEPARATE[1:] if key in varying & set(cell.settings)]


def _views(run: Run) -> list[_View]:
    placed = [(section.family, cell) for section in _sections(run) for cell in section.cells
              if all(extent in cell.problem for extent in CUBE)
              and (cell.gflops or cell.seconds is None)]
    varying = _varying([cell for _, cell in placed if cell.seconds])
    views: dict[tuple[str, ...], _View] = {}
    for family, cell in placed:
        if cell.threads not in run.peaks:
            continue  # more than there are cores: the peak would not be theirs
        words = _words(cell, varying)
        view = views.setdefault((family, *words), _View(family, cell.threads, words))
        arm, place = _arm(cell, varying - set(SEPARATE)), key_of(cell.problem)
        if cell.seconds is None:
            view.missing.setdefault((arm, place), cell)
        else:
            view.cells.setdefault((arm, place), cell)
            view.problems.setdefault(place, cell.problem)
    return [view for view in views.values() if view.classes()]


class _Peers:
    """One file: its lines, its peak."""

    def __init__(self, run: Run, view: _View, looks: dict[str, Look]) -> None:
        self.view = view
        self.looks = looks
        peak = run.peaks[view.threads].value / 1e9
        best: dict[str, float] = {}
        for (arm, _), cell in view.cells.items():
            best[arm] = max(best.get(arm, 0), cell.gflops or 0)
        self.arms = [arm for arm in looks if best.get(arm, 0) >= WORTH_A_LINE * peak]
        self.slow = [arm for arm in looks if 0 < best.get(arm, 0) < WORTH_A_LINE * peak]
        self.peaks = rates.peaks_for(view.cells.values(), "GFLOP/s")
        self.top = 1.03 * max([peak, *(best[arm] for arm in self.arms)])

    def shown(self) -> list[Cell]:
        return [cell for (arm, _), cell in self.view.cells.items() if arm in self.arms]

    def not_shown(self) -> str:
        """What the file leaves out, beside slow arms."""
        few = [describe(problem) for problem in self.view.without_panel()]
        parts = [caption.not_shown(cell for place, cell in self.view.missing.items()
                                   if place not in self.view.cells),
                 f"Too few of a kind for a panel: {'; '.join(few)}." if few else ""]
        return " ".join(part for part in parts if part)

    def inches(self) -> float:
        most = max(sum(len(group) for group in self.view.groups(name))
                   for name in self.view.classes())
        return min(max(WIDTHS[0], STEP_INCHES * most), WIDTHS[1])

    def draw(self, axes: Axes, name: str, inches: float) -> None:
        rates.draw_peaks(axes, self.peaks, self.top)
        groups = self.view.groups(name)
        problems = [problem for group in groups for problem in group]
        start = 0
        for group in groups:
            for number, arm in enumerate(self.arms):
                self._draw_line(axes, arm, group, start, number)
            start += len(group)
            if start < len(problems):
                axes.axvline(start - 0.5, color="#BBBBBB", linewidth=0.7, zorder=0.9)
        axes.set_xlim(-0.5, len(problems) - 0.5)
        axes.set_ylim(0, self.top)
        _set_ticks(axes, groups, inches / len(problems))

    def _draw_line(self, axes: Axes, arm: str, group: list[Problem], start: int,
                   number: int) -> None:
        look = self.looks[arm]
        for stretch in self._unbroken(arm, group):
            places = [start + index for index, _ in stretch]
            speeds = [rates.rate(cell, "GFLOP/s") for _, cell in stretch]
            bounds = [(speed.low, speed.high) for speed in speeds]
            if all(low is not None for low, _ in bounds):
                axes.fill_between(places, [low for low, _ in bounds], [high for _, high in bounds],
                                  color=look.colour, alpha=0.15, linewidth=0, zorder=2)
            axes.plot(places, [speed.value for speed in speeds], zorder=3 + 0.01 * number,
                      clip_on=False, **look.line())

    def _unbroken(self, arm: str, group: list[Problem]) -> Iterator[list[tuple[int, Cell]]]:
        stretch: list[tuple[int, Cell]] = []
        for index, problem in enumerate(group):
            cell = self.view.cells.get((arm, key_of(problem)))
            if cell is not None:
                stretch.append((index, cell))
            elif stretch:
                yield stretch
                stretch = []
        if stretch:
            yield stretch


def _set_ticks(axes: Axes, groups: list[list[Problem]], step: float) -> None:
    """Under every problem its m, as far as they fit; below each group its n and k."""
    labels, first = [], 0
    squares = class_of(groups[0][0]) == CLASSES[0]
    widest = max(text_inches(str(problem["m"]), SMALL_POINTS)
                 for group in groups for problem in group)
    stride = max(1, -int(-(widest + 0.06) // step))
    for group in groups:
        labels += [str(problem["m"]) if i % stride == 0 else "" for i, problem in enumerate(group)]
        if not squares:
            text = f"{group[0]['n']}×{group[0]['k']}"
            if text_inches(text, SMALL_POINTS) > len(group) * step - 0.06:
                text = text.replace("×", "×\n")
            axes.annotate(text, (first + (len(group) - 1) / 2, 0), (0, -16),
                          xycoords=("data", "axes fraction"), textcoords="offset points",
                          ha="center", va="top", color=GREY, fontsize=SMALL_POINTS)
        first += len(group)
    axes.set_xticks(range(len(labels)), labels)
    axes.tick_params(axis="x", length=2)
    if not squares:
        axes.xaxis.labelpad = 2 * 1.35 * SMALL_POINTS  # below n×k


def pages(run: Run) -> list[Page]:
    """The files of this figure; none where no libraries were measured beside our own code."""
    cells = [cell for section in _sections(run) for cell in section.measured()]
    if not {True, False} <= {cell.counted for cell in cells}:
        return []
    if len({cell.variant for cell in cells}) < FEWEST_VARIANTS:
        return []
    views = _views(run)
    arms = list(dict.fromkeys(arm for view in views for arm, _ in view.cells))
    looks = style.assign_looks([arms])[0]
    return [page for view in views for page in _page(run, _Peers(run, view, looks))]


def _page(run: Run, peers: _Peers) -> list[Page]:
    names = peers.view.classes()
    if len(peers.arms) < 2:
        return []
    shown = peers.shown()
    inches = peers.inches()
    slow = f"Below {WORTH_A_LINE:.0%} of the peak and not shown: {', '.join(peers.slow)}." \
        if peers.slow else ""
    return [Page(
        stem=NAME,
        part="_".join(peers.view.words).replace(" ", ""),
        title=f"{peers.view.family}: kernels side by side, " + ", ".join(peers.view.words),
        headings=names,
        x_label="" if names == [CLASSES[0]] else "m, and below it n×k",
        y_label="GFLOP/s",
        draw=lambda axes, i: peers.draw(axes, names[i], inches),
        legend=rates.peak_legend(peers.peaks, peers.top) + [
            (Line2D([], [], **peers.looks[arm].line()), arm) for arm in peers.arms],
        caption=[caption.provenance(run, Section(run.experiment, "sweep", "matmul", ""),
                                    (cell.launches for cell in shown)),
                 " ".join([caption.interval(RIBBON, len(shown), sum(
                     cell.seconds is not None and cell.seconds.low is None for cell in shown)),
                     caption.noise(run), slow]),
                 peers.not_shown()],
        width=inches, height=2.7, tick_lines=1 if names == [CLASSES[0]] else 3)]
