"""Where the time of a pass goes: for every arm and problem a bar of its operations and of waiting, as
shares of the time of all threads."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.patches import Patch

import caption
from load import Cell, Run, Section
from page import Legend, Page
from style import GREY, Look, set_linear_axis

NAME = "operations"
SUFFIX = "_seconds"
WAITING = "waiting"
MOST_BARS = 24
# In the order of the pass; those of matrix products are dark.
COLOURS = {
    "lookup": "#BBBBBB", "norm": "#EE9966", "projection": "#114477", "qk_norm_rope": "#DDCC77",
    "attention": "#AA4455", "output": "#4477AA", "gate_up": "#77AADD", "activation": "#CC6677",
    "down": "#88CCEE", "pooling": "#999933", WAITING: GREY,
}


def shares(cell: Cell) -> dict[str, float]:
    """Percent of the thread time of one pass, by operation; a team's threads share its operations."""
    waiting = {name: value for name, value in cell.details.items() if name.startswith(WAITING)}
    busy = {name.removesuffix(SUFFIX): value for name, value in cell.details.items()
            if name.endswith(SUFFIX) and name not in waiting}
    threads = max(1, len(waiting))
    waited = sum(waiting.values())
    # Operations are timed by the leader of a team: times its threads, less what they waited in it.
    assert cell.seconds is not None
    whole = threads * cell.seconds.value
    scale = max(whole - waited, 0.0) / max(sum(busy.values()), 1e-30)
    parts = {name: 100 * value * scale / whole for name, value in busy.items()}
    if threads > 1:
        parts[WAITING] = 100 * min(waited / whole, 1.0)
    return parts


def pages(run: Run, section: Section, looks: dict[str, Look]) -> list[Page]:
    """One file per section whose cells tell what they spent their time on."""
    cells = [cell for cell in section.measured() if f"norm{SUFFIX}" in cell.details]
    if not cells:
        return []
    cells = cells[:MOST_BARS]
    names = [name for name in COLOURS if any(name in shares(cell) for cell in cells)]

    def draw(axes: Axes, _: int) -> None:
        bottoms = [0.0] * len(cells)
        for name in names:
            heights = [shares(cell).get(name, 0.0) for cell in cells]
            axes.bar(range(len(cells)), heights, bottom=bottoms, width=0.8, color=COLOURS[name],
                     edgecolor="white", linewidth=0.3, zorder=2)
            bottoms = [bottom + height for bottom, height in zip(bottoms, heights)]
        set_linear_axis(axes, 0, 100)
        axes.set_xlim(-0.6, len(cells) - 0.4)
        axes.set_xticks(range(len(cells)), [_tick(cell) for cell in cells], rotation=90)
        axes.tick_params(axis="x", length=0)

    legend: Legend = [(Patch(color=COLOURS[name]), name) for name in reversed(names)]
    return [Page(
        stem=NAME,
        title=f"{section.family}: where the time goes ({section.name})",
        headings=[""],
        x_label="",
        y_label="% of the threads' time",
        draw=draw,
        legend=legend,
        caption=[caption.provenance(run, section, (cell.launches for cell in cells)),
                 "From one profiled pass per cell. Products quantise their input themselves; "
                 "attention is scores, softmax and values."],
        width=max(4.5, 0.34 * len(cells)),
        height=3.6,
        tick_lines=max(4, max(len(_tick(cell)) for cell in cells) * 3 // 7))]


def _tick(cell: Cell) -> str:
    return " ".join([cell.label, *(f"{name}={value}" for name, value in cell.problem.items() if value)])
