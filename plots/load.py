"""Reads and validates what the figures need of manifest.json and summary.json.

Every value is checked here, once; the figures work on the types below and never on raw JSON.
Schema: results/README.md.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

SCHEMA = 1
LARGEST_INTEGER = 2 ** 53  # beyond, a double no longer holds every integer
QUESTIONS = ("sweep", "compare", "crossover")
OUTCOMES = ("crossing", "below", "above", "indistinguishable", "several", "unresolved")
SIGNS = ("-", "0", "+", "?")

Problem = dict[str, int]  # extents by name, in the family's order


class LoadError(Exception):
    """A result file that is missing, unreadable or not what the schema says; one line."""


@dataclass(frozen=True)
class Estimate:
    """A positive value with its interval; low and high are None where there is no interval."""

    value: float
    low: float | None = None
    high: float | None = None

    def reach(self) -> tuple[float, float]:
        """Lengths of the error bar below and above the value; 0 (not seen) without an interval.
        A value may lie outside its interval, as the two may rest on different estimators."""
        if self.low is None or self.high is None:
            return 0.0, 0.0
        return max(0.0, self.value - self.low), max(0.0, self.high - self.value)


@dataclass(frozen=True)
class Cell:
    """One arm on one problem. seconds (per call) is set exactly where status is "measured"."""

    label: str
    threads: int
    problem: Problem
    status: str
    reason: str | None
    seconds: Estimate | None
    gflops: float | None
    launches: int | None
    variant: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    gigabytes: float | None = None  # of operands per second, each counted once
    counted: bool | None = None     # what it executed; False for a vendor's code, None if not told


@dataclass(frozen=True)
class Comparison:
    """ratio = time(against) / time(arm): above 1 the arm is faster."""

    label: str
    against: str
    problem: Problem
    ratio: Estimate
    launches: int | None


@dataclass(frozen=True)
class Point:
    """One size of a crossover; the interval is the simultaneous one that the sign rests on."""

    axis_value: int
    ratio: Estimate
    sign: str
    launches: int | None


@dataclass(frozen=True)
class Crossover:
    """Two arms along one axis. intervals and wins_above have one entry per crossing."""

    label: str
    against: str
    axis: str
    fixed: Problem
    outcome: str
    intervals: list[tuple[float, float]]
    wins_above: list[bool]
    sharp: tuple[float, float] | None
    predicted: float | None
    notes: list[str]
    points: list[Point]


@dataclass
class Section:
    """One question; cells of replica 0 only, margin None where the manifest does not tell it."""

    name: str
    question: str
    family: str
    axis: str
    margin: float | None = None
    cells: list[Cell] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    crossovers: list[Crossover] = field(default_factory=list)

    def labels(self) -> list[str]:
        """The arms in the order in which they were listed."""
        return list(dict.fromkeys(cell.label for cell in self.cells))

    def measured(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.seconds is not None]


@dataclass
class Run:
    """One run; peaks are FLOP/s and bandwidths bytes/s by thread count, noise is the A/A ratio."""

    experiment: str
    machine: str
    started: str
    git: str
    state: str
    peaks: dict[int, Estimate]
    noise: Estimate | None
    sections: list[Section]
    bandwidths: dict[int, Estimate] = field(default_factory=dict)


class Node:
    """A JSON value and its place in its file, so that every error names the place."""

    def __init__(self, value: object, where: str) -> None:
        self.value = value
        self.where = where

    def fail(self, expected: str) -> LoadError:
        shown = json.dumps(self.value)
        shown = shown if len(shown) <= 40 else shown[:37] + "..."
        return LoadError(f"{self.where}: expected {expected}, found {shown}")

    def __getitem__(self, key: str) -> Node:
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        if key not in self.value:
            raise LoadError(f"{self.where}: key \"{key}\" is missing")
        return Node(self.value[key], f"{self.where}: {key}")

    def find(self, key: str) -> Node | None:
        """The value of the key; None where it is missing or null."""
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        return None if self.value.get(key) is None else self[key]

    def rows(self) -> list[Node]:
        if not isinstance(self.value, list):
            raise self.fail("an array")
        return [Node(row, f"{self.where}[{i}]") for i, row in enumerate(self.value)]

    def text(self) -> str:
        """The string as one printable line."""
        if not isinstance(self.value, str):
            raise self.fail("a string")
        return " ".join("".join(c if c.isprintable() else " " for c in self.value).split())

    def one_of(self, legal: tuple[str, ...]) -> str:
        if self.value not in legal:
            raise self.fail("one of " + ", ".join(legal))
        return str(self.value)

    def number(self) -> float:
        is_number = isinstance(self.value, (int, float)) and not isinstance(self.value, bool)
        # Beyond 1e30 no unit of ours has a meaning and the arithmetic of an axis overflows.
        if not is_number or not abs(self.value) < 1e30:
            raise self.fail("a finite number")
        return float(self.value)

    def positive(self) -> float:
        if self.number() < 1e-30:
            raise self.fail("a positive number")
        return self.number()

    def integer(self) -> int:
        if self.number() != math.floor(self.number()) or abs(self.number()) > LARGEST_INTEGER:
            raise self.fail("an integer")
        return int(self.number())

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.fail("true or false")
        return self.value

    def span(self) -> tuple[float, float]:
        """Two positive numbers in ascending order."""
        ends = [row.positive() for row in self.rows()]
        if len(ends) != 2 or ends[0] > ends[1]:
            raise self.fail("two positive numbers in ascending order")
        return ends[0], ends[1]

    def texts(self) -> dict[str, str]:
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        return {str(key): self[key].text() for key in self.value}

    def problem(self) -> Problem:
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        return {str(key): self[key].integer() for key in self.value}


def load_run(directory: Path) -> Run:
    """The run in that directory. Raises LoadError with one line that names file and place."""
    if not directory.is_dir():
        raise LoadError(f"{directory}: no such directory")
    manifest = _read(directory / "manifest.json")
    summary = _read(directory / "summary.json")
    run = Run(
        experiment=_text(summary, "experiment"),
        machine=_text(summary, "machine"),
        started=_text(summary, "started"),
        git=_text(summary, "git"),
        state=_text(summary, "state"),
        peaks=_ceiling(summary, "fma_f32", "flops_per_second"),
        bandwidths=_ceiling(summary, "stream_read", "bytes_per_second"),
        noise=_estimate(summary.find("noise_floor"), "ratio", "ci95"),
        sections=[_section(row) for row in summary["sections"].rows()],
    )
    sections = {section.name: section for section in run.sections}
    if len(sections) != len(run.sections):
        raise LoadError(f"{summary.where}: sections: two sections have the same name")
    _attach_margins(manifest, sections)
    _attach_rows(summary, sections)
    return run


def _read(path: Path) -> Node:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LoadError(f"{path}: not found; is this a run directory?") from None
    except OSError as error:
        raise LoadError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LoadError(f"{path}: not UTF-8 text") from None
    try:
        root = Node(json.loads(text), str(path))
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise LoadError(f"{place}: not valid JSON: {error.msg}; truncated?") from None
    except (ValueError, RecursionError):
        raise LoadError(f"{path}: not valid JSON: number or nesting too large") from None
    schema = root["schema"]
    if isinstance(schema.value, bool) or schema.value != SCHEMA:
        raise schema.fail(f"schema {SCHEMA}")
    return root


def _text(node: Node, key: str) -> str:
    found = node.find(key)
    return "" if found is None else found.text()


def _launches(node: Node) -> int | None:
    found = node.find("launches")
    return None if found is None else found.integer()


def _estimate(node: Node | None, value: str, interval: str) -> Estimate | None:
    """The estimate under those two keys; None where the object or its value is missing."""
    if node is None or node.find(value) is None:
        return None
    ends = node.find(interval)
    low, high = (None, None) if ends is None else ends.span()
    return Estimate(node[value].positive(), low, high)


def _ceiling(summary: Node, probe: str, unit: str) -> dict[int, Estimate]:
    ceilings = summary.find("ceilings")
    rows = None if ceilings is None else ceilings.find(probe)
    peaks = {}
    for row in [] if rows is None else rows.rows():
        peak = _estimate(row, unit, "ci95")
        if peak is not None:
            peaks[row["threads"].integer()] = peak
    return peaks


def _section(row: Node) -> Section:
    return Section(row["name"].text(), row["question"].one_of(QUESTIONS), _text(row, "family"),
                   _text(row, "axis"))


def _attach_margins(manifest: Node, sections: dict[str, Section]) -> None:
    for row in manifest["sections"].rows():
        section = sections.get(row["name"].text())
        protocol = row.find("protocol")
        margin = None if protocol is None else protocol.find("equivalence_margin")
        if section is not None and margin is not None:
            if not 0 <= margin.number() < 1:
                raise margin.fail("a number from 0 to below 1")
            section.margin = margin.number()


def _attach_rows(summary: Node, sections: dict[str, Section]) -> None:
    def owner(row: Node) -> Section:
        name = row["section"]
        if name.text() not in sections:
            raise name.fail("the name of a section")
        return sections[name.text()]

    for row in summary["cells"].rows():
        replica = row.find("replica")
        if replica is None or replica.integer() == 0:
            owner(row).cells.append(_cell(row))
    for key in ("comparisons", "crossovers"):
        found = summary.find(key)
        for row in [] if found is None else found.rows():
            if key == "crossovers":
                owner(row).crossovers.append(_crossover(row))
            elif row.find("ratio") is not None:
                owner(row).comparisons.append(_comparison(row))


def _cell(row: Node) -> Cell:
    status = row["status"].text()
    threads, reason = row.find("threads"), row.find("reason")
    settings, counters = row.find("settings"), row.find("counters")
    return Cell(
        label=row["label"].text(),
        threads=1 if threads is None else threads.integer(),
        problem=row["problem"].problem(),
        status=status,
        reason=None if reason is None else reason.text(),
        seconds=_measured_seconds(row) if status == "measured" else None,
        gflops=_rate(row, "gflops"),
        launches=_launches(row),
        variant=_text(row, "variant"),
        settings={} if settings is None else settings.texts(),
        gigabytes=_rate(row, "gigabytes_per_second"),
        counted=None if counters is None else counters.find("parallel_regions") is not None,
    )


def _rate(row: Node, key: str) -> float | None:
    found = row.find(key)
    return None if found is None or found.number() == 0 else found.positive()


def _measured_seconds(row: Node) -> Estimate:
    seconds = _estimate(row["seconds"], "median", "ci95")
    if seconds is None:
        raise row["seconds"].fail("a median, as the cell is measured")
    return seconds


def _comparison(row: Node) -> Comparison:
    ratio = _estimate(row, "ratio", "ci95")
    assert ratio is not None  # rows without one are left out by the caller
    return Comparison(row["label"].text(), row["against_label"].text(), row["problem"].problem(),
                      ratio, _launches(row))


def _crossover(row: Node) -> Crossover:
    intervals = [interval.span() for interval in row["intervals"].rows()]
    wins_above = [flag.flag() for flag in row["variant_wins_above"].rows()]
    if len(intervals) != len(wins_above):
        raise row["variant_wins_above"].fail(f"{len(intervals)} flags, one per interval")
    sharp, predicted, fixed = (row.find(key) for key in ("sharp", "predicted", "fixed"))
    notes = row.find("notes")
    return Crossover(
        label=row["label"].text(),
        against=row["against_label"].text(),
        axis=row["axis"].text(),
        fixed={} if fixed is None else fixed.problem(),
        outcome=row["outcome"].one_of(OUTCOMES),
        intervals=intervals,
        wins_above=wins_above,
        sharp=None if sharp is None else sharp.span(),
        predicted=None if predicted is None else predicted.positive(),
        notes=[] if notes is None else [note.text() for note in notes.rows()],
        points=[_point(point) for point in row["points"].rows() if point.find("ratio")],
    )


def _point(row: Node) -> Point:
    ratio = _estimate(row, "ratio", "ci")
    assert ratio is not None  # rows without one are left out by the caller
    return Point(row["axis_value"].integer(), ratio, row["sign"].one_of(SIGNS), _launches(row))
