"""Telling a server something that the product never says (CONFIG SET, CLIENT KILL)."""

import socket


def tell(url: str, command: str) -> str:
    """Send one inline command to the server at `unix://…`; return the first line of its answer."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(5)
        wire.connect(url.removeprefix("unix://"))
        wire.sendall(f"{command}\r\n".encode())
        with wire.makefile("rb") as answer:
            return answer.readline().decode().strip()
