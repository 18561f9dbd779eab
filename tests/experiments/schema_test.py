"""Every member that a run stores is named in results/README.md, and every member named there is
stored. Usage: schema_test.py PROGRAM SOURCE_ROOT
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
ROOT = pathlib.Path()

DONE, REGRESSION, UNDECIDED = 0, 1, 3

# What their members are called is data: settings, variables, extents, libraries, probes.
FREE_MEMBERS = {"settings", "against_settings", "environment", "overrides", "libraries", "problem", "condition",
                "problems", "fixed", "team", "builds", "ceilings",
                "items", "items_per_second", "details"}
# Where a crossing was found, operands come from memory, or a cell is missing on one side.
NOT_ALWAYS = {"curve", "bytes_per_second", "lost"}
# Where a hypervisor hides the caches, there are none to describe.
if not list(pathlib.Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
    NOT_ALWAYS |= {"type", "shared_by"}

CONFIG = """
family   = matmul
launches = 2
quartets = 2
budget   = 20s

[overtake]
question = crossover
variants = simd_parallel[threads=2]
against  = simd
size     = 16, 32

[table]
variants = naive, simd
against  = naive
size     = 16
"""

# Calls that get more done than operations, and tell about themselves.
ITEMS_CONFIG = """
family   = tokenizer
variants = cached, uncached
against  = uncached
batch    = 4
launches = 2
quartets = 2
budget   = 20s

[calls]

[by_batch]
question = cost
batch    = 4, 8, 12
"""

POLICY_CONFIG = """
family   = matmul
question = sweep
variants = simd_parallel[threads=2]
against  = simd
m        = {m}
n        = 16, 64
k        = 16, 64, 256
launches = 2
quartets = 2
budget   = 20s
"""


def members(value: object, inside: str = "") -> set[str]:
    """The names of all members of a JSON value that are not data."""
    found: set[str] = set()
    if isinstance(value, list):
        for element in value:
            found |= members(element, inside)
    if isinstance(value, dict):
        for name, member in value.items():
            if inside in FREE_MEMBERS:
                found |= members(member)
            else:
                found |= {name} | members(member, name)
    return found


def documented(text: str) -> set[str]:
    """The members of the blocks of the document, those of doctor.json left out."""
    text = text.split("\n## doctor.json")[0]
    blocks = "\n".join(re.findall(r"```\n(.*?)```", text, re.DOTALL))
    # {"threads": "1"}: the value of a member of data is shown where it is a plain one.
    data = r'("(?:%s)": \[? ?)\{[^{}]*\}' % "|".join(FREE_MEMBERS)
    blocks = re.sub(data, r"\1", blocks)
    return set(re.findall(r'"(\w+)":', blocks)) - {"fma_f32", "parallel_region", "stream_read",
                                                   "A", "B"}


def crossover(*arguments: object) -> None:
    result = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                            timeout=280, check=False)
    if result.returncode not in (DONE, REGRESSION, UNDECIDED):
        raise AssertionError(f"{arguments}: {result.returncode}\n{result.stderr}")


def interrupt(run: pathlib.Path) -> None:
    """Makes the last launch one that was never completed."""
    samples = run / "samples.jsonl"
    lines = samples.read_text().splitlines(keepends=True)
    last = max(i for i, line in enumerate(lines) if json.loads(line)["row"] == "closed")
    del lines[last]
    samples.write_text("".join(lines))


def stored_members(folder: pathlib.Path) -> set[str]:
    config = folder / "small.cfg"
    config.write_text(CONFIG)
    crossover("run", config, "--out", folder, "--no-figures", "--no-lock")
    run = next(folder.glob("small/*"))
    interrupt(run)
    crossover("run", "--resume", run, "--no-figures", "--no-lock")
    crossover("compare", "--live", PROGRAM, PROGRAM, config, "--out", folder, "--no-lock",
              "--gate", "3%")
    live = next(folder.glob("live-small/*"))
    found: set[str] = set()
    for file in [run / "manifest.json", run / "summary.json", live / "manifest.json",
                 live / "summary.json", live / "comparison.json"]:
        found |= members(json.loads(file.read_text()))
    for samples in [run / "samples.jsonl", live / "samples.jsonl"]:
        for line in samples.read_text().splitlines():
            found |= members(json.loads(line))
    return found


def item_members(folder: pathlib.Path) -> set[str]:
    model = folder / "tiny.gguf"
    crossover("model", "create", "--preset", "tiny-encoder", model)
    config = folder / "items.cfg"
    config.write_text(ITEMS_CONFIG)
    crossover("run", config, "--model", model, "--out", folder, "--no-figures", "--no-lock")
    run = next(folder.glob("items/*"))
    found = members(json.loads((run / "summary.json").read_text()))
    for line in (run / "samples.jsonl").read_text().splitlines():
        found |= members(json.loads(line))
    return found


def policy_members(folder: pathlib.Path) -> set[str]:
    for name, m in (("train", "1, 4, 16, 64"), ("holdout", "2, 8")):
        config = folder / f"{name}.cfg"
        config.write_text(POLICY_CONFIG.format(m=m))
        crossover("run", config, "--out", folder, "--no-figures", "--no-lock")
    policy = folder / "policy.json"
    crossover("policy", "fit", next(folder.glob("train/*")), "--out", policy, "--replicates", 5)
    crossover("policy", "score", policy, next(folder.glob("holdout/*")), "--no-figures")
    return (members(json.loads(policy.read_text()))
            | members(json.loads((folder / "score.json").read_text())))


class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = (ROOT / "results" / "README.md").read_text()
        with tempfile.TemporaryDirectory() as folder:
            cls.stored = (stored_members(pathlib.Path(folder))
                          | item_members(pathlib.Path(folder))
                          | policy_members(pathlib.Path(folder)))

    def test_what_is_stored_is_documented(self):
        self.assertEqual(sorted(self.stored - documented(self.text)), [])

    def test_what_is_documented_is_stored(self):
        self.assertEqual(sorted(documented(self.text) - self.stored - NOT_ALWAYS), [])

    def test_data_are_no_members(self):
        self.assertNotIn("OMP_NUM_THREADS", self.stored)
        self.assertNotIn("m", self.stored)
        self.assertIn("flops_per_second", self.stored)

    def test_a_member_that_is_not_documented_is_found(self):
        self.assertNotIn("sharp_flag", documented(self.text.replace('"sharp_flag"', "")))


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    ROOT = pathlib.Path(sys.argv.pop(1))
    unittest.main(verbosity=1)
