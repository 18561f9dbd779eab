"""Test cases of what the figures show; plots_test.py runs them."""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
PLOTS = HERE.parents[1] / "plots"
sys.path[:0] = [str(PLOTS), str(HERE)]

import load  # noqa: E402
import synthetic_families  # noqa: E402
import synthetic_matmul  # noqa: E402
import synthetic_runs  # noqa: E402

try:
    import matplotlib  # noqa: F401
except ImportError:
    matplotlib = None
else:
    import bars
    import caption
    import page
    import panels
    import plot
    import rates
    import speed
    import speedup
    import style
    from matplotlib.colors import to_hex, to_rgb
    from matplotlib.patches import Patch, Rectangle


ROOT = Path(tempfile.mkdtemp(prefix="plots_test_"))
atexit.register(shutil.rmtree, ROOT, ignore_errors=True)


def setUpModule() -> None:
    if matplotlib is None:
        raise unittest.SkipTest("matplotlib is not installed")
    style.apply()


RUNS = synthetic_runs.RUNS | synthetic_matmul.RUNS | synthetic_families.RUNS


def run_dir(name: str) -> Path:
    """The directory of that synthetic run, written at its first use."""
    directory = ROOT / name
    if not directory.exists():
        RUNS[name]().write(directory)
    return directory


def section_of(name: str, index: int = 0) -> tuple[load.Run, load.Section, dict[str, object]]:
    """A section of a synthetic run with the looks of its arms."""
    run = load.load_run(run_dir(name))
    section = run.sections[index]
    return run, section, style.assign_looks([section.labels()])[0]


def draw(figure: object, name: str, index: int = 0) -> list[object]:
    """The axes of the first file of that figure module for a section."""
    run, section, looks = section_of(name, index)
    return page.render(figure.pages(run, section, looks)[0]).axes


EXPECTED = {
    "quickstart": ["overtake_speed", "overtake_speedup", "table_speedup", "table_bars"],
    "square_sweep": ["square_speed", "square_speedup"],
    "layers": ["layers_speedup", "layers_bars", "layers_winner"],
    "oversubscribed": ["oversubscribed_speed", "oversubscribed_speedup"],
    "shapes_over_m": ["rows_of_m_speed_n768_k768", "rows_of_m_speed_n832_k768",
                      "rows_of_m_speedup_n768_k768", "rows_of_m_speedup_n832_k768"],
    "odd": ["single_speedup", "single_bars", "softmax_speed", "lookup_bars",
            "_hapes_more_speedup", "_hapes_more_bars"],
    "ladder": ["ladder_speedup", "ladder_bars", "ladder_ladder"],
    "peers": [*(f"{section}_{figure}" for section, figures in (
        ("squares", ("speed", "speedup", "roofline")),
        ("few_rows", ("speedup", "bars", "roofline", "winner")),
        ("layers", ("speedup", "bars", "roofline", "winner")),
        ("cold", ("speedup", "bars", "roofline", "winner")),
        ("map", ("speedup", "bars", "roofline", "winner"))) for figure in figures),
        "peers_peers_1thread_warm", "peers_peers_2threads_warm", "peers_peers_1thread_cold",
        "peers_peers_2threads_cold"],
    "rows": ["softmax_warm_speed", "softmax_warm_speedup", "softmax_cold_speed",
             "softmax_cold_speedup", "norm_layers_bars", "norm_ladder_speedup", "norm_ladder_bars",
             "norm_ladder_ladder", "lookup_bars", "softmax_overtake_speed",
             "softmax_overtake_speedup"],
    "attention": ["prefill_speed", "prefill_winner", "decode_speed", "decode_winner",
                  "lengths_speed", "lengths_speedup"],
    "encoder": ["modes_speed", "modes_texts", "modes_operations", "packed_overtakes_speed",
                "packed_overtakes_speedup", "packed_overtakes_texts",
                "packed_overtakes_operations"],
    "workers": ["workers_speed", "workers_texts", "workers_workers"],
    "start_up": ["start_up_bars", "start_up_cost"],
}


