"""What each team of threads did when, of one pass: from the trace that `crossover model bench --trace`
writes (Chrome's format of trace events)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from json_file import LoadError, parse_file
from operations import COLOURS
from page import Legend, Page
from style import set_linear_axis


@dataclass(frozen=True)
class Event:
    """milliseconds from the start of the pass."""

    name: str
    team: int
    text: int
    begin: float
    length: float


def load_trace(path: Path) -> list[Event]:
    """Raises LoadError with the file and the place of what is wrong."""
    events = []
    for row in parse_file(path)["traceEvents"].rows():
        events.append(Event(row["name"].one_of(tuple(COLOURS)), row["tid"].integer(),
                            row["args"]["text"].integer(), row["ts"].number() / 1e3,
                            row["dur"].number() / 1e3))
    if not events:
        raise LoadError(f"{path}: the trace has no events")
    return events


def page_of(events: list[Event], name: str) -> Page:
    teams = sorted({event.team for event in events})
    end = max(event.begin + event.length for event in events)
    names = [kind for kind in COLOURS if any(event.name == kind for event in events)]

    def draw(axes: Axes, _: int) -> None:
        for kind in names:
            for place, team in enumerate(teams):
                spans = [(event.begin, event.length) for event in events
                         if event.team == team and event.name == kind]
                axes.broken_barh(spans, (place - 0.4, 0.8), facecolors=COLOURS[kind], linewidth=0)
        for place, team in enumerate(teams):
            starts = {}
            for event in events:
                if event.team == team and event.name == "lookup":
                    starts[event.text] = event.begin
            for begin in starts.values():
                axes.vlines(begin, place - 0.45, place + 0.45, color="black", linewidth=0.8)
        set_linear_axis(axes, -0.6, len(teams) - 0.4)
        axes.set_yticks(range(len(teams)), [f"team {team}" for team in teams])
        axes.set_xlim(0, end)
        axes.grid(False)

    legend: Legend = [(Patch(color=COLOURS[kind]), kind) for kind in names]
    return Page(stem="timeline", title=f"One pass over a batch ({name})", headings=[""],
                x_label="ms", y_label="", draw=draw, legend=legend,
                caption=["Black lines: a team begins a text, or all of them where they are packed. "
                         "White: it waits."],
                width=9.0, height=0.8 + 0.5 * len(teams))
