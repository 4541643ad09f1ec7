"""Maps change signals to open pages. A signal arrives once, its task is read once, and only the pages concerned
refresh."""

import asyncio
from collections.abc import Callable, Iterable

import structlog
from aiohttp import web

from distribution.distributor import Distributor
from distribution.tasks import Task
from identity.sessions import BELL, Identity
from portal.snapshot import PIECES, TASK_PIECES, Snapshots, lane_of
from store.connection import StoreDown
from store.doorbells import Bell, Doorbells

log = structlog.get_logger(__name__)

PAGES_PER_PERSON = 20
"""Nobody works in more; a page gone wild must not eat the server's sockets."""


class Page:
    """One open page: what on it may be out of date."""

    def __init__(self, tenant: str, user: str, session: str, surface: str) -> None:
        self.tenant = tenant
        self.user = user
        self.session = session
        self.surface = surface
        self.lanes: frozenset[str] = frozenset()
        self.held: frozenset[str] = frozenset()
        self.rung = asyncio.Event()
        self.doubted = False
        """Whether the session may have ended since it was last looked at."""
        self.leaving = False
        """Asked to take another stream."""
        self._stale: set[str] = set()

    def touch(self, pieces: Iterable[str]) -> None:
        self._stale.update(pieces)
        if self._stale:
            self.rung.set()

    def doubt(self) -> None:
        """Look at the session before anything else is shown."""
        self.doubted = True
        self.rung.set()

    def take(self) -> set[str]:
        """What is out of date; from here on it counts as looked at."""
        stale, self._stale = self._stale, set()
        if not self.doubted:
            self.rung.clear()
        return stale

    def concerned_by(self, task: Task) -> set[str]:
        pieces: set[str] = set()
        if task.session_of(self.user) is not None or task.id in self.held:
            pieces |= TASK_PIECES
        if lane_of(task) in self.lanes:
            pieces.add("waiting")
        return pieces


class Hub:
    """All open pages of this process."""

    def __init__(self, distributor: Distributor, doorbells: Doorbells, snapshots: Snapshots) -> None:
        self._distributor = distributor
        self._doorbells = doorbells
        self._snapshots = snapshots
        self._pages: dict[str, set[Page]] = {}
        self._looking: set[tuple[str, str]] = set()
        self._looks: set[asyncio.Task[None]] = set()
        self._silence: list[Callable[[], None]] = []
        self.closing = False

    async def start(self, _app: web.Application) -> None:
        heard = {"task": self._task, "agent": self._agent, "directory": self._directory, BELL: self._session}
        self._silence = [self._doorbells.listen(kind, callback) for kind, callback in heard.items()]

    async def move_all(self, seconds: float) -> None:
        """Disconnect one page after the other, within this many seconds; each reconnects to another server."""
        pages = self._all()
        for page in pages:
            page.leaving = True
            page.rung.set()
            await asyncio.sleep(min(0.02, seconds / len(pages)))

    async def stop(self, _app: web.Application) -> None:
        """Open pages are disconnected; each finds another server, or this one again, after its own pause."""
        self.closing = True
        for silence in self._silence:
            silence()
        for page in self._all():
            page.rung.set()
        for look in tuple(self._looks):
            look.cancel()

    def open(self, identity: Identity, surface: str) -> Page | None:
        """A new page, or a new line of one; None when this person has too many."""
        pages = self._pages.setdefault(identity.tenant, set())
        if sum(page.user == identity.user for page in pages) >= PAGES_PER_PERSON:
            return None
        page = Page(identity.tenant, identity.user, identity.session, surface)
        pages.add(page)
        return page

    def close(self, page: Page) -> bool:
        """Whether its surface is gone with it: a page that lost its line may be back on another one before we notice."""
        pages = self._pages[page.tenant]
        pages.discard(page)
        if not pages:
            del self._pages[page.tenant]
        return all((other.user, other.surface) != (page.user, page.surface) for other in pages)

    def _all(self) -> list[Page]:
        return [page for pages in self._pages.values() for page in pages]

    def _everyone_looks(self) -> None:
        self._snapshots.companies.forget_all()
        self._snapshots.queues.forget_all()
        for page in self._all():
            page.doubt()
            page.touch(PIECES)

    def _task(self, bell: Bell) -> None:
        if bell.number < 0:
            self._everyone_looks()
            return
        key = (bell.tenant, bell.id)
        if bell.tenant not in self._pages or key in self._looking:
            return
        self._looking.add(key)
        look = asyncio.get_running_loop().create_task(self._look(*key))
        self._looks.add(look)
        look.add_done_callback(self._looks.discard)

    def _agent(self, bell: Bell) -> None:
        for page in self._pages.get(bell.tenant, ()):
            if page.user == bell.id:
                page.touch({"agent", *TASK_PIECES})

    def _directory(self, bell: Bell) -> None:
        self._snapshots.companies.forget(bell.tenant, "")
        for page in self._pages.get(bell.tenant, ()):
            page.touch(PIECES)

    def _session(self, bell: Bell) -> None:
        for page in self._pages.get(bell.tenant, ()):
            if page.session == bell.id:
                page.doubt()

    async def _look(self, tenant: str, task_id: str) -> None:
        # Bells that ring from here on need a look of their own: they may tell of something newer than this reading.
        self._looking.discard((tenant, task_id))
        try:
            task = await self._distributor.task(tenant, task_id)
        except StoreDown:
            return  # the change signals stop too; when they return, every page refreshes
        if task is None:
            return
        self._snapshots.queues.forget(tenant, lane_of(task))
        for page in self._pages.get(tenant, ()):
            page.touch(page.concerned_by(task))
