"""export, report and compare on stored runs with known times.

Usage: stored_runs_test.py PROGRAM SOURCE_ROOT
"""

import csv
import html.parser
import io
import json
import os
import pathlib
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from synthetic_samples import QUESTION, Run  # noqa: E402

PROGRAM = ""
ROOT = pathlib.Path()

DONE, REGRESSION, USAGE, UNDECIDED, ENVIRONMENT = 0, 1, 2, 3, 5
COMPARE_PY = pathlib.Path("/usr/share/benchmark/compare.py")
PYTHON = "/usr/bin/python3"  # what Debian's packages are for


def crossover(*arguments: object, timeout: float = 120) -> subprocess.CompletedProcess:
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, check=False)


class WithFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def store(self, name: str, **facts: object) -> pathlib.Path:
        facts.setdefault("seconds", {"simd": 1.0, "blocked": 0.8})
        return Run(**facts).write(self.folder / name)

    def succeed(self, *arguments: object) -> str:
        result = crossover(*arguments)
        self.assertEqual(result.returncode, DONE, result.stderr)
        return result.stdout

    def fail_with(self, status: int, *arguments: object) -> str:
        result = crossover(*arguments)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.assertTrue(result.stderr.startswith("crossover: "), result.stderr)
        return result.stderr


def samples_of(run: pathlib.Path) -> list[dict]:
    rows = [json.loads(line) for line in (run / "samples.jsonl").read_text().splitlines()]
    return [row for row in rows if row["row"] == "sample"]


class NotARun(WithFolder):
    def test_every_reader_says_what_is_wrong(self):
        file = self.folder / "file"
        file.write_text("x")
        run = self.store("results/synthetic/20260131T120000Z-host")
        for command in ("export", "report", "compare"):
            self.assertIn("no such run directory", self.fail_with(USAGE, command, "/nonexistent"))
            self.assertIn("is a file", self.fail_with(USAGE, command, file))
            self.assertIn(str(run), self.fail_with(USAGE, command, self.folder / "results"))
            self.assertIn("needs a run directory", self.fail_with(USAGE, command))

    def test_damage_and_other_schemas_are_told_with_the_file(self):
        run = self.store("run")
        manifest = (run / "manifest.json").read_text()
        compare = ("compare", run, "--arms", "simd", "blocked")
        for text, words in ((manifest[:100], "damaged"),
                            (manifest.replace('"schema": 1', '"schema": 7'), "schema 7"),
                            (manifest.replace('"arms"', '"legs"'), "arms")):
            (run / "manifest.json").write_text(text)
            for command in (("export", run), ("report", run), compare):
                error = self.fail_with(ENVIRONMENT, *command)
                self.assertIn("manifest.json", error)
                self.assertIn(words, error)
        (run / "manifest.json").write_text(manifest)
        with (run / "samples.jsonl").open("a") as samples:
            samples.write("{broken\n{}\n")
        for command in (("export", run), ("export", run, "--format", "gbench"),
                        ("export", run, "--format", "sqlite"), ("report", run), compare):
            self.assertIn("samples.jsonl:", self.fail_with(ENVIRONMENT, *command))
        self.assertEqual(sorted(path.name for path in run.iterdir()),
                         ["manifest.json", "samples.jsonl"])

    def test_a_sample_outside_the_plan_is_damage(self):
        run = self.store("run")
        row = samples_of(run)[-1] | {"arm": 99}
        with (run / "samples.jsonl").open("a") as samples:
            samples.write(json.dumps(row) + "\n")
        for form in ("csv", "gbench", "sqlite"):
            self.assertIn("samples.jsonl", self.fail_with(ENVIRONMENT, "export", run,
                                                          "--format", form))


