"""What stands under a figure: where the numbers come from, and what is not shown."""

from __future__ import annotations

import re
from typing import Iterable

from load import Cell, Run, Section
from panels import describe

SHOWN_REASONS = 3  # of the cells that are left out; the others are counted
NAMED_ARMS = 3     # of which cells are left out; more are counted
REASON_LENGTH = 80
_CLAUSES = re.compile(r"(.+)(?:; |, | and | \().+")  # all but the last one


def provenance(run: Run, section: Section, launches: Iterable[int | None]) -> str:
    """Experiment, machine, date, commit and launches as one sentence."""
    same = run.experiment == section.name
    parts = [section.name if same else f"{run.experiment} / {section.name}", run.machine]
    parts.append(run.started.replace("T", " ").replace("Z", " UTC"))
    parts.append(f"git {run.git}" if run.git else "")
    counts = {count for count in launches if count is not None}
    if counts:
        low, high = min(counts), max(counts)
        parts.append(f"{low} launches" if low == high else f"{low} to {high} launches")
    text = ", ".join(part for part in parts if part) + "."
    return text if run.state == "done" else f"{text} Partial: the run is {run.state}."


def noise(run: Run) -> str:
    """The A/A noise floor, or that there is none."""
    if run.noise is None:
        return "No A/A noise floor was measured."
    text = f"A/A noise floor: ratio {run.noise.value:.3f}"
    if run.noise.low is not None:
        text += f" [{run.noise.low:.3f}, {run.noise.high:.3f}]"
    return text + "."


def interval(what: str, values: int, without: int) -> str:
    """What the drawn interval is, for that many values of which some may have none."""
    if without == values:
        return "No intervals: too few launches."
    return what if without == 0 else f"{what} {without} of {values} values have none."


def not_shown(cells: Iterable[Cell]) -> str:
    """The cells that were not measured: first how many had no place in the budget, then the others
    by arm and status; three of these with their reasons, then a count."""
    missing = [cell for cell in cells if cell.seconds is None]
    over = [cell for cell in missing if _is_over_budget(cell)]
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in missing:
        if not _is_over_budget(cell):
            groups.setdefault((cell.label, cell.status), []).append(cell)
    others = list(groups.values())
    shown = [f"over budget, {_whose(over)}"] if over else []
    shown += [_why(group) for group in others[:SHOWN_REASONS]]
    rest = sum(len(group) for group in others[SHOWN_REASONS:])
    if rest:
        shown.append(f"and {rest} more cells")
    return f"Not shown: {'; '.join(shown)}." if shown else ""


def _is_over_budget(cell: Cell) -> bool:
    return cell.status == "skipped" and "of the budget" in (cell.reason or "")


def _whose(cells: list[Cell]) -> str:
    """E.g. "naive at 1024 and 2 others", or of several arms "23 cells of 4 arms"."""
    arms = list(dict.fromkeys(cell.label for cell in cells))
    if len(arms) == 1:
        return f"{arms[0]} at {_places(cells)}"
    of = f"{', '.join(arms[:-1])} and {arms[-1]}" if len(arms) <= NAMED_ARMS else \
        f"{len(arms)} arms"
    return f"{len(cells)} cells of {of}"


def _places(cells: list[Cell]) -> str:
    place, others = describe(cells[0].problem).removeprefix("size "), len(cells) - 1
    return f"{place} and {others} other{'s' if others > 1 else ''}" if others else place


def _why(group: list[Cell]) -> str:
    """E.g. "naive at 1024 and 2 others: wrong, C[0][3,17]": the reason of the first one."""
    cell = group[0]
    reason = shortened((cell.reason or "").removeprefix(cell.status).lstrip(":, ").rstrip("."))
    status = f"{cell.status}, {reason}" if reason else cell.status
    return f"{cell.label} at {_places(group)}: {status}"


def shortened(reason: str) -> str:
    """The reason as far as its whole clauses fit; nothing where not even the first one does."""
    while len(reason) > REASON_LENGTH:
        clauses = _CLAUSES.fullmatch(reason)
        reason = "" if clauses is None else clauses[1].rstrip(",;")
    return reason
