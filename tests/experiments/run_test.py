"""Runs of small configurations: what they store, how they end, and whom they make wait.

Usage: run_test.py PROGRAM SOURCE_ROOT
"""

import fcntl
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import program  # noqa: E402
from program import DONE, ENVIRONMENT, INTERRUPTED, USAGE  # noqa: E402
from program import WithResults, crossover, workers  # noqa: E402

SMALL = "family = matmul\nvariants = naive, simd\nsize = 16, 33\nlaunches = 6\nquartets = 1\n"


def allocations_are_counted() -> bool:
    """A sanitizer brings its own allocator, and then allocations are null."""
    return "b_sanitize=none" in crossover("--version").stdout


class Run(WithResults):
    def test_a_small_sweep(self):
        result = self.run_config(SMALL)
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertIn("small / small", result.stdout)
        run = self.only_run()
        summary = json.loads((run / "summary.json").read_text())
        manifest = json.loads((run / "manifest.json").read_text())
        self.assertEqual(manifest["state"], "done")
        self.assertEqual(manifest["isolation"]["others_ran"], 0)
        self.assertGreater(manifest["isolation"]["turns"], 50)
        self.assertGreater(summary["ceilings"]["fma_f32"][0]["flops_per_second"], 1e9)
        cells = [cell for cell in summary["cells"] if cell["replica"] == 0]
        self.assertEqual(len(cells), 4)
        for cell in cells:
            self.assertEqual(cell["status"], "measured", cell)
            self.assertEqual(cell["launches"], 6)
            self.assertEqual(cell["counters"]["threads_used"], 1)
            none = 0 if allocations_are_counted() else None
            self.assertEqual(cell["counters"]["allocations"], none)
        self.assertTrue((run / "tables" / "small.csv").exists())
        rows = [json.loads(line) for line in (run / "samples.jsonl").read_text().splitlines()]
        self.assertEqual(rows[0]["row"], "header")
        self.assertGreater(sum(row["row"] == "sample" for row in rows), 4 * 6 * 2)

    def test_per_call_buffers_are_counted(self):
        if not allocations_are_counted():
            self.skipTest("allocations cannot be counted under a sanitizer")
        self.run_config(SMALL + "buffers = per_call\n")
        cells = json.loads((self.only_run() / "summary.json").read_text())["cells"]
        naive = next(c for c in cells if c["variant"] == "naive" and c["problem"]["n"] == 33)
        self.assertEqual(naive["counters"]["allocations"], 1)
        # 33 * 33 floats, rounded up to whole cache lines.
        self.assertEqual(naive["counters"]["allocated_bytes"], 4416)

    def test_summary_as_json_is_one_document(self):
        result = self.run_config(SMALL, "--format", "json")
        self.assertEqual(json.loads(result.stdout)["experiment"], "small")

    def test_an_aa_comparison_is_not_faster_or_slower_by_much(self):
        result = self.run_config(
            "family = matmul\nquestion = compare\nvariants = simd\nagainst = simd\nsize = 64\n"
        )
        self.assertEqual(result.returncode, DONE, result.stderr)
        summary = json.loads((self.only_run() / "summary.json").read_text())
        (comparison,) = summary["comparisons"]
        self.assertAlmostEqual(comparison["ratio"], 1.0, delta=0.3)

    def test_dry_run_measures_and_stores_nothing(self):
        result = self.run_config(SMALL, "--dry-run")
        self.assertEqual(result.returncode, DONE)
        self.assertIn("launches", result.stdout)
        self.assertFalse((self.folder / "results").exists())

    def test_quick_takes_four_minutes_however_many_sections_there_are(self):
        result = crossover("run", "batch_crossover", "--quick", "--dry-run")
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertRegex(result.stdout, r"Roughly (.* to )?4 min .. s in all")

    def test_a_plan_of_100000_cells_starts_within_seconds(self):
        config = self.config("family = matmul\nvariants = naive, simd\nm = 1..50000+1\nn = 8\n"
                             "k = 8\nlaunches = 6\nquartets = 1\n")
        result = crossover("run", config, "--dry-run", timeout=15)
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertIn("100003 cells", result.stdout)

        started = time.monotonic()
        process = subprocess.Popen(
            [program.PROGRAM, "run", config, "--out", str(self.folder / "results"), "--no-figures",
             "--no-lock"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            # More than the header: the ceilings, which come first, have been measured.
            while not any(path.stat().st_size > 2000
                          for path in (self.folder / "results").glob("*/*/samples.jsonl")):
                self.assertIsNone(process.poll())
                self.assertLess(time.monotonic() - started, 30)
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=30), INTERRUPTED)
        finally:
            process.kill()
            process.wait()

    def test_sizes_that_do_not_fit_memory_are_skipped_with_the_reason(self):
        result = self.run_config(SMALL.replace("16, 33", "16, 900000"))
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertIn("does not fit memory", result.stdout)

    def test_more_threads_than_cores_are_a_warning(self):
        threads = 2 * os.cpu_count()
        result = self.run_config(
            SMALL.replace("simd", f"parallel[threads={threads}]"), "--dry-run"
        )
        self.assertEqual(result.returncode, DONE)
        self.assertIn(f"warning: threads = {threads} is more than", result.stderr)


