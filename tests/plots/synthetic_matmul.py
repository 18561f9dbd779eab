"""Synthetic runs of the figures that are made for matmul: the ladder, the peers, roofs and maps."""

from __future__ import annotations

from synthetic_runs import ARMS, BANDWIDTH, Builder, Problem, flops_of, matmul_seconds, square

VENDORS = ("openblas", "eigen", "blis", "onednn", "libxsmm")
STEPS = {"naive": 0.018, "loop_order": 0.046, "blocked": 0.045, "register_tile": 0.083,
         "packed": 0.091, "simd": 0.93, "simd_parallel[threads=2]": 0.9}  # of the peak
FEW_ROWS = (1, 2, 4, 8, 16, 32)
MANY_ROWS = (64, 128, 512)
LAYERS = ((768, 768), (256, 768), (1152, 768), (768, 1152))  # n and k


def tell(run: Builder, cache: str = "warm") -> None:
    """Adds to the cells of the last section what the schema says beyond what all figures need."""
    name = run.summary["sections"][-1]["name"]
    for cell in run.summary["cells"]:
        if cell["section"] != name:
            continue
        problem = cell["problem"]
        vendor = cell["variant"] in VENDORS
        cell["settings"] = {"threads": str(cell["threads"]), "cache": cache}
        cell["counters"] = {"parallel_regions": None if vendor else 0}
        if cell["seconds"]:
            m, n, k = (problem[extent] for extent in "mnk")
            cell["gigabytes_per_second"] = \
                4e-9 * (m * k + k * n + m * n) / cell["seconds"]["median"]


def ladder() -> Builder:
    """Seven steps at four sizes; one loses, and the first is skipped at the largest size."""
    run = Builder("ladder", 11)
    run.section("ladder", "sweep", "size")
    for size in (64, 256, 1024):
        medians: dict[str, float] = {}
        for step, share in STEPS.items():
            if size == 1024 and step == "loop_order":
                run.cell(step, square(size), None, "skipped", "estimated 30 s")
                continue
            threads = 2 if "threads=2" in step else 1
            seconds = flops_of(square(size)) / (141.2e9 * threads * share) + 4e-6 * (threads - 1)
            medians[step] = run.cell(step, square(size), seconds, threads=threads)
        for step in list(medians)[1:]:
            run.comparison(step, "naive", square(size), medians["naive"] / medians[step])
    tell(run)
    return run


def peers() -> Builder:
    """Squares, few rows and layers on one and two threads, warm and cold, and a grid of shapes."""
    run = Builder("peers", 12)
    run.summary["ceilings"]["stream_read"] = [
        {"threads": threads, "bytes_per_second": rate, "lowest_launch": 0.9 * rate}
        for threads, rate in BANDWIDTH.items()]
    labels = ["simd", "openblas", "blis", "onednn", "libxsmm", "eigen"]
    both = [*labels, "simd_parallel[threads=2]", "openblas[threads=2]"]

    def sweep(name: str, arms: list[str], problems: list[Problem], cache: str = "warm") -> None:
        run.section(name, "sweep")
        run.sweep(arms, problems, arms[0], lambda label, problem: (
            "unsupported", "no small-matrix kernel") if label == "libxsmm" and max(
                problem.values()) > 1100 else None)
        tell(run, cache)

    rows = [{"batch": 1, "m": m, "n": n, "k": k} for n, k in LAYERS for m in FEW_ROWS]
    sweep("squares", both, [square(2 ** e) for e in range(4, 12)])
    sweep("few_rows", both, rows)
    sweep("layers", both, [{"batch": 1, "m": m, "n": n, "k": k} for n, k in LAYERS
                           for m in MANY_ROWS])
    sweep("cold", both, rows, "cold")
    sweep("map", [label for label in both if label in ARMS],
          [{"batch": 1, "m": m, "n": n, "k": k} for n in (256, 1024)
           for m in (1, 4, 16, 64, 256) for k in (64, 256, 1024, 4096)])
    return run


RUNS = {builder.__name__: builder for builder in (ladder, peers)}
