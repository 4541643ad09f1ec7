"""Real servers for these tests: a master with a replica and three sentinels, and a cluster of three masters.

All of them are the program that Usher carries, or another one (`Make`), on free ports of this machine; each is ended by its
own process.
"""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from redis import Redis
from redis.exceptions import RedisError

from store.engine import find_engine
from store.keys import roots
from tests.failover.link import Link

HOST = "127.0.0.1"
MASTER = "usher"
SLOTS = 16384
# A cluster's second port is 10,000 above its first.
HIGHEST_PORT = 55_000
START_SECONDS = 10.0
# As in production, only shorter: how long a node is silent until the others think it dead.
DOWN_AFTER_MS = 500
NODE_TIMEOUT_MS = 1_000


def free_port() -> int:
    """A port nobody listens on, whose cluster port is free as well."""
    while True:
        with socket.socket() as one, socket.socket() as other:
            one.bind((HOST, 0))
            port = one.getsockname()[1]
            if port < HIGHEST_PORT:
                with suppress(OSError):
                    other.bind((HOST, port + 10_000))
                    return port


def until(true: Callable[[], Any], what: str, seconds: float = START_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not _holds(true):
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)


def _holds(true: Callable[[], Any]) -> bool:
    try:
        return bool(true())
    except (RedisError, OSError):
        return False


@dataclass(frozen=True)
class Make:
    """Which program a server is, and how one talks to it. `authority`: the certificate that vouches for its own, for TLS."""

    program: Path
    authority: Path | None = None
    tls: Sequence[str] = ()

    @property
    def scheme(self) -> str:
        return "rediss" if self.tls else "redis"

    def url(self, port: int) -> str:
        return f"{self.scheme}://{HOST}:{port}{self.query}"

    @property
    def query(self) -> str:
        return f"?ssl_ca_certs={self.authority}" if self.tls else ""

    def listening(self, port: int) -> Sequence[str]:
        if not self.tls:
            return ("--port", str(port))
        # Servers talk to each other in the same way.
        return ("--port", "0", "--tls-port", str(port), *self.tls, "--tls-replication", "yes", "--tls-cluster", "yes")

    def client(self, port: int) -> Redis:
        return Redis.from_url(  # pyright: ignore[reportUnknownMemberType]  # untyped **kwargs
            self.url(port), decode_responses=True, protocol=2, socket_timeout=5
        )


def carried() -> Make:
    """The program that Usher carries, without TLS, which it does not know."""
    return Make(find_engine().binary)


def with_tls(program: Path, folder: Path) -> Make:
    """This program, with a certificate for this machine of an authority of its own; both lie in `folder`."""
    authority, files = trustme.CA(), {name: folder / f"{name}.pem" for name in ("authority", "chain", "key")}
    own = authority.issue_cert(HOST)
    authority.cert_pem.write_to_path(files["authority"])
    own.private_key_pem.write_to_path(files["key"])
    for part in own.cert_chain_pems:
        part.write_to_path(files["chain"], append=True)
    said = ("--tls-cert-file", files["chain"], "--tls-key-file", files["key"], "--tls-ca-cert-file", files["authority"])
    return Make(program, files["authority"], (*map(str, said), "--tls-auth-clients", "no"))