class Layout(unittest.TestCase):
    """Nothing is clipped, and no text lies on other text."""

    def test_text_stays_inside_and_apart(self) -> None:
        for name in EXPECTED:
            run = load.load_run(run_dir(name))
            for stem, drawn in plot.all_pages(run, None):
                with self.subTest(run=name, section=stem, figure=drawn.stem):
                    self.check(page.render(drawn))

    def check(self, figure: object) -> None:
        figure.canvas.draw()
        renderer = figure.canvas.get_renderer()
        outside = list(figure.texts) + list(figure.legends[0].get_texts())
        for axes in figure.axes:
            outside += [axes.xaxis.label, axes.yaxis.label]
            for axis in (axes.xaxis, axes.yaxis):
                low, high = sorted(axis.get_view_interval())
                outside += [tick.label1 for tick in axis.get_major_ticks()
                            if low <= tick.get_loc() <= high]
        boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in outside
                 if text.get_visible() and text.get_text()]
        for index, (text, box) in enumerate(boxes):
            self.assertTrue(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1
                            and box.y1 <= figure.bbox.y1, f"\"{text}\" leaves the figure")
            for other, other_box in boxes[index + 1:]:
                over_x = min(box.x1, other_box.x1) - max(box.x0, other_box.x0)
                over_y = min(box.y1, other_box.y1) - max(box.y0, other_box.y0)
                # Boxes hold the font's full ascent and descent: lines may share two pixels.
                self.assertFalse(over_x > 1 and over_y > 2, f"\"{text}\" lies on \"{other}\"")

    def test_legend_lies_beside_the_panels(self) -> None:
        run, section, looks = section_of("square_sweep")
        figure = page.render(speed.pages(run, section, looks)[0])
        figure.canvas.draw()
        legend = figure.legends[0].get_window_extent(figure.canvas.get_renderer())
        self.assertGreater(legend.x0, max(axes.bbox.x1 for axes in figure.axes))

    def test_size_ticks_are_readable(self) -> None:
        self.assertEqual(style.size_ticks([16, 24, 36, 54, 1024], 6), [16, 24, 36, 54, 1024])
        many = synthetic_runs.geometric(16, 1024, 1.1)
        self.assertEqual(style.size_ticks(many, 6), [16, 32, 64, 128, 256, 512, 1024])
        close = list(range(100, 140))
        self.assertTrue(set(style.size_ticks(close, 3)) < set(close))
        self.assertEqual(style.size_ticks([64], 6), [64])

    def test_ticks_of_very_many_sizes_are_those_that_are_seen(self) -> None:
        sizes = [16, 24, 36, 54, 1024]
        self.assertEqual(style.apart_ticks(sizes, 6), sizes)
        self.assertEqual(style.apart_ticks([64, 64], 6), [64])
        many = style.apart_ticks(range(1, 50001), 6)
        self.assertLessEqual(len(many), 6 / style.TICK_INCHES + 1)
        self.assertTrue({1, 2, 3, 4} < set(many))
        self.assertEqual([style.size_text(v) for v in (1024, 65536, 1 << 20, 20000)],
                         ["1024", "64Ki", "1Mi", "20000"])

    def test_log_ticks_are_few_and_round(self) -> None:
        for low, high in ((0.94, 1.06), (0.5, 2.1), (0.01, 3), (1e-6, 1e6), (0.999, 1.001)):
            ticks = style.log_ticks(low, high)
            self.assertTrue(3 <= len(ticks) <= 12, (low, high, ticks))
            self.assertTrue(all(low * 0.999999 < tick < high * 1.000001 for tick in ticks))


