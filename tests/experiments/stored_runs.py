"""What the tests of the commands that read stored runs have in common."""

import gzip
import json
import pathlib

from program import DONE, WithFolder, crossover
from synthetic_samples import Run

PYTHON = "/usr/bin/python3"  # what Debian's packages are for


class WithStoredRuns(WithFolder):
    def store(self, name: str, **facts: object) -> pathlib.Path:
        facts.setdefault("seconds", {"simd": 1.0, "blocked": 0.8})
        return Run(**facts).write(self.folder / name)

    def succeed(self, *arguments: object) -> str:
        result = crossover(*arguments)
        self.assertEqual(result.returncode, DONE, result.stderr)
        return result.stdout

    def fail_with(self, status: int, *arguments: object) -> str:
        result = crossover(*arguments)
        self.assertEqual(result.returncode, status, result.stdout + result.stderr)
        self.assertTrue(result.stderr.startswith("crossover: "), result.stderr)
        return result.stderr


def samples_of(run: pathlib.Path) -> list[dict]:
    rows = [json.loads(line) for line in (run / "samples.jsonl").read_text().splitlines()]
    return [row for row in rows if row["row"] == "sample"]


def compress(run: pathlib.Path) -> None:
    """What `gzip -9 samples.jsonl` does."""
    samples = run / "samples.jsonl"
    (run / "samples.jsonl.gz").write_bytes(gzip.compress(samples.read_bytes(), 9))
    samples.unlink()
