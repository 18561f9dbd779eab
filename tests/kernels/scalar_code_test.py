"""Fails when the scalar matmul variants contain packed floating-point arithmetic.

The compiler may vectorise what was written as a scalar loop; then the baseline that SIMD is
compared with would be SIMD itself. Packed moves and logic, for clearing and copying, are allowed.
"""

import argparse
import collections
import re
import shutil
import subprocess
import sys

SKIPPED = 77  # what meson takes for a skipped test

PACKED_ARITHMETIC = re.compile(
    r"\b(v?h?(add|sub|mul|div|sqrt|dp)p[sd]"  # x86: addps, vmulps, haddps, ...
    r"|vfn?m(add|sub)(sub|add)?\d+p[sd]"  # x86: vfmadd231ps, ...
    r"|(fmla|fmls|fmul|fadd|fsub|fdiv)\s+v\d+\.\d+[sd])"  # aarch64: fmla v0.4s, ...
)
FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:$")


def packed_instructions(archive):
    """Returns {function: packed arithmetic instructions in it} and the number of functions."""
    command = ["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", archive]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = collections.defaultdict(list)
    functions = 0
    function = ""
    for line in listing.splitlines():
        if match := FUNCTION.match(line):
            function = match.group(1)
            functions += 1
        elif PACKED_ARITHMETIC.search(line):
            found[function].append(line.strip())
    return found, functions


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scalar", required=True, help="library that must be scalar")
    parser.add_argument("--packed", required=True, help="library that is not, as a control")
    arguments = parser.parse_args()
    if not shutil.which("objdump"):
        print("skipped: objdump is not installed (package binutils)")
        return SKIPPED

    control, _ = packed_instructions(arguments.packed)
    if not control:
        print(f"no packed arithmetic recognised in {arguments.packed}: this test sees nothing")
        return 1
    found, functions = packed_instructions(arguments.scalar)
    for function, instructions in found.items():
        print(f"{function}: {len(instructions)} packed instructions, first {instructions[0]}")
    print(f"{functions} functions, {len(found)} with packed arithmetic")
    return 1 if found or functions == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
