"""Test cases of the figures for families with extents and ceilings of their own, and of the page of
several runs; plots_test.py runs them."""

from __future__ import annotations

import json
import unittest
from dataclasses import replace

import figure_cases
import synthetic_families
from figure_cases import draw, load, run_dir, section_of
from json_file import LoadError

if figure_cases.matplotlib is not None:
    import bars
    import cost
    import crossovers
    import ladder
    import operations
    import page
    import panels
    import rates
    import roofline
    import speed
    import texts
    import timeline
    import winner
    import workers


class Encoders(unittest.TestCase):
    """Passes over batches of texts."""

    def test_a_line_is_the_time_of_one_text(self) -> None:
        run, section, looks = section_of("encoder")
        axes = draw(texts, "encoder")[0]
        line = next(line for line in axes.lines if line.get_marker() == looks["serial"].marker)
        serial = [cell for cell in section.cells if cell.label == "serial"]
        self.assertEqual(list(line.get_xdata()), [cell.problem["batch"] for cell in serial])
        for y, cell in zip(line.get_ydata(), serial):
            self.assertAlmostEqual(y, 1e3 * cell.seconds.value / cell.problem["batch"])

    def test_cells_without_texts_have_no_time_of_one(self) -> None:
        run, section, looks = section_of("encoder")
        serial = [cell for cell in section.cells if cell.label == "serial"]
        serial[0].items.clear()
        serial[1].items["texts"] = 0.0
        axes = page.render(texts.pages(run, section, looks)[0]).axes[0]
        line = next(line for line in axes.lines if line.get_marker() == looks["serial"].marker)
        self.assertEqual(list(line.get_xdata()),
                         [cell.problem["batch"] for cell in serial[2:]])

    def test_crossovers_and_sweeps_have_it_and_other_families_do_not(self) -> None:
        self.assertEqual(len(texts.pages(*section_of("encoder", 1))), 1)
        self.assertEqual(texts.pages(*section_of("rows")), [])
        self.assertEqual(operations.pages(*section_of("rows")), [])

    def test_regret_is_what_a_rule_costs_more_than_the_best(self) -> None:
        run, section, looks = section_of("workers")
        found = workers.regrets(section.measured(), 4)
        for batch in found["one"]:
            times = {cell.threads: cell.seconds.value for cell in section.measured()
                     if cell.problem["batch"] == batch}
            best = min(times.values())
            self.assertAlmostEqual(found["one"][batch], 100 * (times[1] / best - 1))
            self.assertAlmostEqual(found["min(batch, cores)"][batch],
                                   100 * (times[min(batch, 4)] / best - 1))
        self.assertEqual(sorted(found["one"]), [1, 2, 4, 8])
        page.render(workers.pages(run, section, looks)[0])
        self.assertEqual(workers.pages(*section_of("encoder")), [])

    def test_rules_that_say_the_same_are_one_line(self) -> None:
        run, section, looks = section_of("workers")
        run.cores = 2
        names = [text for _, text in workers.pages(run, section, looks)[0].legend]
        self.assertEqual([name.partition(":")[0] for name in names],
                         ["one; half the cores", "all cores", "twice the cores",
                          "min(batch, cores)"])

    def test_workers_have_a_panel_for_what_else_varies(self) -> None:
        run, section, looks = section_of("workers")
        slower = [replace(cell, settings={**cell.settings, "schedule": "static"},
                          seconds=load.Estimate(cell.seconds.value * cell.threads))
                  for cell in section.cells]
        alone = workers.pages(run, section, looks)[0]
        section.cells = section.cells + slower
        drawn = workers.pages(run, section, looks)[0]
        self.assertEqual(alone.headings, ["4 cores"])
        self.assertEqual(drawn.headings, ["4 cores", "4 cores, schedule=static"])
        lines = [[list(line.get_ydata()) for line in axes.lines]
                 for axes in page.render(drawn).axes]
        self.assertEqual(lines[0], [list(line.get_ydata())
                                    for line in page.render(alone).axes[0].lines])
        self.assertNotEqual(lines[0], lines[1])

    def profiled(self, variant: str, threads: int, led: float, waited: list[float],
                 **settings: str) -> load.Cell:
        """A cell whose passes take 10 ms in the median; led: seconds of each of two operations."""
        details = {"norm_seconds": led, "down_seconds": led, "activation_bytes": 5.0}
        details |= {f"waiting_seconds_{i}": value for i, value in enumerate(waited)}
        return load.Cell(variant, threads, {"batch": 4}, "measured", None, load.Estimate(0.010),
                         1.0, 8, variant, settings, details=details)

    def check_parts(self, cell: load.Cell, norm: float, waiting: float | None,
                    outside: float) -> None:
        found = operations.parts(cell)
        self.assertAlmostEqual(found["norm"], norm)
        self.assertAlmostEqual(found["down"], norm)
        self.assertEqual("waiting" in found, waiting is not None)
        self.assertAlmostEqual(found.get("waiting", 0), waiting or 0)
        self.assertEqual(len(found), 2 + (waiting is not None))
        self.assertAlmostEqual(operations.outside(cell), outside)

    def test_parts_are_those_of_the_profiled_pass(self) -> None:
        self.check_parts(self.profiled("serial", 1, 0.004, [0.0]), 4.0, None, 2.0)
        # A team of two: the leader's 8 ms are those of both, in which they wait 1 ms and 3 ms.
        self.check_parts(self.profiled("fine", 2, 0.004, [0.001, 0.003]), 3.0, 2.0, 2.0)
        # Two teams of one: 18 ms together, and beside them 3 ms for want of texts.
        self.check_parts(self.profiled("coarse", 2, 0.009, [0.0, 0.003]), 4.5, 1.5, 0.0)
        self.check_parts(self.profiled("hybrid", 4, 0.006, [0.001] * 4, teams="2"), 2.5, 1.0, 4.0)
        self.check_parts(self.profiled("packed", 2, 0.009, [0.0, 0.0]), 9.0, 0.0, 0.0)

    def test_bars_have_the_length_of_their_pass(self) -> None:
        _, section, _ = section_of("encoder")
        problem = {"batch": 1, "tokens": 0}
        cells = [cell for cell in section.measured() if cell.problem == problem]
        axes = draw(operations, "encoder")[0]
        self.assertEqual([text.get_text() for text in axes.get_yticklabels()],
                         [cell.label for cell in cells])
        for row, cell in enumerate(cells):
            ends = [patch.get_x() + patch.get_width() for patch in axes.patches
                    if abs(patch.get_y() + patch.get_height() / 2 - row) < 0.1]
            self.assertAlmostEqual(max(ends), 1e3 * cell.seconds.value)

    def test_every_cell_has_its_bar(self) -> None:
        run, section, looks = section_of("encoder")
        drawn = operations.pages(run, section, looks)
        self.assertEqual([each.headings for each in drawn],
                         [[f"batch={2 ** e}" for e in range(6)]])
        section.cells = [replace(cell, problem={"batch": batch, "tokens": 0})
                         for batch in range(1, 31) for cell in section.cells[:3]]
        drawn = operations.pages(run, section, looks)
        self.assertEqual(sum(len(each.headings) for each in drawn), 30)
        self.assertEqual(len({each.part for each in drawn}), len(drawn))
        section.cells = [cell for cell in section.cells if cell.problem["batch"] < 3][1:]
        words = [text.get_text() for text in page.render(operations.pages(
            run, section, looks)[0]).axes[0].texts]
        self.assertIn("not measured", words)

    def test_a_cost_is_a_line_through_the_times(self) -> None:
        run, section, looks = section_of("start_up")
        axes = draw(cost, "start_up")[0]
        lines = {line.get_color(): line for line in axes.lines if line.get_linestyle() != "None"}
        for found in section.costs:
            line = lines[looks[found.label].colour]
            for size, time in zip(line.get_xdata(), line.get_ydata()):
                expected = found.fixed_seconds + found.seconds_per_unit * size
                self.assertAlmostEqual(time, 1e3 * expected)
            self.assertEqual(max(line.get_xdata()) < 256, found.label == "load")
        self.assertIn("steady: a line.", cost.pages(run, section, looks)[0].caption)
        self.assertEqual(cost.pages(*section_of("encoder")), [])

    def test_a_timeline_has_every_event(self) -> None:
        path = figure_cases.ROOT / "trace.json"
        events = [{"name": name, "ph": "X", "pid": 0, "tid": team, "ts": 1000.0 * i, "dur": 900.0,
                   "args": {"text": team}}
                  for team in (0, 1) for i, name in enumerate(("lookup", "norm", "attention"))]
        path.write_text(json.dumps({"traceEvents": events}), encoding="utf-8")
        loaded = timeline.load_trace(path)
        self.assertEqual(len(loaded), 6)
        axes = page.render(timeline.page_of(loaded, "trace")).axes[0]
        spans = sum(len(bars.get_paths()) for bars in axes.collections
                    if hasattr(bars, "get_paths") and len(bars.get_paths()[0].vertices) > 2)
        self.assertEqual(spans, 6)
        path.write_text("{}", encoding="utf-8")
        with self.assertRaises(LoadError):
            timeline.load_trace(path)


