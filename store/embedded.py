"""The embedded server: without `USHER_REDIS_URL` Usher runs Valkey by itself, on files in the data directory.

Every process that uses the data directory holds a lock on it while it runs. The first process starts the server, the
others join it, the last one stops it. A holder that is killed leaves the server running, and the next start adopts it.
If
the server dies, the first holder that notices starts it again, with its data.
"""

import hashlib
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import structlog

from store.engine import EmbeddedRefused, Engine, check_files, find_engine, note_files, writer_of

if sys.platform != "win32":
    import fcntl

    from store import embedded_process as process
    from store.embedded_process import Place

__all__ = ["EmbeddedRefused", "EmbeddedServer", "start_embedded"]

log = structlog.get_logger(__name__)

# The longest path of a Unix socket on macOS, one less than on Linux, with the final zero.
SOCKET_PATH_BYTES = 103
SHORT_BASE = Path("/tmp")  # noqa: S108  # the code checks that the folder belongs to this user
WATCH_SECONDS = 0.25
# Between attempts to start a server that fails to start.
PAUSE_SECONDS = 2.0


def start_embedded(data_dir: Path, *, binary: Path | None = None) -> "EmbeddedServer":
    """Start the server of `data_dir`, or join the one that runs; return once it answers.

    `binary`: a server program to use instead of the one that comes with Usher. Raises EmbeddedRefused.
    """
    if sys.platform == "win32":
        raise EmbeddedRefused("On Windows Usher cannot run its own server. Set USHER_REDIS_URL to a Redis server.")
    folder = (data_dir / "store").resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _tighten(folder)
        engine = find_engine(binary)
        return EmbeddedServer(Place(folder, _socket_path(folder)), engine)
    except OSError as error:
        raise EmbeddedRefused(f"Usher cannot keep its data in {data_dir}: {error.strerror or error}.") from error


def _tighten(folder: Path) -> None:
    """Make a folder private: an older release, or a restored backup, may have left it readable for others."""
    found = folder.stat()
    if found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
        log.warning("store_folder_tightened", folder=str(folder), mode=oct(stat.S_IMODE(found.st_mode)))


class EmbeddedServer:
    """A lock on the embedded server: it runs at least until `release`. `url`: its address."""

    def __init__(self, place: Place, engine: Engine) -> None:
        self._place = place
        self._engine = engine
        self._child: subprocess.Popen[bytes] | None = None
        self._released = threading.Event()
        self.url = f"unix://{quote(str(place.socket))}"
        self._hold = (place.folder / "holders.lock").open("a")
        try:
            with self._changing():
                alone = _try_alone(self._hold)
                fcntl.flock(self._hold, fcntl.LOCK_SH)
                self._make_sure_it_runs(alone=alone)
        except BaseException:
            self._hold.close()
            raise
        self._watcher = threading.Thread(target=self._watch, name="embedded-server", daemon=True)
        self._watcher.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def pid(self) -> int | None:
        """The server's process id; None while it is down."""
        return process.pid_of(self._place)

    def release(self) -> None:
        """Release the lock; the last holder stops the server. Idempotent."""
        if self._released.is_set():
            return
        self._released.set()
        self._watcher.join()
        with self._changing():
            last = _try_alone(self._hold)
            self._hold.close()
            if last:
                process.stop(self._place)
                log.info("embedded_stopped", folder=str(self._place.folder))
        if self._child is not None:
            self._child.poll()

    @contextmanager
    def _changing(self) -> Generator[None]:
        """One process at a time starts, adopts or stops the server."""
        with (self._place.folder / "change.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make_sure_it_runs(self, *, alone: bool) -> None:
        folder = self._place.folder
        check_files(folder, self._engine)
        if process.is_running(self._place):
            # A server left by an earlier release is replaced, unless another process uses it.
            outdated = alone and writer_of(folder) != (self._engine.name, self._engine.version)
            if not outdated and process.is_ready(self._place):
                log.info("embedded_adopted" if alone else "embedded_joined", folder=str(folder), pid=self.pid)
                return
            log.warning("embedded_replaced", pid=self.pid, outdated=outdated)
            process.stop(self._place)
        note_files(folder, self._engine)
        self._child = process.start(self._place, self._engine)
        allocator = self._engine.allocator.name if self._engine.allocator else "its own"
        log.info(
            "embedded_started", engine=str(self._engine), allocator=allocator, folder=str(folder), pid=self._child.pid
        )

    def _is_well(self) -> bool:
        return self._place.socket.exists() and process.is_running(self._place)

    def _watch(self) -> None:
        while not self._released.wait(WATCH_SECONDS):
            try:
                if self._child is not None:
                    self._child.poll()
                if self._is_well():
                    continue
                with self._changing():
                    if not self._is_well() and not self._released.is_set():
                        log.warning("embedded_died", folder=str(self._place.folder))
                        self._make_sure_it_runs(alone=False)
            except (EmbeddedRefused, OSError) as error:  # a process may run out of descriptors for a while
                log.error("embedded_not_restarted", why=str(error))  # noqa: TRY400  # its message is complete
                self._released.wait(PAUSE_SECONDS)


def _try_alone(hold: IO[str]) -> bool:
    try:
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _socket_path(folder: Path) -> Path:
    """Beside the files, or, where that path is too long for a Unix socket, in a folder of this user in /tmp."""
    beside = folder / "server.sock"
    if len(os.fsencode(beside)) <= SOCKET_PATH_BYTES:
        return beside
    private = SHORT_BASE / f"usher-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    found = private.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != 0o700:
        raise EmbeddedRefused(
            f"{private} must be a folder that only this user can open. Remove it, or choose a USHER_DATA_DIR "
            "with a shorter path."
        )
    return private / f"{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}.sock"
