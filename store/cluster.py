"""A cluster: the master of its slot keeps each shard. Learned from CLUSTER SLOTS, corrected by MOVED."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.crc import key_slot

from store.address import Address, Place
from store.network import CONNECT_SECONDS, HOMES, Several, named
from store.wire import Pool, StoreError, StoreUnsent, translate

SLOT_OF = {root: key_slot(root.encode()) for root in HOMES}


@dataclass(frozen=True, slots=True)
class _View:
    """One node's view of the cluster: a higher `rank` is newer, and `ok` counts before it."""

    rank: tuple[bool, int]
    where: Mapping[str, Place]
    replicas: Mapping[str, frozenset[Place]]
    nodes: frozenset[Place]


class Cluster(Several):
    """Takes the newest view: that of the node with the highest epoch, among those that report the whole cluster."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.places, address.replicas)
        self._address = address
        self._views: dict[Place, _View] = {}
        self._copies: Mapping[str, frozenset[Place]] = {}

    def make_pool(self, place: Place) -> Pool:
        url = self._address.server_url(place)
        return Pool(url, name=named(place), patience=0, connect_seconds=CONNECT_SECONDS)

    def make_ear(self, place: Place) -> Pool:
        url = self._address.server_url(place)
        return Pool(url, patience=0, connect_seconds=CONNECT_SECONDS, answer_seconds=CONNECT_SECONDS)

    async def ask_witness(self, place: Place, pool: Pool) -> None:
        info, slots = await pool.talk([["CLUSTER", "INFO"], ["CLUSTER", "SLOTS"]])
        for answer in (info, slots):
            if isinstance(answer, Exception):
                raise _in_words(answer)
        self._views[place] = _read_view(info, slots, place[0])
        self._decide()

    def forget_witness(self, place: Place) -> None:
        if len(self._views) > 1:
            self._views.pop(place, None)

    def _decide(self) -> None:
        view = max(self._views.values(), key=lambda one: one.rank)
        took_over = {
            before
            for root, before in self._where.items()
            if view.where.get(root) in self._copies.get(root, frozenset()) - {before}
        }
        self._copies = view.replicas
        self.settle(view.where, took_over=frozenset(took_over))
        self.listen_to(tuple(view.nodes))


def _read_view(info: str, slots: Sequence[Any], asked: str) -> _View:
    facts = dict(line.split(":", 1) for line in info.splitlines() if ":" in line)
    where: dict[str, Place] = {}
    replicas: dict[str, frozenset[Place]] = {}
    nodes: set[Place] = set()
    for first, last, *servers in slots:
        # A node that does not know its own name sends an empty one: it is the node that was asked.
        master, *others = [(host if host and host != "?" else asked, int(port)) for host, port, *_ in servers]
        nodes |= {master, *others}
        for root, slot in SLOT_OF.items():
            if first <= slot <= last:
                where[root], replicas[root] = master, frozenset(others)
    rank = facts.get("cluster_state") == "ok", int(facts.get("cluster_current_epoch", 0))
    return _View(rank, where, replicas, frozenset(nodes))


def _in_words(answer: Exception) -> Exception:
    if "cluster support disabled" in str(answer):
        return StoreError("this server is not part of a cluster; begin USHER_REDIS_URL with redis:// instead")
    error = translate(answer)
    return StoreUnsent(str(error)) if isinstance(error, StoreError) else error
