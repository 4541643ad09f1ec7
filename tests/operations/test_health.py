"""What a load balancer, Prometheus and admins are told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer, unused_port

from operations.credentials import Credentials
from operations.health import KEEP_SECONDS, Health, metrics_routes, serve_metrics
from store.commands import Command
from store.connection import Store, StoreDown, open_store
from store.embedded import start_embedded
from tests.support import wait_until

TOKEN = "prometheus-asks-with-this"


@pytest.fixture
async def own_store(tmp_path: Path, engine_binary: Path | None) -> AsyncIterator[Store]:
    """A store that a test may break."""
    with start_embedded(tmp_path, binary=engine_binary) as server:
        opened = await open_store(server.url)
        yield opened
        await opened.close()


@pytest.mark.parametrize(
    ("refuse", "accept"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
        (("CONFIG", "SET", "min-replicas-to-write", "1"), ("CONFIG", "SET", "min-replicas-to-write", "0")),
    ],
    ids=["memory full", "read-only", "too few replicas"],
)
async def test_a_replica_whose_store_refuses_writes_is_not_ready(
    own_store: Store, refuse: tuple[str, ...], accept: tuple[str, ...]
) -> None:
    now = [0.0]
    health = Health({"redis": own_store.check_writes}, clock=lambda: now[0])
    health.warmed_up()
    async with served(health) as client:
        assert (await client.get("/readyz")).status == 200
        await own_store.ask(Command(refuse, str))
        await own_store.ping()  # it answers all the same
        now[0] += KEEP_SECONDS
        answer = await client.get("/readyz")
        assert answer.status == 503
        assert await answer.json() == {"status": "not ready", "faults": {"redis": StoreDown.__name__}}
        await own_store.ask(Command(accept, str))
        now[0] += KEEP_SECONDS
        assert (await client.get("/readyz")).status == 200


async def test_a_replica_whose_store_cannot_write_to_its_disk_is_not_ready(own_store: Store, tmp_path: Path) -> None:
    """A snapshot fails because its file's name is taken by a folder; not even root writes into that. Then Redis answers MISCONF."""
    now = [0.0]
    health = Health({"redis": own_store.check_writes}, clock=lambda: now[0])
    health.warmed_up()

    async def snapshot(ends: str) -> None:
        await own_store.ask(Command(("BGSAVE", "SCHEDULE"), str))

        async def over() -> bool:
            told = await own_store.ask(Command(("INFO", "persistence"), str))
            return "rdb_bgsave_in_progress:0" in told and f"rdb_last_bgsave_status:{ends}" in told

        await wait_until(over, 10, f"a snapshot that ends {ends}")

    async with served(health) as client:
        # Redis stops writes only where it is meant to make snapshots.
        await own_store.ask(Command(("CONFIG", "SET", "save", "3600 1", "stop-writes-on-bgsave-error", "yes"), str))
        name = (await own_store.ask(Command(("CONFIG", "GET", "dir"), list)))[1]
        taken = Path(name) / "dump.rdb"
        taken.unlink(missing_ok=True)
        (taken / "in the way").mkdir(parents=True)
        await snapshot("err")
        with pytest.raises(StoreDown, match="MISCONF"):
            await own_store.check_writes()
        answer = await client.get("/readyz")
        assert answer.status == 503
        assert await answer.json() == {"status": "not ready", "faults": {"redis": StoreDown.__name__}}
        (taken / "in the way").rmdir()
        taken.rmdir()
        await snapshot("ok")
        now[0] += KEEP_SECONDS
        assert (await client.get("/readyz")).status == 200


async def test_however_many_ask_the_store_is_probed_once_a_second() -> None:
    probes, now = [0], [0.0]

    async def probe() -> None:
        probes[0] += 1

    health = Health({"redis": probe}, clock=lambda: now[0])
    health.warmed_up()
    for at in (0.0, 0.5, 0.9, 1.0, 1.1, 2.0):
        now[0] = at
        await health.faults()
    assert probes == [3]


async def test_credentials_that_are_refused_are_told_and_forgotten_with_the_next_answer() -> None:
    answers = ["credentials_refused", "microsoft_away", ""]

    async def check() -> str:
        return answers.pop(0)

    credentials = Credentials(check)
    told: list[list[str]] = []
    for _ in range(3):
        await credentials.ask()
        told.append(list(credentials.notices()))
    assert told == [["credentials_refused"], ["microsoft_away"], []]


async def test_metrics_need_the_token_even_from_this_machine() -> None:
    app = web.Application()
    app.add_routes(metrics_routes(TOKEN))
    async with TestClient(TestServer(app)) as client:
        for header in (None, "", "Bearer wrong", f"Basic {TOKEN}", "Bearer \udcff"):
            headers = {} if header is None else {"Authorization": header}
            if header is None or header.isascii():
                assert (await client.get("/metrics", headers=headers)).status == 401
        answer = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status == 200
        assert "usher_ready" in await answer.text()


async def test_without_a_token_there_is_no_metrics_page() -> None:
    app = web.Application()
    app.add_routes(metrics_routes(""))
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/metrics")).status == 404


async def test_metrics_have_a_port_of_this_machine() -> None:
    port = unused_port()
    runner = await serve_metrics(port, shared_port=False)
    try:
        assert runner.addresses == [("127.0.0.1", port)]
        async with ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                assert answer.status == 200
                assert "Server" not in answer.headers
            for name in ("evil.example", "["):
                async with session.get(f"http://127.0.0.1:{port}/metrics", headers={"Host": name}) as answer:
                    assert answer.status in {400, 403}
    finally:
        await runner.cleanup()


def served(health: Health) -> TestClient[web.Request, web.Application]:
    app = web.Application()
    app.add_routes(health.routes())
    return TestClient(TestServer(app))
