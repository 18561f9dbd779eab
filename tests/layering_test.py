"""Scans the includes of every source file and fails on an arrow that ARCHITECTURE.md does not draw.

    experiments -> harness
    experiments -> model -> kernels/<family> -> kernels/core
    experiments -----------> kernels/<family>

Tests may include what they test. Run: layering_test.py SOURCE_ROOT
"""

import pathlib
import re
import sys

# What each part may include besides itself.
ALLOWED = {
    "kernels/core": set(),
    "kernels/<family>": {"kernels/core"},
    "model": {"kernels/core", "kernels/<family>"},
    "harness": set(),
    "experiments": {"harness", "model", "kernels/core", "kernels/<family>"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def part_of(path: str) -> str | None:
    """The part of the tree that a path belongs to; None for files that meson generates."""
    folders = path.split("/")
    if folders[0] == "kernels" and len(folders) > 2:
        return "kernels/core" if folders[1] == "core" else "kernels/<family>"
    return folders[0] if folders[0] in ALLOWED else None


def family_of(path: str) -> str:
    return "/".join(path.split("/")[:2])


def faults_of(path: str, text: str) -> list[str]:
    """Every include of `text`, the file at `path`, that the layering forbids."""
    faults = []
    source = part_of(path)
    for target_path in INCLUDE.findall(text):
        target = part_of(target_path)
        if source is None or target is None:
            continue
        other_family = (
            source == target == "kernels/<family>" and family_of(path) != family_of(target_path)
        )
        if other_family or (target != source and target not in ALLOWED[source]):
            faults.append(f"{path} includes {target_path}: {source} may not include {target}")
    return faults


def self_test() -> None:
    """A check that finds nothing must be able to find something."""
    assert faults_of("harness/a.cpp", '#include "kernels/core/matrix.h"\n')
    assert faults_of("kernels/core/a.h", '#include "kernels/matmul/matmul.h"\n')
    assert faults_of("kernels/matmul/a.cpp", '#include "kernels/probe/fma_f32.h"\n')
    assert faults_of("model/a.cpp", '#include "harness/plan/plan.h"\n')
    assert not faults_of("experiments/a.cpp", '#include "harness/plan/plan.h"\n')
    assert not faults_of("kernels/matmul/a.cpp", '#include "kernels/matmul/b.h"\n')


def main() -> int:
    self_test()
    root = pathlib.Path(sys.argv[1])
    faults = []
    count = 0
    for top in ("kernels", "model", "harness", "experiments"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix in (".h", ".cpp"):
                count += 1
                faults += faults_of(file.relative_to(root).as_posix(), file.read_text())
    print("\n".join(faults) or f"{count} files, no forbidden include")
    return 1 if faults or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
