"""How many answers of Entra are taken: per address and in total, so that forged ones cost us little."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Clock = Callable[[], float]

_MOST_ADDRESSES: Final = 20_000
"""Beyond this the longest untouched ones are forgotten: they have long been full again."""


@dataclass(frozen=True, slots=True)
class Rates:
    """A burst may come at once; a rate goes on (per second)."""

    burst_per_address: int = 100
    rate_per_address: float = 1.0
    """A whole office behind one address may sign in at nine o'clock."""
    burst: int = 1_000
    rate: float = 50.0


class Ration:
    """Counts callbacks in this process."""

    def __init__(self, rates: Rates, clock: Clock = time.monotonic) -> None:
        self._rates = rates
        self._clock = clock
        self._all = (float(rates.burst), clock())
        self._by_address: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str | None) -> int:
        """0 = granted; else the whole seconds after which to come again. `address`: None where none can be blamed."""
        rates, now = self._rates, self._clock()
        whole = _filled(self._all, now, rates.burst, rates.rate)
        if whole < 1:
            return _pause(whole, rates.rate)
        if address is not None:
            found = self._by_address.pop(address, (float(rates.burst_per_address), now))
            own = _filled(found, now, rates.burst_per_address, rates.rate_per_address)
            self._by_address[address] = (own - 1 if own >= 1 else own, now)
            if len(self._by_address) > _MOST_ADDRESSES:
                self._by_address.popitem(last=False)
            if own < 1:
                return _pause(own, rates.rate_per_address)
        self._all = (whole - 1, now)
        return 0


def _filled(bucket: tuple[float, float], now: float, burst: int, rate: float) -> float:
    left, since = bucket
    return min(float(burst), left + (now - since) * rate)


def _pause(left: float, rate: float) -> int:
    return max(1, math.ceil((1 - left) / rate))
