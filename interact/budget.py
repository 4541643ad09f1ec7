"""How many frames of every kind this process takes from one socket, one chat and one address."""

from typing import Final

from interact.limits import Buckets, Limits

_UNIT: Final = 16 * 1024
"""Characters; a longer frame costs as much as several."""


class FrameBudget:
    """Over its budget a line is read more slowly; it is not closed, since nothing that a page says may be lost."""

    def __init__(self, limits: Limits) -> None:
        self._line = Buckets(burst=limits.frames_burst, rate=limits.frames_rate)
        self._chat = Buckets(burst=2 * limits.frames_burst, rate=2 * limits.frames_rate)
        self._address = Buckets(burst=limits.address_frames_burst, rate=limits.address_frames_rate)
        self._bad = Buckets(burst=limits.bad_frames_burst, rate=limits.bad_frames_rate)

    def wait(self, line: str, chat: str, address: str | None, size: int) -> float:
        """Seconds until the next frame may be read, after one of this size (characters)."""
        cost = 1 + size // _UNIT
        return max(
            self._line.owe(line, cost),
            self._chat.owe(chat, cost) if chat else 0.0,
            self._address.owe(address, cost) if address is not None else 0.0,
        )

    def unfinished(self, address: str | None, kilobytes: int) -> bool:
        """Count the KB of an unfinished message, each as a frame; True when its address has sent too many."""
        return address is not None and self._address.owe(address, kilobytes) > 0

    def bad(self, chat: str) -> bool:
        """Count a frame that was no good; False when there were too many."""
        return not self._bad.take(chat)

    def enter(self, address: str | None) -> float:
        """A new line costs its address as much as some frames; seconds to wait when there were too many."""
        return self._address.take(address, _ENTRY) if address is not None else 0.0

    def forget(self, line: str) -> None:
        """The line is closed."""
        self._line.forget(line)


_ENTRY: Final = 4
"""The cost of a handshake and a hello, in frames."""