class BoundedByMemory(unittest.TestCase):
    """Bytes per second below ceilings that follow the caches."""

    def test_the_axis_is_in_bytes_per_second(self) -> None:
        run, section, looks = section_of("rows")
        drawn = speed.pages(run, section, looks)[0]
        self.assertEqual((drawn.x_label, drawn.y_label), ("cols", "GB/s (log scale)"))
        self.assertEqual(roofline.pages(run, section, looks), [])
        for index, unit in ((0, "GB/s"), (2, "GB/s"), (4, "GB/s")):
            self.assertEqual(rates.unit_of(section_of("rows", index)[1]), unit)
        self.assertEqual(rates.unit_of(section_of("attention")[1]), "GFLOP/s")

    def test_a_line_is_bytes_over_time(self) -> None:
        run, section, looks = section_of("rows")
        axes = draw(speed, "rows")[0]
        line = next(line for line in axes.lines if line.get_marker() == looks["simd"].marker)
        for x, y in zip(line.get_xdata(), line.get_ydata()):
            cell = next(cell for cell in section.cells
                        if cell.label == "simd" and cell.problem["cols"] == x)
            self.assertAlmostEqual(y, 8e-9 * 64 * x / cell.seconds.value)

    def test_ceilings_are_steps_down_the_caches(self) -> None:
        steps = [line for line in draw(speed, "rows")[0].lines if line.get_label() == rates.CEILING]
        self.assertEqual(len(steps), 2)  # thread counts
        columns = {cell.problem["cols"] for cell in section_of("rows")[1].cells}
        for line, threads in zip(steps, (2, 1)):
            corners = list(zip(line.get_xdata(), line.get_ydata()))
            for cols in columns:
                level = synthetic_families.level_of(8 * 64 * cols / threads)
                drawn = [y for x, y in corners if x <= cols][-1]
                self.assertAlmostEqual(drawn, synthetic_families.LEVELS[level] * threads / 1e9)
            self.assertEqual(list(line.get_ydata()), sorted(line.get_ydata(), reverse=True))
        cold = [line for line in draw(speed, "rows", 1)[0].lines
                if line.get_label() == rates.CEILING]
        self.assertEqual([set(line.get_ydata()) for line in cold], [{56.0}, {28.0}])

    def test_steps_lie_half_way_on_the_logarithmic_axis(self) -> None:
        self.assertEqual(rates.stairs([(1, 9.0), (4, 5.0), (16, 3.0)]),
                         [(1, 9.0), (2, 9.0), (2, 5.0), (8, 5.0), (8, 3.0), (16, 3.0)])
        self.assertEqual(rates.stairs([(4, 5.0)]), [(4, 5.0), (4, 5.0)])

    def test_everything_is_on_the_axis(self) -> None:
        axes = draw(speed, "rows")[0]
        low, high = axes.get_ylim()
        values = [y for line in axes.lines for y in line.get_ydata()]
        self.assertTrue(low < min(values) and max(values) < high)

    def test_every_bar_and_step_has_its_ceiling(self) -> None:
        for figure, index, places in ((bars, 2, 3 * 4), (ladder, 3, 4)):
            _, section, _ = section_of("rows", index)
            for axes in draw(figure, "rows", index):
                if figure is bars:
                    drawn = [len(lines.get_segments()) for lines in axes.collections
                             if to_grey(lines)]
                    self.assertEqual(sum(drawn), places)
                else:
                    self.assertEqual(len([line for line in axes.lines
                                          if line.get_linewidth() == 1.3]), places)

    def test_families_without_a_measured_ceiling_have_none(self) -> None:
        run, section, looks = section_of("rows", 4)
        drawn = bars.pages(run, section, looks)[0]
        self.assertEqual(drawn.y_label.split(" ")[0], "GB/s")
        self.assertEqual([text for _, text in drawn.legend], ["naive", "simd"])

    def test_runs_that_do_not_tell_their_ceilings_have_the_fma_peak(self) -> None:
        _, section, _ = section_of("square_sweep")
        self.assertEqual({cell.ceiling.probe for cell in section.cells}, {load.FMA_PEAK})
        _, section, _ = section_of("rows", 4)
        self.assertEqual({cell.ceiling for cell in section.cells}, {None})