class Content(unittest.TestCase):
    """What is drawn is what the summary says."""

    def bands(self, axes: object) -> list[tuple[float, float]]:
        found = [patch.get_xy()[:, 0] for patch in axes.patches
                 if to_hex(patch.get_facecolor()) == style.BAND.lower()]
        return [(min(xs), max(xs)) for xs in found]

    def test_band_edges_are_the_interval(self) -> None:
        for figure in (speed, speedup):
            _, section, _ = section_of("quickstart")
            axes = draw(figure, "quickstart")[0]
            self.assertEqual(self.bands(axes), section.crossovers[0].intervals)
            self.assertTrue(section.crossovers[0].intervals)

    def test_every_pair_has_its_own_panel_and_bands(self) -> None:
        _, section, _ = section_of("oversubscribed")
        expected = [pair.intervals for pair in section.crossovers]
        self.assertGreater(max(map(len, expected)), 1)
        self.assertEqual([self.bands(axes) for axes in draw(speedup, "oversubscribed")], expected)
        overview, *pairs = draw(speed, "oversubscribed")
        self.assertEqual(self.bands(overview), [])
        self.assertEqual([self.bands(axes) for axes in pairs], expected)

    def test_an_interval_that_is_not_certain_is_no_band(self) -> None:
        run, section, looks = section_of("quickstart")
        section.crossovers[0] = replace(section.crossovers[0], outcome="unresolved")
        drawn = speedup.pages(run, section, looks)[0]
        self.assertEqual(self.bands(page.render(drawn).axes[0]), [])
        names = [text for _, text in drawn.legend]
        self.assertIn("perhaps a crossover", names)
        self.assertNotIn("crossover interval", names)

    def test_ribbon_is_the_inverted_interval_of_the_time(self) -> None:
        cell = load.Cell("simd", 1, {"m": 8}, "measured", None, load.Estimate(2.0, 1.6, 4.0),
                         10.0, 8)
        self.assertEqual(rates.rate(cell, "GFLOP/s"), load.Estimate(10.0, 5.0, 12.5))
        self.assertEqual(rates.rate(cell, "calls/s"), load.Estimate(0.5, 0.25, 0.625))

    def test_missing_interval_draws_no_ribbon(self) -> None:
        run, section, looks = section_of("quickstart")
        bare = [load.Cell(c.label, c.threads, c.problem, c.status, c.reason,
                          load.Estimate(c.seconds.value), c.gflops, 3) for c in section.cells]
        for cells, count in ((section.cells, 2), (bare, 0)):
            section.cells = cells
            drawn = speed.pages(run, section, looks)[0]
            axes = page.render(drawn).axes[0]
            ribbons = [area for area in axes.collections if area.get_paths()]
            self.assertEqual(len(ribbons), count)
        self.assertIn("No intervals", " ".join(drawn.caption))

    def test_axis_ends_just_above_the_highest_relevant_peak(self) -> None:
        top = draw(speed, "square_sweep")[0].get_ylim()[1]
        self.assertTrue(1 < top / (synthetic_runs.PEAK[2] / 1e9) < 1.1)
        run, section, looks = section_of("square_sweep")
        section.cells = [cell for cell in section.cells if cell.threads == 1]
        axes = page.render(speed.pages(run, section, looks)[0]).axes[0]
        self.assertTrue(1 < axes.get_ylim()[1] / (synthetic_runs.PEAK[1] / 1e9) < 1.1)
        softmax = draw(speed, "odd", 1)[0]
        self.assertLess(softmax.get_ylim()[1], 10)  # a peak of 141 would flatten its lines

    def test_more_threads_than_peaks_take_the_highest_one(self) -> None:
        run, section, _ = section_of("oversubscribed")
        found = rates.peaks_for(section.cells, "GFLOP/s")
        self.assertEqual([peak.threads for peak in found], [2, 1])

    def test_cells_that_were_not_measured_break_the_line_and_are_named(self) -> None:
        run, section, looks = section_of("square_sweep")
        figure = speed._Speed(section, looks, panels.sweep_panels(section))
        sizes, speeds = figure.line(figure.panels[0], "packed")
        gaps = [size for size, (value, _, _) in zip(sizes, speeds) if value != value]
        self.assertEqual(gaps, [256])
        text = caption.not_shown(section.cells)
        self.assertIn("packed at 256: wrong, C[0][3,17]", text)
        self.assertIn("naive at 1025 and 3 others: skipped, estimated 30 s", text)

    def test_sizes_that_were_not_asked_for_do_not_break_the_line(self) -> None:
        _, section, looks = section_of("quickstart")
        section.cells = [cell for cell in section.cells
                         if (cell.label, cell.problem["m"]) != ("simd", 74)]
        figure = speed._Speed(section, looks, panels.crossover_panels(section))
        sizes, speeds = figure.line(figure.panels[0], "simd")
        self.assertEqual(len(sizes), 13)
        self.assertTrue(all(value == value for value, _, _ in speeds))

    def test_replicas_are_not_drawn(self) -> None:
        _, section, _ = section_of("quickstart")
        self.assertEqual(section.labels(), ["simd", "simd_parallel[threads=2]"])
        self.assertEqual(len(draw(speed, "quickstart")[0].lines), 2 + 2 + 1)  # peaks, predicted

    def test_points_carry_their_sign(self) -> None:
        _, section, _ = section_of("quickstart")
        axes = draw(speedup, "quickstart")[0]
        for sign, (marker, _, filled, _) in style.SIGN_MARKS.items():
            expected = [p.axis_value for p in section.crossovers[0].points if p.sign == sign]
            lines = [line for line in axes.lines if line.get_marker() == marker]
            self.assertEqual([x for line in lines for x in line.get_xdata()], expected)
            for line in lines:
                self.assertEqual(to_hex(line.get_markerfacecolor()) != "#ffffff", filled)

    def test_bars_keep_their_place_and_their_height(self) -> None:
        run, section, looks = section_of("layers")
        heights = {round(patch.get_height(), 6) for axes in draw(bars, "layers")
                   for patch in axes.patches if isinstance(patch, Rectangle)}
        self.assertLessEqual({round(cell.gflops, 6) for cell in section.measured()}, heights)
        figure = bars._Bars(section, looks, panels.sweep_panels(section))
        centres = {label: [centre for centre, _ in figure.bars(figure.panels[-1], label)]
                   for label in figure.labels}
        self.assertEqual(len(centres["naive"]), 5)  # the sixth was skipped
        for left, right in zip(figure.labels, figure.labels[1:]):
            self.assertTrue(all(a < b for a, b in zip(centres[left], centres[right])))

    def test_too_many_bars_are_told_apart_by_threads(self) -> None:
        run, section, looks = section_of("layers")
        whole = bars.pages(run, section, looks)
        self.assertEqual([drawn.part for drawn in whole], [""])
        more = [replace(cell, label=f"other_{cell.label}") for cell in section.cells]
        section.cells = section.cells + more
        drawn = bars.pages(run, section, style.assign_looks([section.labels()])[0])
        self.assertEqual([each.part for each in drawn], ["1thread", "2threads"])
        for each, arms in zip(drawn, (10, 6)):
            names = [text for artist, text in each.legend if isinstance(artist, Patch)]
            self.assertEqual(len(names), arms)
            threads = {name.endswith("[threads=2]") for name in names}
            self.assertEqual(threads, {arms == 6})
        colours = {to_hex(artist.get_facecolor()) for artist, _ in drawn[1].legend
                   if isinstance(artist, Patch)}
        self.assertEqual(len(colours), 6)

    def test_speed_up_is_the_comparison(self) -> None:
        _, section, looks = section_of("square_sweep")
        axes = draw(speedup, "square_sweep")[0]
        look = looks["naive"]
        line = next(line for line in axes.lines if line.get_marker() == look.marker)
        expected = [row.ratio.value for row in section.comparisons if row.label == "naive"]
        self.assertEqual(list(line.get_ydata()), expected)


