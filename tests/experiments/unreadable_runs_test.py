"""What export, report and compare say about what is no run, or a damaged one.

Usage: unreadable_runs_test.py PROGRAM SOURCE_ROOT
"""

import gzip
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import program  # noqa: E402
from program import ENVIRONMENT, USAGE  # noqa: E402
from stored_runs import WithStoredRuns, compress, samples_of  # noqa: E402


class NotARun(WithStoredRuns):
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

    def test_compressed_samples_are_read_and_their_damage_is_told(self):
        run = self.store("run")
        compare = ("compare", run, "--arms", "simd", "blocked", "--format", "json")
        export = ("export", run)
        plain = [self.succeed(*command) for command in (compare, export)]
        self.assertIn("ratio", plain[0])
        compress(run)
        self.assertEqual([self.succeed(*command) for command in (compare, export)], plain)
        self.succeed("report", run)
        packed = run / "samples.jsonl.gz"
        whole = packed.read_bytes()
        for content in (whole[:len(whole) // 2], whole + b"x", b"no gzip file",
                        gzip.compress(b" " * 50_000_000)):
            packed.write_bytes(content)
            for command in (compare, export, ("report", run), ("plot", run),
                            ("policy", "fit", run)):
                error = self.fail_with(ENVIRONMENT, *command)
                self.assertIn(f"{packed}: damaged", error)

    def test_a_section_cannot_send_its_tables_elsewhere(self):
        run = self.store("a/b/run", section="../../evil", state="running")
        for command in ("plot", "report", "export"):
            error = self.fail_with(ENVIRONMENT, command, run)
            self.assertIn('manifest.json: damaged: sections[1].name = "../../evil"; expected', error)
        self.assertFalse(list(self.folder.rglob("evil*")))

    def test_members_are_told_with_their_place(self):
        run = self.store("run")
        manifest = json.loads((run / "manifest.json").read_text())
        manifest["sections"][1]["comparisons"][0]["variant"] = 77
        (run / "manifest.json").write_text(json.dumps(manifest))
        for command in (("export", run, "--format", "sqlite"), ("report", run), ("plot", run)):
            self.assertIn("damaged: sections[1].comparisons[0].variant = 77; expected a whole "
                          "number in 0..2", self.fail_with(ENVIRONMENT, *command))

    def test_a_sample_outside_the_plan_is_damage(self):
        run = self.store("run")
        row = samples_of(run)[-1] | {"arm": 99}
        with (run / "samples.jsonl").open("a") as samples:
            samples.write(json.dumps(row) + "\n")
        for form in ("csv", "gbench", "sqlite"):
            self.assertIn("samples.jsonl", self.fail_with(ENVIRONMENT, "export", run,
                                                          "--format", form))


if __name__ == "__main__":
    program.main()
