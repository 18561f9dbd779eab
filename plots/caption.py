"""What stands under a figure: where the numbers come from, and what is not shown."""

from __future__ import annotations

from typing import Iterable

from load import Cell, Run, Section
from panels import describe

SHOWN_REASONS = 3  # of the cells that are left out; the others are counted
REASON_LENGTH = 60


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
    """The cells that were not measured, by arm and status: three with their reasons, then a count.
    """
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        if cell.seconds is None:
            groups.setdefault((cell.label, cell.status), []).append(cell)
    if not groups:
        return ""
    missing = list(groups.values())
    shown = [_why(group) for group in missing[:SHOWN_REASONS]]
    others = sum(len(group) for group in missing[SHOWN_REASONS:])
    if others:
        shown.append(f"and {others} more cells")
    return "Not shown: " + "; ".join(shown) + "."


def _why(group: list[Cell]) -> str:
    """E.g. "naive at 1024 and 2 others: skipped, estimated 30 s": the reason of the first one."""
    cell, others = group[0], len(group) - 1
    place = describe(cell.problem).removeprefix("size ")
    if others:
        place += f" and {others} other" + ("s" if others > 1 else "")
    reason = (cell.reason or "").removeprefix(cell.status).lstrip(":, ").rstrip(".")
    if len(reason) > REASON_LENGTH:
        reason = reason[:REASON_LENGTH - 3].rstrip() + "..."
    status = f"{cell.status}, {reason}" if reason else cell.status
    return f"{cell.label} at {place}: {status}"
