"""A client that sends without end: `python bench/flood.py HOST PORT TOKEN ORIGIN SOCKETS SECONDS FRAME`.

Opens SOCKETS sockets of one chat, sends hello on each, and sends the frame as fast as the system takes it (`ping` and
`pong` send control frames). Prints how many frames each socket sent. Uses the standard library alone, so that it starts quickly
and stays out of the way of what it measures; `bench/strangers.py` and tests/interact start it.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time

TEXT, CONTROL = 0x1, {"ping": 0x9, "pong": 0xA}
AT_ONCE = 2_000


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame, masked with zeros, which is a valid mask."""
    size = len(payload)
    length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + b"\0\0\0\0" + payload


def connect(host: str, port: int, token: str, origin: str) -> socket.socket:
    """A socket on which hello was sent."""
    line = socket.create_connection((host, port), timeout=60)
    line.sendall(
        f"GET /interact/v1/socket HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    line.recv(1)
    line.sendall(frame(TEXT, json.dumps({"type": "hello", "token": token, "after": 0}).encode()))
    return line


def flood(line: socket.socket, data: bytes, until: float, sent: list[int]) -> None:
    """Send until this instant, or until the other side has closed."""
    line.settimeout(0.2)
    total = 0
    while time.monotonic() < until:
        try:
            total += line.send(data[total % len(data) :])
        except TimeoutError:
            continue
        except OSError:
            break
    sent.append(total)


def main() -> None:
    host, port, token, origin, sockets, seconds, text = sys.argv[1:8]
    one = frame(CONTROL[text], b"") if text in CONTROL else frame(TEXT, text.encode())
    lines = [connect(host, int(port), token, origin) for _ in range(int(sockets))]
    until = time.monotonic() + float(seconds)
    sent: list[int] = []
    threads = [threading.Thread(target=flood, args=(line, one * AT_ONCE, until, sent), daemon=True) for line in lines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(f"{[total // len(one) for total in sent]} frames sent\n")
    sys.stdout.flush()
    os._exit(0)  # without a close, as such clients end


if __name__ == "__main__":
    main()
