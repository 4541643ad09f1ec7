"""The sandbox as a process: it says where it listens, stops when told, and remembers."""

import asyncio
import json
import signal
import ssl
import sys
from pathlib import Path

import aiohttp
import pytest

from sandbox.server import running
from sandbox.world import World, WorldError, read_world
from tests.sandbox.conftest import WORLD
from tests.sandbox.product import ANNA, Bot, Product

ROOT = Path(__file__).parents[2]


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        *arguments,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_it_says_where_it_listens_and_stops_when_told(state: Path, tmp_path: Path) -> None:
    ready_file = tmp_path / "ready.json"
    process = await start("--world", str(WORLD), "--state", str(state), "--ready-file", str(ready_file))
    assert process.stdout is not None
    ready = json.loads(await process.stdout.readline())
    assert json.loads(ready_file.read_text()) == ready
    context = ssl.create_default_context(cafile=ready["ca_file"])
    async with aiohttp.ClientSession() as session:
        async with session.get(ready["http"] + "/") as page:
            assert page.status == 200
        async with session.get(ready["tls"] + "/v1/.well-known/keys", ssl=context) as keys:
            assert keys.status == 200
    process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(10):
        assert await process.wait() == 0


async def test_a_port_in_use_is_one_sentence(state: Path) -> None:
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    process = await start("--world", str(WORLD), "--state", str(state), "--http-port", str(port))
    async with asyncio.timeout(20):
        _, errors = await process.communicate()
    server.close()
    assert process.returncode == 2
    assert errors.decode().startswith("The sandbox cannot start: ")
    assert len(errors.decode().splitlines()) == 1


async def test_what_happened_is_there_after_a_restart(world: World, state: Path) -> None:
    async def once() -> tuple[list[str], list[str], str]:
        async with running(world, state) as core, aiohttp.ClientSession() as session:
            core.settings.set("single_human_chats", True)
            product = Product(core, session, Bot())
            if not core.chats.of(ANNA):
                product.core.settings.set("bot_endpoint", "http://127.0.0.1:9/")
                chat = await product.personal_chat()
                await product.teams("POST", f"/chats/{chat}/messages", {"text": "Hello"})
                await product.teams("POST", "/presence", {"availability": "Away"})
            seen = await product.state()
            messages = [message["text"] for chat in seen["chats"] for message in chat["messages"]]
            return messages, [key["kid"] for key in core.bot_keys.published()], seen["me"]["presence"]

    first = await once()
    assert first[0] == ["Hello"]
    assert await once() == first


def test_the_demos_world_is_read() -> None:
    world = read_world(WORLD)
    assert world.people[0].id == ANNA
    assert world.app.bot_id == f"28:{world.app.client_id}"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[tenant", "is not TOML"),
        ("", "there is no table [tenant]"),
        ('[tenant]\nid = "t"\n', "[tenant] name must be a text"),
    ],
)
def test_a_bad_world_is_refused_in_words(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "world.toml"
    path.write_text(text)
    with pytest.raises(WorldError, match=complaint.replace("[", r"\[")):
        read_world(path)


def test_a_world_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="No such file"):
        read_world(tmp_path / "nowhere.toml")
