#!/usr/bin/python3
"""Writes run directories with invented but realistic numbers, to test and to look at the figures.

Usage: synthetic_runs.py DIR [NAME...]; one run directory per name below DIR. The numbers come from
a roofline with a call overhead and a fork/join cost, plus noise from a fixed seed.
"""

from __future__ import annotations

import json
import math
import random
import sys
from pathlib import Path
from typing import Callable, Iterable

Json = dict[str, object]
Problem = dict[str, int]

PEAK = {1: 141.2e9, 2: 279.6e9}  # FLOP/s
BANDWIDTH = {1: 14e9, 2: 24e9}   # bytes/s, of the memory
EQUIVALENCE = 0.02

# variant: share of the peak it can reach, seconds per call, seconds per fork and join, threads
ARMS = {
    "naive": (0.012, 1e-8, 0, 1),
    "ikj": (0.13, 2e-8, 0, 1),
    "blocked": (0.19, 5e-8, 0, 1),
    "packed": (0.33, 3e-7, 0, 1),
    "simd": (0.78, 1.5e-7, 0, 1),
    "eigen": (0.71, 2e-7, 0, 1),
    "openblas": (0.86, 3e-7, 0, 1),
    "blis": (0.82, 9e-7, 0, 1),
    "onednn": (0.88, 1.2e-6, 0, 1),
    "libxsmm": (0.80, 0.6e-7, 0, 1),
    "parallel[threads=2]": (0.18, 1e-7, 2.1e-6, 2),
    "simd_parallel[threads=2]": (0.76, 2e-7, 2.4e-6, 2),
    "openblas[threads=2]": (0.82, 3e-7, 3.6e-6, 2),
}


def square(size: int) -> Problem:
    return {"batch": 1, "m": size, "n": size, "k": size}


def geometric(first: int, last: int, factor: float) -> list[int]:
    """Sizes as the config's range first..last*factor gives them."""
    sizes, value = [], float(first)
    while value < last:
        sizes.append(round(value))
        value *= factor
    return [*sizes, last]


def flops_of(problem: Problem) -> float:
    return 2.0 * math.prod(problem.values())


def matmul_seconds(label: str, problem: Problem) -> float:
    """The true time per call of an arm of ARMS."""
    share, overhead, fork, threads = ARMS[label]
    m, n, k = (problem[extent] for extent in ("m", "n", "k"))
    # Narrow products leave the register tile half empty and re-use nothing.
    filled = min(1.0, (m + 2) / 14) * min(1.0, n / (n + 12)) * k / (k + 24)
    compute = flops_of(problem) / (PEAK[threads] * share * filled)
    in_cache = 8 if 4 * (m * k + k * n + m * n) < 32 << 20 else 1
    stream = 4 * (m * k + k * n + m * n) / (BANDWIDTH[threads] * in_cache)
    if label == "naive" and max(m, n, k) > 512:
        compute *= 4  # every step of the column walks to another page
    return overhead + fork + max(compute, stream)


