"""Which arm is fastest on which problem: a map over two extents, a panel per value of the others.

Extents that always vary together (query_len = key_len) are one axis. Of those that vary apart, the
two with the most values make the map, the longer one to the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Iterable

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle

import caption
from load import Cell, Comparison, Problem, Run, Section
from page import Legend, Page, pages_of
from panels import CUBE, describe, key_of, tied_extents
from style import COLOURS, SMALL_POINTS, Look, look, short_number, size_text

NAME = "winner"
FEWEST = 3          # values along either axis
CELL_INCHES = 0.46
PRODUCT_PLANES = ((("m",), ("k",)), (("m",), ("n",)))  # of matmul: a panel fixes the third extent
HATCH = "/////"
INCOMPLETE = "*"

Group = tuple[str, ...]      # extents that share their value
Plane = tuple[Group, Group]  # y axis, x axis
MEANING = "Colour: the arm with the shortest median time; number: how many times longer the " \
    "runner-up takes. Hatched: unresolved"
PAIRED = "by the paired comparison of these two"
OVERLAP = "as the 95% intervals of these two overlap, or one has none"


@dataclass(frozen=True)
class Winner:
    """The best arm of one problem. factor and resolved are those over the runner-up; paired: by a
    comparison of the two block by block, else by their own intervals, which tells less. incomplete: an
    arm that could compute the problem was not measured, and might have won."""

    label: str
    factor: float
    resolved: bool
    paired: bool = False
    incomplete: bool = False


def winner_of(cells: list[Cell], comparisons: Iterable[Comparison] = ()) -> Winner | None:
    """Of the cells and comparisons of one problem. None where fewer than two arms were measured:
    nobody wins alone."""
    order = sorted((cell for cell in cells if cell.seconds is not None),
                   key=lambda cell: cell.seconds.value)
    if len(order) < 2:
        return None
    first, second = order[0].label, order[1].label
    incomplete = any(cell.status not in ("measured", "unsupported") for cell in cells)
    best, other = order[0].seconds, order[1].seconds
    factor = other.value / best.value
    for row in comparisons:
        if {row.label, row.against} == {first, second}:
            told = "faster" if row.label == first else "slower"
            return Winner(first, factor, row.verdict == told, True, incomplete)
    resolved = best.high is not None and other.low is not None and best.high < other.low
    return Winner(first, factor, resolved, incomplete=incomplete)


@dataclass
class _Map:
    """One panel: winners by (y, x)."""

    fixed: Problem
    winners: dict[tuple[int, int], Winner]

    def axis(self, place: int) -> list[int]:
        return sorted({key[place] for key in self.winners})


def _planes(section: Section) -> list[Plane]:
    """What a map of the section may span, the best first."""
    problems = [cell.problem for cell in section.measured()]
    groups = sorted(tied_extents(problems), key=lambda group: -group[0])
    if all(extent in problem for problem in problems for extent in CUBE):
        apart = {group for _, group in groups}
        return [plane for plane in PRODUCT_PLANES if apart.issuperset(plane)]
    wide = [group for values, group in groups if values >= FEWEST]
    return [(y, x) for x, y in permutations(wide, 2)]


def _maps(section: Section, plane: Plane) -> list[_Map]:
    by_problem: dict[tuple[tuple[str, int], ...], list[Cell]] = {}
    maps: dict[tuple[tuple[str, int], ...], _Map] = {}
    compared: dict[tuple[tuple[str, int], ...], list[Comparison]] = {}
    for row in section.comparisons:
        compared.setdefault(key_of(row.problem), []).append(row)
    for cell in section.cells:
        by_problem.setdefault(tuple(cell.problem.items()), []).append(cell)
    for items, cells in by_problem.items():
        problem = dict(items)
        found = winner_of(cells, compared.get(key_of(problem), ()))
        fixed = {name: value for name, value in items if name not in plane[0] + plane[1]}
        if found is not None:
            places = maps.setdefault(tuple(sorted(fixed.items())), _Map(fixed, {})).winners
            places[problem[plane[0][0]], problem[plane[1][0]]] = found
    return [each for each in maps.values() if _is_grid(each)]


def _not_on(section: Section, maps: list[_Map]) -> str:
    """What the caption says of problems without a colour."""
    shown = sum(len(found.winners) for found in maps)
    cells = sum(len(found.axis(0)) * len(found.axis(1)) for found in maps)
    problems: dict[object, int] = {}
    for cell in section.measured():
        problems[key_of(cell.problem)] = problems.get(key_of(cell.problem), 0) + 1
    others = sum(count > 1 for count in problems.values()) - shown
    return " ".join([
        "White: fewer than two arms were measured." if cells > shown else "",
        f"Problems that form no map of their own, not shown: {others}." if others else ""]).strip()


def _is_grid(found: _Map) -> bool:
    """Whether at least half of a map of some size is there: scattered shapes make none."""
    rows, columns = len(found.axis(0)), len(found.axis(1))
    return rows >= FEWEST and columns >= FEWEST and 2 * len(found.winners) >= rows * columns


class _Winners:
    """What all panels have in common."""

    def __init__(self, looks: dict[str, Look], maps: list[_Map], not_shown: str) -> None:
        self.maps = maps
        self.not_shown = not_shown
        won = {winner.label for each in maps for winner in each.winners.values()}
        self.labels = [label for label in looks if label in won]
        self.colours = {label: looks[label].colour for label in self.labels}
        if len(set(self.colours.values())) < len(self.labels) <= len(COLOURS):
            self.colours = {label: look(i).colour for i, label in enumerate(self.labels)}
        self.unresolved = any(not winner.resolved for each in maps
                              for winner in each.winners.values())
        self.rows = max(len(each.axis(0)) for each in maps)
        self.columns = max(len(each.axis(1)) for each in maps)

    def draw(self, axes: Axes, found: _Map) -> None:
        rows, columns = found.axis(0), found.axis(1)
        for (y, x), winner in found.winners.items():
            self._draw_cell(axes, rows.index(y), columns.index(x), winner)
        axes.set_xlim(-0.5, self.columns - 0.5)
        axes.set_ylim(-0.5, self.rows - 0.5)
        axes.set_xticks(range(len(columns)), [size_text(value) for value in columns])
        axes.set_yticks(range(len(rows)), [size_text(value) for value in rows])
        axes.tick_params(length=0, labelleft=True)
        axes.grid(False)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)

    def _draw_cell(self, axes: Axes, row: int, column: int, winner: Winner) -> None:
        colour = self.colours[winner.label]
        red, green, blue = to_rgb(colour)
        ink = "black" if 0.299 * red + 0.587 * green + 0.114 * blue > 0.45 else "white"
        axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=colour,
                                 edgecolor="white", linewidth=1,
                                 hatch="" if winner.resolved else HATCH))
        box = {"facecolor": colour, "edgecolor": "none", "pad": 0.8}
        factor = short_number(winner.factor) if winner.factor >= 10 else f"{winner.factor:.2f}"
        factor += INCOMPLETE if winner.incomplete else ""
        axes.text(column, row, factor, ha="center", va="center", color=ink,
                  fontsize=SMALL_POINTS - 1, bbox=None if winner.resolved else box)

    def legend(self) -> Legend:
        entries: Legend = [(Patch(color=self.colours[label]), label) for label in self.labels]
        if self.unresolved:
            entries.append((Patch(facecolor="#999999", edgecolor="white", hatch=HATCH),
                            "unresolved"))
        return entries


def _meaning(maps: list[_Map]) -> str:
    """What hatches mean: how a cell is judged depends on whether its best two were compared."""
    winners = [winner for each in maps for winner in each.winners.values()]
    paired = sum(winner.paired for winner in winners)
    star = f" {INCOMPLETE}: of the arms that were measured; another was not." if any(
        winner.incomplete for winner in winners) else ""
    if paired == len(winners):
        return f"{MEANING} {PAIRED}.{star}"
    if not paired:
        return f"{MEANING}, {OVERLAP}.{star}"
    return f"{MEANING} {PAIRED}, or, in {len(winners) - paired} of {len(winners)} cells, where " \
        f"they were not compared, {OVERLAP}.{star}"


def pages(run: Run, section: Section, looks: dict[str, Look]) -> list[Page]:
    """The files of this figure for one section; none where its problems are no grid."""
    if section.question == "crossover":
        return []
    for plane in _planes(section):
        maps = _maps(section, plane)
        if maps:
            winners = _Winners(looks, maps, _not_on(section, maps))
            return [_page(run, section, winners, plane, [maps[i] for i in chosen])
                    for chosen in pages_of(len(maps))]
    return []


def _page(run: Run, section: Section, winners: _Winners, plane: Plane,
          maps: list[_Map]) -> Page:
    cells = section.measured()
    part = "" if len(maps) == len(winners.maps) else describe(maps[0].fixed, "_").replace("=", "")
    return Page(
        stem=NAME,
        part=part,
        title=f"{section.family}: who wins where ({section.name})",
        headings=[describe(each.fixed) for each in maps],
        x_label="=".join(plane[1]),
        y_label="=".join(plane[0]),
        draw=lambda axes, i: winners.draw(axes, maps[i]),
        legend=winners.legend(),
        caption=[caption.provenance(run, section, (cell.launches for cell in cells)),
                 f"{_meaning(maps)} {winners.not_shown}", caption.not_shown(section.cells)],
        width=CELL_INCHES * winners.columns, height=0.8 * CELL_INCHES * winners.rows,
        shared=False, columns=max(1, min(len(maps), 3, int(12 / (CELL_INCHES * winners.columns)))))
