"""The words that the product's code and docs do without: `python scripts/words.py` names each place, and ends with 1 if there is one.

Agents, visitors and supervisors are *they*; the other words are archaic. Tests may tell stories of named people, texts for
people (`*.json`) are in four languages: both are left out.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORDS = re.compile(r"\b(anew|whom|whoever|likewise|thereof|he|his|him)\b", re.IGNORECASE)
SUFFIXES = frozenset({".py", ".lua", ".ts", ".md", ".toml"})
SKIPPED = frozenset({".venv", ".demo", ".git", "build", "dist", "node_modules", "static", "tests", "__pycache__"})


def files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in SKIPPED or path == Path(__file__).resolve():
            continue
        if path.is_dir():
            yield from files(path)
        elif path.suffix in SUFFIXES:
            yield path


def main() -> int:
    found = 0
    for path in files(ROOT):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if (word := WORDS.search(line)) is not None:
                found += 1
                print(f"{path.relative_to(ROOT)}:{number}: {word[0]}: {line.strip()[:100]}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
