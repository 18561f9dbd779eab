"""Test cases of the figures for matmul: ladder, peers, roofline, winner; plots_test.py runs them."""

from __future__ import annotations

import unittest
from dataclasses import replace

import figure_cases
from figure_cases import draw, load, run_dir, section_of

if figure_cases.matplotlib is not None:
    import ladder
    import page
    import peers
    import roofline
    import winner


def cell(label: str, median: float, low: float | None, high: float | None) -> load.Cell:
    return load.Cell(label, 1, {"m": 8}, "measured", None, load.Estimate(median, low, high), 1.0, 8)


class Ladder(unittest.TestCase):
    """Steps, and the factors between them."""

    def test_factor_is_over_the_step_before_with_the_widest_interval(self) -> None:
        before, now = load.Estimate(12.0, 11.0, 13.0), load.Estimate(4.0, 3.0, 5.0)
        self.assertEqual(ladder.factor(before, now), load.Estimate(3.0, 11 / 5, 13 / 3))
        self.assertEqual(ladder.factor(load.Estimate(12.0), now), load.Estimate(3.0))
        self.assertEqual(ladder.factor_text(load.Estimate(1.9, 1.85, 1.956)), "×1.90 [1.85, 1.96]")

    def test_every_step_is_written_beside_its_bar(self) -> None:
        texts = [text.get_text() for text in draw(ladder, "ladder")[0].texts]
        self.assertEqual(sum(text.startswith("×") for text in texts), 6)
        texts = [text.get_text() for text in draw(ladder, "ladder")[2].texts]
        self.assertEqual(texts.count("not measured"), 1)
        self.assertEqual(sum(text.startswith("×") for text in texts), 5)

    def test_arms_that_are_no_steps_make_no_ladder(self) -> None:
        _, section, _ = section_of("ladder")
        self.assertEqual(len(ladder.steps_of(section)), 7)
        for name in ("quickstart", "square_sweep", "layers", "peers"):
            run = load.load_run(run_dir(name))
            for other in run.sections:
                self.assertEqual(ladder.steps_of(other), [], other.name)


class Peers(unittest.TestCase):
    """A file per thread count and cache state; a panel per class of shapes."""

    def pages(self) -> list[object]:
        return peers.pages(load.load_run(run_dir("peers")))

    def test_threads_and_caches_have_files_of_their_own(self) -> None:
        self.assertEqual([drawn.part for drawn in self.pages()],
                         ["1thread_warm", "2threads_warm", "1thread_cold", "2threads_cold"])
        self.assertEqual([len(drawn.headings) for drawn in self.pages()], [3, 3, 1, 1])

    def test_shapes_belong_to_classes(self) -> None:
        classes = [peers.class_of({"m": m, "n": n, "k": 64})
                   for m, n in ((64, 64), (32, 64), (33, 64), (1, 1))]
        squares, few, many = peers.CLASSES
        self.assertEqual(classes, [squares, few, many, few])

    def test_axis_ends_at_the_peak(self) -> None:
        for drawn, peak in zip(self.pages(), (141.2, 279.6, 141.2, 279.6)):
            for axes in page.render(drawn).axes:
                self.assertTrue(1 < axes.get_ylim()[1] / peak < 1.1)

    def test_the_caption_says_what_is_not_shown(self) -> None:
        run = load.load_run(run_dir("peers"))
        captions = [" ".join(drawn.caption) for drawn in peers.pages(run)]
        self.assertIn("Not shown: libxsmm at 2048 and 28 others: unsupported, no small-matrix kernel.",
                      captions[0])
        self.assertNotIn("Not shown", captions[1])  # libxsmm has one thread
        squares = run.sections[0]
        squares.cells = [cell for cell in squares.cells if cell.problem["m"] == 64]
        self.assertIn("Too few of a kind for a panel: size 64; size 256.",
                      " ".join(peers.pages(run)[0].caption))

    def test_lines_do_not_join_different_layers(self) -> None:
        drawn = self.pages()[1]
        axes = page.render(drawn).axes[2]
        longest = max(len(line.get_xdata()) for line in axes.lines if line.get_marker() != "None")
        self.assertEqual(longest, 3)

    def test_needs_a_library_beside_our_own_code(self) -> None:
        for name in ("ladder", "quickstart"):
            self.assertEqual(peers.pages(load.load_run(run_dir(name))), [])


class Roofline(unittest.TestCase):
    """Points at their intensity, below measured roofs."""

    def test_intensity_is_that_of_the_problem(self) -> None:
        _, section, _ = section_of("peers")
        found = [roofline.intensity(cell) for cell in section.measured()
                 if cell.problem["m"] == 1024]
        for value in found:
            self.assertAlmostEqual(value, 1024 / 6, places=6)

    def test_the_roof_is_bandwidth_up_to_the_peak(self) -> None:
        roof = draw(roofline, "peers")[0].lines[0]
        for x, y in zip(roof.get_xdata(), roof.get_ydata()):
            self.assertAlmostEqual(y, min(141.2, 14 * x))

    def test_left_of_the_ridge_the_roof_does_not_reach_the_peak(self) -> None:
        run, section, looks = section_of("peers")
        section.cells = [replace(each, ceiling=load.Ceiling("int8_dot", each.threads,
                                                            load.Estimate(1e15)))
                         for each in section.cells]
        drawn = roofline.pages(run, section, looks)[0]
        roof = page.render(drawn).axes[0].lines[0]
        for x, y in zip(roof.get_xdata(), roof.get_ydata()):
            self.assertAlmostEqual(y, 14 * x)
        self.assertEqual(drawn.legend[0][1], "measured bandwidth and 8-bit dot product peak")
        self.assertTrue(drawn.headings[0].startswith("1 thread: 1000000 GFLOP/s"))

    def test_needs_a_bandwidth(self) -> None:
        run, section, looks = section_of("peers")
        run.bandwidths = {}
        self.assertEqual(roofline.pages(run, section, looks), [])