class Builder:
    """Collects the sections of one run and writes its two files."""

    def __init__(self, experiment: str, seed: int) -> None:
        self.random = random.Random(seed)
        self.summary: Json = {
            "schema": 1, "experiment": experiment, "machine": "AMD EPYC 9R14 (2 cores)",
            "started": "2026-01-31T12:00:00Z", "git": "1a2b3c4d5e6f", "state": "done",
            "ceilings": {"fma_f32": [
                {"threads": threads, "flops_per_second": peak,
                 "ci95": [peak * 0.996, peak * 1.003]} for threads, peak in PEAK.items()]},
            "sections": [], "cells": [], "comparisons": [], "crossovers": [],
            "noise_floor": {"ratio": 1.001, "ci95": [0.996, 1.006], "pairs": []}}
        self.manifest: Json = {"schema": 1, "experiment": experiment, "sections": []}

    def section(self, name: str, question: str, axis: str = "", family: str = "matmul") -> None:
        facts = {"name": name, "question": question, "family": family, "axis": axis}
        self.summary["sections"].append(facts)
        self.manifest["sections"].append(
            {**facts, "protocol": {"equivalence_margin": EQUIVALENCE}})

    def cell(self, label: str, problem: Problem, seconds: float | None, status: str = "measured",
             reason: str | None = None, gflops: bool = True, threads: int | None = None,
             launches: int = 8, replica: int = 0) -> float | None:
        """Adds a cell; returns its noisy median time."""
        median = None
        if seconds is not None:
            median = seconds * math.exp(self.random.gauss(0, 0.01))
            half = abs(self.random.gauss(0.012, 0.006)) + 0.003
        variant, _, setting = label.partition("[")
        if threads is None:
            threads = int(setting.partition("=")[2].rstrip("]") or 1)
        interval = None if median is None or launches < 6 else \
            [median * (1 - half * self.random.uniform(0.5, 1)),
             median * (1 + half * self.random.uniform(0.5, 1.6))]
        section = self.summary["sections"][-1]
        self.summary["cells"].append({
            "id": f"{self.random.getrandbits(64):016x}", "section": section["name"],
            "family": section["family"], "variant": variant, "label": label, "threads": threads,
            "settings": {"threads": str(threads)}, "replica": replica, "problem": problem,
            "status": status, "reason": reason,
            "seconds": None if median is None else {"median": median, "ci95": interval},
            "gflops": flops_of(problem) / median / 1e9 if median and gflops else None,
            "launches": launches, "samples": 8 * launches})
        return median

    def comparison(self, label: str, against: str, problem: Problem, ratio: float,
                   launches: int = 10) -> None:
        half = abs(self.random.gauss(0.012, 0.004)) + 0.003
        self.summary["comparisons"].append({
            "section": self.summary["sections"][-1]["name"], "problem": problem, "label": label,
            "against_label": against, "launches": launches, "ratio": ratio,
            "ci95": [ratio * (1 - half), ratio * (1 + half)] if launches >= 6 else None,
            "level": 0.979, "verdict": "faster" if ratio > 1 else "slower"})

    def sweep(self, labels: Iterable[str], problems: Iterable[Problem], against: str,
              skipped: Callable[[str, Problem], tuple[str, str] | None] = lambda *_: None) -> None:
        """Cells of every arm on every problem, and the comparisons with one of them."""
        for problem in problems:
            medians = {}
            for label in labels:
                why = skipped(label, problem)
                if why:
                    self.cell(label, problem, None, *why)
                else:
                    medians[label] = self.cell(label, problem, matmul_seconds(label, problem))
            for label in medians:
                if label != against and against in medians:
                    self.comparison(label, against, problem, medians[against] / medians[label])

    def crossover(self, label: str, against: str, axis: str, fixed: Problem,
                  ratios: dict[int, float], outcome: str, **facts: object) -> None:
        """Points with simultaneous intervals, and the intervals between certain signs."""
        points, signs = [], []
        for value, ratio in ratios.items():
            ratio *= math.exp(self.random.gauss(0, 0.006))
            half = abs(self.random.gauss(0.022, 0.006)) + 0.008
            low, high = ratio * (1 - half), ratio * (1 + half)
            sign = "+" if low > 1 else "-" if high < 1 else "?"
            if 1 - EQUIVALENCE <= low and high <= 1 + EQUIVALENCE:
                sign = "0"
            points.append({"axis_value": value, "ratio": ratio, "ci": [low, high],
                           "launches": self.random.choice([6, 10, 15]), "sign": sign})
            signs.append((value, sign))
        certain = [entry for entry in signs if entry[1] in "+-"]
        changes = [(a, b) for a, b in zip(certain, certain[1:]) if a[1] != b[1]]
        keep = outcome in ("crossing", "several")
        self.summary["crossovers"].append({
            "section": self.summary["sections"][-1]["name"], "label": label,
            "against_label": against, "axis": axis, "fixed": fixed, "outcome": outcome,
            "intervals": [[a[0], b[0]] for a, b in changes] if keep else [],
            "variant_wins_above": [b[1] == "+" for _, b in changes] if keep else [],
            "sharp": None, "slope": None, "predicted": None, "notes": [], "points": points,
            **facts})

    def write(self, directory: Path) -> Path:
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in (("manifest", self.manifest), ("summary", self.summary)):
            text = json.dumps(content, indent=1)
            (directory / f"{name}.json").write_text(text, encoding="utf-8")
        return directory