@dataclass
class Server:
    """One process. `ask` is for what only a test says to a server."""

    folder: Path
    arguments: Sequence[str]
    make: Make = field(default_factory=carried)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.make.url(self.port)

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.make.program, *self.arguments, *self.make.listening(self.port), "--bind", HOST],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        until(lambda: self.ask("PING"), f"the server on {self.port}")

    def ask(self, *words: str | int) -> Any:
        with self.make.client(self.port) as client:
            return client.execute_command(*words)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]

    def is_master(self) -> bool:
        # A sentinel ends all connections of the server that it makes the master, this question's among them.
        return _holds(lambda: self.ask("ROLE")[0] == "master")

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a power cut would."""
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGKILL)
            self.process.wait()


def data_server(make: Make, folder: Path, *more: str) -> Server:
    """One that holds data, not yet started."""
    always = ("--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--repl-diskless-sync-delay", "0")
    return Server(folder, (*always, *more), make)


@contextmanager
def running(servers: Sequence[Server]) -> Generator[None]:
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            server.kill()


@dataclass
class Watched:
    """A master, its replica, and the sentinels that watch them."""

    master: Server
    replica: Server
    link: Link
    sentinels: Sequence[Server]

    @property
    def url(self) -> str:
        places = ",".join(f"{HOST}:{sentinel.port}" for sentinel in self.sentinels)
        make = self.master.make
        return f"{make.scheme}+sentinel://{places}/{MASTER}{make.query}"

    def copied(self) -> None:
        """Return once the replica has everything that the master has acknowledged so far."""
        offset = self.master.ask("INFO", "replication")["master_repl_offset"]
        until(lambda: self.replica.ask("INFO", "replication")["slave_repl_offset"] >= offset, "a copy of everything")

    def cut(self) -> None:
        """From now on what the master acknowledges reaches nobody else, and is lost when it dies.

        Not by the link: sentinels let a replica go to its master directly after some seconds.
        """
        self.replica.signal(signal.SIGSTOP)
        self.master.ask("CLIENT", "KILL", "TYPE", "replica")

    def master_dies(self) -> None:
        """As in a power cut; the replica is there again."""
        self.master.kill()
        self.replica.signal(signal.SIGCONT)

    def failed_over(self) -> bool:
        return self.replica.is_master()


@contextmanager
def watched(folder: Path, *settings: str, lag: float = 0.0, make: Make | None = None) -> Generator[Watched]:
    """One master, one replica, three sentinels. `settings`: further arguments for the two that hold data; `lag`: how
    many seconds a write is on its way to the replica."""
    make = make or carried()
    master = data_server(make, folder / "master", *settings)
    link = Link(master.port, lag)
    replica = data_server(make, folder / "replica", *settings, "--replicaof", f"{HOST} {link.port}")
    with closing(link), running([master, replica]):
        until(lambda: replica.ask("ROLE")[3] == "connected", "a replica")
        sentinels: list[Server] = []
        for number in range(3):
            place = folder / f"sentinel{number}"
            place.mkdir(parents=True)
            (place / "sentinel.conf").write_text(
                f"sentinel monitor {MASTER} {HOST} {master.port} 2\n"
                f"sentinel down-after-milliseconds {MASTER} {DOWN_AFTER_MS}\n"
                f"sentinel failover-timeout {MASTER} 4000\n"
            )
            sentinels.append(Server(place, ("sentinel.conf", "--sentinel"), make))
        with running(sentinels):
            for sentinel in sentinels:
                until(
                    lambda one=sentinel: len(one.ask("SENTINEL", "SENTINELS", MASTER)) == 2,
                    "sentinels that know each other",
                )
                until(lambda one=sentinel: len(one.ask("SENTINEL", "REPLICAS", MASTER)) == 1, "a known replica")
            yield Watched(master, replica, link, sentinels)


@dataclass
class Clustered:
    """Three masters that share the slots."""

    nodes: Sequence[Server]
    replicas: Sequence[Server] = ()

    @property
    def url(self) -> str:
        make = self.nodes[0].make
        return f"{make.scheme}+cluster://{HOST}:{self.nodes[0].port},{HOST}:{self.nodes[1].port}{make.query}"

    def owner_of(self, key: str) -> Server:
        everybody = [*self.nodes, *self.replicas]
        alive = next(node for node in everybody if node.process and node.process.poll() is None)
        slot = alive.ask("CLUSTER", "KEYSLOT", key)
        for first, last, master, *_ in alive.ask("CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(node for node in everybody if node.port == master[1])
        raise AssertionError(key)

    def roots_on(self, node: Server) -> list[str]:
        return [root for root in roots() if self.owner_of(root) is node]

    def move(self, key: str, to: Server) -> None:
        """Valkey 9's atomic migration of the slot of `key`; returns once the new node owns it."""
        source = self.owner_of(key)
        slot = source.ask("CLUSTER", "KEYSLOT", key)
        source.ask("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", slot, slot, "NODE", to.ask("CLUSTER", "MYID"))
        until(lambda: self.owner_of(key) is to, f"the move of slot {slot}")


@contextmanager
def clustered(folder: Path, *, with_replicas: bool = False, make: Make | None = None) -> Generator[Clustered]:
    """Three masters, each with a third of the slots, and with a replica each if so wished."""
    settings = ("--cluster-enabled", "yes", "--cluster-node-timeout", str(NODE_TIMEOUT_MS))
    # Otherwise all nodes stand still while one is away.
    settings += ("--cluster-require-full-coverage", "no")
    make = make or carried()
    nodes = [data_server(make, folder / f"node{number}", *settings) for number in range(3)]
    replicas = [
        data_server(make, folder / f"replica{number}", *settings) for number in range(3 if with_replicas else 0)
    ]
    everybody = [*nodes, *replicas]
    with running(everybody):
        for number, node in enumerate(nodes):
            node.ask("CLUSTER", "ADDSLOTSRANGE", number * SLOTS // 3, (number + 1) * SLOTS // 3 - 1)
        for epoch, node in enumerate(everybody, start=1):
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", epoch)
        for node in everybody[1:]:
            node.ask("CLUSTER", "MEET", HOST, nodes[0].port)
        for node in everybody:
            until(lambda one=node: len(one.ask("CLUSTER", "SHARDS")) == len(everybody), "nodes that know each other")
        for node, replica in zip(nodes, replicas, strict=False):
            replica.ask("CLUSTER", "REPLICATE", node.ask("CLUSTER", "MYID"))
        for replica in replicas:
            until(lambda one=replica: one.ask("ROLE")[3] == "connected", "a replica")
        for node in everybody:
            until(lambda one=node: "cluster_state:ok" in str(one.ask("CLUSTER", "INFO")), "a cluster that is well")
        yield Clustered(nodes, replicas)