def to_grey(lines: object) -> bool:
    """Whether the collection holds the lines of ceilings."""
    return abs(lines.get_linewidth()[0] - 1.3) < 1e-9


class Maps(unittest.TestCase):
    """Any two extents that vary make a map."""

    def test_lengths_and_heads(self) -> None:
        run, section, looks = section_of("attention")
        drawn = winner.pages(run, section, looks)[0]
        self.assertEqual((drawn.x_label, drawn.y_label), ("query_len=key_len", "heads"))
        axes = page.render(drawn).axes[0]
        self.assertEqual(len(axes.patches), 8 * 5)
        self.assertEqual([text.get_text() for text in axes.get_xticklabels()],
                         [str(2 ** e) for e in range(5, 13)])
        run, section, looks = section_of("attention", 1)
        self.assertEqual(winner.pages(run, section, looks)[0].x_label, "key_len")

    def test_extents_that_vary_together_are_one(self) -> None:
        problems = [{"a": i, "b": i, "c": j, "d": 7} for i in (1, 2, 3) for j in (1, 2)]
        self.assertEqual(panels.tied_extents(problems), [(3, ("a", "b")), (2, ("c",))])

    def test_a_section_with_one_extent_makes_no_map(self) -> None:
        self.assertEqual(winner.pages(*section_of("rows")), [])