class Csv(WithFolder):
    def rows(self, run: pathlib.Path) -> list[dict]:
        text = subprocess.run([PROGRAM, "export", str(run)], capture_output=True,
                              check=True).stdout.decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def test_one_row_per_sample_with_the_facts_of_its_cell(self):
        run = self.store("run", seconds={"simd": 1.0, "simd_parallel[threads=2]": 0.5})
        rows = self.rows(run)
        samples = samples_of(run)
        text = subprocess.run([PROGRAM, "export", str(run)], capture_output=True, check=True).stdout
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
            result = subprocess.run([PROGRAM, "export", str(run)], stdout=full,
                                    stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(result.returncode, ENVIRONMENT)
        self.assertIn("disk is full", result.stderr)

    def test_memory_does_not_grow_with_the_samples(self):
        def peak_kib(run: pathlib.Path, *options: str) -> int:
            child = subprocess.Popen([PROGRAM, "export", str(run), *options],
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


class Sqlite(WithFolder):
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


class GoogleBenchmark(WithFolder):
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


class _Page(html.parser.HTMLParser):
    """Checks that elements nest, and collects links, headings and text."""

    EMPTY = {"meta", "img", "br", "hr", "link"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.links, self.text, self.problems = [], [], "", []

    def handle_starttag(self, tag, attributes):
        if tag not in self.EMPTY:
            self.open.append(tag)
        names = [name for name, _ in attributes]
        if len(set(names)) != len(names):
            self.problems.append(f"<{tag}> has an attribute twice")
        self.links += [value for name, value in attributes if name in ("href", "src")]
        if tag in ("script", "iframe", "object", "link"):
            self.problems.append(f"<{tag}>")
        if tag == "img" and "alt" not in names:
            self.problems.append("an image without a text")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes something else")

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


class Report(WithFolder):
    def page(self, path: pathlib.Path) -> _Page:
        page = _Page()
        page.feed(path.read_text())
        page.close()
        self.assertEqual((page.problems, page.open), ([], []))
        return page

    def test_answer_first_and_everything_to_reproduce_it(self):
        run = self.store("run", question="compare")
        listed = json.loads(self.succeed("report", run, "--format", "json"))
        self.assertEqual(listed, [{"run": str(run), "markdown": str(run / "report.md"),
                                   "html": str(run / "report.html")}])
        markdown = (run / "report.md").read_text()
        page = self.page(run / "report.html")
        answer = re.search(r"blocked takes (\d+\.\d)% less time than simd \[-(\d+\.\d)%, "
                           r"-(\d+\.\d)%\] at m=n=k=128", markdown)
        self.assertIsNotNone(answer, markdown[:500])
        self.assertLessEqual(float(answer.group(3)), 20.0)
        self.assertGreaterEqual(float(answer.group(2)), 20.0)
        self.assertLess(answer.start(), 80)
        self.assertLess(page.text.index("less time than simd"), page.text.index("Question"))
        for text in (markdown, page.text):
            for fact in ("4711", "1a2b3c4d5e6f", "crossover run 'my config.cfg'", QUESTION,
                         "Noise floor: A/A ratio", "100.0 GFLOP/s", "OMP_NUM_THREADS=1",
                         "Fake CPU", "Which of two kernels is faster?"):
                self.assertIn(fact, text)

    def test_html_is_one_file_that_needs_nothing(self):
        run = self.store("run")
        self.succeed("report", run)
        page = self.page(run / "report.html")
        for link in page.links:
            self.assertRegex(link, r"^(data:image/svg\+xml;base64,|[^:]*METHOD\.md$)")
        source = (run / "report.html").read_text()
        self.assertTrue(source.startswith("<!DOCTYPE html>\n<html lang=\"en\">"))
        self.assertNotRegex(source, r"@import|url\(")
        for style in ("prefers-color-scheme: dark", "@media print", "overflow-x: auto"):
            self.assertIn(style, source)
        self.assertIn("&lt;comment&gt;", source)

    def test_figures_are_drawn_where_there_are_none(self):
        probe = subprocess.run([PYTHON, "-c", "import matplotlib"], capture_output=True,
                               check=False)
        if probe.returncode != 0:
            self.skipTest("needs matplotlib")
        run = self.store("run")
        out = self.folder / "out"
        before = sorted(run.iterdir())
        self.succeed("report", run, "--out", out)
        self.assertEqual(sorted(run.iterdir()), before)
        links = re.findall(r"!\[[^]]*\]\(<([^>]*)>\)", (out / "report.md").read_text())
        self.assertGreater(len(links), 0)
        for link in links:
            self.assertTrue((out / link).is_file(), link)
        embedded = [link for link in self.page(out / "report.html").links
                    if link.startswith("data:")]
        self.assertEqual(len(embedded), len(links))

    def test_a_run_that_was_killed(self):
        run = self.store("run", state="running")
        text = (run / "samples.jsonl").read_bytes()
        (run / "samples.jsonl").write_bytes(text[:len(text) * 9 // 10])
        self.succeed("report", run)
        markdown = (run / "report.md").read_text()
        self.assertIn("This run did not end (state: running)", markdown)
        self.assertIn("has the least time", markdown)
        self.assertFalse((run / "summary.json").exists())

    def test_a_run_without_a_single_sample(self):
        run = self.store("run", launches=0)
        self.succeed("report", run)
        self.assertIn("Nothing was measured", (run / "report.md").read_text()[:200])
        self.page(run / "report.html")

    def test_the_run_itself_may_be_named_as_the_place(self):
        run = self.store("run")
        self.succeed("report", run)
        first = (run / "report.html").read_text()
        self.succeed("report", f"{run}/", "--out", f"{run}/../run")
        self.assertEqual((run / "report.html").read_text(), first)

    def test_several_runs_get_an_index(self):
        runs = [self.store(f"{name}/20260131T120000Z-host") for name in ("one", "two")]
        out = self.folder / "out"
        self.succeed("report", *runs, "--out", out)
        index = self.page(out / "index.html")
        self.assertEqual(len(index.links), 2)
        for link in index.links:
            self.assertTrue((out / link).is_file(), link)
        for link in re.findall(r"\[report\]\(<([^>]*)>\)", (out / "index.md").read_text()):
            self.assertTrue((out / link).is_file(), link)
        self.assertIn("has the least time", index.text)

    def test_published_runs(self):
        runs = sorted(path.parent for path in ROOT.glob("results/reference/*/*/manifest.json"))
        self.assertGreater(len(runs), 0)
        out = self.folder / "out"
        self.succeed("report", *runs, "--out", out)
        for path in out.glob("*/report.html"):
            self.page(path)


class ComparedArms(WithFolder):
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


class ComparedRuns(WithFolder):
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
    PROGRAM = sys.argv[1]
    ROOT = pathlib.Path(sys.argv[2])
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
