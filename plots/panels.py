"""Arranges the problems of a section into panels: what lies on the x axis, and what is fixed.

Problems with m = n = k form the axis "size". Where several extents vary independently, one of them
becomes the axis and every combination of the others a panel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Iterable, Iterator

from load import Cell, Crossover, Problem, Section

CUBE = ("m", "n", "k")
FEW_SIZES = 3      # fewer points make no curve: bars
FEW_PER_PANEL = 7  # of layer shapes: up to that many groups of bars stay readable
SHAPES_PER_PANEL = 6  # groups of bars where every group has a shape of its own


@dataclass(frozen=True)
class Axis:
    """name: "size" or an extent; extents: those that share its value."""

    name: str
    extents: tuple[str, ...]


@dataclass
class Panel:
    """One axes: problems in ascending order with their axis values and tick labels.

    axis is None where every problem is a category of its own; values are indices then.
    pair is the crossover drawn in this panel, if any; labels are the arms drawn.
    """

    axis: Axis | None
    fixed: Problem
    labels: list[str]
    problems: list[Problem] = field(default_factory=list)
    pair: Crossover | None = None

    @property
    def values(self) -> list[int]:
        if self.axis is None:
            return list(range(len(self.problems)))
        return [problem[self.axis.extents[0]] for problem in self.problems]

    @property
    def ticks(self) -> list[str]:
        if self.axis is None:
            return [describe(problem, "\n") for problem in self.problems]
        return [str(value) for value in self.values]


def key_of(problem: Problem) -> tuple[tuple[str, int], ...]:
    """A problem as a dictionary key, whatever the order of its extents."""
    return tuple(sorted(problem.items()))


def cells_by_place(section: Section) -> dict[tuple[str, tuple[tuple[str, int], ...]], Cell]:
    """The cells by arm and problem."""
    return {(cell.label, key_of(cell.problem)): cell for cell in section.cells}


def measured_along(cells: dict[tuple[str, tuple[tuple[str, int], ...]], Cell], panel: Panel,
                   label: str) -> list[tuple[int, Cell]]:
    """The measured cells of one arm in a panel, with their axis values."""
    found = [(value, cells.get((label, key_of(problem))))
             for value, problem in zip(panel.values, panel.problems)]
    return [(value, cell) for value, cell in found
            if cell is not None and cell.seconds is not None]


def describe(problem: Problem, separator: str = " ") -> str:
    """"size 64" or "m=1 n=768 k=768"; left out are a batch of one, and extents of 0, which stand
    for what the arm itself brings."""
    extents = dict(problem)
    parts = []
    if all(extent in extents for extent in CUBE) and len({extents[e] for e in CUBE}) == 1:
        parts.append(f"size {extents['m']}")
        extents = {name: value for name, value in extents.items() if name not in CUBE}
    if extents.get("batch") == 1:
        del extents["batch"]
    parts += [f"{name}={value}" for name, value in extents.items() if value]
    return separator.join(parts)


def part_of(chosen: list[Panel], panels: list[Panel]) -> str:
    """What tells a file with some of the panels from those with the others: "n768_k3072"."""
    if len(chosen) == len(panels):
        return ""
    return describe(chosen[0].fixed, "_").replace("=", "").replace(" ", "")


def tied_extents(problems: list[Problem]) -> list[tuple[int, tuple[str, ...]]]:
    """The extents that vary, those together that always share their value; before each group, how
    many values it has."""
    tied: dict[tuple[int | None, ...], list[str]] = {}
    for name in dict.fromkeys(name for problem in problems for name in problem):
        column = tuple(problem.get(name) for problem in problems)
        if len(set(column)) > 1 and None not in column:
            tied.setdefault(column, []).append(name)
    return [(len(set(column)), tuple(group)) for column, group in tied.items()]


def find_axis(section: Section, problems: list[Problem]) -> Axis | None:
    """What the x axis shows; None where the problems vary along no axis."""
    groups = tied_extents(problems)
    for _, group in groups:
        if section.axis in group or set(CUBE) <= set(group):
            return Axis("size" if set(CUBE) <= set(group) else section.axis, group)
    for _, group in groups:
        if group == ("m",):
            return Axis("m", group)
    if not groups:
        return None
    _, group = max(groups, key=lambda entry: entry[0])
    return Axis(section.axis if section.axis else "=".join(group), group)


def _unique(problems: Iterable[Problem]) -> list[Problem]:
    return list({key_of(problem): problem for problem in problems}.values())


def _along(axis: Axis, problems: list[Problem], labels: list[str]) -> list[Panel]:
    """One panel per combination of the extents beside the axis, in the order of the problems."""
    panels: dict[tuple[tuple[str, int], ...], Panel] = {}
    for problem in problems:
        fixed = {name: value for name, value in problem.items() if name not in axis.extents}
        panels.setdefault(key_of(fixed), Panel(axis, fixed, labels)).problems.append(problem)
    for panel in panels.values():
        panel.problems.sort(key=lambda problem: problem[axis.extents[0]])
    return list(panels.values())


def sweep_panels(section: Section) -> list[Panel]:
    """The panels of a sweep or a comparison; with categories where there is no common axis."""
    problems = _unique(cell.problem for cell in section.cells)
    if not problems:
        return []
    labels = section.labels()
    axis = find_axis(section, problems)
    if axis is not None:
        panels = _along(axis, problems, labels)
        if len(problems) >= 2 * len(panels):
            return panels
    per_panel = math.ceil(len(problems) / math.ceil(len(problems) / SHAPES_PER_PANEL))
    return [Panel(None, {}, labels, problems[i:i + per_panel])
            for i in range(0, len(problems), per_panel)]


def is_series(panels: list[Panel]) -> bool:
    """Whether lines over a logarithmic axis suit these panels; else groups of bars."""
    if not panels or any(panel.axis is None for panel in panels):
        return False
    sizes = max(len(panel.values) for panel in panels)
    smallest = min(value for panel in panels for value in panel.values)
    one_curve = len(panels) == 1 or all(panel.axis.name == "size" for panel in panels)
    return smallest >= 1 and sizes > (FEW_SIZES if one_curve else FEW_PER_PANEL)


def crossover_panels(section: Section) -> list[Panel]:
    """All arms of every curve; with several pairs on a curve also one panel per pair.

    Sizes below 1 have no place on a logarithmic axis and are left out.
    """
    problems = _unique(cell.problem for cell in section.cells)
    axis = _crossover_axis(section, problems)
    if axis is None:
        return []
    problems = [problem for problem in problems if problem[axis.extents[0]] >= 1]
    return list(_with_pairs(section, _along(axis, problems, section.labels())))


def _crossover_axis(section: Section, problems: list[Problem]) -> Axis | None:
    """The axis as the crossovers name it: the extents that they do not fix."""
    if not problems:
        return None
    if section.axis in problems[0]:
        extents: tuple[str, ...] = (section.axis,)
    elif section.crossovers:
        fixed = section.crossovers[0].fixed
        extents = tuple(name for name in problems[0] if name not in fixed)
    else:
        return find_axis(section, problems)
    if not extents or not all(extents[0] in problem for problem in problems):
        return None
    return Axis(section.axis or section.crossovers[0].axis, extents)


def _with_pairs(section: Section, panels: list[Panel]) -> Iterator[Panel]:
    for panel in panels:
        pairs = [pair for pair in section.crossovers if is_on_curve(pair.fixed, panel.fixed)]
        if len(pairs) == 1:
            panel.pair = pairs[0]
        yield panel
        for pair in pairs if len(pairs) > 1 else []:
            labels = [label for label in panel.labels if label in (pair.label, pair.against)]
            yield Panel(panel.axis, panel.fixed, labels, panel.problems, pair)


def is_on_curve(fixed: Problem, of_panel: Problem) -> bool:
    """Whether what a curve fixes is what that panel fixes."""
    return all(of_panel.get(name) == value for name, value in fixed.items())
