"""Imports all modules and runs the quick tests on the newest Python of this machine, if it is newer than `.venv`'s.

`.ci/run` calls it with `.venv`'s Python. Pythons are looked for on the PATH and among pyenv's; none is downloaded.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import install

ROOT = install.ROOT
HOME = ROOT / "build" / "newest-python"
FOLDERS = ("bots", "cards", "conversations", "dialogs", "directory", "distribution", "graph", "identity", "interact",
           "operations", "portal", "sandbox", "store")  # fmt: skip
# The folders whose tests finish within three minutes on two cores, all together.
TESTS = ("cards", "contract", "conversations", "dialogs", "directory", "identity", "manifest", "sandbox",
         "test_architecture.py", "test_settings.py")  # fmt: skip


def installed() -> dict[tuple[int, int], Path]:
    """The Pythons of this machine by (major, minor)."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [*map(Path, os.environ.get("PATH", "").split(os.pathsep)), *sorted(pyenv.glob("versions/*/bin"))]
    found: dict[tuple[int, int], Path] = {}
    for path in (path for folder in folders for path in folder.glob("python3.*")):
        named = re.fullmatch(r"python(3)\.(\d+)", path.name)
        # pyenv has shims for versions that are not selected; those fail.
        if named and subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode == 0:
            found.setdefault((int(named[1]), int(named[2])), path)
    return found


def modules() -> list[str]:
    """The names of all modules of the product and the sandbox."""
    files = (file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py")))
    named = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    return [*(name for name in named if not name.endswith("__main__")), "app", "settings"]


def main() -> int:
    newest, base = max(installed().items())
    version = ".".join(map(str, newest))
    if newest <= sys.version_info[:2]:
        print(f"No Python newer than {version} is installed: nothing was tried on another one.")
        return 0
    subprocess.run([base, "-m", "venv", HOME], check=True)
    python = str(HOME / "bin" / "python")
    uv = [install.VENV / "bin" / "uv", "pip", "install", "--quiet", "--python", python, "--system-certs",
          "--index-strategy", "unsafe-best-match"]  # fmt: skip
    wanted = ["--require-hashes", "-r", "requirements/dev.txt"]
    subprocess.run([*uv, *wanted], cwd=ROOT, env=install.environment(), check=True)
    every = "\n".join(f"import {name}" for name in modules())
    subprocess.run([python, "-W", "ignore", "-c", every], cwd=ROOT, check=True)
    print(f"Python {version} imports all {len(modules())} modules.", flush=True)
    tests = [f"tests/{name}" for name in TESTS]
    chosen = "not long and not browser and not kill and not story"
    return subprocess.run(
        [python, "-m", "pytest", "-q", "-n", "3", "--dist", "loadgroup", "-m", chosen, *tests], cwd=ROOT, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
