"""Widgets as websites and visitors see them: whose they are, where they may stand, and what they ask for."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from conversations.messages import Conversation
from directory.directory import Directory
from directory.model import WidgetSettings
from distribution.distributor import Distributor
from interact.origins import Origins
from interact.presence import presence_word

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


class Widgets:
    """Looks widgets up, and remembers what it saw for a few seconds. Methods raise StoreDown."""

    def __init__(
        self,
        directory: Directory,
        distributor: Distributor,
        own_origin: str,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._distributor = distributor
        self._own_origin = own_origin
        self._clock = clock
        self._seen: dict[str, tuple[float, View | None]] = {}

    async def view(self, key: str) -> View | None:
        """The widget with this public key as it is now (or was a few seconds ago), None if there is none."""
        now = self._clock()
        until, view = self._seen.get(key, (0.0, None))
        if now < until:
            return view
        view = await self._look(key)
        if len(self._seen) >= _MOST:  # somebody tries keys: what is real comes back at its next request
            self._seen.clear()
        self._seen[key] = (now + CACHE_SECONDS, view)
        return view

    async def of_conversation(self, conversation: Conversation) -> Widget:
        """The widget that a running chat began with; also when it was taken away since, for the chat goes on."""
        target = await self._directory.widget(conversation.widget)
        tenant, service, user = conversation.tenant, conversation.service, conversation.user
        if target is not None and (target.tenant, target.service, target.user) == (tenant, service, user):
            found = await self._widget(conversation.widget, tenant, service, user)
            if found is not None:
                return found
        return _bare(conversation)

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
        if widget.service is not None:
            return presence_word(await self._distributor.agents(widget.tenant, widget.service), widget.service)
        agent = await self._distributor.agent(widget.tenant, widget.user or "")
        return presence_word([agent] if agent is not None else [], "")


def _bare(conversation: Conversation) -> Widget:
    settings = WidgetSettings(origins=["*"], agent_name="hidden")
    return Widget(
        conversation.widget,
        conversation.tenant,
        conversation.service,
        conversation.user,
        "",
        settings,
        Origins(["*"], ""),
    )