class Winners(unittest.TestCase):
    """Who is fastest, and whether that is certain."""

    def test_unresolved_where_the_best_two_overlap(self) -> None:
        best = cell("a", 1.0, 0.9, 1.1)
        self.assertEqual(winner.winner_of([cell("b", 1.2, 1.05, 1.3), best]),
                         winner.Winner("a", 1.2, False))
        self.assertEqual(winner.winner_of([cell("b", 1.2, 1.15, 1.3), best]),
                         winner.Winner("a", 1.2, True))
        self.assertEqual(winner.winner_of([cell("b", 1.2, None, None), best]),
                         winner.Winner("a", 1.2, False))
        self.assertIsNone(winner.winner_of([best]))

    def test_a_paired_comparison_of_the_best_two_counts_more_than_their_intervals(self) -> None:
        cells = [cell("a", 1.0, 0.9, 1.1), cell("b", 1.2, 1.05, 1.3), cell("c", 2.0, 1.9, 2.1)]

        def row(label: str, against: str, verdict: str) -> load.Comparison:
            return load.Comparison(label, against, {"m": 8}, load.Estimate(1.2), 8, verdict)

        for label, against, verdict, resolved in (
                ("a", "b", "faster", True), ("b", "a", "slower", True),
                ("a", "b", "slower", False), ("b", "a", "equivalent", False),
                ("a", "b", "undecided", False)):
            found = winner.winner_of(cells, [row("c", "a", "slower"), row(label, against, verdict)])
            self.assertEqual(found, winner.Winner("a", 1.2, resolved, True))
        apart = [cell("a", 1.0, 0.9, 1.1), cell("b", 1.2, 1.15, 1.3)]
        found = winner.winner_of(apart, [row("a", "b", "undecided")])
        self.assertFalse(found.resolved)
        self.assertEqual(winner.winner_of(cells, [row("c", "a", "slower")]),
                         winner.Winner("a", 1.2, False))

    def test_a_winner_over_arms_that_were_skipped_has_a_star(self) -> None:
        cells = [cell("a", 1.0, 0.9, 1.1), cell("b", 1.2, 1.15, 1.3)]
        for status, incomplete in (("unsupported", False), ("skipped", True), ("failed", True)):
            other = load.Cell("c", 1, {"m": 8}, status, None, None, None, None)
            self.assertEqual(winner.winner_of([*cells, other]).incomplete, incomplete)
        run, section, looks = section_of("peers", 4)
        self.assertNotIn("*:", winner.pages(run, section, looks)[0].caption[1])
        section.cells[0] = replace(section.cells[0], status="skipped", seconds=None)
        drawn = winner.pages(run, section, looks)[0]
        self.assertIn("*: of the arms that were measured", drawn.caption[1])
        words = [text.get_text() for text in page.render(drawn).axes[0].texts]
        self.assertEqual(sum(word.endswith("*") for word in words), 1)

    def test_the_caption_tells_how_cells_are_judged(self) -> None:
        run, section, looks = section_of("peers", 4)
        problem = section.measured()[0].problem
        best, second = sorted((cell for cell in section.measured() if cell.problem == problem),
                              key=lambda cell: cell.seconds.value)[:2]
        section.comparisons = []
        alone = winner.pages(run, section, looks)[0].caption[1]
        self.assertNotIn("paired", alone)
        self.assertIn("intervals of these two overlap", alone)
        section.comparisons = [load.Comparison(best.label, second.label, problem,
                                               load.Estimate(1.2), 8, "faster")]
        both = winner.pages(run, section, looks)[0].caption[1]
        self.assertIn("paired comparison of these two, or, in 39 of 40 cells", both)

    def test_cells_are_hatched_where_unresolved(self) -> None:
        run, section, looks = section_of("peers", 4)
        maps = winner._maps(section, winner.PRODUCT_PLANES[0])
        self.assertEqual([found.fixed["n"] for found in maps], [256, 1024])
        axes = page.render(winner.pages(run, section, looks)[0]).axes[0]
        hatched = sum(bool(patch.get_hatch()) for patch in axes.patches)
        self.assertEqual(hatched, sum(not w.resolved for w in maps[0].winners.values()))
        self.assertEqual(len(axes.patches), 20)

    def test_the_caption_tells_of_problems_without_a_colour(self) -> None:
        run, section, looks = section_of("peers", 4)
        text = winner.pages(run, section, looks)[0].caption[1]
        self.assertNotIn("White", text)
        self.assertNotIn("no map", text)
        lone, odd = section.cells[0].problem, {"batch": 1, "m": 7, "n": 7, "k": 7}
        section.cells = [each for each in section.cells if each.problem != lone] + [
            replace(each, problem=odd) for each in section.cells if each.problem == lone]
        text = winner.pages(run, section, looks)[0].caption[1]
        self.assertIn("White: fewer than two arms", text)
        self.assertIn("Problems that form no map of their own, not shown: 1.", text)

    def test_scattered_shapes_make_no_map(self) -> None:
        for name, index in (("odd", 3), ("square_sweep", 0)):
            self.assertEqual(winner.pages(*section_of(name, index)), [])
