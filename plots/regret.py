#!/usr/bin/python3
"""What each rule for going parallel costs against the best choice, on held-out shapes.

Reads score.json, as `crossover policy score` writes it, and draws mean and 95th percentile with
their intervals, the best rule on top. Usage: regret.py SCORE [--out FOLDER] [--format svg,png]
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True  # plots/ may be read-only or part of a checkout

from json_file import LoadError, Node, read_file  # noqa: E402
from plot import FORMATS, NOT_FIT, USAGE_ERROR, fail, has_matplotlib  # noqa: E402

OURS = "policy"
LINEAR = 1.0      # percent; the axis is linear up to here, and logarithmic beyond
ROW_INCHES = 0.27


@dataclass(frozen=True)
class Bar:
    """A regret with its interval, in percent."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Strategy:
    """One rule and what it costs."""

    name: str
    published: bool
    mean: Bar
    p95: Bar


@dataclass(frozen=True)
class Score:
    """What the figure needs of score.json; strategies by mean regret, the least first."""

    machine: str
    condition: str
    made: str
    shapes: int
    launches: int
    replicates: int
    strategies: list[Strategy]


def bar_from(strategy: Node, value: str, interval: str) -> Bar:
    ends = [end.number() for end in strategy[interval].rows()]
    if len(ends) != 2:
        raise strategy[interval].fail("two numbers")
    return Bar(100 * strategy[value].number(), 100 * ends[0], 100 * ends[1])


def load(path: Path) -> Score:
    """Raises LoadError with the file and the place of what is wrong."""
    root = read_file(path, hint="")
    strategies = [Strategy(one["strategy"].text(), one["published"].flag(),
                           bar_from(one, "mean_regret", "mean_ci95"),
                           bar_from(one, "p95_regret", "p95_ci95"))
                  for one in root["strategies"].rows()]
    if not strategies:
        raise root["strategies"].fail("at least one")
    condition = ", ".join(f"{key} = {value}" for key, value in root["condition"].texts().items())
    return Score(root["machine"].text(), condition, root["policy_made"].text(),
                 root["held_out_shapes"].integer(), root["launches"].integer(),
                 root["replicates"].integer(), sorted(strategies, key=lambda one: one.mean.value))


def colour(strategy: Strategy) -> str:
    if strategy.name == OURS:
        return "#D55E00"
    return "#0072B2" if strategy.published else "#8C8C8C"


def ticks(low: float, high: float) -> list[float]:
    """Places on the axis that is linear around 0, within that range."""
    return [value for value in (-10, -1, 0, 1, 10, 100, 1000, 10000) if low <= value <= high]


def draw_panel(axes, score: Score, bars: list[Bar], target: float) -> None:
    """Horizontal bars, the first strategy on top; the axis is linear up to 1%."""
    from matplotlib.patheffects import withStroke
    rows = range(len(bars))
    axes.barh(rows, [bar.value for bar in bars], height=0.62, zorder=2,
              color=[colour(strategy) for strategy in score.strategies])
    reach = [[max(0.0, bar.value - bar.low) for bar in bars],
             [max(0.0, bar.high - bar.value) for bar in bars]]
    axes.errorbar([bar.value for bar in bars], rows, xerr=reach, fmt="none", ecolor="#333333",
                  elinewidth=0.9, capsize=2, zorder=3)
    axes.set_xscale("symlog", linthresh=LINEAR, linscale=0.7)
    low = min(0.0, *(bar.low for bar in bars)) * 1.3
    high = max(target, *(bar.high for bar in bars))
    axes.set_xlim(low if low < 0 else -0.02, high * 4)
    for row, bar in enumerate(bars):
        place = max(bar.value, bar.high, 0)
        axes.annotate(f"{bar.value:.2f}%" if abs(bar.value) < 10 else f"{bar.value:.0f}%",
                      (place, row), (4, 0), textcoords="offset points", va="center", fontsize=8,
                      path_effects=[withStroke(linewidth=2.5, foreground="white")])
    axes.axvline(0, color="#333333", linewidth=0.8, zorder=4)
    axes.axvline(target, color="#C9A227", linewidth=1.2, linestyle=(0, (5, 2)), zorder=1)
    marks = ticks(*axes.get_xlim())
    axes.set_xticks(marks, [f"{mark:g}%" for mark in marks])
    axes.minorticks_off()
    axes.grid(False, axis="y")
    axes.grid(True, axis="x", color="#DDDDDD", linewidth=0.6)
    axes.set_yticks(rows, [strategy.name for strategy in score.strategies])
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    for text, strategy in zip(axes.get_yticklabels(), score.strategies):
        text.set_fontweight("bold" if strategy.name == OURS else "normal")


def page_of(score: Score):
    """The figure as a page; imports matplotlib."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    from page import Page
    from style import SMALL_POINTS, text_inches
    panels = [([one.mean for one in score.strategies], 2.0),
              ([one.p95 for one in score.strategies], 8.0)]
    longest = max(text_inches(one.name, SMALL_POINTS) for one in score.strategies)
    return Page(
        stem="regret",
        title="What each rule for going parallel costs, on shapes it was not fitted to",
        headings=["mean regret", "95th percentile of regret"],
        x_label="regret (linear up to 1%, then logarithmic)",
        y_label="",
        draw=lambda axes, i: draw_panel(axes, score, *panels[i]),
        legend=[(Patch(color="#D55E00"), "this policy"), (Patch(color="#0072B2"), "published rule"),
                (Patch(color="#8C8C8C"), "baseline"),
                (Line2D([], [], color="#C9A227", linestyle=(0, (5, 2))), "target of the policy")],
        caption=[f"{score.machine}, {score.condition}. Policy of "
                 f"{score.made.replace('T', ' ').replace('Z', ' UTC')}.",
                 f"{score.shapes} held-out shapes, at least {score.launches} launches each. "
                 f"Whiskers: 95% bootstrap intervals over shapes and launches, "
                 f"{score.replicates} samples. The best choice is made on one half of the "
                 f"launches and judged on the other: noise can make a regret negative."],
        width=4.0, height=0.35 + ROW_INCHES * len(score.strategies), columns=2, left=longest + 0.3)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="regret.py", description=__doc__.split("\n")[0])
    parser.add_argument("score", type=Path, help="score.json")
    parser.add_argument("--out", type=Path, help="folder (default: figures beside the score)")
    parser.add_argument("--format", default="svg,png", help="svg, png or svg,png")
    options = parser.parse_args(arguments)
    options.format = options.format.split(",")
    for name in options.format:
        if name not in FORMATS:
            fail(f"--format: \"{name}\" is none of {', '.join(FORMATS)}", USAGE_ERROR)
    return options


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    try:
        score = load(options.score)
    except LoadError as error:
        fail(str(error), NOT_FIT)
    warnings.filterwarnings("ignore")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    if not has_matplotlib():
        fail("matplotlib is not installed; on Debian: apt-get install python3-matplotlib", NOT_FIT)
    import page as pages
    import style
    style.apply()
    page = page_of(score)
    figure = pages.render(page)
    folder = options.out or options.score.parent / "figures"
    for suffix in options.format:
        path = folder / f"{page.stem}.{suffix}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            pages.save(figure, page.title, path)
        except OSError as error:
            fail(f"{path}: cannot write: {error.strerror}", NOT_FIT)
        print(path, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
