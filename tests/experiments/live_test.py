"""Compares builds of the program with each other. Usage: live_test.py PROGRAM SLOW_BUILD"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = SLOW_BUILD = ""

PASS, REGRESSION, USAGE, UNDECIDED, CELLS_FAILED, ENVIRONMENT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

# 64 is large enough that reading the clock, some 50 ns, does not dominate a call of 5 us.
# More than one look, so that a gate can go on where launches were disturbed.
SMALL = "family = matmul\nvariants = simd, blocked\nsize = 64\nlaunches = 8, 20\nquartets = 2\n"


class Live(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self._folder.name)
        self.config = self.folder / "small.cfg"
        self.config.write_text(SMALL)

    def tearDown(self):
        self._folder.cleanup()

    def compare(self, a: str, b: str, *options: str) -> subprocess.CompletedProcess:
        out = str(self.folder / "results")
        return subprocess.run(
            [PROGRAM, "compare", "--live", a, b, str(self.config), "--out", out, *options],
            capture_output=True, text=True, timeout=120, check=False,
        )

    def script(self, name: str, version: str, answer: str) -> str:
        """A program that prints this version and answers workers' requests with one line."""
        path = self.folder / name
        path.write_text(
            "#!/bin/sh\n"
            f"if [ \"$1\" = --version ]; then echo '{version}'; exit; fi\n"
            f"while read request <&$2; do echo '{answer}' >&$2; done\n"
        )
        path.chmod(0o755)
        return str(path)

    def only_run(self) -> pathlib.Path:
        (run,) = (self.folder / "results").glob("*/*")
        return run

    def test_a_slower_build_is_a_regression(self):
        result = self.compare(PROGRAM, SLOW_BUILD, "--gate", "3%", "--format", "json")
        self.assertEqual(result.returncode, REGRESSION, result.stderr)
        document = json.loads(result.stdout)
        self.assertEqual(document["gate"]["verdict"], "regression")
        cells = {cell["label"]: cell for cell in document["cells"]}
        self.assertEqual(set(cells), {"simd", "blocked"})
        self.assertGreater(cells["simd"]["change"], 0.5)
        self.assertLess(cells["simd"]["simultaneous"][1], 1 / 1.03)
        self.assertLess(abs(cells["blocked"]["change"]), 0.4)

    def test_the_other_way_round_it_is_faster(self):
        result = self.compare(
            SLOW_BUILD, PROGRAM, "--gate", "3%", "--format", "json", "--variants", "simd"
        )
        self.assertEqual(result.returncode, PASS, result.stderr)
        (cell,) = json.loads(result.stdout)["cells"]
        self.assertLess(cell["change"], -0.3)
        self.assertEqual(cell["verdict"], "faster")

    def test_the_same_build_is_no_regression(self):
        result = self.compare(PROGRAM, PROGRAM, "--gate", "3%")
        self.assertIn(result.returncode, (PASS, UNDECIDED), result.stdout)
        self.assertIn("simultaneous intervals, 95% for all 2 cells together", result.stdout)

    def test_without_a_gate_it_is_a_table(self):
        result = self.compare(PROGRAM, SLOW_BUILD, "--format", "markdown")
        self.assertEqual(result.returncode, PASS, result.stderr)
        self.assertIn("| simd |", result.stdout)
        self.assertIn("Geometric mean of 2 cells", result.stdout)
        self.assertNotIn("Gate", result.stdout)

    def test_is_stored_as_a_run_with_both_builds(self):
        self.assertEqual(self.compare(PROGRAM, SLOW_BUILD).returncode, PASS)
        run = self.only_run()
        self.assertEqual(run.parent.name, "live-small")
        manifest = json.loads((run / "manifest.json").read_text())
        self.assertEqual(manifest["state"], "done")
        self.assertEqual(manifest["builds"]["B"]["version"], "crossover 0.0.0 (slow)")
        self.assertTrue(manifest["builds"]["A"]["path"].endswith("crossover"))
        labels = [arm["label"] for arm in manifest["sections"][1]["arms"]]
        self.assertEqual(labels[:2], ["simd[build=A]", "simd[build=B]"])
        self.assertTrue((run / "comparison.json").exists())
        resumed = subprocess.run(
            [PROGRAM, "run", "--resume", str(run)], capture_output=True, text=True, check=False
        )
        self.assertEqual(resumed.returncode, ENVIRONMENT)
        self.assertIn("compares two programs", resumed.stderr)

    def test_wrong_programs_are_usage_errors(self):
        for program, words in (
            ("/bin/true", "is no build of this program"),
            (str(self.config), "is not a program that can be started"),
            (str(self.folder / "none"), "No such file"),
        ):
            result = self.compare(PROGRAM, program)
            self.assertEqual(result.returncode, USAGE, result.stderr)
            self.assertIn(words, result.stderr)
        self.assertFalse((self.folder / "results").exists())

    def test_other_protocols_are_refused(self):
        future = self.script("future", "crossover 9.9.9", '{"protocol":99}')
        result = self.compare(PROGRAM, future)
        self.assertEqual(result.returncode, ENVIRONMENT)
        self.assertIn("speaks worker protocol 99", result.stderr)
        chatty = self.script("chatty", "crossover 9.9.9", "hello")
        result = self.compare(chatty, PROGRAM)
        self.assertEqual(result.returncode, ENVIRONMENT)
        self.assertIn("does not work as a worker", result.stderr)

    def test_cells_that_fail_in_one_build_are_named(self):
        # It agrees to everything but says nothing that could be understood.
        broken = self.script("broken", "crossover 9.9.9", "{}")
        result = self.compare(PROGRAM, broken, "--gate", "3%")
        self.assertEqual(result.returncode, CELLS_FAILED, result.stderr)
        problem = "at batch=1 m=64 n=64 k=64 is failed"
        self.assertIn(f"simd[build=B] {problem}", result.stderr)
        self.assertNotIn(f"simd[build=A] {problem}", result.stderr)

    def test_an_interrupted_one_keeps_what_was_measured(self):
        out = str(self.folder / "results")
        command = [PROGRAM, "compare", "--live", PROGRAM, PROGRAM, str(self.config), "--out", out]
        with subprocess.Popen(
            [*command, "--launches", "1000", "--budget", "9h"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                rows = [f.read_text() for f in self.folder.glob("results/*/*/samples.jsonl")]
                if rows and rows[0].count('"section":1') > 60:
                    break
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
            self.assertEqual(process.returncode, INTERRUPTED)
        manifest = json.loads((self.only_run() / "manifest.json").read_text())
        self.assertEqual(manifest["state"], "interrupted")


if __name__ == "__main__":
    PROGRAM, SLOW_BUILD = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as lock_folder:
        # A lock of its own: tests of another build may run on this machine at the same time.
        os.environ["CROSSOVER_LOCK_FILE"] = os.path.join(lock_folder, "crossover.lock")
        unittest.main(argv=sys.argv[:1])
