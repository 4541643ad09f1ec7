"""A visitor's chat from the first word to the last: read this first.

Every test runs the real app on its embedded server against the sandbox, over HTTP, TLS and WebSockets.
"""

import asyncio

from tests.story.people import SECONDS, words
from tests.story.stage import TENANT, Stage
from tests.support import wait_until


async def test_a_visitor_is_seated_with_an_agent(stage: Stage) -> None:
    """The main job: a card, Accept, a room, words both ways, Terminate, ACW, the result on every side."""
    company = await stage.company("Anna", acw_seconds=60, tags=["urgent"])
    [anna] = company.agents

    visitor = await stage.visitor(company.widget, "Mia Keller")
    await visitor.say("Do my roses need pruning in November?")
    await visitor.is_("waiting")

    card = await anna.sees("Mia Keller", company.name, "Do my roses need pruning in November?", "Accept", "Decline")
    await anna.click(card, "accept")

    room = await anna.room(topic="Mia Keller")
    assert room["title"] == f"{company.name} ¦ Mia Keller"
    await visitor.is_("connected")
    accepted = await anna.sees("Mia Keller", "Terminate", without=("Decline",))
    assert "Open" in accepted["text"]
    opening = await anna.card("group", room["id"])
    assert opening is not None
    # The visitor read the greeting before writing, and so does the agent.
    greeting, question = "Hello from the service.", "Do my roses need pruning in November?"
    assert 0 < opening["text"].index(greeting) < opening["text"].index(question)
    assert "//" in opening["text"]

    await anna.write(room, "A little, once they have stopped flowering 🌹")
    await visitor.hears("A little, once they have stopped flowering 🌹")
    await visitor.say("Thank you 🙂")
    await anna.reads(room, "Thank you 🙂")

    await anna.click(await anna.sees("Terminate"), "terminate")
    await visitor.is_("ended")
    form = await anna.sees("Topic", "Done", without=("Accept",))
    await anna.click(form, "acw_done", {"code0": "Plants", "note": "asked about roses"})
    ended = await anna.sees("Plants", without=("Done",))
    assert "Terminate" not in ended["text"]

    task = await stage.task_is(visitor.task, "closed")
    assert task.outcome == "handled"
    assert task.codes == ("Plants",)


async def test_a_note_stays_inside(stage: Stage) -> None:
    """What begins with // is for colleagues; the visitor never reads it."""
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Noah")
    await visitor.say("Hello")
    await anna.click(await anna.sees("Noah", "Accept"), "accept")
    room = await anna.room(topic="Noah")
    await anna.write(room, "// he sounds upset")
    await anna.write(room, "Hello Noah")
    await visitor.hears("Hello Noah")
    assert visitor.heard() == ["Hello Noah"]
    assert not any("upset" in str(message) for message in visitor.messages)


async def test_decline_goes_to_somebody_else(stage: Stage) -> None:
    company = await stage.company("Anna", "Ben")
    visitor = await stage.visitor(company.widget, "Lea")
    await visitor.say("Hello?")
    task = await stage.task_is(visitor.task, "offered")
    first = next(agent for agent in company.agents if agent.user in task.invited)
    second = next(agent for agent in company.agents if agent is not first)

    await first.click(await first.sees("Lea", "Decline"), "decline")
    await first.sees("Lea", without=("Accept",))
    card = await second.sees("Lea", "Accept")
    now = await stage.distributor.task(TENANT, visitor.task)
    assert now is not None
    assert now.since_at == task.since_at, "waiting time is kept"
    await second.click(card, "accept")
    await visitor.is_("connected")


async def test_an_offer_that_nobody_answers_is_missed(stage: Stage) -> None:
    """RONA: the offer time ends, the card says so, somebody else is asked, and the flag is reset in My Sessions."""
    company = await stage.company("Anna", "Ben", offer_seconds=5, persistent_rona=True)
    visitor = await stage.visitor(company.widget, "Ida")
    await visitor.say("Anybody there?")
    offered = await stage.task_is(visitor.task, "offered")
    sleepy = next(agent for agent in company.agents if agent.user in offered.invited)
    awake = next(agent for agent in company.agents if agent is not sleepy)

    await sleepy.sees("Ida", "Accept")
    await sleepy.sees("Ida", "Missed", without=("Accept", "Decline"))
    await awake.click(await awake.sees("Ida", "Accept"), "accept")
    await visitor.is_("connected")

    flagged = await stage.distributor.agent(TENANT, sleepy.user)
    assert flagged is not None
    assert flagged.rona
    assert company.service not in flagged.selectable_for
    portal = await stage.portal(sleepy.user)
    await portal.call("POST", "/me/rona/reset")
    await stage.selectable(sleepy, company.service)


