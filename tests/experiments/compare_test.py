"""compare on stored runs with known times: two arms of one run, and two runs.

Usage: compare_test.py PROGRAM SOURCE_ROOT
"""

import csv
import io
import json
import pathlib
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import program  # noqa: E402
from program import DONE, REGRESSION, UNDECIDED, USAGE, crossover  # noqa: E402
from stored_runs import WithStoredRuns  # noqa: E402


class ComparedArms(WithStoredRuns):
    def test_a_known_ratio_paired(self):
        run = self.store("run", seconds={"simd": 1.0, "blocked": 0.8, "naive": 1.3})
        text = self.succeed("compare", run, "--arms", "simd", "blocked")
        self.assertRegex(text, r"-\d\d\.\d% \[-\d\d\.\d, -\d\d\.\d\] n=10 +less time")
        result = json.loads(self.succeed("compare", run, "--arms", "simd", "blocked",
                                         "--format", "json"))
        self.assertEqual(result["pairing"], "paired")
        self.assertEqual(len(result["cells"]), 2)
        for cell in result["cells"]:
            self.assertEqual((cell["verdict"], cell["launches_after"]), ("faster", 10))
            low, high = cell["change_ci95"]
            self.assertLess(low, -0.2 + 0.002)
            self.assertGreater(high, -0.2 - 0.002)
            self.assertAlmostEqual(cell["ratio"], 1.25, delta=0.01)
        low, high = result["geometric_mean"]["change_ci95"]
        self.assertTrue(low - 0.002 < -0.2 < high + 0.002)

    def test_arms_that_the_plan_did_not_compare(self):
        run = self.store("run", seconds={"simd": 1.0, "blocked": 0.8, "naive": 1.2})
        result = json.loads(self.succeed("compare", run, "--arms", "naive", "blocked",
                                         "--format", "json"))
        for cell in result["cells"]:
            self.assertAlmostEqual(cell["change"], 0.8 / 1.2 - 1, delta=0.01)

    def test_the_only_planned_pair_needs_no_names(self):
        two = self.store("two")
        self.assertIn("B = blocked against A = simd", self.succeed("compare", two))
        three = self.store("three", seconds={"simd": 1.0, "blocked": 0.8, "naive": 1.2})
        self.assertIn("--arms BEFORE AFTER; it has: simd, blocked, naive",
                      self.fail_with(USAGE, "compare", three))

    def test_unknown_labels_list_the_known(self):
        run = self.store("run")
        error = self.fail_with(USAGE, "compare", run, "--arms", "simd", "blokced")
        self.assertIn("did you mean 'blocked'?", error)
        self.assertIn("simd, blocked, simd#1", error)
        self.assertIn("expected two", self.fail_with(USAGE, "compare", run, "--arms", "simd"))

    def test_the_fastest_of_two_groups(self):
        run = self.store("run", seconds={"simd": 1.0, "blocked": 0.8, "naive": 1.2})
        result = json.loads(self.succeed("compare", run, "--best", "simd", "blocked", "--of",
                                         "naive", "--format", "json"))
        self.assertEqual(len(result), 1, "one number of threads")
        self.assertEqual(len(result[0]["cells"]), 2)
        for cell in result[0]["cells"]:
            self.assertEqual(cell["label"], "blocked against naive")
            self.assertAlmostEqual(cell["ratio"], 1.2 / 0.8, delta=0.02)
            low, high = cell["ci95"]
            self.assertTrue(low <= cell["ratio"] <= high)
        self.assertEqual([note for note in result[0]["notes"] if "left out" in note], [])
        error = self.fail_with(USAGE, "compare", run, "--best", "smid", "--of", "naive")
        self.assertIn("it has: blocked, naive, simd", error)
        self.assertIn("need each other", self.fail_with(USAGE, "compare", run, "--best", "simd"))
        groups = ("--best", "simd", "--of", "naive")
        self.assertIn("chosen by the same times",
                      self.fail_with(USAGE, "compare", run, *groups, "--gate", "3%"))

    def test_the_fastest_of_two_groups_says_what_it_leaves_out(self):
        refused = {("naive", 128): ("skipped", "over budget"), ("blocked", 64): ("failed", "why")}
        run = self.store("run", seconds={"simd": 1.0, "blocked": 0.8, "naive": 1.2},
                         refused=refused)
        text = self.succeed("compare", run, "--best", "simd", "blocked", "--of", "naive")
        self.assertIn("WARNING: of 2 problems 1 are left out", text)
        self.assertIn("on 1 of the others an arm was skipped, failed or wrong", text)

    def test_gates(self):
        run = self.store("run", seconds={"simd": 1.0, "slow": 1.1, "equal": 1.0})

        def gate(after: str, margin: str) -> int:
            return crossover("compare", run, "--arms", "simd", after, "--gate",
                             margin).returncode

        self.assertEqual(gate("slow", "3%"), REGRESSION)
        self.assertEqual(gate("slow", "20%"), DONE)
        self.assertEqual(gate("equal", "3%"), DONE)
        self.assertEqual(gate("equal", "0%"), UNDECIDED)
        text = crossover("compare", run, "--arms", "simd", "slow", "--gate", "3%").stdout
        self.assertIn("Bonferroni", text)
        self.assertIn("Gate, 3% more time at most: regression", text)
        for margin in ("3", "x%", "-1%", "nan%"):
            self.assertIn("percentage", self.fail_with(USAGE, "compare", run, "--arms", "simd",
                                                       "slow", f"--gate={margin}"))

    def test_what_was_disturbed_must_not_decide_alone(self):
        # Another process had the CPU in the first blocks, in which B was slow.
        run = self.store("run", seconds={"simd": 1.0, "blocked": 1.0}, quartets=2, sizes=(64,))
        rows = [json.loads(line) for line in (run / "samples.jsonl").read_text().splitlines()]
        for row in rows:
            if row["row"] != "sample" or row["section"] != 1:
                continue
            disturbed = row["block"] == 0
            row["foreign_seconds"] = 1.0 if disturbed else 0.0
            if disturbed and row["arm"] == 1:
                row["seconds"] *= 2
        (run / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        result = json.loads(self.succeed("compare", run, "--format", "json"))
        cell, = result["cells"]
        self.assertGreater(cell["change"], 0.2)
        self.assertEqual((cell["verdict"], cell["discarded"]), ("undecided", 0.5))
        self.assertIn("in 1 of 1 cells too much was disturbed", result["notes"][0])
        self.assertEqual(crossover("compare", run, "--gate", "3%").returncode, UNDECIDED)

    def test_too_few_launches_decide_nothing(self):
        run = self.store("run", launches=1)
        result = crossover("compare", run, "--gate", "3%")
        self.assertEqual(result.returncode, UNDECIDED)
        self.assertIn("(no interval) n=1", result.stdout)


class ComparedRuns(WithStoredRuns):
    def test_a_known_ratio_unpaired(self):
        a = self.store("a", seed=1)
        b = self.store("b", seconds={"simd": 0.7, "blocked": 0.56}, seed=2)
        for form in ("text", "markdown", "csv", "json"):
            self.assertIn("unpaired: not interleaved",
                          self.succeed("compare", a, b, "--format", form))
        result = json.loads(self.succeed("compare", a, b, "--format", "json"))
        self.assertEqual(len(result["cells"]), 4)
        for cell in result["cells"]:
            self.assertEqual(cell["verdict"], "faster")
            low, high = cell["change_ci95"]
            self.assertTrue(low < -0.3 < high, cell)
        low, high = result["geometric_mean"]["change_ci95"]
        self.assertTrue(low < -0.3 < high)
        rows = list(csv.DictReader(io.StringIO(
            self.succeed("compare", a, b, "--format", "csv"), newline="")))
        self.assertEqual([row["kernel"] for row in rows], ["simd", "blocked"] * 2)
        self.assertIn("less time", self.succeed("compare", a, b))
        self.assertIn("more time", self.succeed("compare", b, a))

    def test_identical_code_is_mostly_undecided_or_equivalent(self):
        numbers = random.Random(7)
        decided = cells = 0
        for pair in range(15):
            # A run as a whole is off by as much as its A/A arms differ.
            runs = [self.store(f"{pair}{side}", seed=numbers.randrange(10**6), launches=6,
                               launch_noise=0.01, noise=0.005, drift=numbers.gauss(0, 0.003))
                    for side in "ab"]
            result = json.loads(self.succeed("compare", *runs, "--format", "json"))
            decided += sum(cell["verdict"] in ("faster", "slower") for cell in result["cells"])
            cells += len(result["cells"])
        self.assertEqual(cells, 60)
        self.assertLessEqual(decided, 6)

    def test_cells_that_only_one_run_has_are_listed(self):
        a = self.store("a", seconds={"simd": 1.0, "old": 1.0},
                       refused={("simd", 128): ("skipped", "estimated 3 h")})
        b = self.store("b", seconds={"simd": 1.0, "new": 1.0})
        text = self.succeed("compare", a, b)
        self.assertIn("Only in A (not planned in B), 2 cells: table: old at batch=1 m=64 n=64 k=64; "
                      "table: old at batch=1 m=128 n=128 k=128.", text)
        self.assertIn("Only in B (not planned in A), 2 cells: table: new at", text)
        self.assertIn("Only in B (skipped: estimated 3 h in A), 1 cell: "
                      "table: simd at batch=1 m=128 n=128 k=128.", text)

    def test_a_cell_that_is_wrong_now_cannot_pass(self):
        a = self.store("a")
        b = self.store("b", seed=2, refused={("blocked", 128): ("wrong", "C[0] = 1")})
        self.assertEqual(crossover("compare", a, a, "--gate", "50%").returncode, DONE)
        result = crossover("compare", a, b, "--gate", "50%")
        self.assertEqual(result.returncode, UNDECIDED)
        self.assertIn("wrong: C[0] = 1", result.stdout)

    def test_gates(self):
        a = self.store("a", seed=1)
        b = self.store("b", seed=2, seconds={"simd": 1.0, "blocked": 1.0})
        self.assertEqual(crossover("compare", a, b, "--gate", "5%").returncode, REGRESSION)
        self.assertEqual(crossover("compare", a, b, "--gate", "60%").returncode, DONE)
        self.assertEqual(crossover("compare", b, a, "--gate", "0%").returncode, UNDECIDED)

    def test_other_machines_are_refused(self):
        a = self.store("a")
        b = self.store("b", cpu="Other CPU", cores=64)
        error = self.fail_with(USAGE, "compare", a, b)
        self.assertIn('cpu: "Fake CPU" and "Other CPU"; cores: 2 and 64', error)
        text = self.succeed("compare", a, b, "--any-machine")
        self.assertIn('WARNING: different machines: cpu: "Fake CPU" and "Other CPU"', text)

    def test_another_peak_is_a_warning(self):
        a = self.store("a")
        self.assertNotIn("FMA peak", self.succeed("compare", a, self.store("b", peak=1.01e11)))
        text = self.succeed("compare", a, self.store("c", peak=0.9e11))
        self.assertIn("WARNING: the FMA peak on 1 thread differs by -10.0% from A to B", text)

    def test_without_replicas_there_is_no_interval(self):
        a = self.store("a", replicas=False)
        b = self.store("b", replicas=False, seed=2)
        result = crossover("compare", a, b, "--gate", "3%")
        self.assertEqual(result.returncode, UNDECIDED)
        self.assertIn("neither run has A/A arms", result.stdout)

    def test_nothing_in_common_is_an_error(self):
        a = self.store("a")
        b = self.store("b", section="other")
        self.assertIn("no measured cell in common", self.fail_with(USAGE, "compare", a, b))
        self.assertIn("--arms is for", self.fail_with(USAGE, "compare", a, b, "--arms", "simd",
                                                      "blocked"))


if __name__ == "__main__":
    program.main()
