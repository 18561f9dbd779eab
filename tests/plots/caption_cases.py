"""Test cases of what stands below the figures and above their panels; plots_test.py runs them."""

from __future__ import annotations

import unittest

import figure_cases
import synthetic_runs
from figure_cases import load, section_of

if figure_cases.matplotlib is not None:
    import caption
    import outcome
    import page
    import panels
    import plot
    import speedup
    import style


class Captions(unittest.TestCase):
    """What is not shown is named, in whole sentences."""

    def test_caption_names_three_groups_and_counts_the_rest(self) -> None:
        cells = [load.Cell(f"arm{i}", 1, {"m": 8}, "failed", "x" * 200, None, None, None)
                 for i in range(5)]
        text = caption.not_shown(cells)
        self.assertIn("arm2", text)
        self.assertNotIn("arm3", text)
        self.assertTrue(text.endswith("; and 2 more cells."))
        self.assertLess(len(text), 300)

    def test_caption_counts_what_the_budget_had_no_place_for(self) -> None:
        def over(label: str, m: int) -> load.Cell:
            reason = "would take about 2 min 19 s; 6.1 s of the budget of 75.0 s are left for it"
            return load.Cell(label, 1, {"m": m}, "skipped", reason, None, None, None)

        self.assertEqual(caption.not_shown([over("a", 8)]), "Not shown: over budget, a at m=8.")
        self.assertEqual(caption.not_shown([over("a", 8), over("b", 8), over("a", 16)]),
                         "Not shown: over budget, 3 cells of a and b.")
        many = [over(f"arm{i}", 8) for i in range(5)]
        wrong = load.Cell("a", 1, {"m": 8}, "wrong", "C[0] = 1", None, None, None)
        self.assertEqual(caption.not_shown([wrong, *many]),
                         "Not shown: over budget, 5 cells of 5 arms; a at m=8: wrong, C[0] = 1.")

    def test_reasons_are_shortened_by_whole_clauses(self) -> None:
        whole = "this CPU or build has no neon"
        self.assertEqual(caption.shortened(whole), whole)
        self.assertEqual(
            caption.shortened("it multiplies up to m*n*k = 262144 itself and leaves 113246208 to "
                              "another BLAS, and that is what would be measured then"),
            "it multiplies up to m*n*k = 262144 itself and leaves 113246208 to another BLAS")
        self.assertEqual(caption.shortened("x" * 200), "")

    def test_notes_stand_at_the_panel_that_they_are_about(self) -> None:
        run, section, looks = section_of("oversubscribed")
        for number, pair in enumerate(section.crossovers):
            pair.notes.append(f"undecided: {number}, 99")
        drawn = speedup.pages(run, section, looks)[0]
        for number, heading in enumerate(drawn.headings):
            self.assertTrue(heading.endswith(f". Undecided: {number}, 99."), heading)
        self.assertNotIn("ndecided", " ".join(drawn.caption))
        section.crossovers = section.crossovers[:1]
        drawn = speedup.pages(run, section, looks)[0]
        self.assertIn("Undecided: 0, 99.", drawn.caption)


class Words(unittest.TestCase):
    """Outcomes as sentences, and how problems are arranged."""

    def pair(self, result: str, intervals: list[tuple[float, float]] = [],
             wins: list[bool] = [], axis: str = "size") -> load.Crossover:
        points = [load.Point(size, load.Estimate(1.0), "?", 6) for size in (16, 1024)]
        return load.Crossover("new", "old", axis, {}, result, intervals, wins, None, None, [],
                              points)

    def test_outcome_sentences(self) -> None:
        say = outcome.sentence
        self.assertEqual(say(self.pair("crossing", [(48, 64)], [True])),
                         "new overtakes old between size 48 and 64")
        self.assertEqual(say(self.pair("crossing", [(4, 8)], [False], "m")),
                         "new falls behind old between m=4 and 8")
        self.assertEqual(
            say(self.pair("several", [(4, 8), (12, 16), (20, 24)], [True, False, True])),
            "new overtakes old between size 4 and 8, 20 and 24; falls behind between size 12 "
            "and 16")
        self.assertEqual(say(self.pair("below")), "new is faster than old from size 16 to 1024")
        self.assertEqual(say(self.pair("above")), "new is slower than old from size 16 to 1024")
        self.assertEqual(say(self.pair("indistinguishable")),
                         "new and old cannot be told apart from size 16 to 1024")
        self.assertEqual(say(self.pair("unresolved")),
                         "new against old: not resolved from size 16 to 1024")
        self.assertEqual(say(self.pair("unresolved", [(48, 64)], [True])),
                         "new against old: not resolved from size 16 to 1024; perhaps it overtakes "
                         "old between size 48 and 64")

    def arranged(self, problems: list[load.Problem]) -> list[panels.Panel]:
        section = load.Section("s", "sweep", "f", "")
        section.cells = [load.Cell("a", 1, problem, "measured", None, load.Estimate(1.0), 1.0, 6)
                         for problem in problems]
        return panels.sweep_panels(section)

    def test_problems_become_panels(self) -> None:
        square = self.arranged([synthetic_runs.square(size) for size in (64, 16, 32, 128)])
        self.assertEqual([(p.axis.name, p.values, p.fixed) for p in square],
                         [("size", [16, 32, 64, 128], {"batch": 1})])
        self.assertTrue(panels.is_series(square))
        layers = self.arranged([{"m": m, "n": n, "k": k} for n, k in ((768, 768), (3072, 768))
                                for m in (1, 8, 64)])
        self.assertEqual([(p.axis.name, p.values, p.fixed) for p in layers],
                         [("m", [1, 8, 64], {"n": 768, "k": 768}),
                          ("m", [1, 8, 64], {"n": 3072, "k": 768})])
        self.assertFalse(panels.is_series(layers))
        shapes = self.arranged([{"m": i, "n": 7 * i % 11, "k": 5 * i % 13} for i in range(1, 9)])
        self.assertEqual([(p.axis, len(p.problems)) for p in shapes], [(None, 4), (None, 4)])
        batches = self.arranged([{"batch": b, "m": s, "n": s, "k": s} for b in (1, 4)
                                 for s in (8, 16, 32, 64)])
        self.assertEqual([(p.axis.name, p.fixed["batch"]) for p in batches],
                         [("size", 1), ("size", 4)])
        self.assertTrue(panels.is_series(batches))

    def test_sections_whose_names_look_alike_keep_their_files(self) -> None:
        taken: set[str] = set()
        some = page.Page("bars", "", [], "", "", lambda axes, i: None, [], [])
        stems = [plot.file_stem(name, some, taken) for name in ("a/b", "a_b", "../x")]
        self.assertEqual(stems, ["a_b_bars", "a_b_bars_2", "_x_bars"])

    def test_short_numbers(self) -> None:
        self.assertEqual([style.short_number(v) for v in (0.01234, 1.5, 48, 1230, 20211, 2e6)],
                         ["0.0123", "1.5", "48", "1230", "20.2k", "2M"])