class BadInput(WithResults):
    def rejected(self, text: str, *parts: str, options: tuple = ()):
        result = self.run_config(text, *options)
        self.assertEqual(result.returncode, USAGE, result.stderr)
        for part in parts:
            self.assertIn(part, result.stderr)
        self.assertFalse((self.folder / "results").exists())

    def test_configs(self):
        self.rejected(SMALL + "quartest = 3\n", "small.cfg:6", "did you mean 'quartets'")
        self.rejected(SMALL.replace("simd", "smid"), "small.cfg:2", "smid", "'simd'")
        self.rejected(SMALL.replace("16, 33", ""), "small.cfg:3")
        self.rejected(SMALL.replace("16, 33", "16..64*1"), "small.cfg:3", "advance")
        self.rejected(SMALL.replace("16, 33", "0"), "small.cfg:3")
        self.rejected(SMALL.replace("16, 33", "-4"), "small.cfg:3")

    def test_options(self):
        self.rejected(SMALL, "--thread", "did you mean 'threads'", options=("--thread", "2"))
        self.rejected(SMALL, "--size", "needs a value", options=("--size",))

    def test_files_that_do_not_exist_are_told_before_anything_is_measured(self):
        for family in ("encoder", "cold_start", "tokenizer"):
            variant = {"encoder": "serial", "cold_start": "open", "tokenizer": "cached"}[family]
            tokens = "" if family == "tokenizer" else "tokens = 8\n"
            config = self.config(f"family = {family}\nvariants = {variant}\n{tokens}"
                                 "model = tiny-encoder\n")
            for key, words in (("model", "expected a GGUF file or one of embeddinggemma-300m"),
                               ("texts", "expected a file with one text per line or one of")):
                result = crossover("run", config, f"--{key}", "nofile", "--dry-run")
                self.assertEqual(result.returncode, USAGE, result.stderr)
                self.assertIn(f"{key} = nofile; {words}", result.stderr)
                self.assertEqual(result.stdout, "")
            self.assertEqual(crossover("run", config, "--dry-run").returncode, DONE)

    def test_unreadable_config(self):
        result = crossover("run", str(self.folder / "none.cfg"))
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("none.cfg", result.stderr)
        result = crossover("run", str(self.folder))
        self.assertEqual(result.returncode, USAGE, result.stderr)

    def test_unwritable_results(self):
        (self.folder / "file").write_text("in the way")
        result = crossover("run", self.config(SMALL), "--out", str(self.folder / "file"))
        self.assertEqual(result.returncode, ENVIRONMENT)
        self.assertIn("cannot make the run directory", result.stderr)

    def test_plot_of_nothing(self):
        self.assertEqual(crossover("plot", str(self.folder)).returncode, USAGE)


