"""Where the time of a pass goes: a panel per problem, and in it for every arm a bar of its operations
and of waiting, in milliseconds per pass."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import caption
from load import Cell, Problem, Run, Section
from page import Legend, Page, columns_for, pages_of
from panels import describe, key_of
from style import GREY, SMALL_POINTS, Look, short_number, text_inches

NAME = "operations"
SUFFIX = "_seconds"
WAITING = "waiting"
OUTSIDE = "not in the profiled pass"
# In the order of the pass; those of matrix products are dark.
COLOURS = {
    "lookup": "#BBBBBB", "norm": "#EE9966", "projection": "#114477", "qk_norm_rope": "#DDCC77",
    "attention": "#AA4455", "output": "#4477AA", "gate_up": "#77AADD", "activation": "#CC6677",
    "down": "#88CCEE", "pooling": "#999933", WAITING: GREY,
}
OUTSIDE_FILL = {"facecolor": "white", "edgecolor": GREY, "hatch": "/////", "linewidth": 0.6}
MEDIAN = {"color": "black", "linewidth": 1.6}
ROW_INCHES = 0.24
PANEL_INCHES = 3.0
MEANING = "Bars: one profiled pass, per thread; what the threads of a team waited is taken off all " \
    "their operations alike. Black line: median of all passes. Hatched: what the profiled pass " \
    "lacks up to there, since time passed outside of its operations or it was faster than most; " \
    "a bar beyond the line: it was slower. Products quantise their input themselves; attention " \
    "is scores, softmax and values."


def members(cell: Cell) -> int:
    """Threads of each team of an arm; texts that are computed one on each thread make teams of one."""
    if cell.variant in ("serial", "coarse"):
        return 1
    teams = cell.settings.get("teams", "") if cell.variant == "hybrid" else ""
    return max(1, cell.threads // max(1, int(teams) if teams.isdecimal() else 1))


def parts(cell: Cell) -> dict[str, float]:
    """Milliseconds of the profiled pass by operation, per thread, and of waiting. Added up: how
    long that pass took, as far as the profile covers it."""
    waited = sum(value for name, value in cell.details.items() if name.startswith(WAITING))
    led = {name.removesuffix(SUFFIX): value for name, value in cell.details.items()
           if name.removesuffix(SUFFIX) in COLOURS and name.endswith(SUFFIX)}
    # The leader of a team times its operations, and its members wait within them; who is a team
    # of one waits outside, for want of texts.
    team = members(cell)
    busy = team * sum(led.values())
    within = min(waited, busy) if team > 1 else 0.0
    share = team * (1 - within / busy) if busy > 0 else 0.0
    found = {name: 1e3 * value * share / cell.threads for name, value in led.items()}
    if cell.threads > 1:
        found[WAITING] = 1e3 * (within if team > 1 else waited) / cell.threads
    return found


def outside(cell: Cell) -> float:
    """Milliseconds that the profiled pass lacks up to the median of all passes."""
    assert cell.seconds is not None  # only measured cells are drawn
    return max(0.0, 1e3 * cell.seconds.value - sum(parts(cell).values()))


def pages(run: Run, section: Section, looks: dict[str, Look]) -> list[Page]:
    """The files of this figure for a section whose cells tell what they spent their time on."""
    cells = [cell for cell in section.measured() if f"norm{SUFFIX}" in cell.details]
    problems = list({key_of(cell.problem): cell.problem for cell in cells}.values())
    return [_page(run, section, cells, problems, [problems[i] for i in chosen])
            for chosen in pages_of(len(problems))] if cells else []


def _page(run: Run, section: Section, cells: list[Cell], all_problems: list[Problem],
          problems: list[Problem]) -> Page:
    labels = [label for label in section.labels() if any(cell.label == label for cell in cells)]
    places = {(cell.label, key_of(cell.problem)): cell for cell in cells}
    names = [name for name in COLOURS if any(name in parts(cell) for cell in cells)]

    def draw(axes: Axes, index: int) -> None:
        found = [(row, places.get((label, key_of(problems[index]))))
                 for row, label in enumerate(labels)]
        _draw_bars(axes, [(row, cell) for row, cell in found if cell is not None], names)
        for row in [row for row, cell in found if cell is None]:
            axes.annotate("not measured", (0, row), (3, 0), textcoords="offset points",
                          va="center", color=GREY, fontsize=SMALL_POINTS)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.4, -0.6)

    legend: Legend = [(Patch(color=COLOURS[name]), name) for name in names]
    legend.append((Patch(**OUTSIDE_FILL), OUTSIDE))
    legend.append((Line2D([], [], **MEDIAN), "median of all passes"))
    return Page(
        stem=NAME,
        part="" if len(problems) == len(all_problems)
        else describe(problems[0], "_").replace("=", "").replace(" ", ""),
        title=f"{section.family}: where the time goes ({section.name})",
        headings=[_heading(problem) for problem in problems],
        x_label="ms per pass",
        y_label="",
        draw=draw,
        legend=legend,
        caption=[caption.provenance(run, section, (cell.launches for cell in cells)), MEANING,
                 caption.not_shown(section.cells)],
        width=5.0 if len(problems) == 1 else PANEL_INCHES,
        height=0.2 + ROW_INCHES * len(labels),
        columns=columns_for(len(problems)),
        left=max(text_inches(label, SMALL_POINTS) for label in labels) + 0.3)


def _draw_bars(axes: Axes, rows: list[tuple[int, Cell]], names: list[str]) -> None:
    """A horizontal bar per row, up to at least the median of its passes."""
    starts = [0.0] * len(rows)
    places = [row for row, _ in rows]
    for name in names:
        lengths = [parts(cell).get(name, 0.0) for _, cell in rows]
        axes.barh(places, lengths, left=starts, height=0.7, color=COLOURS[name],
                  edgecolor="white", linewidth=0.2, zorder=2)
        starts = [start + length for start, length in zip(starts, lengths)]
    axes.barh(places, [outside(cell) for _, cell in rows], left=starts, height=0.7, zorder=2,
              **OUTSIDE_FILL)
    medians = [1e3 * cell.seconds.value for _, cell in rows if cell.seconds is not None]
    axes.vlines(medians, [row - 0.43 for row in places], [row + 0.43 for row in places], zorder=3,
                **MEDIAN)
    axes.set_xlim(0, 1.04 * max(*medians, *starts))
    axes.xaxis.set_major_formatter(lambda value, _: short_number(value) if value else "0")
    axes.grid(False, axis="y")
    axes.grid(True, axis="x", color="#DDDDDD", linewidth=0.6)
    axes.tick_params(axis="y", length=0)


def _heading(problem: Problem) -> str:
    """Extents of 0 stand for what the arm chooses itself."""
    return " ".join(f"{name}={value}" for name, value in problem.items() if value)
