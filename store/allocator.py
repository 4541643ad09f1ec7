"""A better memory allocator for the embedded server, where the system has one.

The server that comes with Usher uses the C library's `malloc`; the servers of distributions use jemalloc, which reduces
the processor time of scripts by about a seventh. Where jemalloc is installed, the server preloads it: its environment
sets this, and contains none of Usher's own settings.
"""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

NAME = "libjemalloc.so.2"
_MULTIARCH: str = sysconfig.get_config_var("MULTIARCH") or ""
FOLDERS = tuple(
    Path(folder)
    for folder in (f"/usr/lib/{_MULTIARCH}", "/usr/lib64", "/usr/lib", f"/usr/local/lib/{_MULTIARCH}", "/usr/local/lib")
)
PRELOAD = "LD_PRELOAD"


def find_allocator(binary: Path, said: str, folders: Sequence[Path] = FOLDERS) -> Path | None:
    """jemalloc for a server program, from what its `--version` printed. None if jemalloc is missing, if the program has
    its own,
    if the program does not run with it, or if the environment already preloads another library."""
    if not sys.platform.startswith("linux") or "malloc=libc" not in said or os.environ.get(PRELOAD):
        return None
    for folder in folders:
        library = folder / NAME
        if library.is_file() and _runs_with(binary, library):
            return library
    return None


def environment(allocator: Path | None) -> Mapping[str, str]:
    """The server's environment: that of this process, without Usher's settings, some of which are secrets."""
    passed_on = {name: value for name, value in os.environ.items() if not name.startswith("USHER_")}
    return {**passed_on, PRELOAD: str(allocator)} if allocator else passed_on


def _runs_with(binary: Path, library: Path) -> bool:
    # A library for another processor, or for other memory pages, shows here: the loader continues without it and prints
    # that.
    tried = subprocess.run(  # noqa: S603  # our own program
        [binary, "--version"], capture_output=True, check=False, timeout=10, env=environment(library)
    )
    return tried.returncode == 0 and not tried.stderr
