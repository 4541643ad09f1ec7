"""A chat is handed on from one agent to another; the visitor keeps talking."""

from typing import Any

from distribution.tasks import Via
from tests.story.people import SECONDS, Json, Teammate, Visitor
from tests.story.stage import TENANT, Stage
from tests.support import wait_until


async def talking(stage: Stage, customer: str, **settings: Any) -> tuple[Visitor, Teammate, Teammate, Json]:
    """A visitor who talks with one of two agents, that agent, the other one, and the room."""
    company = await stage.company("Anna", "Ben", **settings)
    visitor = await stage.visitor(company.widget, customer)
    await visitor.say("Where is my order?")
    task = await stage.task_is(visitor.task, "offered")
    first = next(agent for agent in company.agents if agent.user in task.invited)
    second = next(agent for agent in company.agents if agent is not first)
    await first.click(await first.sees(customer, "Accept"), "accept")
    room = await first.room(topic=customer)
    await visitor.is_("connected")
    return visitor, first, second, room


async def hand_on(stage: Stage, visitor: Visitor, first: Teammate, second: Teammate) -> None:
    answer = await stage.distributor.transfer(TENANT, visitor.task, first.user, to_user=second.user, via=Via.PORTAL)
    assert answer.ok, answer


async def test_a_chat_goes_on_with_another_agent(stage: Stage) -> None:
    visitor, first, second, room = await talking(stage, "Tess", acw_seconds=60)

    await hand_on(stage, visitor, first, second)
    await first.sees("Tess", "Being passed on to", "Terminate")
    await wait_until(lambda: visitor.status["notice"] == "passed_on", SECONDS, "the visitor is told")
    assert visitor.status["state"] == "connected"
    await visitor.say("Hello? Are you there?")
    await first.reads(room, "Hello? Are you there?")

    await second.click(await second.sees("Tess", "Accept"), "accept")
    same = await second.room(topic="Tess")
    assert same["id"] == room["id"], "one room for the whole chat"
    await wait_until(lambda: visitor.status["notice"] is None, SECONDS, "the visitor is with the other agent")
    await second.write(same, "It is on its way.")
    await visitor.hears("It is on its way.")
    await first.sees("Tess", "Done", without=("Terminate",))  # the agent's after-call work

    now = await stage.distributor.task(TENANT, visitor.task)
    assert now is not None
    assert (now.agent, now.handed_on) == (second.user, (first.user,))


async def test_the_first_agent_stays_where_the_service_says_so(stage: Stage) -> None:
    visitor, first, second, room = await talking(stage, "Tilda", stays_after_transfer=True)
    await hand_on(stage, visitor, first, second)
    await second.click(await second.sees("Tilda", "Accept"), "accept")
    await second.write(await second.room(topic="Tilda"), "It is on its way.")
    await visitor.hears("It is on its way.")
    await first.sees("Tilda", "Transferred to", "You are still in the room", "Open Chat")
    await first.write(room, "// I looked that up before.")
    await first.write(room, "You will have it on Monday.")
    await visitor.hears("You will have it on Monday.")
    assert visitor.heard() == ["It is on its way.", "You will have it on Monday."]


async def test_nobody_takes_it_so_it_comes_back(stage: Stage) -> None:
    visitor, first, second, room = await talking(stage, "Timo")
    await hand_on(stage, visitor, first, second)
    await second.click(await second.sees("Timo", "Decline"), "decline")
    await wait_until(lambda: visitor.status["notice"] is None, SECONDS, "the visitor is with the first agent again")
    await first.sees("Timo", "Terminate", without=("Being passed on to",))
    await first.write(room, "I will help you myself.")
    await visitor.hears("I will help you myself.")


async def test_teams_lets_nobody_else_in_so_it_goes_on_in_another_room(stage: Stage) -> None:
    visitor, first, second, room = await talking(stage, "Theo", acw_seconds=60)
    await stage.fault("/members$", status=403, code="Forbidden", message="RosterAddMemberBlocked", times=9)
    await hand_on(stage, visitor, first, second)
    await second.click(await second.sees("Theo", "Accept"), "accept")

    other = await second.room(topic="Theo")
    assert other["id"] != room["id"]
    assert "Where is my order?" in str(await second.card("group", other["id"])), "what was said so far"
    await first.reads(room, f"This chat goes on in another room, with {second.name}.")
    await first.sees("goes on in another room", kind="group", without=("Terminate",))
    await visitor.say("Hello? Are you there?")
    await second.reads(other, "Hello? Are you there?")
    await second.write(other, "It is on its way.")
    await visitor.hears("It is on its way.")
    await first.write(room, "One more thing.")
    await first.reads(room, "What you write here is not sent to the customer.")
    assert not any("Are you there?" in text for text in await first.read(room))
    assert visitor.heard() == ["It is on its way."]

    await visitor.leave()
    await second.reads(other, "the customer left")
    await first.write(room, "Thank you.")
    await first.reads(room, "This chat has ended.")
