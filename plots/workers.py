"""What the usual rules for the number of workers cost: for every batch size, how much longer than with
the best of the measured numbers a pass takes with the number that a rule gives."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

import caption
from load import Cell, Run, Section
from page import Legend, Page, columns_for, pages_of
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


def groups_of(cells: list[Cell]) -> list[list[Cell]]:
    """The cells that differ in batch and threads alone, together."""
    groups: dict[object, list[Cell]] = {}
    for cell in cells:
        groups.setdefault((*_rest(cell).items(),), []).append(cell)
    return list(groups.values())


def _rest(cell: Cell) -> dict[str, object]:
    """What distinguishes a cell beside batch and threads."""
    facts = {**cell.problem, **cell.settings}
    return {name: facts[name] for name in sorted(facts) if name not in ("batch", "threads")}


def regrets(cells: list[Cell], cores: int) -> dict[str, dict[int, float]]:
    """Percent by rule and batch, where all of the numbers that the rules give were measured. The
    cells differ in batch and threads alone."""
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
    """The files of a sweep of coarse passes over batch and threads, a panel for every value of what
    else varies; else none."""
    cells = [cell for cell in section.measured() if cell.variant == "coarse"]
    if run.cores is None or section.question == "crossover" or "batch" not in section.axes():
        return []
    cores = run.cores
    drawn = [(group, found) for group, found in
             ((group, regrets(group, cores)) for group in groups_of(cells))
             if len({cell.threads for cell in group}) > 1 and len(found["one"]) > 1]
    names = _headings([group for group, _ in drawn], cores)
    return [_page(run, section, [drawn[i] for i in chosen], [names[i] for i in chosen],
                  len(chosen) < len(drawn)) for chosen in pages_of(len(drawn))] if drawn else []


def _headings(groups: list[list[Cell]], cores: int) -> list[str]:
    """The cores, and what of the rest differs from panel to panel."""
    rests = [_rest(group[0]) for group in groups]
    varying = [name for name in dict.fromkeys(name for rest in rests for name in rest)
               if len({rest.get(name) for rest in rests}) > 1]
    return [", ".join([f"{cores} cores", *(f"{name}={rest[name]}" for name in varying
                                           if name in rest)]) for rest in rests]


def _merged(found: list[dict[str, dict[int, float]]]) -> dict[str, list[dict[int, float]]]:
    """The regrets of each panel; rules that say the same everywhere are one line."""
    names: dict[str, str] = {}
    for rule in found[0]:
        same = next((other for other in names
                     if all(each[other] == each[rule] for each in found)), rule)
        names[same] = f"{names[same]}; {rule}" if same in names else rule
    return {name: [each[rule] for each in found] for rule, name in names.items()}


def _page(run: Run, section: Section, drawn: list[tuple[list[Cell], dict[str, dict[int, float]]]],
          headings: list[str], is_part: bool) -> Page:
    lines = _merged([found for _, found in drawn])
    values = {name: [value for each in of_rule for value in each.values()]
              for name, of_rule in lines.items()}
    top = max(10.0, 1.1 * max(max(found) for found in values.values()))
    width, height = (6.6, 4.0) if len(drawn) == 1 else (3.9, 2.7)

    def draw(axes: Axes, index: int) -> None:
        batches = sorted(drawn[index][1]["one"])
        for of_rule, colour, marker in zip(lines.values(), COLOURS, MARKERS):
            axes.plot(batches, [of_rule[index][batch] for batch in batches], color=colour,
                      marker=marker, markersize=4, linewidth=1.2, clip_on=False)
        axes.axhline(0, color=GREY, linewidth=0.8)
        set_size_axis(axes, batches, width)
        set_linear_axis(axes, 0, top)

    legend: Legend = [(Line2D([], [], color=colour, marker=marker, markersize=4),
                       f"{name}: {sum(found) / len(found):.1f}% on average")
                      for (name, found), colour, marker in zip(values.items(), COLOURS, MARKERS)]
    cells = [cell for group, _ in drawn for cell in group]
    return Page(stem=NAME, part=headings[0].partition(", ")[2] if is_part else "",
                title=f"{section.family}: what rules for workers cost ({section.name})",
                headings=headings, x_label="batch", y_label="% more time than the best",
                draw=draw, legend=legend,
                caption=[caption.provenance(run, section, (cell.launches for cell in cells)),
                         "The best number is chosen by the same measurement, so that noise makes "
                         "regrets too large, never too small. " + caption.noise(run),
                         caption.not_shown(section.cells)],
                width=width, height=height, columns=columns_for(len(drawn)))
