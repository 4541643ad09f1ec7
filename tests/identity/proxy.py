"""A proxy as companies have one: it knows CONNECT, asks for a password if told to, and notes where calls go."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Proxy:
    address: str = ""
    password: str = ""  # "user:password"; "" = anybody may
    asked: list[str] = field(default_factory=list[str])  # host:port, in the order of the calls
    refused: int = 0


@asynccontextmanager
async def playing_proxy(password: str = "") -> AsyncGenerator[Proxy]:
    proxy = Proxy(password=password)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split(" ", 2)
            assert method == "CONNECT", method
            proof = base64.b64encode(password.encode()).decode()
            if password and f"proxy-authorization: basic {proof}".lower() not in head.lower():
                proxy.refused += 1
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                return
            proxy.asked.append(target)
            host, _, port = target.rpartition(":")
            there, back = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await asyncio.gather(_pour(reader, back), _pour(there, writer))
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    except ConnectionError:
        pass
    finally:
        target.close()
