#!/usr/bin/python3
"""Draws the figures of one run directory: plot.py RUN_DIR [--out DIR] [--only NAME] [--format F].

Of several, the crossovers of all of them on one page and as a table: plot.py RUN_DIR... --out DIR.

Of a trace of `crossover model bench`, its timeline: plot.py TRACE.json --out DIR.

Prints the path of every file written. Exit status: 0 done, 2 bad usage, 5 files that are missing or
unreadable, or matplotlib not installed.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Iterator, NoReturn

sys.dont_write_bytecode = True  # plots/ may be read-only or part of a checkout
sys.path.insert(0, str(Path(__file__).resolve().parent))

from load import LoadError, Run, load_run  # noqa: E402

if TYPE_CHECKING:
    from page import Page

USAGE_ERROR = 2
NOT_FIT = 5
FORMATS = ("svg", "png")
FIGURES = ("speed", "speedup", "bars", "ladder", "roofline", "winner", "peers", "texts",
           "operations", "workers", "cost")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        fail(f"{message}; see --help", USAGE_ERROR)


def fail(message: str, status: int) -> NoReturn:
    print(f"plot.py: {message}", file=sys.stderr)
    sys.exit(status)


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options; formats become a list without duplicates."""
    parser = _Parser(prog="plot.py", description="Draws the figures of one run directory.")
    parser.add_argument("run_dirs", metavar="RUN_DIR", type=Path, nargs="+",
                        help="several: their crossovers on one page, into --out")
    parser.add_argument("--out", metavar="DIR", type=Path,
                        help="default: RUN_DIR/figures; needed for several runs")
    parser.add_argument("--only", metavar="NAME", help="one figure (" + ", ".join(FIGURES) +
                        ") or one section")
    parser.add_argument("--format", metavar="F[,F]", default="svg,png",
                        help="svg, png or both (default)")
    options = parser.parse_args(arguments)
    options.format = list(dict.fromkeys(options.format.split(",")))
    for name in options.format:
        if name not in FORMATS:
            fail(f"--format: \"{name}\" is none of {', '.join(FORMATS)}", USAGE_ERROR)
    if len(options.run_dirs) > 1 and options.out is None:
        fail("several runs need --out DIR for what is drawn of them together", USAGE_ERROR)
    if len(options.run_dirs) > 1 and options.only is not None:
        fail("--only chooses among the figures of one run", USAGE_ERROR)
    return options


def has_matplotlib() -> bool:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def check_only(run: Run, only: str | None) -> None:
    legal = [*FIGURES, *(section.name for section in run.sections)]
    if only is not None and only not in legal:
        fail(f"--only: \"{only}\" is none of {', '.join(dict.fromkeys(legal))}", USAGE_ERROR)


def all_pages(run: Run, only: str | None) -> Iterator[tuple[str, Page]]:
    """Section name and page of every figure of the run."""
    import bars
    import cost
    import ladder
    import operations
    import peers
    import roofline
    import speed
    import speedup
    import style
    import texts
    import winner
    import workers
    style.apply()
    arms = [[*section.labels(), *(row.label for row in section.comparisons)]
            for section in run.sections]
    for section, looks in zip(run.sections, style.assign_looks(arms)):
        for figure in (speed, speedup, bars, ladder, roofline, winner, texts, operations, workers,
                       cost):
            if only in (None, figure.NAME, section.name) and section.measured():
                for page in figure.pages(run, section, looks):
                    yield section.name, page
    if only in (None, peers.NAME):  # what belongs together lies in several sections
        for page in peers.pages(run):
            yield run.experiment, page


def file_stem(section: str, page: Page, taken: set[str]) -> str:
    """<section>_<figure>[_<fixed>] in characters that suit every file system; never one twice."""
    parts = [section, page.stem, *([page.part] if page.part else [])]
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", "_".join(parts)).lstrip(".-")
    unique, number = stem, 2
    while unique in taken:
        unique, number = f"{stem}_{number}", number + 1
    taken.add(unique)
    return unique


def write(path: Path, content: Callable[[Path], object]) -> None:
    """Has the file written, and prints its path."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        content(path)
    except OSError as error:
        fail(f"{path}: cannot write: {error.strerror}", NOT_FIT)
    print(path, flush=True)


def write_page(page: Page, stem: Path, formats: list[str]) -> int:
    """Writes the page in every format; returns how many files."""
    import page as pages
    figure = pages.render(page)
    for suffix in formats:
        write(stem.parent / f"{stem.name}.{suffix}",
              lambda path: pages.save(figure, page.title, path))
    return len(formats)


def write_figures(run: Run, options: argparse.Namespace) -> int:
    """Writes every figure in every format; returns how many files."""
    directory = options.out or options.run_dirs[0] / "figures"
    taken: set[str] = set()
    return sum(write_page(page, directory / file_stem(section, page, taken), options.format)
               for section, page in all_pages(run, options.only))


def write_crossovers(runs: list[Run], options: argparse.Namespace) -> None:
    """Of several runs: their crossovers on one page, and as a table."""
    import crossovers
    import page as pages
    import style
    style.apply()
    page = crossovers.page_of(runs)
    if page is None:
        print("plot.py: none of these runs has a crossover, nothing to draw", file=sys.stderr)
        return
    write_page(page, options.out / crossovers.NAME, options.format)
    table = crossovers.table_of(runs)
    write(options.out / f"{crossovers.NAME}.md",
          lambda path: pages.replace(path, table.encode()))


def draw_timeline(options: argparse.Namespace) -> None:
    """Of a trace: what each team did when."""
    if options.out is None or len(options.run_dirs) > 1:
        fail("a timeline is drawn of one trace and needs --out DIR", USAGE_ERROR)
    if not has_matplotlib():
        fail("matplotlib is not installed; on Debian: apt-get install python3-matplotlib",
             NOT_FIT)
    import style
    import timeline
    style.apply()
    trace = options.run_dirs[0]
    try:
        page = timeline.page_of(timeline.load_trace(trace), trace.name)
    except LoadError as error:
        fail(str(error), NOT_FIT)
    write_page(page, options.out / trace.stem, options.format)


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    if options.run_dirs[0].is_file():
        draw_timeline(options)
        return
    try:
        runs = [load_run(directory) for directory in options.run_dirs]
    except LoadError as error:
        fail(str(error), NOT_FIT)
    run = runs[0]
    check_only(run, options.only)
    if len(runs) == 1 and not any(section.measured() for section in run.sections):
        print(f"plot.py: {options.run_dirs[0]}: no measured cells, nothing to draw",
              file=sys.stderr)
        return
    warnings.filterwarnings("ignore")  # e.g. a label in a script that the font lacks
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # e.g. that it builds a font cache
    if not has_matplotlib():
        fail("matplotlib is not installed; on Debian: apt-get install python3-matplotlib",
             NOT_FIT)
    if len(runs) > 1:
        write_crossovers(runs, options)
    elif write_figures(run, options) == 0:
        wanted = "" if options.only is None else f" for --only {options.only}"
        print(f"plot.py: {options.run_dirs[0]}: nothing to draw{wanted}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BrokenPipeError:  # the reader of our output is gone: nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        sys.exit(130)
