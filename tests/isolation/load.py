"""Running chats and their measure: how long a message takes from the visitor to Teams, and who was offered what."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.story.people import Teammate, Visitor
from tests.story.stage import TENANT, Company, Stage
from tests.support import wait_until

Json = dict[str, Any]
LOOK_SECONDS = 0.05


@dataclass(slots=True)
class Talk:
    """A chat that has been accepted: its visitor, its agent and its room."""

    visitor: Visitor
    agent: Teammate
    room: Json
    sent: dict[str, float] = field(default_factory=dict[str, float])
    """Mark of a message → when the visitor sent it (s since the epoch)."""

    async def say(self) -> str:
        """Send one message with a mark of its own; does not wait for the acknowledgement."""
        mark = f"mark-{uuid.uuid4().hex[:12]}"
        self.sent[mark] = time.time()
        await self.visitor.send(mark)
        return mark


class Teams:
    """What Teams took from the bot, read from the sandbox's own record of calls."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._last = 0
        self.posts: list[Json] = []
        """Each `POST …/activities` that Teams answered with 2xx: `{at, conversation, text}`; `at` in s."""
        self._open: set[int] = set()

    async def look(self) -> None:
        """Read the calls that were recorded since the last look."""
        since = min([self._last, *(number - 1 for number in self._open)])
        found = await self._stage.control("GET", f"/requests?since={since}")
        for call in found["requests"]:
            number = call["number"]
            if number <= self._last and number not in self._open:
                continue
            self._open.discard(number)
            if not call["path"].endswith("/activities") or call["method"] != "POST":
                continue
            if call["status"] == 0:
                self._open.add(number)
            elif 200 <= call["status"] < 300:
                conversation = unquote(call["path"]).split("/")[-2]
                at = (call["at"] + call["ms"]) / 1000
                self.posts.append({"at": at, "conversation": conversation, "text": str(call["body"])})
        self._last = max(self._last, found["last"])

    async def delays(self, talks: Sequence[Talk]) -> dict[str, float]:
        """Mark → seconds from the visitor's send until Teams had it, of those that have arrived."""
        await self.look()
        sent = {mark: at for talk in talks for mark, at in talk.sent.items()}
        arrived: dict[str, float] = {}
        for post in self.posts:
            for mark in sent.keys() - arrived.keys():
                if mark in post["text"]:
                    arrived[mark] = post["at"] - sent[mark]
        return arrived

    async def all_arrive(self, talks: Sequence[Talk], seconds: float) -> dict[str, float]:
        """Wait until every message of these chats has reached Teams; the delays as `delays` says them."""
        wanted = sum(len(talk.sent) for talk in talks)
        found: dict[str, float] = {}

        async def there() -> bool:
            found.update(await self.delays(talks))
            return len(found) == wanted

        await wait_until(there, seconds, lambda: f"{len(found)} of {wanted} messages reach Teams", step=LOOK_SECONDS)
        return found


async def begin(stage: Stage, company: Company, names: Sequence[str]) -> list[Talk]:
    """One accepted chat for each agent of `company`, all at once; `names` are the visitors'."""
    visitors = [await stage.visitor(company.widget, name) for name in names]
    await asyncio.gather(*(visitor.say("Hello") for visitor in visitors))
    rung = await ringing(stage, company, visitors)
    await asyncio.gather(*(agent.click(card, "accept") for agent, card in rung.values()))
    talks: list[Talk] = []
    for visitor in visitors:
        agent, _ = rung[visitor.task]
        await wait_until(lambda one=visitor: one.status.get("state") == "connected", 60, f"{visitor.name} is connected")
        talks.append(Talk(visitor, agent, await agent.room(topic=visitor.name)))
    return talks


async def ringing(stage: Stage, company: Company, visitors: Sequence[Visitor]) -> dict[str, tuple[Teammate, Json]]:
    """Task → the agent who has its offer as a card, and the card; waits until each task has one."""
    by_user = {agent.user: agent for agent in company.agents}
    found: dict[str, tuple[Teammate, Json]] = {}

    async def all_ring() -> bool:
        for visitor in visitors:
            if visitor.task in found:
                continue
            task = await stage.distributor.task(TENANT, visitor.task)
            if task is None or not task.invited or task.deadline_at is None:
                continue
            agent = by_user[task.invited[0]]
            card = await agent.card()
            if card is not None and visitor.name in card["text"]:
                found[visitor.task] = agent, card
        return len(found) == len(visitors)

    await wait_until(all_ring, 60, lambda: f"{len(found)} of {len(visitors)} chats are offered", step=0.1)
    return found


async def chat(talks: Sequence[Talk], *, messages: int, every_seconds: float) -> None:
    """Each visitor sends `messages`, spread over the period so that not all come in one instant."""

    async def one(index: int, talk: Talk) -> None:
        await asyncio.sleep(every_seconds * index / len(talks))  # the pace of the load, not a wait for a result
        for _ in range(messages):
            await talk.say()
            await asyncio.sleep(every_seconds)  # the same pace

    await asyncio.gather(*(one(index, talk) for index, talk in enumerate(talks)))


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


async def copies(talks: Sequence[Talk]) -> dict[str, int]:
    """Mark → how often it stands in its room."""
    counts: dict[str, int] = defaultdict(int)
    for talk in talks:
        text = "\n".join(await talk.agent.read(talk.room))
        for mark in talk.sent:
            counts[mark] = text.count(mark)
    return dict(counts)
