"""Nothing is lost: runs that are killed, interrupted, out of disk or damaged, and then go on.

Usage: interruption_test.py PROGRAM
"""

import json
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import program  # noqa: E402
from program import DONE, ENVIRONMENT, INTERRUPTED, USAGE  # noqa: E402
from program import WithResults, crossover, workers  # noqa: E402

# Launches are fixed, so that every run of it has the same cells with as many samples. A cell that
# can never run is one of them.
CONFIG = ("family = matmul\nvariants = naive, simd\nsize = 16, 33, 900000\n"
          "launches = 20\nquartets = 2\nseed = 5\n")
LONG = CONFIG.replace("launches = 20", "launches = 1000\nbudget = 9h")


def json_of(path: pathlib.Path) -> dict:
    return json.loads(path.read_text())


def whole_rows(run: pathlib.Path) -> list[dict]:
    """The rows of samples.jsonl; what a kill left of the last line is none."""
    *lines, _ = (run / "samples.jsonl").read_text().split("\n")
    return [json.loads(line) for line in lines]


def closed_launches(run: pathlib.Path) -> list[tuple]:
    return [(row["section"], row["problem"], row["launch"])
            for row in whole_rows(run) if row["row"] == "closed"]


def cells_of(run: pathlib.Path) -> dict:
    """What a run says about its cells that is no measurement."""
    return {(cell["section"], cell["id"], cell["replica"]):
            (cell["status"], cell["launches"], cell["samples"])
            for cell in json_of(run / "summary.json")["cells"]}


