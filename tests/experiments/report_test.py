"""report on stored runs with known times.

Usage: report_test.py PROGRAM SOURCE_ROOT
"""

import html.parser
import json
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import program  # noqa: E402
from stored_runs import PYTHON, WithStoredRuns  # noqa: E402
from synthetic_samples import QUESTION  # noqa: E402


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


class Report(WithStoredRuns):
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
        manifests = program.ROOT.glob("results/reference/*/*/manifest.json")
        runs = sorted(path.parent for path in manifests)
        self.assertGreater(len(runs), 0)
        out = self.folder / "out"
        self.succeed("report", *runs, "--out", out)
        for path in out.glob("*/report.html"):
            self.page(path)


if __name__ == "__main__":
    program.main()
