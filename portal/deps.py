"""What the portal is given: the rooms below it by their types, the room beside it as plain callables."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import web

from conversations.messages import Conversations
from directory.directory import Directory
from distribution.distributor import Distributor
from store.doorbells import Doorbells


class InstallOutcome(Protocol):
    """How bringing the bot to a person, or taking it away, came out. `text` is a sentence for that person."""

    @property
    def ok(self) -> bool: ...

    @property
    def status(self) -> str: ...

    @property
    def text(self) -> str: ...


STATIC = Path(__file__).parent / "static"
"""Where `npm run build:portal` puts the pages."""

Notices = Callable[[], Sequence[str]]
"""What admins have to know about this installation, as codes: `notices.<code>` has the words."""


def nothing_to_say() -> Sequence[str]:
    return ()


Install = Callable[[str, str], Awaitable[InstallOutcome]]
"""`(tenant, user)`; harmless when called again."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds. A page whose surface did not answer for 30 s does not count (distribution), so 10 leaves two to lose."""

    heartbeat: float = 5.0
    surface: float = 10.0
    coalesce: float = 0.05
    """What changes within this time comes as one update: nobody sees the delay, and a busy queue does not flood a page."""
    session: float = 4.0
    """A stream looks at its session again after this time even if a change signal was lost: with what the look itself takes,
    a stream ends within 5 s of the sign-out."""
    keep: float = 5.0
    """Shared data is read again after this time even if a change signal was lost."""


@dataclass(frozen=True, slots=True)
class PortalDeps:
    distributor: Distributor
    conversations: Conversations
    directory: Directory
    doorbells: Doorbells
    install: Install
    uninstall: Install
    public_url: str
    notices: Notices = nothing_to_say
    rhythm: Rhythm = Rhythm()
    static: Path = STATIC


DEPS = web.AppKey("PORTAL_DEPS", PortalDeps)
