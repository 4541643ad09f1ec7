"""Errors between Usher and its store, and the part of a redis-py connection that Usher uses.

StoreDown
└── StoreUnsent    (certainly not carried out)
StoreError         (a bug in Usher)
"""

from collections.abc import Sequence
from typing import Any, Protocol

from store.commands import Word


class StoreDown(Exception):
    """Redis cannot be reached, or cannot take the command now. The command may or may not have been carried out."""


class StoreUnsent(StoreDown):
    """Redis cannot be reached, and the command was certainly not carried out."""


class StoreError(Exception):
    """Redis rejected a command: a bug in Usher."""


class Wire(Protocol):
    """The part of redis-py's connection that Usher uses."""

    async def connect(self) -> None: ...
    def pack_commands(self, commands: Sequence[Sequence[Word]]) -> list[bytes]: ...
    async def send_packed_command(self, command: list[bytes], check_health: bool) -> None: ...
    async def read_response(self) -> Any: ...
    async def disconnect(self, nowait: bool = False) -> None: ...
