"""Synthetic runs of families that memory bounds, and of attention: extents of their own, ceilings that
differ from problem to problem, maps over lengths and heads."""

from __future__ import annotations

from synthetic_runs import Builder, Problem, geometric

LEVELS = {16: 440e9, 64: 240e9, 256: 175e9, 1024: 145e9, 4096: 95e9, 16384: 80e9}  # by KiB, per core
MEMORY = 28e9
FORK = 2.2e-6
ARMS = {"naive": (1.1e9, 1), "simd": (150e9, 1), "parallel[threads=2]": (1.1e9, 2),
        "simd_parallel[threads=2]": (150e9, 2)}  # bytes per second and core, threads


def level_of(size: float) -> int:
    """The working set that bounds so many bytes per thread."""
    fitting = [kib for kib in LEVELS if kib * 1024 <= size]
    return max(fitting, default=min(LEVELS))


def add_ceilings(run: Builder, probe: str) -> None:
    run.summary["ceilings"][probe] = [
        {"threads": threads, "kib": kib, "bytes_per_second": rate * threads,
         "lowest_launch": 0.9 * rate * threads}
        for threads in (1, 2) for kib, rate in [*LEVELS.items(), (None, MEMORY)]]


def add_cell(run: Builder, label: str, problem: Problem, size: float, probe: str,
             cache: str = "warm", flops: float | None = None) -> float | None:
    """A cell that goes through so many bytes."""
    speed, threads = ARMS[label]
    kib = None if cache == "cold" else level_of(size / threads)
    rate = MEMORY if kib is None else LEVELS[kib]
    seconds = 2e-8 + (FORK if threads > 1 else 0) + size / threads / min(speed, 0.9 * rate)
    median = run.cell(label, problem, seconds, gflops=False, threads=threads)
    cell = run.summary["cells"][-1]
    cell["settings"]["cache"] = cache
    cell["gigabytes_per_second"] = size / median / 1e9
    cell["gflops"] = None if flops is None else flops / median / 1e9
    cell["counters"] = {"parallel_regions": 0}
    cell["ceiling"] = {"probe": probe, "threads": threads, "kib": kib,
                       "bytes_per_second": rate * threads}
    return median


def rows() -> Builder:
    """Softmax over the columns, warm and cold; layers of a norm as bars; where threads pay."""
    run = Builder("rows", 21)
    add_ceilings(run, "stream_copy")
    columns = geometric(64, 262144, 2)
    for name, cache in (("softmax_warm", "warm"), ("softmax_cold", "cold")):
        run.section(name, "sweep", "", "softmax")
        for cols in columns:
            size = 8.0 * 64 * cols
            times = {label: add_cell(run, label, {"rows": 64, "cols": cols}, size, "stream_copy",
                                     cache, 5.0 * 64 * cols) for label in ARMS}
            for label in list(ARMS)[1:]:
                run.comparison(label, "naive", {"rows": 64, "cols": cols},
                               times["naive"] / times[label])
    run.section("norm_layers", "sweep", "", "rms_norm")
    for problem in [{"rows": r, "cols": c} for c in (768, 2048) for r in (1, 32, 512)]:
        for label in ARMS:
            add_cell(run, label, problem, 8.0 * problem["rows"] * problem["cols"], "stream_copy")
    run.section("norm_ladder", "sweep", "", "rms_norm")
    for cols in (768, 65536):
        problem = {"rows": 32, "cols": cols}
        times = {label: add_cell(run, label, problem, 256.0 * cols, "stream_copy")
                 for label in ARMS}
        for label in list(ARMS)[1:]:
            run.comparison(label, "naive", problem, times["naive"] / times[label])
    run.section("lookup", "sweep", "", "embedding")
    for problem in [{"vocab": 32000, "tokens": t, "dim": 768} for t in (1, 16, 256)]:
        for label in ("naive", "simd"):
            add_cell(run, label, problem, 8.0 * problem["tokens"] * 768, "stream_copy")
            del run.summary["cells"][-1]["ceiling"]["bytes_per_second"]  # not measured
            run.summary["cells"][-1]["ceiling"] = None
    run.section("softmax_overtake", "crossover", "cols", "softmax")
    ratios = {}
    for cols in columns[:12]:
        times = [add_cell(run, label, {"rows": 64, "cols": cols}, 8.0 * 64 * cols, "stream_copy")
                 for label in ("simd", "simd_parallel[threads=2]")]
        ratios[cols] = times[0] / times[1]
    run.crossover("simd_parallel[threads=2]", "simd", "cols", {"rows": 64}, ratios, "crossing")
    return run


