#!/usr/bin/python3
"""Tests of plots/ on synthetic runs: files, errors, and what the figures show (figure_cases.py)."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import figure_cases  # noqa: E402
from figure_cases import EXPECTED, PLOTS, ROOT, load, run_dir, synthetic_runs  # noqa: E402
from caption_cases import Captions, Words  # noqa: E402, F401  (to be run)
from family_cases import BoundedByMemory, Crossovers, Encoders, Maps  # noqa: E402, F401
from figure_cases import Baselines, Content, Layout, Looks  # noqa: E402, F401
from matmul_cases import Ladder, Peers, Roofline, Winners  # noqa: E402, F401

if figure_cases.matplotlib is not None:
    import page

setUpModule = figure_cases.setUpModule


def run_plot(*arguments: object, script: str = "plot.py",
             **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PLOTS / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", check=False,
                          env={**os.environ, **environment})


def run_here(*arguments: object) -> tuple[list[str], str]:
    """The same within this process, for what succeeds: lines of stdout, and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        figure_cases.plot.main([str(argument) for argument in arguments])
    return out.getvalue().splitlines(), err.getvalue()


class Files(unittest.TestCase):
    """What the program writes and prints."""

    def test_every_synthetic_run_gives_its_figures(self) -> None:
        for name, stems in EXPECTED.items():
            with self.subTest(name):
                directory = run_dir(name)
                printed, errors = run_here(directory, "--format", "svg")
                paths = [directory / "figures" / f"{stem}.svg" for stem in stems]
                self.assertEqual((printed, errors), ([str(path) for path in paths], ""))
                for path in paths:
                    self.assertTrue(ElementTree.parse(path).getroot().tag.endswith("svg"))

    def test_plotting_again_gives_the_same_bytes(self) -> None:
        written = []
        for seed in ("1", "2"):
            out = ROOT / f"again{seed}"
            done = run_plot(run_dir("quickstart"), "--out", out, PYTHONHASHSEED=seed)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(sorted(done.stdout.splitlines()), sorted(map(str, out.iterdir())))
            written.append({path.name: path.read_bytes() for path in sorted(out.iterdir())})
        self.assertEqual(len(written[0]), 8)
        self.assertEqual(written[0], written[1])
        self.assertTrue(written[0]["table_bars.png"].startswith(b"\x89PNG"))

    def test_only_takes_a_figure_or_a_section(self) -> None:
        out = ROOT / "only"
        for name, stems in (("bars", ["table_bars"]),
                            ("overtake", ["overtake_speed", "overtake_speedup"])):
            printed, _ = run_here(run_dir("quickstart"), "--only", name, "--out", out,
                                  "--format", "png")
            self.assertEqual([Path(line).name for line in printed],
                             [f"{stem}.png" for stem in stems])
        printed, errors = run_here(run_dir("layers"), "--only", "speed", "--out", out)
        self.assertEqual(printed, [])
        self.assertIn("nothing to draw for --only speed", errors)


    def test_several_runs_give_one_page_and_a_table(self) -> None:
        out = ROOT / "several"
        printed, errors = run_here(run_dir("quickstart"), run_dir("attention"), "--out", out)
        self.assertEqual((printed, errors), ([str(out / f"crossovers.{suffix}") for suffix in
                                              ("svg", "png", "md")], ""))
        text = (out / "crossovers.md").read_text()
        for machine in ("AMD EPYC 9R14 (2 cores)", "Ampere Altra (2 CPUs)"):
            self.assertIn(f"| {machine} |", text)
        printed, errors = run_here(run_dir("layers"), run_dir("ladder"), "--out", ROOT / "none")
        self.assertEqual(printed, [])
        self.assertIn("none of these runs has a crossover", errors)
        self.assertFalse((ROOT / "none").exists())

    def test_who_is_interrupted_leaves_the_old_file(self) -> None:
        folder = ROOT / "interrupted"
        folder.mkdir()
        path = folder / "a.png"
        page.replace(path, b"old")
        self.assertEqual(path.stat().st_mode & 0o777, 0o666 & ~page._umask())
        for stop in (KeyboardInterrupt, OSError):
            with mock.patch("os.replace", side_effect=stop), self.assertRaises(stop):
                page.replace(path, b"new")
            self.assertEqual([(each.name, each.read_bytes()) for each in folder.iterdir()],
                             [("a.png", b"old")])
        page.replace(path, b"new")
        self.assertEqual(path.read_bytes(), b"new")

    def test_vector_figures_are_text_and_short_numbers(self) -> None:
        directory = run_dir("quickstart")
        run_here(directory, "--format", "svg", "--only", "bars")
        text = (directory / "figures" / "table_bars.svg").read_text()
        root = ElementTree.fromstring(text)
        words = {"".join(node.itertext()) for node in root.iter() if node.tag.endswith("}text")}
        self.assertIn("GFLOP/s", words)
        paths = [node.get("d") for node in root.iter() if node.tag.endswith("}path")]
        self.assertFalse([path for path in paths if re.search(r"\.\d{3}", path)])
        self.assertLess(len(text), 100_000)


