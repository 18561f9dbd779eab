"""Reads and validates what the figures need of manifest.json and summary.json.

Every value is checked here, once; the figures work on the types below and never on raw JSON.
Schema: results/README.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from json_file import LoadError, Node, read_file

QUESTIONS = ("sweep", "compare", "crossover", "cost")
OUTCOMES = ("crossing", "below", "above", "indistinguishable", "several", "unresolved")
SIGNS = ("-", "0", "+", "?")
VERDICTS = ("faster", "slower", "equivalent", "undecided")
FMA_PEAK = "fma_f32"

Problem = dict[str, int]  # extents by name, in the family's order


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
class Ceiling:
    """What bounds a cell: what a probe reached in the same run, in FLOP/s or bytes/s.

    kib is how much memory each of its threads went through, None beyond the caches or where it
    goes through none.
    """

    probe: str
    threads: int
    rate: Estimate
    of_bytes: bool = False
    kib: int | None = None


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
    ceiling: Ceiling | None = None
    items: dict[str, float] = field(default_factory=dict)    # per call: {"texts": 32}
    details: dict[str, float] = field(default_factory=dict)  # of one call: {"norm_seconds": 0.01}


@dataclass(frozen=True)
class Comparison:
    """ratio = time(against) / time(arm): above 1 the arm is faster. verdict is that on the arm."""

    label: str
    against: str
    problem: Problem
    ratio: Estimate
    launches: int | None
    verdict: str = "undecided"


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


@dataclass(frozen=True)
class Cost:
    """A line through the times of one arm, either part of which may come out below 0; the sentence
    has the intervals."""

    label: str
    fixed: Problem
    fixed_seconds: float
    seconds_per_unit: float
    sentence: str


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
    costs: list[Cost] = field(default_factory=list)

    def labels(self) -> list[str]:
        """The arms in the order in which they were listed."""
        return list(dict.fromkeys(cell.label for cell in self.cells))

    def axes(self) -> set[str]:
        """The extents that vary."""
        return {name for cell in self.cells for name in cell.problem
                if len({other.problem.get(name) for other in self.cells}) > 1}

    def measured(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.seconds is not None]


@dataclass
class Run:
    """One run; peaks are FLOP/s and bandwidths of memory bytes/s by thread count, noise is the A/A
    ratio."""

    experiment: str
    machine: str
    started: str
    git: str
    state: str
    peaks: dict[int, Estimate]
    noise: Estimate | None
    sections: list[Section]
    bandwidths: dict[int, Estimate] = field(default_factory=dict)
    cores: int | None = None  # that the process could use


def load_run(directory: Path) -> Run:
    """The run in that directory. Raises LoadError with one line that names file and place."""
    if not directory.is_dir():
        raise LoadError(f"{directory}: no such directory")
    manifest = read_file(directory / "manifest.json")
    summary = read_file(directory / "summary.json")
    run = Run(
        experiment=_text(summary, "experiment"),
        machine=_text(summary, "machine"),
        started=_text(summary, "started"),
        git=_text(summary, "git"),
        state=_text(summary, "state"),
        peaks=_rates(summary, FMA_PEAK, "flops_per_second"),
        bandwidths=_rates(summary, "stream_read", "bytes_per_second"),
        noise=_estimate(summary.find("noise_floor"), "ratio", "ci95"),
        sections=[_section(row) for row in summary["sections"].rows()],
        cores=_cores(manifest),
    )
    sections = {section.name: section for section in run.sections}
    if len(sections) != len(run.sections):
        raise LoadError(f"{summary.where}: sections: two sections have the same name")
    _attach_margins(manifest, sections)
    _attach_rows(summary, sections, run.peaks)
    return run


def _cores(manifest: Node) -> int | None:
    machine = manifest.find("machine")
    cores = None if machine is None else machine.find("cores")
    return None if cores is None else cores.integer()


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


def _rates(summary: Node, probe: str, unit: str) -> dict[int, Estimate]:
    ceilings = summary.find("ceilings")
    rows = None if ceilings is None else ceilings.find(probe)
    peaks = {}
    for row in [] if rows is None else rows.rows():
        peak = _estimate(row, unit, "ci95")
        if peak is not None and row.find("kib") is None:
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


def _attach_rows(summary: Node, sections: dict[str, Section], peaks: dict[int, Estimate]) -> None:
    def owner(row: Node) -> Section:
        name = row["section"]
        if name.text() not in sections:
            raise name.fail("the name of a section")
        return sections[name.text()]

    for row in summary["cells"].rows():
        replica = row.find("replica")
        if replica is None or replica.integer() == 0:
            owner(row).cells.append(_cell(row, peaks))
    for key in ("comparisons", "crossovers", "costs"):
        found = summary.find(key)
        for row in [] if found is None else found.rows():
            if key == "crossovers":
                owner(row).crossovers.append(_crossover(row))
            elif key == "costs":
                owner(row).costs.append(_cost(row))
            elif row.find("ratio") is not None:
                owner(row).comparisons.append(_comparison(row))


def _told_ceiling(row: Node, peaks: dict[int, Estimate]) -> Ceiling | None:
    probe, threads = row["probe"].text(), row["threads"].integer()
    kib, rate = row.find("kib"), _estimate(row, "flops_per_second", "ci95")
    if rate is not None:
        if probe == FMA_PEAK:
            rate = peaks.get(threads, rate)  # with its interval
        return Ceiling(probe, threads, rate)
    rate = _estimate(row, "bytes_per_second", "ci95")
    return None if rate is None else Ceiling(probe, threads, rate, True,
                                             None if kib is None else kib.integer())


def _ceiling_of(row: Node, threads: int, peaks: dict[int, Estimate]) -> Ceiling | None:
    """As the cell tells it; in runs from before cells did, the FMA peak. More threads than any peak
    was measured with (oversubscription) have that of the most threads."""
    told = row.find("ceiling")
    if told is not None:
        return _told_ceiling(told, peaks)
    if not peaks or (isinstance(row.value, dict) and "ceiling" in row.value):
        return None
    team = max((count for count in peaks if count <= threads), default=min(peaks))
    return Ceiling(FMA_PEAK, team, peaks[team])


def _cell(row: Node, peaks: dict[int, Estimate]) -> Cell:
    status = row["status"].text()
    found, reason = row.find("threads"), row.find("reason")
    threads = 1 if found is None else found.integer()
    settings, counters = row.find("settings"), row.find("counters")
    seconds = _measured_seconds(row) if status == "measured" else None
    return Cell(
        label=row["label"].text(),
        threads=threads,
        problem=row["problem"].problem(),
        status=status,
        reason=None if reason is None else reason.text(),
        seconds=seconds,
        gflops=_rate(row, "gflops"),
        launches=_launches(row),
        variant=_text(row, "variant"),
        settings={} if settings is None else settings.texts(),
        gigabytes=_rate(row, "gigabytes_per_second"),
        counted=None if counters is None else counters.find("parallel_regions") is not None,
        ceiling=_ceiling_of(row, threads, peaks),
        items={} if seconds is None else {name: rate * seconds.value for name, rate in
                                          _numbers(row, "items_per_second").items()},
        details=_numbers(row, "details"),
    )


def _numbers(row: Node, key: str) -> dict[str, float]:
    found = row.find(key)
    if found is None:
        return {}
    return {name: found[name].number() for name in found.keys() if found.find(name)}


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
                      ratio, _launches(row), row["verdict"].one_of(VERDICTS))


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


def _cost(row: Node) -> Cost:
    fixed = row.find("fixed")
    return Cost(row["label"].text(), {} if fixed is None else fixed.problem(),
                row["fixed_seconds"]["value"].number(), row["seconds_per_unit"]["value"].number(),
                row["sentence"].text())


def _point(row: Node) -> Point:
    ratio = _estimate(row, "ratio", "ci")
    assert ratio is not None  # rows without one are left out by the caller
    return Point(row["axis_value"].integer(), ratio, row["sign"].one_of(SIGNS), _launches(row))