def quickstart() -> Builder:
    """A crossover of two arms over 14 sizes, and a table of nine arms at two sizes."""
    run = Builder("quickstart", 1)
    simd, threaded = "simd", "simd_parallel[threads=2]"
    run.section("overtake", "crossover", "size")
    ratios = {}
    for size in [16, 24, 36, 54, 66, 74, 81, 92, 122, 182, 273, 410, 615, 1024]:
        times = [run.cell(label, square(size), matmul_seconds(label, square(size)))
                 for label in (simd, threaded)]
        run.cell("simd#1", square(size), times[0], replica=1)
        ratios[size] = times[0] / times[1]
    run.crossover(threaded, simd, "size", {"batch": 1}, ratios, "crossing",
                  predicted=47.5, sharp=[50.6, 55.2])
    run.section("table", "sweep")
    labels = [label for label in ARMS if label not in ("ikj", "packed", "libxsmm", "blis")]
    run.sweep(labels, [square(64), square(256)], simd)
    return run


def square_sweep() -> Builder:
    """Thirteen arms over 22 sizes; the slowest are skipped, one is wrong, one unsupported."""
    def skipped(label: str, problem: Problem) -> tuple[str, str] | None:
        size = problem["m"]
        if label == "naive" and size > 900:
            return "skipped", f"estimated {2.8e-8 * size ** 3:.0f} s"
        if label == "packed" and size == 256:
            return "wrong", "C[0][3,17] = 1.25, expected 1.2403 within 2.1e-06"
        if label == "libxsmm" and size > 512:
            return "unsupported", "(m*n*k)^(1/3) > 512: no small-matrix kernel"
        return None

    run = Builder("square", 2)
    run.section("square", "sweep", "size")
    run.sweep(list(ARMS), [square(size) for size in geometric(16, 2048, 1.26)], "openblas",
              skipped)
    return run


LAYER_SHAPES = [(768, 768), (2304, 768), (3072, 768), (768, 3072), (1152, 768), (4096, 4096),
                (11008, 4096), (4096, 11008), (32000, 4096)]


def layers() -> Builder:
    """Eight arms on nine layer shapes with six batch lengths; the largest are skipped."""
    def skipped(label: str, problem: Problem) -> tuple[str, str] | None:
        estimate = flops_of(problem) / 1.7e9
        if label == "naive" and estimate > 30:
            return "skipped", f"estimated {estimate:.0f} s"
        return None

    run = Builder("layers", 3)
    run.section("layers", "sweep")
    labels = ["naive", "blocked", "simd", "openblas", "onednn", "parallel[threads=2]",
              "simd_parallel[threads=2]", "openblas[threads=2]"]
    run.sweep(labels, [{"batch": 1, "m": m, "n": n, "k": k}
                       for n, k in LAYER_SHAPES for m in (1, 8, 32, 64, 128, 512)], "simd",
              skipped)
    return run


def oversubscribed() -> Builder:
    """Six arms with up to sixteen threads on two cores: every outcome but one."""
    run = Builder("oversubscribed", 4)
    run.section("oversubscribed", "crossover", "size")
    sizes = geometric(16, 1024, 1.5)
    gains: dict[str, tuple[str, Callable[[int], float]]] = {
        "simd_parallel[threads=2]": ("crossing", lambda s: 1.9 / (1 + (90 / s) ** 2)),
        "simd_parallel[threads=3]": ("several", lambda s: 1 + 0.25 * math.sin(
            2.2 * math.log2(s / 20))),
        "simd_parallel[threads=4]": ("unresolved", lambda s: 1 + 0.035 * math.log2(s / 140)),
        "simd_parallel[threads=8]": ("above", lambda s: 0.95 / (1 + (300 / s) ** 1.5)),
        "simd_parallel[threads=16,schedule=static]": ("indistinguishable", lambda s: 1.0)}
    for size in sizes:
        base = matmul_seconds("simd", square(size))
        run.cell("simd", square(size), base)
        for label, (_, gain) in gains.items():
            threads = int(label.partition("=")[2].partition(",")[0].rstrip("]"))
            run.cell(label, square(size), base / gain(size), threads=threads)
    for label, (outcome, gain) in gains.items():
        run.crossover(label, "simd", "size", {"batch": 1}, {s: gain(s) for s in sizes}, outcome)
    return run


