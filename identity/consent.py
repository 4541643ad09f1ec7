"""What sign-in needs of Microsoft Graph: where an admin grants, what is granted by now, and who a person is."""

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


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as Graph knows them: object id in lower case, sign-in name, and whether they are a guest of the tenant."""

    user: str
    upn: str
    guest: bool


class Consent(Protocol):
    """`graph.consent` fulfils this."""

    async def grant_url(self, tenant: str, state: str) -> str:
        """The page on which an admin of the tenant grants. Raises ConsentUnknown."""
        ...

    async def granted(self, tenant: str) -> Sequence[Grant]:
        """Every permission that Usher needs, asked from Entra again. Raises ConsentUnknown."""
        ...

    async def profile(self, tenant: str, user: str) -> Profile | None:
        """The person with this object id, asked now; None when there is nobody. Raises ConsentUnknown."""
        ...
