"""What the grant link needs of whoever knows Microsoft Graph: where an admin grants, and what is granted by now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class ConsentUnknown(Exception):
    """Nobody can say at present what is granted. The text says why, in words for a person."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One permission of the app in a tenant: its name, why Usher needs it, whether it is granted."""

    name: str
    why: str
    granted: bool


class Consent(Protocol):
    """`graph.consent` fulfils this."""

    async def grant_url(self, tenant: str, state: str) -> str:
        """The page on which an admin of the tenant grants. Raises ConsentUnknown."""
        ...

    async def granted(self, tenant: str) -> Sequence[Grant]:
        """Every permission that Usher needs, asked anew. Raises ConsentUnknown."""
        ...