class Baselines(unittest.TestCase):
    """Speed-up over more than one arm."""

    def test_every_baseline_has_its_panel(self) -> None:
        run, section, looks = section_of("square_sweep")
        rows = section.comparisons
        section.comparisons = rows + [replace(row, against="simd", ratio=load.Estimate(9.0))
                                      for row in rows if row.label in ("naive", "ikj")]
        drawn = speedup.pages(run, section, looks)
        self.assertEqual([each.headings for each in drawn], [["over openblas", "over simd"]])
        first, second = page.render(drawn[0]).axes
        self.assertEqual(len([line for line in second.lines if line.get_marker() != "None"]), 2)
        self.assertGreater(second.get_ylim()[1], 9)
        self.assertEqual(first.get_ylim(), second.get_ylim())


class Looks(unittest.TestCase):
    """Arms can be told apart, without colour too."""

    def test_markers_and_dashes_distinguish_without_colour(self) -> None:
        looks = [style.look(index) for index in range(70)]
        self.assertEqual(len({(look.marker, str(look.dashes)) for look in looks}), 70)
        self.assertEqual(len({look.marker for look in looks[:14]}), 14)
        self.assertEqual(len({look.colour for look in looks[:8]}), 8)
        self.assertEqual(len({look.hatch for look in looks[:8]}), 8)
        self.assertEqual(len({(look.colour, look.hatch) for look in looks[:64]}), 64)

    def test_every_colour_is_seen_on_white(self) -> None:
        for colour in style.COLOURS:
            red, green, blue = to_rgb(colour)
            self.assertLess(0.299 * red + 0.587 * green + 0.114 * blue, 0.72, colour)

    def test_arms_of_a_figure_differ_in_what_is_drawn(self) -> None:
        axes = draw(speed, "square_sweep")[0]
        arms = [line for line in axes.lines if line.get_marker() not in ("", "None")]
        self.assertEqual(len(arms), 13)
        self.assertEqual(len({line.get_marker() for line in arms}), 13)
        self.assertEqual(len({(line.get_color(), line.get_marker(), line.get_linestyle(),
                               line._unscaled_dash_pattern) for line in arms}), 13)

    def test_an_arm_keeps_its_look_in_all_sections(self) -> None:
        first, second = style.assign_looks([["simd", "par"], ["naive", "blocked", "simd", "x"]])
        self.assertEqual(first["simd"], second["simd"])
        self.assertEqual(len({look.colour for look in second.values()}), 4)

    def test_colours_stay_distinct_while_there_are_enough(self) -> None:
        many = [f"arm{i}" for i in range(10)]
        for looks in style.assign_looks([many, ["arm0", "arm8", "arm1", "new"]]):
            self.assertEqual(len({look.colour for look in looks.values()}), min(8, len(looks)))
