"""One master that sentinels watch: after a switch all connections move to the new master within a second."""

from typing import Any

from store.address import Address, Place
from store.network import CONNECT_SECONDS, HOMES, Several, named
from store.wire import Pool, StoreError, StoreUnsent, translate


class Sentinels(Several):
    """The sentinel with the newest configuration decides: an isolated sentinel may be out of date."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.places, address.replicas)
        self._address = address
        self._said: dict[Place, tuple[int, Place]] = {}

    def make_pool(self, place: Place) -> Pool:
        # A former master returns as a master until the sentinels tell it that it is a replica.
        url = self._address.server_url(place)
        return Pool(url, name=named(place), patience=0, connect_seconds=CONNECT_SECONDS, master=True)

    def make_ear(self, place: Place) -> Pool:
        url = self._address.sentinel_url(place)
        return Pool(url, patience=0, connect_seconds=CONNECT_SECONDS, answer_seconds=CONNECT_SECONDS)

    async def ask_witness(self, place: Place, pool: Pool) -> None:
        (answer,) = await pool.talk([["SENTINEL", "MASTER", self._address.master]])
        if isinstance(answer, Exception):
            raise _in_words(answer, self._address.master)
        facts = dict(zip(answer[::2], answer[1::2], strict=True))
        self._said[place] = int(facts["config-epoch"]), (facts["ip"], int(facts["port"]))
        self._decide()

    def forget_witness(self, place: Place) -> None:
        # The last answer stays valid: the master may be up while no sentinel is.
        if len(self._said) > 1:
            self._said.pop(place, None)

    def _decide(self) -> None:
        _, master = max(self._said.values(), key=lambda said: said[0])
        before = frozenset(self._where.values())
        self.settle(dict.fromkeys(HOMES, master), took_over=before - {master})


def _in_words(answer: Any, master: str) -> Exception:
    if "No such master" in str(answer):
        return StoreUnsent(f"the sentinel watches no master with the name `{master}`")
    if "unknown command" in str(answer):
        return StoreError("this is not a sentinel; redis+sentinel:// must name sentinels")
    return translate(answer)
