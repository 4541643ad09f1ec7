"""The embedded server's process: how it is started, asked whether it answers, and stopped. No locks here."""

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from store.engine import EmbeddedRefused, Engine

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.005
ANSWER_SECONDS = 1.0
# A long append-only file takes a while to read; somebody who waits is told so this often.
TELL_EVERY_SECONDS = 5.0
STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where an embedded server lives: `folder` holds its files, `socket` is how it is reached."""

    folder: Path
    socket: Path

    @property
    def pid_file(self) -> Path:
        return self.folder / "server.pid"

    @property
    def log_file(self) -> Path:
        return self.folder / "server.log"


def ask(place: Place, command: str) -> str | None:
    """Send one inline command; return the first line of the answer, or None if nobody answers."""
    with socket.socket(socket.AF_UNIX) as wire, suppress(OSError):
        wire.settimeout(ANSWER_SECONDS)
        wire.connect(str(place.socket))
        wire.sendall(f"{command}\r\n".encode())
        with wire.makefile("rb") as answer:
            return answer.readline().decode(errors="replace").strip()
    return None


def pid_of(place: Place) -> int | None:
    """The process id of the running server, as it wrote it down; None if it has ended."""
    try:
        pid = int(place.pid_file.read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid


def start(place: Place, engine: Engine) -> subprocess.Popen[bytes]:
    """Start the server and return once it answers. Raises EmbeddedRefused with the end of its log if it ends."""
    place.pid_file.unlink(missing_ok=True)
    with place.log_file.open("ab") as log_file:
        child = subprocess.Popen(  # noqa: S603  # our own program
            [
                *(engine.binary, "--port", "0", "--unixsocket", place.socket, "--unixsocketperm", "700"),
                *("--dir", place.folder, "--pidfile", place.pid_file, "--daemonize", "no"),
                # A write is on disk when it is acknowledged; nothing is ever thrown away to make room.
                *("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--maxmemory-policy", "noeviction"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log_file,
            stderr=log_file,
            # Its own process group: Ctrl-C in a terminal is for Usher, which then stops the server in order.
            start_new_session=True,
        )
    began = told = time.monotonic()
    while ask(place, "PING") != "+PONG":
        if child.poll() is not None:
            raise EmbeddedRefused(
                f"The embedded server ({engine}) ended at once. The end of {place.log_file}:\n{_tail(place.log_file)}"
            )
        if time.monotonic() - told > TELL_EVERY_SECONDS:
            told = time.monotonic()
            log.info("embedded_still_loading", seconds=round(told - began))
        time.sleep(POLL_SECONDS)
    return child


def stop(place: Place, child: subprocess.Popen[bytes] | None) -> None:
    """Stop the server in order: what it has acknowledged is on disk already."""
    pid = pid_of(place)
    ask(place, "SHUTDOWN NOSAVE")
    end = time.monotonic() + STOP_SECONDS
    while _is_running(place, child):
        if time.monotonic() > end and pid is not None:
            log.warning("embedded_killed", pid=pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            place.pid_file.unlink(missing_ok=True)
        time.sleep(POLL_SECONDS)


def _is_running(place: Place, child: subprocess.Popen[bytes] | None) -> bool:
    if child is not None:
        return child.poll() is None
    # Somebody else's child: it removes its own note when it ends, and a zombie of his counts as ended.
    return place.pid_file.exists() and pid_of(place) is not None


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-8:])
