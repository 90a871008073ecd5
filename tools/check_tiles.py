"""Checks that the sums of register tiles live in registers.

The compiler keeps the sums of a tile in registers only when it unrolls every loop over them. Otherwise each multiply-add of the
inner loop is followed by a store to the stack, and the kernel runs at a fraction of its speed while every result stays right. So
no innermost loop of eight multiply-adds or more may store vectors to the stack for half of them: a few are what a full register
file costs.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

MULTIPLY_ADDS = 8

FUNCTION = re.compile(r"^[0-9a-f]+ <(.*)>:")
INSTRUCTION = re.compile(r"^\s+([0-9a-f]+):\t(.*)")
JUMP = re.compile(r"^j\w+\s+([0-9a-f]+)")
SPILL = re.compile(r"^vmov\w+\s+%[xyz]mm\d+,.*\(%rsp\)")


def loops(code: list[tuple[int, str]]) -> list[list[str]]:
    """The innermost loops of a function: from the target of a jump backwards to the jump, with no other jump inside."""
    index = {address: i for i, (address, _) in enumerate(code)}
    found = []
    for i, (address, text) in enumerate(code):
        jump = JUMP.match(text)
        start = index.get(int(jump.group(1), 16)) if jump else None
        if start is None or code[start][0] > address:
            continue
        body = [instruction for _, instruction in code[start:i]]
        if not any(JUMP.match(instruction) for instruction in body):
            found.append(body)
    return found


def functions(text: str) -> dict[str, list[tuple[int, str]]]:
    found: dict[str, list[tuple[int, str]]] = {}
    current: list[tuple[int, str]] = []
    for line in text.splitlines():
        if name := FUNCTION.match(line):
            current = found.setdefault(name.group(1), [])
        elif instruction := INSTRUCTION.match(line):
            current.append((int(instruction.group(1), 16), instruction.group(2)))
    return found


def spilling(tool: str, item: Path) -> list[str]:
    text = subprocess.run([tool, "-d", "--no-show-raw-insn", str(item)], check=True, capture_output=True, text=True).stdout
    bad = []
    for name, code in functions(text).items():
        for body in loops(code):
            sums = sum("vfmadd" in instruction for instruction in body)
            stores = sum(bool(SPILL.match(instruction)) for instruction in body)
            if sums >= MULTIPLY_ADDS and 2 * stores > sums:
                where = f"{item.parent.stem}/{item.stem}"
                bad.append(f"{where}: a loop of {sums} multiply-adds stores {stores} vectors to the stack, in {name}")
    return bad


def main() -> int:
    tool = shutil.which("objdump") or shutil.which("llvm-objdump")
    if tool is None:
        print("check_tiles: no objdump on the PATH", file=sys.stderr)
        return 1
    objects = sorted(Path(".build/release").glob("Kernels*.build/**/*.o"))
    if not objects:
        print("check_tiles: nothing is built yet: swift build -c release", file=sys.stderr)
        return 1
    bad = [line for item in objects for line in spilling(tool, item)]
    print(f"{len(objects)} kernel objects: {len(bad)} loops whose sums are in memory")
    for line in bad:
        print("  " + line)
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
