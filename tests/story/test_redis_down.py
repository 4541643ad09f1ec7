"""Redis of one's own goes away in the middle of a chat, and comes back: nothing that was acknowledged is lost."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from store.engine import find_engine
from tests.story.people import SECONDS
from tests.story.stage import Stage
from tests.support import wait_until


class Redis:
    """A Redis server of the test's own: Debian's where it is installed, otherwise the one that Usher carries."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.program = shutil.which("redis-server") or str(find_engine().binary)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self.program, "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder),
             "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction", "--save", ""],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)


@pytest_asyncio.fixture(loop_scope="session")
async def redis_and_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Redis, Stage]]:
    redis = Redis(tmp_path_factory.mktemp("r"))
    redis.start()
    await wait_until(redis.socket.exists, SECONDS, "Redis listens")
    stage = Stage(tmp_path_factory.mktemp("own-redis"), redis_url=redis.url)
    await stage.start()
    yield redis, stage
    await stage.stop()
    redis.process.terminate()
    redis.process.wait()


async def readiness(stage: Stage) -> int:
    async with stage.http.get(f"{stage.app}/readyz") as answer:
        return answer.status


async def test_redis_goes_away_and_comes_back(redis_and_stage: tuple[Redis, Stage]) -> None:
    redis, stage = redis_and_stage
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Vera")
    await visitor.say("before")
    await anna.click(await anna.sees("Vera", "Accept"), "accept")
    room = await anna.room(topic="Vera")
    await visitor.is_("connected")

    redis.kill()

    async def not_ready() -> bool:
        return await readiness(stage) == 503

    await wait_until(not_ready, SECONDS, "/readyz says 503")
    key = ""
    try:
        key = await visitor.send("while it was down")
    except (ConnectionError, aiohttp.ClientError):
        key = "while-it-was-down"
    async with stage.http.post(f"{stage.app}/interact/v1/sessions", json={"widget": company.widget}) as answer:
        assert answer.status == 503
    assert key not in visitor.acknowledged, "nothing is acknowledged that is not stored"

    redis.start()

    async def ready() -> bool:
        return await readiness(stage) == 200

    await wait_until(ready, SECONDS, "/readyz says 200 again")
    await visitor.drop()
    await visitor.connect()
    await visitor.say("while it was down", key)
    await anna.reads(room, "while it was down")
    await anna.write(room, "still here")
    await visitor.hears("still here")
    text = "\n".join(await anna.read(room))
    assert text.count("while it was down") == 1
