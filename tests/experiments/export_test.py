"""export of stored runs with known times, in each of its formats.

Usage: export_test.py PROGRAM SOURCE_ROOT
"""

import csv
import io
import json
import os
import pathlib
import re
import sqlite3
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import program  # noqa: E402
from program import DONE, ENVIRONMENT, crossover  # noqa: E402
from stored_runs import PYTHON, WithStoredRuns, samples_of  # noqa: E402
from synthetic_samples import QUESTION  # noqa: E402

COMPARE_PY = pathlib.Path("/usr/share/benchmark/compare.py")


class Csv(WithStoredRuns):
    def rows(self, run: pathlib.Path) -> list[dict]:
        text = subprocess.run([program.PROGRAM, "export", str(run)], capture_output=True,
                              check=True).stdout.decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def test_one_row_per_sample_with_the_facts_of_its_cell(self):
        run = self.store("run", seconds={"simd": 1.0, "simd_parallel[threads=2]": 0.5})
        rows = self.rows(run)
        samples = samples_of(run)
        text = subprocess.run([program.PROGRAM, "export", str(run)], capture_output=True,
                              check=True).stdout
        self.assertEqual((text.count(b"\r\n"), text.count(b"\n")), 2 * (len(rows) + 1,))
        self.assertEqual([float(row["seconds"]) for row in rows],
                         [sample["seconds"] for sample in samples])
        threaded = [row for row in rows if row["label"] == "simd_parallel[threads=2]"]
        self.assertEqual(len(threaded), 2 * 10 * 2 * 2)
        self.assertEqual(json.loads(threaded[0]["settings"]), {"threads": "2"})
        self.assertEqual({row["m"] for row in threaded}, {"64", "128"})
        for row in threaded:
            self.assertEqual((row["section"], row["status"], row["variant"], row["threads"],
                              row["code_path"], row["foreign_seconds"], row["iterations"]),
                             ("table", "measured", "simd_parallel", "2", "avx2, 6x16", "", "10"))

    def test_an_extent_that_is_called_like_another_column_keeps_its_own(self):
        row = self.rows(self.store("run"))[0]
        self.assertEqual((row["problem_iterations"], row["iterations"], row["m"]),
                         ("1000", "1", ""))

    def test_a_cell_without_samples_is_one_row_and_quoted(self):
        reason = 'C[0][3,17] = 1, expected "2"\nwithin 1e-6'
        run = self.store("run", refused={("blocked", 64): ("wrong", reason)})
        rows = [row for row in self.rows(run) if row["status"] == "wrong"]
        self.assertEqual(len(rows), 1)
        self.assertEqual((rows[0]["reason"], rows[0]["seconds"], rows[0]["launch"],
                          rows[0]["label"], rows[0]["m"]), (reason, "", "", "blocked", "64"))

    def test_a_run_that_was_killed_in_the_middle_of_a_line(self):
        run = self.store("run")
        text = (run / "samples.jsonl").read_bytes()
        last = text.rindex(b'{"row": "sample"')
        (run / "samples.jsonl").write_bytes(text[:last + 100])
        whole = [line for line in text.splitlines() if b'"sample"' in line]
        self.assertEqual(len(self.rows(run)), len(whole) - 1)

    def test_samples_that_were_given_up_are_left_out_everywhere(self):
        run = self.store("run", discarded=True)
        self.assertEqual(sum(sample["seconds"] == 1.0 for sample in samples_of(run)), 2)
        self.assertEqual([row for row in self.rows(run) if float(row["seconds"]) == 1.0], [])
        self.succeed("export", run, "--format", "sqlite")
        with sqlite3.connect(run / "samples.sqlite") as database:
            worst, = database.execute("SELECT max(seconds) FROM samples").fetchone()
        self.assertLess(worst, 0.1)
        entries = json.loads(self.succeed("export", run, "--format", "gbench"))["benchmarks"]
        self.assertLess(max(entry["real_time"] for entry in entries), 1e8)

    def test_a_file_appears_as_a_whole_and_replaces_the_old_one(self):
        run = self.store("run")
        file = self.folder / "new" / "samples.csv"
        self.succeed("export", run, "--out", file)
        first = file.read_bytes()
        file.write_text("old")
        self.succeed("export", run, "--out", file)
        self.assertEqual(file.read_bytes(), first)
        with (run / "samples.jsonl").open("a") as samples:
            samples.write("{broken\n{}\n")
        self.fail_with(ENVIRONMENT, "export", run, "--out", file)
        self.assertEqual(file.read_bytes(), first)
        self.assertEqual([path.name for path in file.parent.iterdir()], ["samples.csv"])

    def test_a_full_disk_is_an_error(self):
        run = self.store("run")
        with open("/dev/full", "w") as full:
            result = subprocess.run([program.PROGRAM, "export", str(run)], stdout=full,
                                    stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(result.returncode, ENVIRONMENT)
        self.assertIn("disk is full", result.stderr)

    def test_memory_does_not_grow_with_the_samples(self):
        def peak_kib(run: pathlib.Path, *options: str) -> int:
            child = subprocess.Popen([program.PROGRAM, "export", str(run), *options],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(child.returncode, DONE)
            return usage.ru_maxrss

        if "b_sanitize=none" not in crossover("--version").stdout:
            self.skipTest("a sanitizer keeps what is freed")
        few = self.store("few", launches=10, quartets=4)
        many = self.store("many", launches=1000, quartets=4)
        self.assertGreater((many / "samples.jsonl").stat().st_size, 10e6)
        for form in ("csv", "gbench", "sqlite"):
            growth = peak_kib(many, "--format", form) - peak_kib(few, "--format", form)
            self.assertLess(growth, 5000, f"{form}: {growth} KiB more")


class Sqlite(WithStoredRuns):
    def test_the_views_have_the_medians(self):
        run = self.store("run", launches=7, quartets=1,
                         refused={("blocked", 64): ("skipped", "estimated 3 h")})
        self.succeed("export", run, "--format", "sqlite")
        launches: dict[tuple, list] = {}
        for sample in samples_of(run):
            key = sample["cell"], sample["launch"]
            launches.setdefault(key, []).append(sample["seconds"])
        with sqlite3.connect(run / "samples.sqlite") as database:
            medians = database.execute("SELECT cell, launch, launch_medians.seconds "
                                       "FROM launch_medians JOIN cells USING (cell_id)").fetchall()
            cells = database.execute(
                "SELECT cell, cell_medians.seconds, cell_medians.status, launches "
                "FROM cell_medians JOIN cells USING (cell_id)").fetchall()
            labelled, = database.execute(
                "SELECT count(*) FROM labelled_samples WHERE label = 'simd' AND section = 'table'"
            ).fetchone()
            stored = database.execute("SELECT seed, config, git FROM run").fetchall()
            columns = [row[1] for row in database.execute("PRAGMA table_info(problems)")]
            broken = database.execute("PRAGMA foreign_key_check").fetchall()
        self.assertEqual(len(medians), len(launches))
        for cell, launch, seconds in medians:
            self.assertAlmostEqual(seconds, statistics.median(launches[cell, launch]), delta=1e-18)
        for cell, seconds, status, count in cells:
            of_cell = [statistics.median(values) for (owner, _), values in launches.items()
                       if owner == cell]
            if status == "measured":
                self.assertAlmostEqual(seconds, statistics.median(of_cell), delta=1e-18)
                self.assertEqual(count, len(of_cell))
            else:
                self.assertEqual((seconds, count, of_cell), (None, None, []))
        self.assertEqual(sorted({row[2] for row in cells}), ["measured", "skipped"])
        self.assertEqual(labelled, 2 * 7 * 2)
        self.assertEqual(stored, [(4711, QUESTION, "1a2b3c4d5e6f")])
        self.assertEqual(columns, ["problem_id", "section_id", "problem", "iterations", "batch",
                                   "m", "n", "k"])
        self.assertEqual(broken, [])

    def test_a_place_that_cannot_be_written(self):
        run = self.store("run")
        blocked = self.folder / "blocked"
        blocked.write_text("in the way")
        error = self.fail_with(ENVIRONMENT, "export", run, "--format", "sqlite", "--out",
                               blocked / "x.sqlite")
        self.assertIn("blocked", error)
        self.assertIn("folder", self.fail_with(ENVIRONMENT, "export", run, "--format", "sqlite",
                                               "--out", self.folder))


class GoogleBenchmark(WithStoredRuns):
    def test_launches_are_repetitions(self):
        run = self.store("run", seconds={"simd": 1.0, "blocked": 0.8},
                         refused={("blocked", 64): ("wrong", "C[0] = 1")})
        document = json.loads(self.succeed("export", run, "--format", "gbench"))
        entries = document["benchmarks"]
        name = "table/simd/batch:1/m:64/n:64/k:64"
        repetitions = [entry for entry in entries if entry["name"] == name]
        self.assertEqual([entry["repetition_index"] for entry in repetitions], list(range(10)))
        times = [entry["real_time"] for entry in repetitions]
        for entry, launch in zip(repetitions, range(10)):
            seconds = [row["seconds"] for row in samples_of(run)
                       if (row["section"], row["arm"], row["problem"], row["launch"])
                       == (1, 0, 0, launch)]
            self.assertAlmostEqual(entry["real_time"], 1e9 * statistics.median(seconds), places=6)
            self.assertAlmostEqual(entry["cpu_time"], entry["real_time"], places=6)
            self.assertEqual((entry["run_type"], entry["time_unit"], entry["repetitions"],
                              entry["iterations"]), ("iteration", "ns", 10, 40))
        aggregates = {entry["aggregate_name"]: entry["real_time"] for entry in entries
                      if entry["run_name"] == name and entry["run_type"] == "aggregate"}
        self.assertEqual(set(aggregates), {"mean", "median", "stddev", "cv"})
        self.assertAlmostEqual(aggregates["mean"], statistics.mean(times), places=6)
        self.assertAlmostEqual(aggregates["median"], statistics.median(times), places=6)
        self.assertAlmostEqual(aggregates["stddev"], statistics.stdev(times), places=6)
        self.assertEqual(document["context"]["not_measured"],
                         [{"name": "table/blocked/batch:1/m:64/n:64/k:64", "status": "wrong",
                           "reason": "C[0] = 1"}])

    def test_compare_py_does_its_u_test(self):
        probe = subprocess.run([PYTHON, "-c", "import scipy, numpy"], capture_output=True,
                               check=False)
        if not COMPARE_PY.exists() or probe.returncode != 0:
            self.skipTest("needs libbenchmark-tools and python3-scipy")
        files = []
        for name, factor, seed in (("a", 1.0, 1), ("b", 1.25, 2)):
            run = self.store(name, seconds={"simd": factor}, seed=seed, sizes=(64,))
            files.append(self.folder / f"{name}.json")
            self.succeed("export", run, "--format", "gbench", "--out", files[-1])
        result = subprocess.run([PYTHON, str(COMPARE_PY), "--no-color", "benchmarks",
                                 *map(str, files)], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        name = re.escape("table/simd/batch:1/m:64/n:64/k:64")
        test = re.search(rf"{name}_pvalue +(\S+) .*U Test, Repetitions: 10 vs 10", result.stdout)
        self.assertIsNotNone(test, result.stdout)
        self.assertLess(float(test.group(1)), 0.01)
        self.assertNotIn("WARNING", test.group(0))
        mean = re.search(rf"{name}_mean +(\S+)", result.stdout)
        self.assertAlmostEqual(float(mean.group(1)), 0.25, delta=0.02)


if __name__ == "__main__":
    program.main()
