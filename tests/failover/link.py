"""The wire between a master and its replica, which a test can cut while both believe it whole: what goes through it is lost.

`kill -9` alone loses next to nothing on one machine: the kernel still delivers what the dead process has written.
"""

import queue
import socket
import threading
import time
from contextlib import suppress

HOST = "127.0.0.1"


class Link:
    """Listens on `port` and passes everything on to `to`, `lag` seconds later; after `cut` nothing more."""

    def __init__(self, to: int, lag: float = 0.0) -> None:
        self._to = to
        self._lag = lag
        self._cut = threading.Event()
        self._sockets: list[socket.socket] = []
        self._door = socket.create_server((HOST, 0))
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """From now on what either sends is lost."""
        self._cut.set()

    def close(self) -> None:
        for one in (self._door, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                replica, _ = self._door.accept()
                master = socket.create_connection((HOST, self._to))
                self._sockets += [replica, master]
                threading.Thread(target=self._pump, args=(replica, master), daemon=True).start()
                threading.Thread(target=self._delay, args=(master, replica), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if not self._cut.is_set():
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def _delay(self, source: socket.socket, target: socket.socket) -> None:
        under_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()

        def deliver() -> None:
            with suppress(OSError):
                while True:
                    at, data = under_way.get()
                    # The delay of the line is what this link is for.
                    time.sleep(max(0.0, at - time.monotonic()))
                    if not data:
                        target.shutdown(socket.SHUT_WR)
                        return
                    if not self._cut.is_set():
                        target.sendall(data)

        threading.Thread(target=deliver, daemon=True).start()
        with suppress(OSError):
            while data := source.recv(1 << 16):
                under_way.put((time.monotonic() + self._lag, data))
        under_way.put((time.monotonic() + self._lag, b""))
