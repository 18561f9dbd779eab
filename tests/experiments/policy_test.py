"""`crossover policy` on runs whose times are known: fit, show, score, shapes, and what they refuse.

Usage: policy_test.py PROGRAM SOURCE_ROOT
"""

import copy
import csv
import json
import os
import pathlib
import random
import re
import subprocess
import sys
from dataclasses import dataclass, field

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import program  # noqa: E402
from program import DONE, ENVIRONMENT, USAGE, crossover  # noqa: E402
from stored_runs import WithStoredRuns  # noqa: E402
from synthetic_samples import Run  # noqa: E402

SERIAL, PARALLEL = "simd", "simd_parallel[threads=2]"
REGION_WORK = 100_000  # multiply-adds that a region costs; two threads pay from twice as many on


def shapes_of(count: int, seed: int) -> list[tuple[int, int, int]]:
    draw = random.Random(seed)
    shapes: set[tuple[int, int, int]] = set()
    while len(shapes) < count:
        m, n, k = (round(low * (high / low) ** draw.random())
                   for low, high in ((1, 256), (16, 512), (16, 512)))
        if 2 ** 12 <= m * n * k <= 2 ** 23:
            shapes.add((m, n, k))
    return sorted(shapes)


@dataclass
class Sweep(Run):
    """A sweep of simd and simd_parallel over shapes."""

    seconds: dict[str, float] = field(default_factory=lambda: {SERIAL: 1.0, PARALLEL: 0.5})
    shapes: list[tuple[int, int, int]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    launches: int = 6
    replicas: bool = False

    def __post_init__(self) -> None:
        self.sizes = tuple(range(len(self.shapes)))

    def true_seconds(self, label: str, size: int) -> float:
        m, n, k = self.shapes[size]
        return 1e-11 * (m * n * k if label == SERIAL else m * n * k / 2 + REGION_WORK)

    def manifest(self) -> dict:
        manifest = super().manifest()
        section = manifest["sections"][1]
        section["problems"] = [{"batch": 1, "m": m, "n": n, "k": k} for m, n, k in self.shapes]
        for arm in section["arms"]:
            arm["settings"].update(self.settings)
        return manifest


class WithSweeps(WithStoredRuns):
    def sweep(self, name: str, count: int = 150, seed: int = 1, **facts: object) -> pathlib.Path:
        facts.setdefault("shapes", shapes_of(count, seed))
        return Sweep(**facts).write(self.folder / name)

    def fit(self, *runs: pathlib.Path) -> pathlib.Path:
        policy = self.folder / "policy.json"
        self.succeed("policy", "fit", *runs, "--out", policy, "--replicates", 10)
        return policy


class Fit(WithSweeps):
    def test_finds_the_boundary(self):
        run = self.sweep("results/policy_train/20260131T120000Z-host")
        policy = json.loads(self.fit(run).read_text())
        self.assertEqual((policy["schema"], policy["threads"]), (1, [1, 2]))
        self.assertEqual(policy["condition"], {"layout": "ab", "waiting": "active"})
        self.assertEqual(policy["machine"], {"name": "Fake CPU (2 CPUs)", "cpu": "Fake CPU",
                                             "cpu_model": None, "cores": 2})
        row, column = policy["m_nodes"].index(16), policy["n_nodes"].index(128)
        k = 2 ** policy["boundaries"][0]["log2_k"][row][column]
        self.assertAlmostEqual(k / (2 * REGION_WORK / 16 / 128), 1, delta=0.25)
        self.assertEqual(policy["provenance"]["cells"], 300)
        self.assertEqual(policy["provenance"]["runs"][0]["directory"],
                         "policy_train/20260131T120000Z-host")

    def test_shows_it_and_writes_a_header(self):
        run = self.sweep("train")
        header = self.folder / "policy.h"
        out = self.succeed("policy", "fit", run, "--out", self.folder / "p.json", "--header", header,
                           "--replicates", 5)
        shown = self.succeed("policy", "show", self.folder / "p.json")
        self.assertIn(shown, out)
        self.assertIn("2 threads pay from this k on", shown)
        self.assertIn("layout = ab, waiting = active", shown)
        subprocess.run(["c++", "-std=c++11", "-fsyntax-only", "-Wall", "-Werror", "-xc++", header],
                       check=True, capture_output=True)

    def test_several_runs_make_one_policy(self):
        policy = json.loads(self.fit(self.sweep("one", seed=1), self.sweep("two", seed=2))
                            .read_text())
        self.assertEqual(len(policy["provenance"]["runs"]), 2)
        self.assertGreater(policy["provenance"]["cells"], 500)

    def test_refuses_to_mix(self):
        warm = self.sweep("warm", settings={"cache": "warm"})
        cold = self.sweep("cold", settings={"cache": "cold"})
        error = self.fail_with(USAGE, "policy", "fit", warm, cold)
        for words in ("cold/manifest.json", "cache = warm", "cache = cold"):
            self.assertIn(words, error)
        other = self.sweep("other", cpu="Other CPU", settings={"cache": "warm"})
        self.assertIn("Other CPU", self.fail_with(USAGE, "policy", "fit", warm, other))
        four = self.sweep("four", settings={"cache": "warm"},
                          seconds={SERIAL: 1.0, "simd_parallel[threads=4]": 0.5})
        self.assertIn("1, 4", self.fail_with(USAGE, "policy", "fit", warm, four))

    def test_refuses_what_is_no_sweep(self):
        fit = ("policy", "fit")
        self.assertIn("no such run directory", self.fail_with(USAGE, *fit, "/nonexistent"))
        self.assertIn("needs a run directory", self.fail_with(USAGE, *fit))
        compare = self.sweep("compare", question="compare")
        self.assertIn("has no sweep", self.fail_with(USAGE, *fit, compare))
        lonely = self.sweep("lonely", seconds={SERIAL: 1.0})
        self.assertIn("has no sweep", self.fail_with(USAGE, *fit, lonely))
        few = self.sweep("few", count=5)
        self.assertIn("at least 20", self.fail_with(USAGE, *fit, few))
        refused = {(PARALLEL, size): ("skipped", "why") for size in range(150)}
        apart = self.sweep("apart", refused=refused)
        self.assertIn("no shape was measured with each", self.fail_with(USAGE, *fit, apart))

    def test_damage_is_told_with_its_place(self):
        run = self.sweep("run")
        samples = (run / "samples.jsonl").read_text()
        (run / "samples.jsonl").write_text(samples[:5000] + "\n{}\n")
        self.assertIn("samples.jsonl:", self.fail_with(ENVIRONMENT, "policy", "fit", run))
        manifest = (run / "manifest.json").read_text()
        (run / "manifest.json").write_text(manifest.replace('"schema": 1', '"schema": 4'))
        self.assertIn("schema 4", self.fail_with(ENVIRONMENT, "policy", "fit", run))


class Score(WithSweeps):
    def score(self, *arguments: object) -> dict:
        return json.loads(self.succeed("policy", "score", *arguments, "--format", "json",
                                       "--no-figures"))

    def test_judges_the_policy_and_all_rules(self):
        policy = self.fit(self.sweep("train"))
        score = self.score(policy, self.sweep("holdout", count=80, seed=9))
        by_name = {one["strategy"]: one for one in score["strategies"]}
        self.assertEqual(len(by_name), 13)
        self.assertLess(by_name["policy"]["mean_regret"], 0.01)
        self.assertEqual([target["met"] for target in score["targets"][:2]], [True, True])
        serial = [max(0, 1 / (0.5 + REGION_WORK / (m * n * k)) - 1)
                  for m, n, k in shapes_of(80, 9)]
        self.assertAlmostEqual(by_name["always serial"]["mean_regret"],
                               sum(serial) / len(serial), delta=0.01)
        self.assertEqual(by_name["ggml"]["mean_regret"], by_name["always parallel"]["mean_regret"])
        self.assertGreater(by_name["Julia"]["behind_policy_ci95"][0], 0)
        self.assertEqual((score["held_out_shapes"], score["launches"]), (80, 6))

    def test_writes_beside_the_policy_or_elsewhere(self):
        policy, run = self.fit(self.sweep("train")), self.sweep("holdout", count=40, seed=9)
        text = self.succeed("policy", "score", policy, run)
        self.assertIn("Target: mean regret of the policy at most 2%: met", text)
        with (self.folder / "score.csv").open() as file:
            self.assertEqual(len(list(csv.DictReader(file))), 13)
        for name in ("score.json", "score.md", "figures/regret.svg", "figures/regret.png"):
            self.assertTrue((self.folder / name).is_file(), name)
        self.score(policy, run, "--out", self.folder / "new" / "place")
        self.assertTrue((self.folder / "new" / "place" / "score.json").is_file())

    def test_the_published_score_is_not_replaced_unasked(self):
        published = program.ROOT / "results" / "reference" / "policy"
        before = {path: path.read_bytes() for path in published.rglob("*") if path.is_file()}
        for words in ((), (published / "policy.json",)):
            result = crossover("policy", "score", *words)
            self.assertEqual(result.returncode, DONE, result.stderr)
            self.assertIn("Target: mean regret", result.stdout)
            self.assertIn("not written: ", result.stderr)
            self.assertIn("--out FOLDER", result.stderr)
        after = {path: path.read_bytes() for path in published.rglob("*") if path.is_file()}
        self.assertEqual(after, before)
        self.succeed("policy", "score", "--out", self.folder / "out", "--no-figures")
        self.assertTrue((self.folder / "out" / "score.json").is_file())

    def test_shapes_of_the_training_are_dropped(self):
        train, other = shapes_of(150, 1), shapes_of(60, 9)
        policy = self.fit(self.sweep("train", shapes=train))
        mixed = self.sweep("mixed", shapes=sorted({*train[:7], *other}))
        score = self.score(policy, mixed)
        self.assertEqual(len(score["dropped_shapes"]), 7)
        self.assertEqual(score["held_out_shapes"], 60)
        self.assertIn("was fitted to all", self.fail_with(USAGE, "policy", "score", policy,
                                                          self.folder / "train"))

    def test_other_conditions_and_machines_are_refused(self):
        policy = self.fit(self.sweep("train"))
        cold = self.sweep("cold", seed=9, settings={"cache": "cold"})
        self.assertIn("cache = cold", self.fail_with(USAGE, "policy", "score", policy, cold))
        other = self.sweep("other", seed=9, cpu="Other CPU")
        self.assertIn("Other CPU", self.fail_with(USAGE, "policy", "score", policy, other))

    def test_damaged_policies_are_told_with_their_place(self):
        policy, run = self.fit(self.sweep("train")), self.sweep("holdout", count=40, seed=9)
        good = policy.read_text()
        grid = json.loads(good)
        ragged = copy.deepcopy(grid)
        rows = ragged["boundaries"][0]["log2_k"]
        rows[0].append(rows[1].pop())
        twice = copy.deepcopy(grid)
        twice["threads"].append(twice["threads"][-1])
        twice["boundaries"].append(twice["boundaries"][-1])
        for text, words in ((good[:300], "damaged: not a JSON object"), ("", "not a JSON object"),
                            ("[]", "damaged: not a JSON object"), ("{}", "no policy"),
                            (json.dumps(ragged), "damaged: boundaries[0].log2_k[0] = ["),
                            (json.dumps(twice), "damaged: threads = [1,2,2]; expected 1 and"),
                            *((json.dumps(grid | {"m_nodes": nodes}), "damaged: m_nodes")
                              for nodes in ([0, 1], [-4, 8], [1e300, 2], [None, 2], [3, 6], [],
                                            7)),
                            (good.replace('"schema":1', '"schema":3'), "schema 3"),
                            (good.replace('"boundaries"', '"borders"'), "boundaries")):
            policy.write_text(text)
            for command in (("score", policy, run), ("show", policy)):
                error = self.fail_with(ENVIRONMENT, "policy", *command)
                self.assertIn(str(policy), error)
                self.assertIn(words, error)
        for command in (("score", "/nonexistent", run), ("show", "/nonexistent")):
            self.assertIn("/nonexistent: no such file", self.fail_with(USAGE, "policy", *command))


class Use(WithSweeps):
    CONFIG = ("family = matmul\nquestion = compare\nvariants = auto[threads=2]\nagainst = simd\n"
              "size = 16\nlaunches = 2\nbudget = 5s\npolicy = {}\n")

    def config(self, policy: object) -> pathlib.Path:
        path = self.folder / "auto.cfg"
        path.write_text(self.CONFIG.format(policy))
        return path

    def run_auto(self, policy: object, *options: str):
        return crossover("run", self.config(policy), "--out", self.folder / "out", "--no-figures",
                         *options)

    def test_a_name_that_a_hypervisor_gives_several_machines_is_not_enough(self):
        cpus = len(os.sched_getaffinity(0))
        if cpus == 1:
            self.skipTest("a policy is for two threads or more")
        found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
        cpu = found[1] if found else "unknown CPU"
        policy = self.fit(self.sweep("train"))
        text = json.loads(policy.read_text())
        text["threads"][-1] = text["boundaries"][0]["threads"] = cpus
        for model, status in ((None, DONE), ("8 bits", USAGE)):
            text["machine"] = {"name": "?", "cpu": cpu, "cpu_model": model, "cores": cpus}
            policy.write_text(json.dumps(text))
            self.assertEqual(self.run_auto(policy, "--dry-run").returncode, status, model)

    def test_a_policy_of_another_machine_needs_leave(self):
        policy = self.fit(self.sweep("train"))
        refused = self.run_auto(policy)
        self.assertEqual(refused.returncode, USAGE, refused.stderr)
        self.assertIn("refused: made on Fake CPU (2 CPUs) with 2 threads; this is", refused.stderr)
        self.assertIn("policy_from = anywhere", refused.stderr)
        allowed = self.run_auto(policy, "--policy_from", "anywhere")
        self.assertEqual(allowed.returncode, DONE, allowed.stderr)
        run = next((self.folder / "out").glob("*/*"))
        cells = json.loads((run / "summary.json").read_text())["cells"]
        paths = {cell["variant"]: cell["counters"]["code_path"] for cell in cells}
        self.assertTrue(paths["auto"].startswith("simd "), paths)

    def test_without_a_policy_it_says_what_to_do(self):
        result = self.run_auto("none")
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertIn("auto needs a policy", result.stdout)

    def test_a_missing_policy_is_told_before_anything_is_measured(self):
        result = self.run_auto("/nonexistent.json")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("/nonexistent.json", result.stderr)
        self.assertFalse((self.folder / "out").exists())


class Shapes(WithSweeps):
    def test_are_what_the_experiments_say(self):
        for name in ("policy_train", "policy_holdout"):
            file = program.ROOT / "experiments" / f"{name}.shapes"
            rule = file.read_text().splitlines()[0].split(": crossover ")[1].split()
            self.assertEqual(self.succeed(*rule), file.read_text(), name)

    def test_held_out_shapes_are_not_trained_on(self):
        shapes = [set(line for line in (program.ROOT / "experiments" / f"{name}.shapes")
                      .read_text().splitlines() if not line.startswith("#"))
                  for name in ("policy_train", "policy_holdout")]
        self.assertGreaterEqual(len(shapes[1]), 200)
        self.assertEqual(shapes[0] & shapes[1], set())

    def test_mistakes_are_named(self):
        shapes = ("policy", "shapes")
        self.assertIn("--m = 9..1", self.fail_with(USAGE, *shapes, "--m", "9..1"))
        self.assertIn("--work = many", self.fail_with(USAGE, *shapes, "--work", "many"))
        self.assertIn("--count = 0", self.fail_with(USAGE, *shapes, "--count", "0"))
        self.assertIn("expected 240", self.fail_with(USAGE, *shapes, "--m", "1", "--n", "16..17",
                                                     "--k", "16..17"))
        self.assertIn("did you mean 'shapes'", self.fail_with(USAGE, "policy", "shape"))


if __name__ == "__main__":
    program.main()
