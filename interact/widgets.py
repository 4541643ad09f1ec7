"""Widgets as websites and visitors see them: whose they are, where they may stand, and what they ask for."""

import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from conversations.messages import Conversation
from directory.directory import Directory
from directory.hours import is_open
from directory.model import ServiceSettings, Tenant, WidgetSettings
from directory.service_model import OVERFLOW_WORDS
from distribution.distributor import Distributor
from interact.origins import ANY, Origins
from interact.presence import CLOSED, presence_word

T = TypeVar("T")

CACHE_SECONDS: Final = 5.0
"""A website asks for its widget on every page view; what a service says and who is there may be so old."""

_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Widget:
    """One widget. `agent_name`: what visitors see instead of an agent's own name, None for the real one."""

    key: str
    tenant: str
    service: str | None
    user: str | None
    name: str
    settings: WidgetSettings
    origins: Origins

    @property
    def agent_name(self) -> str | None:
        """What visitors see in place of the agents' names; None = the real ones."""
        rule = self.settings.agent_name
        return {"real": None, "hidden": self.name}.get(rule, rule)


@dataclass(frozen=True, slots=True)
class View:
    """A widget with what holds at the moment: `missing` are the preconditions that do not (code, text)."""

    widget: Widget
    missing: tuple[tuple[str, str], ...]
    presence: str | None

    def as_json(self) -> dict[str, Any]:
        """The answer of `GET /interact/v1/widgets/{key}`."""
        widget, settings = self.widget, self.widget.settings
        return {
            "key": widget.key,
            "name": widget.name,
            "open": not self.missing,
            "missing": [{"code": code, "message": text} for code, text in self.missing],
            "ask": {"name": settings.ask_name, "email": settings.ask_email},
            "greeting": settings.greeting,
            "privacy": {"text": settings.privacy_text, "url": settings.privacy_url, "tick": settings.privacy_tick},
            "colour": settings.colour,
            "presence": self.presence,
        }


class _Recent(Generic[T]):
    """What was seen a moment ago. Two who ask at the same time may both look; they see the same."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, T]] = {}

    async def get(self, key: Hashable, look: Callable[[], Awaitable[T]]) -> T:
        now = self._clock()
        kept = self._kept.get(key)
        if kept is not None and now < kept[0]:
            return kept[1]
        seen = await look()
        if len(self._kept) >= _MOST:  # somebody tries keys: what is real comes back at its next request
            self._kept.clear()
        self._kept[key] = (now + CACHE_SECONDS, seen)
        return seen


class Widgets:
    """Looks widgets up, and remembers what it saw for a few seconds. Methods raise StoreDown."""

    def __init__(
        self,
        directory: Directory,
        distributor: Distributor,
        own_origin: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """`clock`: seconds, for what is kept; `now`: seconds since the epoch, for opening hours."""
        self._directory = directory
        self._distributor = distributor
        self._own_origin = own_origin
        self._now = lambda: int(now() * 1000)
        self._views: _Recent[View | None] = _Recent(clock)
        self._widgets: _Recent[Widget | None] = _Recent(clock)

    async def view(self, key: str) -> View | None:
        """The widget with this public key as it is now (or was a few seconds ago), None if there is none."""
        return await self._views.get(key, lambda: self._look(key))

    async def of_conversation(self, conversation: Conversation) -> Widget:
        """The widget that a running chat began with; also when it was taken away since, for the chat goes on."""
        whose = (conversation.widget, conversation.tenant, conversation.service, conversation.user)
        return await self._widgets.get(whose, lambda: self._widget(*whose)) or _bare(conversation)

    async def _look(self, key: str) -> View | None:
        target = await self._directory.widget(key)
        if target is None:
            return None
        widget = await self._widget(key, target.tenant, target.service, target.user)
        if widget is None:
            return None
        missing = await self._directory.missing_for(target.tenant, service=target.service, user=target.user)
        return View(widget, tuple((one.code, one.text) for one in missing), await self._presence(widget))

    async def _widget(self, key: str, tenant: str, service: str | None, user: str | None) -> Widget | None:
        if service is not None:
            owner = await self._directory.service(tenant, service)
        else:
            owner = await self._directory.user(tenant, user or "")
        if owner is None or owner.widget is None:
            return None
        origins = Origins(owner.widget.origins, self._own_origin)
        return Widget(key, tenant, service, user, owner.name, owner.widget, origins)

    async def _presence(self, widget: Widget) -> str | None:
        tenant = await self._directory.tenant(widget.tenant)
        if tenant is None:
            return None
        if widget.service is not None:
            return await self._service_presence(tenant, widget.service)
        if not self._is_open(tenant, tenant.direct):
            return CLOSED
        agent = await self._distributor.agent(widget.tenant, widget.user or "")
        return presence_word([agent] if agent is not None else [], "")

    async def _service_presence(self, tenant: Tenant, service: str) -> str:
        """Of the service that a chat would wait for now: closed ones may hand their visitors on."""
        seen: set[str] = set()
        while service not in seen:
            seen.add(service)
            found = await self._directory.service(tenant.id, service)
            if found is None or self._is_open(tenant, found):
                return presence_word(await self._distributor.agents(tenant.id, service), service)
            if found.hours_end != "overflow" or found.overflow in OVERFLOW_WORDS:
                break
            service = found.overflow
        return CLOSED

    def _is_open(self, tenant: Tenant, settings: ServiceSettings) -> bool:
        return is_open(settings.hours, tenant.time_zone, self._now())


def _bare(conversation: Conversation) -> Widget:
    """For a chat whose service (or user) is there no more: its token alone opens it, and nobody's name is shown."""
    gone = WidgetSettings(agent_name="hidden")
    key, tenant = conversation.widget, conversation.tenant
    return Widget(key, tenant, conversation.service, conversation.user, "", gone, Origins([ANY], ""))
