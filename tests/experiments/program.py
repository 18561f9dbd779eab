"""Runs the program under test: what the tests that start it as a user would have in common."""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PROGRAM = ""
ROOT = pathlib.Path()

DONE, REGRESSION, USAGE, UNDECIDED, CELLS_FAILED, ENVIRONMENT, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


def crossover(*arguments: object, timeout: float = 120) -> subprocess.CompletedProcess:
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          timeout=timeout, check=False)


class WithFolder(unittest.TestCase):
    """A folder of its own for each test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)


class WithResults(WithFolder):
    """A configuration and the results of its run, in the folder of the test."""

    def config(self, text: str) -> str:
        path = self.folder / "small.cfg"
        path.write_text(text)
        return str(path)

    def run_config(self, text: str, *options: str) -> subprocess.CompletedProcess:
        out = str(self.folder / "results")
        return crossover("run", self.config(text), "--out", out, "--no-figures", *options)

    def only_run(self) -> pathlib.Path:
        runs = list((self.folder / "results").glob("*/*"))
        self.assertEqual(len(runs), 1)
        return runs[0]


def workers() -> set[str]:
    """The ids of all workers of the program under test, whoever started them."""
    found = set()
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if len(words) > 1 and words[1] == b"worker" and os.readlink(process / "exe") == PROGRAM:
                found.add(process.name)
        except OSError:  # ended meanwhile, or somebody else's
            continue
    return found


def main() -> None:
    """Runs the tests of the script that was started as SCRIPT PROGRAM [SOURCE_ROOT [TEST ...]]."""
    global PROGRAM, ROOT
    PROGRAM = os.path.abspath(sys.argv[1])
    ROOT = pathlib.Path(*sys.argv[2:3])
    with tempfile.TemporaryDirectory() as lock_folder:
        # A lock of its own: tests of another build may run on this machine at the same time.
        os.environ["CROSSOVER_LOCK_FILE"] = os.path.join(lock_folder, "crossover.lock")
        unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[3:]])
