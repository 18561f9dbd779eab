"""Help, list, check, doctor, simulate and bench, as a user would call them.

Usage: cli_test.py PROGRAM SOURCE_ROOT
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import program  # noqa: E402
from program import DONE, USAGE, WithResults, crossover  # noqa: E402


class Help(unittest.TestCase):
    def test_every_command_has_help_with_an_example(self):
        for command in ("run", "list", "check", "bench", "plot", "report", "export", "compare",
                        "doctor", "simulate", "policy", "model"):
            result = crossover(command, "--help")
            self.assertEqual(result.returncode, DONE, command)
            self.assertIn("Example:\n  crossover " + command, result.stdout)

    def test_the_program_names_its_commands_and_version(self):
        self.assertIn("\n  check ", crossover("--help").stdout)
        self.assertRegex(crossover("--version").stdout, r"^crossover \d+\.\d+\.\d+ \(")

    def test_unknown_commands_and_options_are_usage_errors(self):
        result = crossover("rnu")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("did you mean 'run'", result.stderr)
        self.assertEqual(crossover("list", "kernels", "--frmat", "json").returncode, USAGE)
        self.assertEqual(crossover("list", "kernels", "--format", "xml").returncode, USAGE)
        self.assertEqual(crossover("list", "cats").returncode, USAGE)


class Lists(unittest.TestCase):
    def test_kernels(self):
        kernels = json.loads(crossover("list", "kernels", "--format", "json").stdout)
        names = {row["variant"] for row in kernels if row["family"] == "matmul"}
        self.assertLessEqual(
            {"naive", "blocked", "parallel", "simd", "simd_parallel", "openblas", "eigen"}, names
        )
        for row in kernels:
            self.assertEqual(
                list(row), ["family", "variant", "available", "reason", "traits", "source", "details"]
            )
            self.assertEqual(row["available"], row["reason"] is None)

    def test_experiments_show_their_questions(self):
        experiments = json.loads(crossover("list", "experiments", "--format", "json").stdout)
        self.assertIn("quickstart", [row["name"] for row in experiments])
        for row in experiments:
            self.assertTrue(row["question"].endswith("?"), row)


class Check(unittest.TestCase):
    def test_one_variant(self):
        result = crossover("check", "matmul/simd", "--format", "json")
        self.assertEqual(result.returncode, DONE, result.stderr)
        rows = json.loads(result.stdout)
        self.assertGreater(len(rows), 1)
        for row in rows:
            self.assertEqual(row["status"], "right")
            self.assertEqual(row["right"], row["problems"])

    def test_a_family_of_whole_passes(self):
        result = crossover("check", "tokenizer")
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertRegex(result.stdout, r"right +tokenizer/cached +6 of 6 problems")

    def test_unknown_variant(self):
        result = crossover("check", "matmul/smid")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("did you mean 'matmul/simd'", result.stderr)


class Doctor(WithResults):
    def test_a_quick_examination(self):
        out = str(self.folder / "results")
        result = crossover("doctor", "--quick", "--format", "json", "--out", out, timeout=240)
        self.assertEqual(result.returncode, DONE, result.stderr)
        report = json.loads(result.stdout)
        self.assertGreater(report["ceilings"]["fma_f32"][0]["flops_per_second"], 1e9)
        self.assertGreater(report["ceilings"]["stream_read"][0]["bytes_per_second"], 1e8)
        self.assertLess(report["harness"]["seconds_per_call"], 1e-6)
        self.assertEqual(len(report["noise"]["cells"]), 3)
        for warning in report["warnings"]:
            self.assertEqual(list(warning), ["what", "remedy"])
        self.assertEqual(json.loads((self.only_run() / "doctor.json").read_text()), report)

    def test_a_format_that_does_not_exist(self):
        result = crossover("doctor", "--format", "xml")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("expected one of text, json", result.stderr)


class Simulate(unittest.TestCase):
    def simulate(self, *options: str) -> subprocess.CompletedProcess:
        return crossover("simulate", "--repetitions", "20", "--scenario", "dip", *options)

    def test_the_same_seed_gives_the_same_findings_on_any_number_of_threads(self):
        one = self.simulate("--threads", "1", "--format", "json")
        self.assertEqual(one.returncode, DONE, one.stderr)
        self.assertEqual(one.stdout, self.simulate("--threads", "3", "--format", "json").stdout)
        document = json.loads(one.stdout)
        self.assertEqual((document["repetitions"], document["seed"]), (20, 1))
        self.assertEqual({row["scenario"] for row in document["findings"]}, {"dip"})
        self.assertEqual(document["missed"], 0)

    def test_text_and_markdown(self):
        self.assertIn("0 targets missed.", self.simulate().stdout)
        self.assertIn("| dip | ", self.simulate("--format", "markdown").stdout)

    def test_bad_options(self):
        for options in (
            ("--repetitions", "0"), ("--threads", "0"), ("--seed", "-1"), ("--seed", "x"),
            ("--format", "xml"),
        ):
            self.assertEqual(crossover("simulate", *options).returncode, USAGE, options)
        unknown = crossover("simulate", "--scenario", "dib")
        self.assertEqual(unknown.returncode, USAGE)
        self.assertIn("did you mean 'dip'", unknown.stderr)


class Bench(unittest.TestCase):
    def test_standard_flags_work(self):
        result = crossover(
            "bench", "--benchmark_filter=matmul/simd/16/", "--benchmark_format=json",
            "--benchmark_min_time=0.01",
        )
        self.assertEqual(result.returncode, DONE, result.stderr)
        (benchmark,) = json.loads(result.stdout)["benchmarks"]
        self.assertTrue(benchmark["name"].startswith("matmul/simd/16"))

    def test_every_kernel_is_listed(self):
        listed = crossover("bench", "--benchmark_list_tests=true").stdout
        kernels = json.loads(crossover("list", "kernels", "--format", "json").stdout)
        self.assertTrue(kernels)
        for row in kernels:
            name = f"{row['family']}/{row['variant']}/"
            self.assertEqual(name in listed, row["available"], name)

    def test_threaded_kernels_are_listed_with_all_cpus_too(self):
        listed = crossover("bench", "--benchmark_list_tests=true").stdout
        cpus = len(os.sched_getaffinity(0))
        self.assertEqual(f"matmul/simd_parallel/threads:{cpus}/16/" in listed, cpus > 1)
        self.assertNotIn("matmul/simd/threads:", listed)


if __name__ == "__main__":
    program.main()
