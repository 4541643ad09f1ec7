"""A service's rules that a visitor notices: opening hours, and the last agent of a returning visitor."""

from typing import Any

import pytest

from directory.hours import WEEK, OpeningHours
from directory.model import Service
from directory.state import State
from distribution.agents import Presence
from distribution.tasks import Outcome, TaskState, Via
from identity.visitors import sign_visitor
from tests.interact.company import ANNA
from tests.interact.door import VISITOR_KEY, Door
from tests.interact.visitor import Visitor
from tests.support import wait_until

LONG_AGO = OpeningHours(open={"2020-01-01": ["08:00-09:00"]})
"""A service that has been closed for years."""

ALWAYS = OpeningHours.model_validate({day: ["00:00-24:00"] for day in WEEK})

BEN = "33333333-bbbb-4bbb-8bbb-bbbbbbbbbbbb"


async def lay_down(door: Door, service: str, **change: Any) -> None:
    def turn(before: State) -> State:
        found = before.services[service]
        made = Service.model_validate(found.model_dump(exclude_unset=True) | change)
        return before.having(services={**before.services, service: made})

    await door.directory.change(door.tenant, turn, actor="test")


async def presence(door: Door, widget: str = "garden-advice") -> str:
    async with door.http.get(f"{door.base}/interact/v1/widgets/{door.widgets[widget]}") as response:
        return (await response.json())["presence"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"hours": LONG_AGO}, "closed"),
        ({"hours": ALWAYS}, "available"),
        # A visitor who writes now is not refused: Orders takes the chat.
        ({"hours": LONG_AGO, "hours_end": "overflow", "overflow": "orders"}, "available"),
        ({"hours": LONG_AGO, "hours_end": "overflow"}, "closed"),
    ],
)  # fmt: skip
async def test_a_closed_service_says_so_before_anybody_writes(door: Door, change: dict[str, Any], word: str) -> None:
    await door.available(ANNA)
    await lay_down(door, "garden-advice", **change)
    assert await presence(door) == word


async def test_who_writes_to_a_closed_service_is_told_and_the_chat_ends(door: Door) -> None:
    await door.available(ANNA)
    await lay_down(door, "garden-advice", hours=LONG_AGO)
    line = await (visitor := await door.visitor().begin()).enter()
    await line.said("Hello")
    ended = await line.status("ended")
    assert (ended["outcome"], ended["visitor_ended"]) == ("outside_hours", False)
    assert (await door.task(visitor)).outcome is Outcome.OUTSIDE_HOURS


async def talk(door: Door, visitor: Visitor, agent: str) -> None:
    """This agent, and nobody else, has a chat with the visitor, and ends it."""

    async def offered() -> bool:
        return (await door.task(visitor)).invited == (agent,)

    await wait_until(offered, 10, "the offer")
    task = await door.task(visitor)
    await door.distributor.accept(door.tenant, task.id, task.offer or "", agent, Via.CARD)
    await door.distributor.opened(door.tenant, task.id)
    await door.distributor.terminate(door.tenant, task.id, by="agent", actor=agent, via=Via.CARD)
    if (await door.task(visitor)).state is TaskState.ACW:
        await door.distributor.finish_acw(door.tenant, task.id, agent, Via.CARD)


async def with_ben(door: Door) -> None:
    """A second agent, the only one present."""

    def turn(before: State) -> State:
        anna = before.users[ANNA]
        ben = anna.model_copy(update={"id": BEN, "upn": "ben@fabrikam.example", "name": "Ben Okafor"})
        return before.having(users={**before.users, BEN: ben})

    await door.directory.change(door.tenant, turn, actor="test")
    await door.available(BEN)


@pytest.mark.parametrize("last_agent", [True, False])
async def test_a_visitor_who_comes_back_meets_his_last_agent_where_the_service_wants_it(
    door: Door, *, last_agent: bool
) -> None:
    await lay_down(door, "garden-advice", last_agent=last_agent)
    await with_ben(door)
    first = await door.visitor().begin(name="Mia")
    await (await first.enter()).said("Hello")
    await talk(door, first, BEN)
    # Anna comes, and Ben only after her: by the order of agents it is her turn.
    await door.distributor.set_presence(door.tenant, {BEN: Presence.OFFLINE})
    await door.available(ANNA)
    await door.available(BEN)
    again = await door.visitor().begin(name="Mia", earlier=first.token)
    await (await again.enter()).said("Me again")
    await talk(door, again, BEN if last_agent else ANNA)
    assert (await door.task(again)).preferred == ((BEN,) if last_agent else ())


async def test_a_chat_that_nobody_took_does_not_hide_the_one_before(door: Door) -> None:
    await lay_down(door, "garden-advice", last_agent=True)
    await with_ben(door)
    first = await door.visitor().begin()
    await (await first.enter()).said("Hello")
    await talk(door, first, BEN)
    await door.distributor.set_duty(door.tenant, BEN, False, BEN)
    second = await door.visitor().begin(earlier=first.token)
    line = await second.enter()
    await line.said("Anybody?")
    await line.send({"type": "leave"})
    await line.status("ended")
    third = await door.visitor().begin(earlier=second.token)
    await (await third.enter()).said("Hello again")
    assert (await door.task(third)).preferred == (BEN,)


@pytest.mark.parametrize("earlier", ["", "nonsense", None])
async def test_a_token_that_opens_nothing_is_no_matter(door: Door, earlier: str | None) -> None:
    await lay_down(door, "garden-advice", last_agent=True)
    visitor = await door.visitor().begin(earlier=earlier)
    await (await visitor.enter()).said("Hello")
    assert (await door.task(visitor)).preferred == ()


async def test_a_token_of_another_tenant_says_nothing_here(door: Door) -> None:
    elsewhere = sign_visitor("another-tenant", "some-conversation", VISITOR_KEY)
    visitor = await door.visitor().begin(earlier=elsewhere)
    found = await door.conversations.get(door.tenant, visitor.conversation)
    assert found is not None
    assert found.earlier == ""
