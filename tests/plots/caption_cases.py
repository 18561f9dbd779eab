"""Test cases of what stands below the figures and above their panels; plots_test.py runs them."""

from __future__ import annotations

import unittest

import figure_cases
from figure_cases import load, section_of

if figure_cases.matplotlib is not None:
    import caption
    import speedup


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
