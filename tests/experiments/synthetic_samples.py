"""Writes run directories whose samples have known times, to test what reads stored runs."""

from __future__ import annotations

import json
import math
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

Json = dict

QUESTION = "# Which of two kernels is faster?\n#\n# Lines of a <comment> with `code *`.\nfamily = matmul\n"


@dataclass
class Run:
    """One section of arms on square problems, and the ceilings.

    seconds: true time per call by label and size; a number where it is one factor times size^3 ns.
    drift: all times of this run are this much longer (what disturbs a whole run).
    """

    seconds: dict[str, float]
    sizes: tuple[int, ...] = (64, 128)
    launches: int = 10
    quartets: int = 2
    noise: float = 0.002
    launch_noise: float = 0.002
    drift: float = 0.0
    seed: int = 1
    cpu: str = "Fake CPU"
    cores: int = 2
    peak: float = 1e11
    state: str = "done"
    section: str = "table"
    question: str = "sweep"
    replicas: bool = True
    refused: dict[tuple[str, int], tuple[str, str]] = field(default_factory=dict)
    discarded: bool = False  # a launch that was given up and measured again

    def labels(self) -> list[str]:
        base = next(iter(self.seconds))
        return [*self.seconds, *([base + "#1"] if self.replicas else [])]

    def true_seconds(self, label: str, size: int) -> float:
        return self.seconds[label.removesuffix("#1")] * size ** 3 * 1e-9 * math.exp(self.drift)

    def manifest(self) -> Json:
        problems = [{"batch": 1, "m": size, "n": size, "k": size} for size in self.sizes]
        arms = [arm(label) for label in self.labels()]
        table = section_of(self.section, self.question, "matmul", arms, problems)
        table["comparisons"] = [{"variant": i, "against": 0} for i in range(1, len(self.seconds))]
        if self.replicas:
            table["aa_problems"] = list(range(len(problems)))
            table["aa_pairs"] = [{"variant": len(self.seconds), "against": 0}]
        ceilings = section_of("(ceilings)", "sweep", "probe", [arm("fma_f32", "probe")],
                              [{"iterations": 1000}])
        return {
            "schema": 1, "experiment": "synthetic", "version": "0.1.0", "git": "1a2b3c4d5e6f",
            "started": "2026-01-31T12:00:00Z", "finished": None, "state": self.state,
            "command_line": ["crossover", "run", "my config.cfg"], "config_path": "my config.cfg",
            "config": QUESTION, "overrides": {}, "seed": 4711,
            "machine": {"name": f"{self.cpu} ({self.cores} CPUs)", "cpu": self.cpu,
                        "cores": self.cores, "smt": None, "caches": [
                            {"level": 1, "type": "Data", "bytes": 32768, "shared_by": 1}],
                        "memory_bytes": 1e9, "governor": None, "hypervisor": None,
                        "kernel": "Linux 6.1", "hostname": "host", "isa": ["avx2"]},
            "build": {"compiler": "gcc 12", "flags": "-O3", "libraries": {"fmt": "9.1.0"}},
            "ceilings": {}, "sections": [ceilings, table],
            "isolation": {"turns": 0, "others_ran": 0}, "warnings": []}

    def rows(self) -> Iterator[Json]:
        yield {"row": "header", "schema": 1, "experiment": "synthetic"}
        yield cell_row(0, 0, 0, 1, 1e6)
        for launch in range(3):
            yield sample_row(0, 0, 0, launch, 0, 0, 1, 1e6 / self.peak)
            yield {"row": "closed", "section": 0, "problem": 0, "launch": launch,
                   "elapsed_seconds": 1.0}
        noise = random.Random(self.seed)
        labels = self.labels()
        for number, size in enumerate(self.sizes):
            for index, label in enumerate(labels):
                status, reason = self.refused.get((label, size), ("measured", None))
                yield cell_row(1, index, number, 10, 2.0 * size ** 3, status, reason)
        for launch in range(self.launches):
            for number, size in enumerate(self.sizes):
                if self.discarded and launch == 1:
                    # Half a launch, a thousand times too slow.
                    yield sample_row(1, 0, number, launch, 0, 0, 10, 1.0)
                    yield {"row": "discarded", "section": 1, "problem": number, "launch": launch}
                yield from self.launch(noise, launch, number, size)
                yield {"row": "closed", "section": 1, "problem": number, "launch": launch,
                       "elapsed_seconds": 1.0}

    def launch(self, noise: random.Random, launch: int, number: int,
               size: int) -> Iterator[Json]:
        labels = [label for label in self.labels() if (label, size) not in self.refused]
        effects = {label: noise.gauss(0, self.launch_noise) for label in labels}
        for block in range(self.quartets):
            for place, label in enumerate([*labels, *reversed(labels)]):
                log_noise = effects[label] + noise.gauss(0, self.noise)
                seconds = self.true_seconds(label, size) * math.exp(log_noise)
                yield sample_row(1, self.labels().index(label), number, launch, block, place, 10,
                                 seconds)

    def write(self, directory: Path) -> Path:
        directory.mkdir(parents=True)
        (directory / "manifest.json").write_text(json.dumps(self.manifest(), indent=1))
        with (directory / "samples.jsonl").open("w") as samples:
            for row in self.rows():
                samples.write(json.dumps(row) + "\n")
        return directory