class Interrupt(WithResults):
    def test_what_was_measured_stays_readable(self):
        config = self.config(SMALL.replace("launches = 6", "launches = 1000\nbudget = 9h"))
        command = [program.PROGRAM, "run", config, "--out", str(self.folder / "results"),
                   "--no-figures"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            self.wait_for_samples()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
            self.assertEqual(process.returncode, INTERRUPTED)
        run = self.only_run()
        self.assertEqual(json.loads((run / "manifest.json").read_text())["state"], "interrupted")
        cells = json.loads((run / "summary.json").read_text())["cells"]
        self.assertGreater(max(cell["samples"] for cell in cells), 0)

    def wait_for_samples(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for samples in (self.folder / "results").glob("*/*/samples.jsonl"):
                if samples.read_text().count('"section":1') > 20:
                    return
            time.sleep(0.1)
        self.fail("nothing was measured")


class Orphans(WithResults):
    def test_workers_end_with_their_coordinator(self):
        config = self.config(SMALL.replace("launches = 6", "launches = 1000\nbudget = 9h"))
        command = [program.PROGRAM, "run", config, "--out", str(self.folder / "results"),
                   "--no-figures"]
        others = workers()
        moments = random.Random(1)
        had_workers = 0
        for _ in range(12):
            with subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as process:
                time.sleep(moments.uniform(0.02, 1))
                had_workers += bool(workers() - others)
                process.kill()
            deadline = time.monotonic() + 1
            while workers() - others and time.monotonic() < deadline:
                time.sleep(0.01)
            self.assertEqual(workers() - others, set())
        self.assertGreater(had_workers, 0, "nothing was tested")


class CoordinatorCpus(WithResults):
    def test_are_those_that_no_arm_occupies(self):
        self.assertEqual(self.run_config(SMALL).returncode, DONE)
        manifest = json.loads((self.only_run() / "manifest.json").read_text())
        occupied = {cpu for s in manifest["sections"] for arm in s["arms"] for cpu in arm["cpus"]}
        spare = sorted(os.sched_getaffinity(0) - occupied)
        self.assertEqual(manifest["coordinator_cpus"], spare or None)

    def test_are_null_where_the_arms_take_all(self):
        self.assertEqual(self.run_config(SMALL, "--pin", "none").returncode, DONE)
        manifest = json.loads((self.only_run() / "manifest.json").read_text())
        self.assertIsNone(manifest["coordinator_cpus"])


class MachineLock(WithResults):
    """Another process holds the lock of the machine."""

    BENCH = ("bench", "--benchmark_filter=matmul/naive/16/", "--benchmark_min_time=0.01")

    def setUp(self):
        super().setUp()
        self.other = open(os.environ["CROSSOVER_LOCK_FILE"], "a+", encoding="utf-8")
        fcntl.flock(self.other, fcntl.LOCK_EX)
        holder = {"process": 4711, "since": "2026-01-31T12:00:00Z", "command": "crossover run x"}
        self.other.write(json.dumps(holder))
        self.other.flush()

    def tearDown(self):
        self.other.truncate(0)
        self.other.close()
        super().tearDown()

    def test_a_second_measurement_is_refused(self):
        result = crossover(*self.BENCH)
        self.assertEqual(result.returncode, ENVIRONMENT)
        self.assertIn("process 4711 since 2026-01-31T12:00:00Z (crossover run x)", result.stderr)

    def test_a_second_run_is_refused_before_it_stores_anything(self):
        result = self.run_config(SMALL)
        self.assertEqual(result.returncode, ENVIRONMENT)
        self.assertIn("process 4711", result.stderr)
        self.assertFalse((self.folder / "results").exists())
        self.assertEqual(self.run_config(SMALL, "--dry-run").returncode, DONE)
        self.assertEqual(self.run_config(SMALL, "--wait", "--no-lock").returncode, USAGE)

    def test_ctrl_c_ends_the_wait(self):
        out = str(self.folder / "results")
        command = [program.PROGRAM, "run", self.config(SMALL), "--out", out, "--wait"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            self.assertIn(b"waiting for process 4711", process.stderr.readline())
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
            self.assertEqual(process.returncode, INTERRUPTED)
        self.assertFalse((self.folder / "results").exists())

    def test_no_lock_measures_all_the_same_and_lists_need_none(self):
        self.assertEqual(crossover(*self.BENCH, "--no-lock").returncode, DONE)
        self.assertEqual(crossover("bench", "--benchmark_list_tests").returncode, DONE)

    def test_wait_measures_after_the_holder(self):
        with subprocess.Popen(
            [program.PROGRAM, *self.BENCH, "--wait"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            self.assertIn(b"waiting for process 4711", process.stderr.readline())
            self.assertIsNone(process.poll())
            fcntl.flock(self.other, fcntl.LOCK_UN)
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, DONE)


if __name__ == "__main__":
    program.main()