def shapes_over_m() -> Builder:
    """A crossover over m for fourteen (n, k): more panels than one file holds."""
    run = Builder("rows", 5)
    run.section("rows/of m", "crossover", "m")
    for number, (n, k) in enumerate([*LAYER_SHAPES, *((k + 64, n) for n, k in LAYER_SHAPES[:5])]):
        ratios = {}
        for m in (1, 2, 4, 8, 16, 32, 64, 128):
            problem = {"batch": 1, "m": m, "n": n, "k": k}
            times = [run.cell(label, problem, matmul_seconds(label, problem))
                     for label in ("openblas", "simd_parallel[threads=2]")]
            ratios[m] = times[0] / times[1] / (1.1 + 0.03 * number) * m ** 0.08
        run.crossover("simd_parallel[threads=2]", "openblas", "m",
                      {"batch": 1, "n": n, "k": k}, ratios, "crossing" if min(
                          ratios.values()) < 0.95 else "below")
    return run


def odd() -> Builder:
    """What else a run may hold: no intervals, one problem, kernels without arithmetic, shapes that
    share no axis, a family far below the peak, odd names, an unfinished run."""
    run = Builder("odd", 6)
    run.summary.update(state="interrupted", noise_floor=None)
    run.section("single", "compare")
    base = run.cell("simd", square(512), matmul_seconds("simd", square(512)), launches=5)
    other = run.cell("simd[isa=avx2]", square(512), base * 1.6, launches=5, threads=1)
    run.comparison("simd[isa=avx2]", "simd", square(512), base / other, launches=5)
    run.section("softmax", "sweep", "", "softmax")
    for columns in geometric(128, 65536, 2):
        for label, speed in (("naive", 0.4), ("online", 1.9), ("simd", 6.5)):
            work = columns * 64
            run.cell(label, {"rows": 64, "columns": columns}, work * 4 / speed / 1e9, threads=1)
    run.section("lookup", "sweep", "", "embedding")
    for tokens in (1, 4, 16, 64, 256):
        for dim in (384, 768):
            for label, cost in (("scalar", 2e-9), ("simd", 3e-10)):
                run.cell(label, {"tokens": tokens, "dim": dim}, 5e-8 + tokens * dim * cost,
                         gflops=False, threads=1)
    run.section("$hapes <&> more", "sweep")
    shapes = [(37, 129, 4097), (1, 32000, 768), (512, 64, 64), (64, 64, 64), (7, 7, 9001),
              (300, 200, 100), (1000, 1000, 10)]
    run.sweep(["simd", "eigen", "$\\frac$", "simd_parallel[threads=2]"][:2] + ["openblas"],
              [{"batch": 1, "m": m, "n": n, "k": k} for m, n, k in shapes], "openblas")
    return run


def nothing_measured() -> Builder:
    run = Builder("nothing", 7)
    run.section("table", "sweep")
    run.cell("simd", square(64), None, "unsupported", "needs AVX2")
    return run


RUNS = {builder.__name__: builder for builder in (
    quickstart, square_sweep, layers, oversubscribed, shapes_over_m, odd, nothing_measured)}


def main(arguments: list[str]) -> None:
    if not arguments or any(name not in RUNS for name in arguments[1:]):
        sys.exit(f"usage: synthetic_runs.py DIR [NAME...]; names: {', '.join(RUNS)}")
    for name in arguments[1:] or RUNS:
        print(RUNS[name]().write(Path(arguments[0]) / name))


if __name__ == "__main__":
    main(sys.argv[1:])