def arm(label: str, family: str = "matmul") -> Json:
    name, _, replica = label.partition("#")
    variant, _, setting = name.partition("[")
    threads = setting.removeprefix("threads=").rstrip("]") or "1"
    return {"family": family, "variant": variant, "settings": {"threads": threads},
            "replica": int(replica or 0), "label": label,
            "environment": {"OMP_NUM_THREADS": threads}, "cpus": [1]}


def section_of(name: str, question: str, family: str, arms: list[Json],
               problems: list[Json]) -> Json:
    return {"name": name, "question": question, "family": family, "axis": "",
            "protocol": {"looks": [10], "quartets": 2, "min_sample_seconds": 0.001,
                         "equivalence_margin": 0.02, "target_half_width": 0.01,
                         "budget_seconds": 60, "timeout_seconds": 60},
            "arms": arms, "problems": problems, "aa_problems": [], "comparisons": [],
            "aa_pairs": [], "curves": [], "varying": ["threads"]}


def cell_row(section: int, arm_index: int, problem: int, iterations: int, flops: float,
             status: str = "measured", reason: str | None = None) -> Json:
    counts = {"parallel_regions": 0, "tasks": 1, "threads_used": 1, "code_path": "avx2, 6x16",
              "threads_started": 0, "allocations": 0, "allocated_bytes": 0}
    measured = status == "measured"
    return {"row": "cell", "cell": f"{section:04x}{arm_index:06x}{problem:06x}",
            "section": section, "arm": arm_index, "problem": problem, "status": status,
            "reason": reason, "iterations": iterations if measured else None,
            "call_seconds": 1e-6 if measured else None, "prepare_seconds": 0.0,
            "setup_seconds": 0.0, "work": {"flops": flops, "bytes": 0.0} if measured else None,
            "counters": counts if measured else dict.fromkeys(counts)}


def sample_row(section: int, arm_index: int, problem: int, launch: int, block: int, place: int,
               iterations: int, seconds: float) -> Json:
    return {"row": "sample", "cell": f"{section:04x}{arm_index:06x}{problem:06x}",
            "section": section, "arm": arm_index, "problem": problem, "launch": launch,
            "block": block, "place": place, "iterations": iterations, "seconds": seconds,
            "cpu_seconds": seconds * iterations, "voluntary_switches": 0,
            "involuntary_switches": 0, "steal_seconds": 0.0, "foreign_seconds": None,
            "others_ran": False}
