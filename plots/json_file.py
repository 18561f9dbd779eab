"""A JSON file whose values know their place, so that every error names file and place."""

from __future__ import annotations

import json
import math
from pathlib import Path

SCHEMA = 1
LARGEST_INTEGER = 2 ** 53  # beyond, a double no longer holds every integer


class LoadError(Exception):
    """A result file that is missing, unreadable or not what the schema says; one line."""


class Node:
    """A JSON value and its place in its file, so that every error names the place."""

    def __init__(self, value: object, where: str) -> None:
        self.value = value
        self.where = where

    def fail(self, expected: str) -> LoadError:
        shown = json.dumps(self.value)
        shown = shown if len(shown) <= 40 else shown[:37] + "..."
        return LoadError(f"{self.where}: expected {expected}, found {shown}")

    def __getitem__(self, key: str) -> Node:
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        if key not in self.value:
            raise LoadError(f"{self.where}: key \"{key}\" is missing")
        return Node(self.value[key], f"{self.where}: {key}")

    def find(self, key: str) -> Node | None:
        """The value of the key; None where it is missing or null."""
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        return None if self.value.get(key) is None else self[key]

    def rows(self) -> list[Node]:
        if not isinstance(self.value, list):
            raise self.fail("an array")
        return [Node(row, f"{self.where}[{i}]") for i, row in enumerate(self.value)]

    def text(self) -> str:
        """The string as one printable line."""
        if not isinstance(self.value, str):
            raise self.fail("a string")
        return " ".join("".join(c if c.isprintable() else " " for c in self.value).split())

    def one_of(self, legal: tuple[str, ...]) -> str:
        if self.value not in legal:
            raise self.fail("one of " + ", ".join(legal))
        return str(self.value)

    def number(self) -> float:
        is_number = isinstance(self.value, (int, float)) and not isinstance(self.value, bool)
        # Beyond 1e30 no unit of ours has a meaning and the arithmetic of an axis overflows.
        if not is_number or not abs(self.value) < 1e30:
            raise self.fail("a finite number")
        return float(self.value)

    def positive(self) -> float:
        if self.number() < 1e-30:
            raise self.fail("a positive number")
        return self.number()

    def integer(self) -> int:
        if self.number() != math.floor(self.number()) or abs(self.number()) > LARGEST_INTEGER:
            raise self.fail("an integer")
        return int(self.number())

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.fail("true or false")
        return self.value

    def span(self) -> tuple[float, float]:
        """Two positive numbers in ascending order."""
        ends = [row.positive() for row in self.rows()]
        if len(ends) != 2 or ends[0] > ends[1]:
            raise self.fail("two positive numbers in ascending order")
        return ends[0], ends[1]

    def keys(self) -> list[str]:
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        return [str(key) for key in self.value]

    def texts(self) -> dict[str, str]:
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        return {str(key): self[key].text() for key in self.value}

    def problem(self) -> dict[str, int]:
        if not isinstance(self.value, dict):
            raise self.fail("an object")
        return {str(key): self[key].integer() for key in self.value}


def parse_file(path: Path, hint: str = "") -> Node:
    """What the file holds; `hint` follows where there is no such file. Raises LoadError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LoadError(f"{path}: not found{hint}") from None
    except OSError as error:
        raise LoadError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise LoadError(f"{path}: not UTF-8 text") from None
    try:
        return Node(json.loads(text), str(path))
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise LoadError(f"{place}: not valid JSON: {error.msg}; truncated?") from None
    except (ValueError, RecursionError):
        raise LoadError(f"{path}: not valid JSON: number or nesting too large") from None


def read_file(path: Path, hint: str = "; is this a run directory?") -> Node:
    """The same of a file that names its schema, which is checked."""
    root = parse_file(path, hint)
    schema = root["schema"]
    if isinstance(schema.value, bool) or schema.value != SCHEMA:
        raise schema.fail(f"schema {SCHEMA}")
    return root