def file_size_limit(size: int):
    """For a child process: no file can grow beyond `size` bytes, as if the disk were full."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


class Runs(WithResults):
    """Runs of CONFIG, compared with one that nothing disturbed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if hasattr(Runs, "undisturbed"):
            return
        folder = tempfile.TemporaryDirectory()
        unittest.addModuleCleanup(folder.cleanup)
        config = pathlib.Path(folder.name) / "small.cfg"
        config.write_text(CONFIG)
        result = crossover("run", str(config), "--out", folder.name, "--no-figures")
        assert result.returncode == DONE, result.stderr
        (Runs.undisturbed,) = pathlib.Path(folder.name).glob("small/*")

    def start(self, *arguments: str, **options) -> subprocess.Popen:
        process = subprocess.Popen([program.PROGRAM, "run", *arguments, "--no-figures"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   **options)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def start_config(self, text: str = CONFIG, **options) -> subprocess.Popen:
        return self.start(self.config(text), "--out", str(self.folder / "results"), **options)

    def end(self, process: subprocess.Popen, status: int) -> str:
        """What the process wrote to its standard error until it ended with that status."""
        _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, status, errors)
        return errors

    def resume(self, run: pathlib.Path, status: int = DONE, **options) -> str:
        return self.end(self.start("--resume", str(run), **options), status)

    def wait_for_launches(self, count: int = 3) -> pathlib.Path:
        """Until the run has closed so many launches of its own section."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for manifest in (self.folder / "results").glob("*/*/manifest.json"):
                if sum(section == 1 for section, *_ in closed_launches(manifest.parent)) >= count:
                    return manifest.parent
            time.sleep(0.02)
        self.fail("nothing was measured")

    def killed_run(self) -> pathlib.Path:
        process = self.start_config()
        run = self.wait_for_launches()
        process.kill()
        process.wait()
        return run

    def assert_whole(self, run: pathlib.Path):
        """The run is as if nothing had happened."""
        self.assertEqual(json_of(run / "manifest.json")["state"], "done")
        self.assertEqual(json_of(run / "summary.json")["state"], "done")
        self.assertEqual(cells_of(run), cells_of(self.undisturbed))
        self.assertEqual(sorted(closed_launches(run)), sorted(closed_launches(self.undisturbed)))
        self.assert_readable(run)

    def assert_readable(self, run: pathlib.Path):
        self.assertEqual(list(run.rglob("*.part")), [])
        report = crossover("report", str(run), "--out", str(self.folder / "report"))
        self.assertEqual(report.returncode, DONE, report.stderr)
        export = crossover("export", str(run), "--format", "csv")
        self.assertEqual(export.returncode, DONE, export.stderr)
        self.assertGreater(len(export.stdout.splitlines()), 1)

    def assert_draws(self, run: pathlib.Path):
        plot = crossover("plot", str(run), "--figure-format", "svg")
        self.assertEqual(plot.returncode, DONE, plot.stderr)
        self.assertNotEqual(list(run.glob("figures/*.svg")), [])


class Killed(Runs):
    def assert_no_workers(self, others: set):
        deadline = time.monotonic() + 2
        while workers() - others and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(workers() - others, set())

    def started_or_resumed(self) -> subprocess.Popen:
        runs = [path.parent for path in (self.folder / "results").glob("*/*/manifest.json")]
        return self.start("--resume", str(runs[0])) if runs else self.start_config()

    def kill_until_done(self, moments: random.Random) -> int:
        """Kills the run and resumes it, again and again; returns how often it was killed."""
        others = workers()
        kept: list[tuple] = []
        for killed in range(12):
            process = self.started_or_resumed()
            try:
                process.wait(timeout=moments.uniform(0.02, 0.5))
                self.end(process, DONE)
                return killed
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self.assert_no_workers(others)
            runs = [path.parent for path in (self.folder / "results").glob("*/*/samples.jsonl")
                    if path.with_name("manifest.json").exists()]
            now = closed_launches(runs[0]) if runs else []
            self.assertEqual(now[:len(kept)], kept)
            kept = now
        self.end(self.started_or_resumed(), DONE)
        return 12

    def test_at_any_moment_nothing_is_lost_and_nothing_measured_twice(self):
        for seed in (1, 2):
            with self.subTest(seed=seed):
                self.assertGreater(self.kill_until_done(random.Random(seed)), 1)
                (run,) = [path.parent for path in self.folder.glob("results/*/*/manifest.json")]
                self.assert_whole(run)
                (self.folder / "results").rename(self.folder / f"results of {seed}")

    def test_a_finished_run_is_not_measured_again(self):
        run = self.killed_run()
        self.resume(run)
        rows = (run / "samples.jsonl").read_bytes()
        self.resume(run)
        self.assertEqual((run / "samples.jsonl").read_bytes(), rows)
        self.assert_whole(run)


class Interrupted(Runs):
    def test_the_message_says_how_to_go_on_and_that_works(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                process = self.start_config()
                run = self.wait_for_launches()
                process.send_signal(number)
                errors = self.end(process, INTERRUPTED)
                self.assertRegex(errors, f"go on with: crossover run --resume .*{run.name}\n")
                self.assertEqual(json_of(run / "manifest.json")["state"], "interrupted")
                self.assertEqual(json_of(run / "summary.json")["state"], "interrupted")
                self.assert_readable(run)
                self.resume(run)
                self.assert_whole(run)
                (self.folder / "results").rename(self.folder / f"results of {number}")


class FullDisk(Runs):
    def assert_stopped(self, errors: str, run: pathlib.Path, file: str):
        self.assertIn(f"cannot write {run / file}: File too large", errors)
        self.assertIn(f"go on with: crossover run --resume {run}", errors)

    def test_while_samples_are_written(self):
        # The second limit lets a few rows more pass, the last of them in part.
        size = (self.undisturbed / "manifest.json").stat().st_size + 8000
        process = self.start_config(preexec_fn=file_size_limit(size))
        errors = self.end(process, ENVIRONMENT)
        run = self.only_run()
        self.assert_stopped(errors, run, "samples.jsonl")
        self.assert_readable(run)
        self.assert_stopped(self.resume(run, ENVIRONMENT, preexec_fn=file_size_limit(size + 3001)),
                            run, "samples.jsonl")
        self.assert_readable(run)
        self.resume(run)
        self.assert_whole(run)

    def test_from_the_beginning(self):
        for size in (0, 1000):
            process = self.start_config(preexec_fn=file_size_limit(size))
            self.assertIn("File too large", self.end(process, ENVIRONMENT))
            self.assertEqual(list(self.folder.glob("results/*/*")), [])

    def test_while_a_document_is_written(self):
        run = self.killed_run()
        self.resume(run)
        for file in ("summary.json", "manifest.json"):
            before = (run / file).read_bytes()
            # The summary is the larger one; a finished run adds nothing to its samples.
            limit = len(before) - 1000
            errors = self.resume(run, ENVIRONMENT, preexec_fn=file_size_limit(limit))
            self.assert_stopped(errors, run, file)
            self.assertEqual((run / file).read_bytes(), before)
            self.assertEqual(json_of(run / "manifest.json")["state"], "running")
            self.assert_readable(run)
        self.resume(run)
        self.assert_whole(run)


class Damaged(Runs):
    def test_half_a_last_line(self):
        run = self.killed_run()
        samples = run / "samples.jsonl"
        *_, last = samples.read_bytes().splitlines(keepends=True)
        for lost in (1, len(last) // 2, len(last) - 1):
            with self.subTest(lost=lost):
                os.truncate(samples, samples.stat().st_size - lost)
                self.assert_readable(run)
                self.assert_draws(run)
        self.resume(run)
        self.assert_whole(run)

    def test_compressed_samples_must_be_unpacked_first(self):
        run = self.killed_run()
        subprocess.run(["gzip", "-9", str(run / "samples.jsonl")], check=True)
        packed = run / "samples.jsonl.gz"
        before = {path: path.read_bytes() for path in run.iterdir()}
        self.assertIn(f"type: gunzip {packed}", self.resume(run, ENVIRONMENT))
        self.assertEqual({path: path.read_bytes() for path in run.iterdir()}, before)
        subprocess.run(["gunzip", str(packed)], check=True)
        self.resume(run)
        self.assert_whole(run)

    def test_half_a_summary_or_none(self):
        run = self.folder / "run"
        subprocess.run(["cp", "-r", str(self.undisturbed), str(run)], check=True)
        summary = run / "summary.json"
        whole = json_of(summary)
        for damage in (lambda: os.truncate(summary, 100), lambda: os.truncate(summary, 0),
                       summary.unlink):
            damage()
            shutil.rmtree(run / "tables")
            self.assert_readable(run)
            compare = crossover("compare", str(run), "--arms", "simd", "naive")
            self.assertEqual(compare.returncode, DONE, compare.stderr)
            self.assert_draws(run)
            self.assertEqual(json_of(summary), whole)
            for table in (self.undisturbed / "tables").iterdir():
                self.assertEqual((run / "tables" / table.name).read_bytes(), table.read_bytes())

    def test_a_killed_run_is_drawn_with_all_that_was_measured(self):
        run = self.killed_run()
        self.assert_draws(run)
        self.assertEqual(json_of(run / "summary.json")["state"], "running")
        before = cells_of(run)
        self.resume(run)
        self.assert_draws(run)
        self.assertNotEqual(cells_of(run), before)
        self.assert_whole(run)


class Refused(Runs):
    def test_what_is_no_run(self):
        self.assertIn(f"{self.folder}: is not a run directory", self.resume(self.folder, USAGE))
        none = self.folder / "none"
        self.assertIn(f"{none}: no such run directory", self.resume(none, USAGE))

    def test_another_machine_another_build_and_damage(self):
        run = self.folder / "run"
        subprocess.run(["cp", "-r", str(self.undisturbed), str(run)], check=True)
        manifest = json_of(run / "manifest.json") | {"state": "interrupted"}
        machine = manifest["machine"]
        for change, words in (
            ({"machine": machine | {"cpu": "Z80"}}, 'cannot be resumed here: its CPU is "Z80", here it is "'),
            ({"machine": machine | {"cpu_model": "8 bits"}}, 'its CPU model is "8 bits", here it'),
            ({"machine": machine | {"cores": 99}}, "its number of CPUs is 99, here it is "),
            ({"git": "0123456789ab"}, 'its build is "0123456789ab", here it is "'),
            ({"machine": {}}, "manifest.json: damaged: "),
        ):
            (run / "manifest.json").write_text(json.dumps(manifest | change))
            files = {path: path.read_bytes() for path in run.rglob("*.*") if path.is_file()}
            self.assertIn(words, self.resume(run, ENVIRONMENT))
            self.assertEqual({path: path.read_bytes() for path in files}, files)

    def test_anything_that_would_change_the_plan(self):
        run = str(self.undisturbed)
        for others in ((self.config(CONFIG),), ("--launches", "9"), ("--quick",), ("--dry-run",)):
            errors = self.end(self.start("--resume", run, *others), USAGE)
            self.assertIn("--resume goes on with a run as it was planned", errors)


class TwoAtOnce(Runs):
    def test_the_second_is_refused_or_waits_or_insists(self):
        first = self.start_config(LONG)
        run = self.wait_for_launches(1)
        small = self.folder / "second.cfg"
        small.write_text(CONFIG)
        second = (str(small), "--out", str(self.folder / "more"))
        errors = self.end(self.start(*second), ENVIRONMENT)
        self.assertIn(f"process {first.pid} since ", errors)
        self.assertIn(f"writing {run}", errors)
        self.end(self.start(*second, "--no-lock"), DONE)
        self.assertIn("another process is writing",
                      self.resume(run, ENVIRONMENT, env=os.environ | {
                          "CROSSOVER_LOCK_FILE": str(self.folder / "other.lock")}))
        waiting = self.start(*second, "--wait")
        self.assertIn(f"waiting for process {first.pid}", waiting.stderr.readline())
        first.send_signal(signal.SIGINT)
        self.end(first, INTERRUPTED)
        self.end(waiting, DONE)
        self.assertEqual(len(list((self.folder / "more").glob("*/*/summary.json"))), 2)


if __name__ == "__main__":
    program.main()
