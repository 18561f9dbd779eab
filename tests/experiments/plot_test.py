"""plot on stored runs: one run as before, several on one page.

Usage: plot_test.py PROGRAM SOURCE_ROOT
"""

import pathlib
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import program  # noqa: E402
from program import USAGE, crossover  # noqa: E402
from stored_runs import PYTHON, WithStoredRuns  # noqa: E402
from synthetic_samples import Run  # noqa: E402

SIZES = (16, 32, 64, 128, 256)


class Crossing(Run):
    """Two threads whose team costs as much as the serial product of one size."""

    crossing = 40

    def true_seconds(self, label: str, size: int) -> float:
        work = size ** 3
        if "threads=2" in label:
            work = 0.5 * work + 0.5 * self.crossing ** 3
        return work * 1e-9

    def manifest(self) -> dict:
        manifest = super().manifest()
        section = manifest["sections"][1]
        section["axis"] = "size"
        section["curves"] = [{"fixed": {"batch": 1}, "problems": list(range(len(self.sizes))),
                              "axis_values": list(self.sizes)}]
        return manifest


def crossing(**facts: object) -> Run:
    return Crossing({"simd": 1.0, "simd_parallel[threads=2]": 1.0}, sizes=SIZES,
                    question="crossover", section="overtake", replicas=False, **facts)


class Plot(WithStoredRuns):
    def setUp(self):
        super().setUp()
        probe = subprocess.run([PYTHON, "-c", "import matplotlib"], capture_output=True,
                               check=False)
        if probe.returncode != 0:
            self.skipTest("needs matplotlib")

    def test_crossovers_of_several_machines_on_one_page(self):
        runs = [crossing(cpu=cpu).write(self.folder / cpu) for cpu in ("one", "two")]
        out = self.folder / "out"
        self.succeed("plot", *runs, "--out", out, "--figure-format", "svg")
        self.assertEqual(sorted(path.name for path in out.iterdir()),
                         ["crossovers.md", "crossovers.svg"])
        table = (out / "crossovers.md").read_text()
        for name in ("| one (2 CPUs) |", "| two (2 CPUs) |"):
            self.assertEqual(table.count(name), 1, table)
        self.assertEqual(table.count("| crossing | size | 32–64 |"), 2, table)
        # The times of simd at the two sizes, within the noise of the samples.
        self.assertRegex(table, r"\| 3[23](\.\d+)? µs to 26[0-5] µs \|")
        figure = (out / "crossovers.svg").read_text()
        for name in ("one (2 CPUs)", "two (2 CPUs)"):
            self.assertIn(name, figure)

    def test_one_run_has_its_own_figures(self):
        run = crossing().write(self.folder / "run")
        self.succeed("plot", run, "--figure-format", "svg")
        self.assertEqual(sorted(path.name for path in (run / "figures").iterdir()),
                         ["overtake_speed.svg", "overtake_speedup.svg"])

    def test_several_runs_need_a_folder(self):
        runs = [crossing().write(self.folder / name) for name in ("a", "b")]
        self.assertIn("--out", self.fail_with(USAGE, "plot", *runs))

    def test_a_run_that_is_missing(self):
        run = crossing().write(self.folder / "run")
        out = self.folder / "out"
        result = crossover("plot", run, self.folder / "nowhere", "--out", out)
        self.assertEqual(result.returncode, USAGE, result.stderr)
        self.assertIn("nowhere", result.stderr)
        self.assertFalse(out.exists())

    def test_a_format_that_does_not_exist(self):
        run = crossing().write(self.folder / "run")
        error = self.fail_with(USAGE, "plot", run, "--figure-format", "svg,gif")
        self.assertIn("--figure-format = svg,gif; expected svg, png or svg,png", error)

    def test_runs_without_crossovers(self):
        runs = [self.store(name) for name in ("a", "b")]
        out = self.folder / "out"
        result = crossover("plot", *runs, "--out", out)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("none of these runs has a crossover", result.stderr)
        self.assertFalse(out.exists())


if __name__ == "__main__":
    program.main()
