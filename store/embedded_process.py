"""The embedded server's process: how it is started, checked and stopped.

The server inherits a locked file. It holds the lock while it lives, independent of its parent process and of
reused process ids after a reboot.
"""

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from store.allocator import environment
from store.engine import EmbeddedRefused, Engine

log = structlog.get_logger(__name__)

POLL_SECONDS = 0.005
ANSWER_SECONDS = 1.0
# The server may need time to read a long append-only file; the log reports the wait at this interval.
TELL_EVERY_SECONDS = 5.0
# A running server that does not answer for this long is replaced (it answers even while it reads its files).
DEAF_SECONDS = 10.0
STOP_SECONDS = 10.0
ASK_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """The locations of an embedded server: `folder` holds its files, `socket` is its address."""

    folder: Path
    socket: Path

    @property
    def life_lock(self) -> Path:
        return self.folder / "server.lock"

    @property
    def pid_file(self) -> Path:
        return self.folder / "server.pid"

    @property
    def log_file(self) -> Path:
        return self.folder / "server.log"


def is_running(place: Place) -> bool:
    """Whether the server's process lives, also one that another process started."""
    with place.life_lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def pid_of(place: Place) -> int | None:
    """The process id of the running server; None if there is none."""
    try:
        return int(place.pid_file.read_text()) if is_running(place) else None
    except (OSError, ValueError):
        return None


def is_ready(place: Place) -> bool:
    """Wait while a running server reads its files; True once it serves, False if it has ended or does not answer."""
    return _wait_for_answer(place, lambda: is_running(place), give_up=DEAF_SECONDS)


def start(place: Place, engine: Engine) -> subprocess.Popen[bytes]:
    """Start the server and return once it serves. Raises EmbeddedRefused with the end of its log if it ends."""
    place.pid_file.unlink(missing_ok=True)
    with place.log_file.open("ab") as log_file, place.life_lock.open("a") as life:
        fcntl.flock(life, fcntl.LOCK_EX)
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
            pass_fds=(life.fileno(),),
            env=environment(engine.allocator),
            # Its own process group: Ctrl-C in a terminal reaches only Usher, which then stops the server in order.
            start_new_session=True,
        )
    try:
        serves = _wait_for_answer(place, lambda: child.poll() is None)
    except BaseException:
        # Cancelled during the start: the server has no clients, and no process would stop it later.
        child.kill()
        child.wait()
        raise
    if not serves:
        raise EmbeddedRefused(
            f"The embedded server ({engine}) ended at once. The end of {place.log_file}:\n{_tail(place.log_file)}"
        )
    return child


def stop(place: Place) -> None:
    """Stop the server in order, and wait for its end; acknowledged writes are on disk already."""
    pid = pid_of(place)
    if pid is None:
        return
    end = time.monotonic() + STOP_SECONDS
    asked = float("-inf")
    while is_running(place):
        now = time.monotonic()
        if now > end:
            log.warning("embedded_killed", pid=pid)
            _signal(pid, signal.SIGKILL)
            end = now + STOP_SECONDS
        elif now - asked > ASK_AGAIN_SECONDS:
            # A server that is writing its first append-only file rejects a shutdown and does not remember it.
            _signal(pid, signal.SIGTERM)
            asked = now
        time.sleep(POLL_SECONDS)


def _signal(pid: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, what)


def _wait_for_answer(place: Place, lives: Callable[[], bool], give_up: float | None = None) -> bool:
    began = told = heard = time.monotonic()
    while lives():
        answer = _ping(place)
        if answer == "+PONG":
            return True
        now = time.monotonic()
        if answer is not None:
            heard = now
        elif give_up is not None and now - heard > give_up:
            return False
        if now - told > TELL_EVERY_SECONDS:
            told = now
            log.info("embedded_not_ready_yet", seconds=round(now - began), answer=answer)
        time.sleep(POLL_SECONDS)
    return False


def _ping(place: Place) -> str | None:
    """The first line of the answer, `+PONG` or an error such as `-LOADING …`; None without an answer."""
    with socket.socket(socket.AF_UNIX) as wire, suppress(OSError):
        wire.settimeout(ANSWER_SECONDS)
        wire.connect(str(place.socket))
        wire.sendall(b"PING\r\n")
        with wire.makefile("rb") as answer:
            return answer.readline().decode(errors="replace").strip() or None
    return None


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(errors="replace").splitlines()[-8:])