def attention() -> Builder:
    """A map over lengths and heads, where query and key lengths are the same; and of decoding, where
    they are not; crossovers over the length for two numbers of heads."""
    run = Builder("attention", 22)
    run.summary["machine"] = "Ampere Altra (2 CPUs)"
    arms = {"full": (40e9, 0.5e-6), "blocked": (60e9, 1.5e-6), "online": (55e9, 1e-6)}

    def seconds(label: str, problem: Problem) -> float:
        speed, overhead = arms[label]
        keys = problem["key_len"]
        flops = 4.0 * problem["heads"] * problem["query_len"] * keys * problem["head_dim"]
        slower = 1 + (keys / 700) ** 1.5 if label == "full" else 1 + 60 / keys
        return overhead + slower * flops / speed

    for name, square in (("prefill", True), ("decode", False)):
        run.section(name, "sweep", "", "attention")
        for keys in geometric(32, 4096, 2):
            for heads in (1, 2, 4, 8, 16):
                problem = {"batch": 1, "heads": heads, "query_len": keys if square else 1,
                           "key_len": keys, "head_dim": 64}
                for label in arms:
                    run.cell(label, problem, seconds(label, problem), gflops=False)
                    median = run.summary["cells"][-1]["seconds"]["median"]
                    flops = 4.0 * heads * problem["query_len"] * keys * 64
                    run.summary["cells"][-1]["gflops"] = flops / median / 1e9
    run.section("lengths", "crossover", "key_len", "attention")
    for heads in (1, 8):
        ratios = {}
        for keys in geometric(32, 4096, 2):
            problem = {"batch": 1, "heads": heads, "query_len": 1, "key_len": keys, "head_dim": 64}
            times = [run.cell(label, problem, seconds(label, problem), gflops=False)
                     for label in ("full", "online")]
            ratios[keys] = times[0] / times[1]
        run.crossover("online", "full", "key_len",
                      {"batch": 1, "heads": heads, "query_len": 1, "head_dim": 64}, ratios,
                      "crossing")
    return run


def encoder() -> Builder:
    """Modes of an encoder over the batch, with a crossover, and what their passes spend time on."""
    run = Builder("encoder", 23)
    modes = {"serial": 1, "fine[threads=2]": 2, "packed[threads=2]": 2}

    def add(label: str, batch: int) -> float | None:
        threads = modes[label]
        tokens = 20.0 * batch
        fixed = 2.5e-3 * (1 if label.startswith("packed") else batch) / threads
        seconds = fixed + 0.3e-3 * tokens / threads
        median = run.cell(label, {"batch": batch, "tokens": 0}, seconds, gflops=False,
                          threads=threads)
        cell = run.summary["cells"][-1]
        cell["gflops"] = 0.2 * tokens / median
        cell["items_per_second"] = {"texts": batch / median, "tokens": tokens / median}
        cell["details"] = {f"{name}_seconds": share * median for name, share in (
            ("lookup", 0.01), ("norm", 0.05), ("projection", 0.3), ("gate_up", 0.5))}
        for thread in range(threads):
            cell["details"][f"waiting_seconds_{thread}"] = 0.03 * thread * median
        return median

    run.section("modes", "sweep", "", "encoder")
    for batch in (1, 2, 4, 8, 16, 32):
        for label in modes:
            add(label, batch)
    run.section("packed_overtakes", "crossover", "batch", "encoder")
    ratios = {}
    for batch in (1, 2, 4, 8, 16, 32):
        times = [add(label, batch) for label in ("fine[threads=2]", "packed[threads=2]")]
        ratios[batch] = times[0] / times[1]
    run.crossover("packed[threads=2]", "fine[threads=2]", "batch", {"tokens": 0}, ratios, "below")
    return run


def workers() -> Builder:
    """Texts on one thread each, on fewer and more of them than there are cores."""
    run = Builder("workers", 24)
    run.manifest["machine"] = {"cores": 4}
    run.section("workers", "sweep", "", "encoder")
    for batch in (1, 2, 4, 8):
        for threads in (1, 2, 4, 8):
            label = f"coarse[threads={threads}]" if threads > 1 else "coarse"
            turns = -(-batch // min(threads, 4))
            run.cell(label, {"batch": batch, "tokens": 0}, 1e-2 * turns + 1e-4 * threads,
                     gflops=False, threads=threads)
            run.summary["cells"][-1]["items_per_second"] = {"texts": 100.0}
    return run


def start_up() -> Builder:
    """A fixed cost and a cost per token of two arms; one of the lines reaches below zero."""
    run = Builder("start_up", 25)
    run.section("start_up", "cost", "tokens", "cold_start")
    costs = {"steady": (4e-3, 4e-4), "load": (0.2, -9e-4)}
    for tokens in (8, 64, 256):
        for label, (fixed, each) in costs.items():
            run.cell(label, {"tokens": tokens}, max(fixed + each * tokens, 1e-3), gflops=False)
    run.summary["costs"] = [{
        "section": "start_up", "family": "cold_start", "variant": label, "label": label,
        "axis": "tokens", "fixed": {}, "launches": 8,
        "fixed_seconds": {"value": fixed, "ci95": None},
        "seconds_per_unit": {"value": each, "ci95": None},
        "worst_error": {"relative": 0.1, "axis_value": 8},
        "sentence": f"{label}: a line"} for label, (fixed, each) in costs.items()]
    return run


RUNS = {builder.__name__: builder for builder in (rows, attention, encoder, workers, start_up)}