class Refusals(unittest.TestCase):
    """Errors are one line, have their exit status, and write nothing."""

    def check(self, status: int, words: str, *arguments: object, **environment: str) -> None:
        done = run_plot(*arguments, **environment)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def broken(self, file: str, text: str | bytes | None) -> Path:
        """A run of which one file holds something else, or is missing."""
        directory = Path(tempfile.mkdtemp(dir=ROOT))
        synthetic_runs.quickstart().write(directory)
        if text is None:
            (directory / file).unlink()
        else:
            (directory / file).write_bytes(text if isinstance(text, bytes) else text.encode())
        return directory

    def test_bad_usage(self) -> None:
        directory = run_dir("quickstart")
        self.check(2, "RUN_DIR")
        self.check(2, "pdf", directory, "--format", "svg,pdf")
        self.check(2, "--only: \"pie\" is none of speed,", directory, "--only", "pie")
        self.check(2, "--colour", directory, "--colour")
        self.check(2, "several runs need --out", directory, directory)
        self.check(2, "--only chooses among", directory, directory, "--out", ROOT, "--only", "bars")

    def test_missing_and_unreadable_files(self) -> None:
        self.check(5, "no such directory", ROOT / "nowhere")
        self.check(5, "nowhere: no such directory", run_dir("quickstart"), ROOT / "nowhere",
                   "--out", ROOT / "not_written")
        self.assertFalse((ROOT / "not_written").exists())
        for file in ("manifest.json", "summary.json"):
            self.check(5, f"{file}: not found", self.broken(file, None))
        folder = self.broken("summary.json", None)
        (folder / "summary.json").mkdir()
        self.check(5, "Is a directory", folder)

    def test_files_that_are_not_what_the_schema_says(self) -> None:
        whole = (run_dir("quickstart") / "summary.json").read_text()
        self.check(5, "truncated", self.broken("summary.json", whole[:len(whole) // 2]))
        self.check(5, "not valid JSON", self.broken("manifest.json", ""))
        self.check(5, "not valid JSON", self.broken("summary.json", "[" * 100000))
        self.check(5, "UTF-8", self.broken("summary.json", b"\xff\xfe{"))
        self.check(5, "expected schema 1, found 2",
                   self.broken("summary.json", whole.replace('"schema": 1', '"schema": 2')))
        self.check(5, "expected an object", self.broken("summary.json", "[]"))

    def test_traces_that_are_none(self) -> None:
        trace = ROOT / "broken_trace.json"
        for text, words in (("[" * 100000, "nesting too large"), ("{", "not valid JSON"),
                            ("{}", "traceEvents"), ('{"traceEvents": []}', "no events"),
                            ('{"traceEvents": [{"name": NaN}]}', "expected one of lookup")):
            trace.write_text(text)
            self.check(5, words, trace, "--out", ROOT / "not_written")
        self.assertFalse((ROOT / "not_written").exists())

    def test_scores_that_are_none(self) -> None:
        whole = {"schema": 1, "machine": "m", "condition": {"pin": "cores"}, "policy_made": "now",
                 "held_out_shapes": 9, "launches": 8, "replicates": 100, "strategies": [
                     {"strategy": "policy", "published": False, "mean_regret": 0.01,
                      "mean_ci95": [0.0, 0.02], "p95_regret": 0.1, "p95_ci95": [0.0, 0.2]}]}
        file, out = ROOT / "score.json", ROOT / "score_figures"
        one = whole["strategies"][0]
        for change, words in (({"condition": ["pin"]}, "condition: expected an object"),
                              ({"launches": float("nan")}, "launches: expected a finite number"),
                              ({"strategies": []}, "strategies: expected at least one"),
                              ({"strategies": [one | {"mean_ci95": [0]}]}, "expected two numbers"),
                              ({"schema": 2}, "expected schema 1")):
            file.write_text(json.dumps(whole | change))
            self.check(5, words, file, "--out", out, script="regret.py")
        file.write_text("[" * 100000)
        self.check(5, "nesting too large", file, "--out", out, script="regret.py")
        self.check(5, "not found", ROOT / "no_score.json", "--out", out, script="regret.py")
        self.assertFalse(out.exists())
        file.write_text(json.dumps(whole))
        done = run_plot(file, "--out", out, "--format", "svg", script="regret.py")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"{out / 'regret.svg'}\n")

    def test_output_that_cannot_be_written(self) -> None:
        file = ROOT / "file"
        file.write_text("")
        self.check(5, "cannot write", run_dir("quickstart"), "--out", file)

    def test_missing_matplotlib(self) -> None:
        fake = ROOT / "fake"
        (fake / "matplotlib").mkdir(parents=True)
        (fake / "matplotlib" / "__init__.py").write_text("raise ImportError('no')\n")
        self.check(5, "matplotlib is not installed", run_dir("quickstart"), PYTHONPATH=str(fake))

    def test_a_run_without_measured_cells(self) -> None:
        directory = run_dir("nothing_measured")
        self.check(0, "no measured cells", directory)
        self.assertFalse((directory / "figures").exists())

    def test_every_value_is_checked_and_its_place_named(self) -> None:
        changes = [("cells", 0, "seconds", "median", -1.0), ("cells", 1, "problem", "m", 1.5),
                   ("cells", 0, "seconds", "ci95", [2, 1]), ("cells", 0, "label", None),
                   ("cells", 0, "section", "other"), ("crossovers", 0, "outcome", "maybe"),
                   ("crossovers", 0, "variant_wins_above", []), ("sections", 0, "question", 7),
                   ("crossovers", 0, "points", 3, "sign", "x"), ("cells", 1, "seconds", None),
                   ("comparisons", 1, "ratio", "fast"), ("noise_floor", "ratio", float("nan")),
                   ("ceilings", "fma_f32", 0, "flops_per_second", 1e400), ("cells", None)]
        for *place, value in changes:
            with self.subTest(place=place):
                run = synthetic_runs.quickstart()
                target = run.summary
                for step in place[:-1]:
                    target = target[step]
                target[place[-1]] = value
                with self.assertRaises(load.LoadError) as caught:
                    load.load_run(run.write(Path(tempfile.mkdtemp(dir=ROOT))))
                self.assertRegex(str(caught.exception),
                                 rf"summary\.json: .*\b{place[-1]}: expected .+, found ")


if __name__ == "__main__":
    unittest.main()
