"""What can go wrong between Usher and its store, and what is used of a connection.

StoreDown
└── StoreUnsent    (surely nothing was carried out)
StoreError         (a fault of ours)
"""

from collections.abc import Sequence
from typing import Any, Protocol

from store.commands import Word


class StoreDown(Exception):
    """Redis cannot be reached, or cannot take the command now. The command may or may not have been carried out."""


class StoreUnsent(StoreDown):
    """Redis cannot be reached, and surely nothing was carried out."""


class StoreError(Exception):
    """Redis refused a command: a fault of ours."""


class Wire(Protocol):
    """What is used of redis-py's connection."""

    async def connect(self) -> None: ...
    def pack_commands(self, commands: Sequence[Sequence[Word]]) -> list[bytes]: ...
    async def send_packed_command(self, command: list[bytes], check_health: bool) -> None: ...
    async def read_response(self) -> Any: ...
    async def disconnect(self, nowait: bool = False) -> None: ...