class Crossovers(unittest.TestCase):
    """Several runs on one page."""

    NAMES = ("quickstart", "oversubscribed", "rows", "attention")

    def runs(self, *names: str) -> list[load.Run]:
        return [load.load_run(run_dir(name)) for name in names or self.NAMES]

    def test_a_panel_for_each_machine_and_a_row_for_each_curve(self) -> None:
        drawn = crossovers.page_of(self.runs())
        self.assertEqual(drawn.headings, ["AMD EPYC 9R14 (2 cores)", "Ampere Altra (2 CPUs)"])
        axes = page.render(drawn).axes
        self.assertEqual([len(each.get_yticks()) for each in axes], [1 + 5 + 1, 2])
        labels = [text.get_text() for text in axes[1].get_yticklabels()]
        self.assertTrue(all("heads=" in label for label in labels), labels)

    def test_places_are_times_of_the_base(self) -> None:
        run = self.runs("quickstart")[0]
        band = crossovers.bands_of([run])[0]
        base = {cell.problem["m"]: cell.seconds.value for cell in run.sections[0].cells
                if cell.label == "simd"}
        low, high = run.sections[0].crossovers[0].intervals[0]
        self.assertAlmostEqual(band.intervals[0][0] / base[low], 1)
        self.assertAlmostEqual(band.intervals[0][1] / base[high], 1)
        self.assertAlmostEqual(band.span[1] / base[1024], 1)
        self.assertTrue(band.intervals[0][0] < band.sharp[0] < band.sharp[1] < band.intervals[0][1])

    def test_interpolation_is_a_power_law(self) -> None:
        times = [(1.0, 1.0), (4.0, 64.0), (8.0, 512.0)]
        self.assertAlmostEqual(crossovers.time_at(times, 2.0), 8.0)
        self.assertAlmostEqual(crossovers.time_at(times, 6.0), 216.0)
        self.assertAlmostEqual(crossovers.time_at(times, 0.5), 1.0)
        self.assertAlmostEqual(crossovers.time_at(times, 99.0), 512.0)

    def test_curves_without_a_crossing_have_words_and_no_band(self) -> None:
        axes = page.render(crossovers.page_of(self.runs("oversubscribed", "quickstart"))).axes[0]
        words = [text.get_text() for text in axes.texts]
        for said in ("slower throughout", "cannot be told apart", "not resolved"):
            self.assertEqual(words.count(said), 1, words)
        _, section, _ = section_of("oversubscribed")
        crossings = sum(len(pair.intervals) for pair in section.crossovers
                        if pair.outcome in ("crossing", "several"))
        self.assertEqual(len(axes.patches), crossings + 1 + 1)  # of quickstart, and its sharp one

    def test_bands_are_sorted_within_a_family(self) -> None:
        places = [band.place() for band in crossovers.bands_of(self.runs("oversubscribed"))]
        self.assertEqual(places, sorted(places))
        families = [band.section.family for band in crossovers.bands_of(self.runs())]
        self.assertEqual(families, ["matmul"] * 6 + ["softmax"] + ["attention"] * 2)

    def test_a_base_without_times_is_said(self) -> None:
        run = self.runs("quickstart")[0]
        run.sections[0].cells = []
        drawn = page.render(crossovers.page_of([run, run]))
        self.assertTrue(any("time not known" in text.get_text() for text in drawn.axes[0].texts))

    def test_the_table_has_the_same_rows(self) -> None:
        runs = self.runs()
        lines = crossovers.table_of(runs).splitlines()
        self.assertEqual(len(lines), 2 + len(crossovers.bands_of(runs)))
        self.assertEqual({line.count("|") for line in lines}, {16})
        row = next(line for line in lines if "| quickstart |" in line)
        low, high = runs[0].sections[0].crossovers[0].intervals[0]
        self.assertIn(f"| crossing | size | {low:.0f}–{high:.0f} | 50.6–55.2 |", row)

    def test_times_have_units(self) -> None:
        self.assertEqual([crossovers.time_text(s) for s in (3.421e-6, 9.999e-7, 1.5e-9, 2.0, 4e-11)],
                         ["3.42 µs", "1 µs", "1.5 ns", "2 s", "0.04 ns"])

    def test_runs_without_crossovers_have_no_page(self) -> None:
        self.assertIsNone(crossovers.page_of(self.runs("layers", "square_sweep")))

    def test_text_stays_inside_and_apart(self) -> None:
        figure_cases.Layout().check(page.render(crossovers.page_of(self.runs())))
