"""Provides a Chromium for the browser tests: an installed one, Playwright's, or Debian's by apt if this runs as root.

If there is none, the browser tests are skipped by name; with `CI` set that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium on this machine, or None."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        return chosen
    for name in NAMES:
        if path := shutil.which(name):
            return path
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    found = sorted(cache.glob("chromium-*/chrome-*/chrome"))
    return str(found[-1]) if found else None


def by_apt() -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    print("  Chromium by apt …", flush=True)
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
        subprocess.run(command, capture_output=True, check=False)


def main() -> int:
    if find() is None:
        by_apt()
    if find() is None and os.environ.get("CI"):
        print("No Chromium, and none can be installed: the browser tests cannot run.", file=sys.stderr)
        return 1
    if find() is None:
        print("No Chromium here: the browser tests will be skipped (apt install chromium, or set CHROMIUM).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
