"""Counts the tests of one `meson test`. Usage: count_tests.py LOG_FOLDER MESON_STATUS

Prints "N passed, N failed, N skipped" as its last line; exit status 1 when any failed, when none
passed and when meson stopped early. A Google Test binary counts with each of its tests, any other
test as one, and so does a binary that did not get as far as its own report.
"""

import collections
import json
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

# What meson calls its results; everything else is a failure.
OUTCOMES = {"OK": "passed", "EXPECTEDFAIL": "passed", "SKIP": "skipped"}


def outcomes_by_test(log: pathlib.Path) -> dict[str, list[str]]:
    """The outcomes of each of meson's tests; several where it was repeated."""
    outcomes = collections.defaultdict(list)
    lines = log.read_text().split("\n") if log.exists() else [""]
    for line in lines[:-1]:  # what has no newline was cut off
        test = json.loads(line)
        outcomes[test["name"]].append(OUTCOMES.get(test["result"], "failed"))
    return outcomes


def outcome_of_case(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    if case.find("skipped") is not None or case.get("status") == "notrun":
        return "skipped"
    return "passed"


def parsed(log: pathlib.Path) -> ElementTree.Element | None:
    """None where meson did not get as far as writing it; that is the last thing it does."""
    try:
        return ElementTree.parse(log).getroot()
    except (FileNotFoundError, ElementTree.ParseError):
        return None


def cases_by_test(suites: ElementTree.Element) -> dict[str, collections.Counter]:
    """How the single tests of each Google Test binary ended."""
    cases = collections.defaultdict(collections.Counter)
    for suite in suites.iter("testsuite"):
        # "project.test.suite" for Google Test's, "project" for the others.
        parts = suite.get("name", "").split(".", 2)
        if len(parts) == 3:
            cases[parts[1]].update(outcome_of_case(case) for case in suite.iter("testcase"))
    return cases


def count(
    outcomes: dict[str, list[str]], cases: dict[str, collections.Counter]
) -> collections.Counter:
    total = collections.Counter()
    for name, results in outcomes.items():
        if name not in cases:
            total.update(results)
            continue
        total.update(cases[name])
        # The binary failed though its tests did not, at its end for instance.
        total["failed"] += "failed" in results and not cases[name]["failed"]
    return total


def main() -> int:
    folder, status = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    junit = parsed(folder / "testlog.junit.xml")
    cases = {} if junit is None else cases_by_test(junit)
    total = count(outcomes_by_test(folder / "testlog.json"), cases)
    stopped = junit is None or (status != 0 and not total["failed"])
    if stopped:
        print(f"meson test did not run to its end (exit status {status}); see its messages above")
    print(", ".join(f"{total[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped")))
    return 1 if stopped or total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