async def test_accept_clicked_five_times_opens_one_room(stage: Stage) -> None:
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Emil")
    await visitor.say("Hello")
    card = await anna.sees("Emil", "Accept")
    results = await asyncio.gather(*(anna.click(card, "accept") for _ in range(5)), return_exceptions=True)
    answered = [result for result in results if isinstance(result, dict)]
    assert answered
    assert all(result["status"] == 200 for result in answered), answered
    await visitor.is_("connected")
    assert len([chat for chat in await anna.chats("group") if "Emil" in chat["title"]]) == 1
    created = [call for call in await stage.requests("/v1.0/chats") if "Emil" in str(call.get("body"))]
    assert len(created) == 1


async def test_the_click_is_answered_while_graph_is_slow(stage: Stage) -> None:
    """Accept is answered within a second also when Graph takes ten: the card says that the chat is being opened."""
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Jonas")
    await visitor.say("Hello")
    card = await anna.sees("Jonas", "Accept")
    await stage.fault("/v1.0/chats$", delay_ms=10_000)
    loop = asyncio.get_running_loop()
    started = loop.time()
    answer = await anna.click(card, "accept")
    assert loop.time() - started < 1.0
    assert answer["kind"] == "card"
    assert "Accept" not in words(answer["card"])
    assert (await stage.task_is(visitor.task, "connecting")).agent == anna.user
    await wait_until(lambda: visitor.status["state"] == "connected", 30, "the room opens after all")


async def test_the_visitor_leaves_while_offered(stage: Stage) -> None:
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Zoe")
    await visitor.say("Hello")
    await anna.sees("Zoe", "Accept")
    await visitor.leave()
    task = await stage.task_is(visitor.task, "closed")
    assert task.outcome == "abandoned_while_offered"
    await anna.sees("Zoe", without=("Accept", "Decline"))
    await stage.selectable(anna, company.service)


async def test_one_chat_at_a_time(stage: Stage) -> None:
    """An ongoing chat blocks further tasks; the next one is offered the moment it ends."""
    company = await stage.company("Anna")
    [anna] = company.agents
    first = await stage.visitor(company.widget, "First")
    await first.say("I was first")
    await anna.click(await anna.sees("First", "Accept"), "accept")
    await first.is_("connected")
    second = await stage.visitor(company.widget, "Second")
    await second.say("I am next")
    await stage.task_is(second.task, "queued")
    assert second.status["state"] == "waiting"
    await anna.click(await anna.sees("First", "Terminate"), "terminate")
    await anna.click(await anna.sees("Second", "Accept"), "accept")
    await second.is_("connected")


async def test_direct_to_a_user_without_a_service(stage: Stage) -> None:
    company = await stage.company("Dominique", direct=True)
    [dominique] = company.agents
    visitor = await stage.visitor(company.widgets[dominique.user], "Ravi")
    await visitor.say("Are you in today?")
    await dominique.click(await dominique.sees("Ravi", "Accept"), "accept")
    room = await dominique.room(topic="Ravi")
    assert room["title"] == "Dominique ¦ Ravi"
    await dominique.write(room, "I am")
    await visitor.hears("I am")


async def test_everything_resumes_after_a_lost_connection(stage: Stage) -> None:
    """The visitor's connection drops; what was said meanwhile arrives, in order, once."""
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Kim")
    await visitor.say("Hello")
    await anna.click(await anna.sees("Kim", "Accept"), "accept")
    room = await anna.room(topic="Kim")
    await visitor.is_("connected")
    await visitor.drop()
    for number in range(5):
        await anna.write(room, f"line {number}")
    await visitor.connect()
    await wait_until(lambda: len(visitor.heard()) == 5, SECONDS, "all five lines arrive")
    assert visitor.heard() == [f"line {number}" for number in range(5)]
    key = await visitor.say("Got them")
    await visitor.drop()
    await visitor.connect()
    await visitor.say("Got them", key)  # sent again under the same id: stored once
    await anna.reads(room, "Got them")
    assert sum("Got them" in line for line in await anna.read(room)) == 1
