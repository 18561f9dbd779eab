"""What the documents say of each other holds: links lead somewhere, every experiment is listed, and
targets are counted as METHOD.md has them.

Usage: documents_test.py SOURCE_ROOT
"""

import pathlib
import re
import sys
import unittest

DOCUMENTS = ("README.md", "ARCHITECTURE.md", "METHOD.md", "CLAIMS.md", "results/README.md")
LINK = re.compile(r"\]\(<?([^)>#]+)[^)]*\)")


def text_of(name: str) -> str:
    return (ROOT / name).read_text()


def dead_links(document: pathlib.Path) -> list[str]:
    links = [link for link in LINK.findall(document.read_text()) if "://" not in link]
    return [link for link in links if not (document.parent / link).exists()]


class Documents(unittest.TestCase):
    def test_links_lead_somewhere(self):
        reports = sorted((ROOT / "results" / "reference").glob("*/*/report.md"))
        for document in [ROOT / name for name in DOCUMENTS] + reports:
            with self.subTest(document=str(document)):
                self.assertEqual(dead_links(document), [])

    def test_every_experiment_is_listed_with_its_question(self):
        readme = text_of("README.md")
        for config in sorted((ROOT / "experiments").glob("*.cfg")):
            question = config.read_text().splitlines()[0].removeprefix("# ")
            self.assertIn(f"- [`{config.stem}`](experiments/{config.name}): {question}\n", readme)

    def test_targets_are_counted_as_the_method_has_them(self):
        verdicts = re.findall(r"\| (met|MISSED) \|$", text_of("METHOD.md"), re.M)
        said = re.search(r"Of (\d+) targets, .* (\d+) are met; .* why (\d+) are\s+missed",
                         text_of("README.md"))
        self.assertIsNotNone(said)
        self.assertEqual([int(number) for number in said.groups()],
                         [len(verdicts), verdicts.count("met"), verdicts.count("MISSED")])


if __name__ == "__main__":
    ROOT = pathlib.Path(sys.argv.pop(1))
    unittest.main(verbosity=1)
