"""Fails where clang-format would change a C++ file. Run: formatting_test.py SOURCE_ROOT

To mend: clang-format -i FILE.
"""

import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77  # meson's exit status for a skipped test


def main() -> int:
    if shutil.which("clang-format") is None:
        print("clang-format is not installed")
        return SKIPPED
    root = pathlib.Path(sys.argv[1])
    files = [
        str(file)
        for top in ("kernels", "model", "harness", "experiments", "tests")
        for file in sorted((root / top).rglob("*"))
        if file.suffix in (".h", ".cpp")
    ]
    return subprocess.run(["clang-format", "--dry-run", "--Werror", *files], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
