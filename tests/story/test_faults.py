"""What a fault gets: the task waits and goes on by itself; nothing is lost, nothing twice."""

from urllib.parse import unquote

from tests.story.people import Json
from tests.story.stage import Stage
from tests.support import wait_until


async def test_graph_down_the_task_waits_and_goes_on(stage: Stage) -> None:
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Wanda")
    await visitor.say("Hello")
    card = await anna.sees("Wanda", "Accept")
    await stage.fault("/v1.0/chats$", status=503, times=2)
    await anna.click(card, "accept")
    await visitor.is_("connected")
    assert len([chat for chat in await anna.chats("group") if "Wanda" in chat["title"]]) == 1


async def test_an_answer_that_was_lost_makes_no_second_room(stage: Stage) -> None:
    """POST /chats is not idempotent: the chat is created, the answer is lost, and it is found instead of made again."""
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Lost Answer")
    await visitor.say("Hello")
    card = await anna.sees("Lost Answer", "Accept")
    await stage.fault("/v1.0/chats$", drop="after")
    await anna.click(card, "accept")
    await visitor.is_("connected")
    assert len([chat for chat in await anna.chats("group") if "Lost Answer" in chat["title"]]) == 1


async def test_what_the_agent_writes_before_the_bot_arrives_reaches_the_visitor(stage: Stage) -> None:
    """Teams shows the agent the room at once, and admits the bot a moment later: no bot gets messages from before that."""
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Early Bird")
    await visitor.say("Hello")
    card = await anna.sees("Early Bird", "Accept")
    await stage.fault("/installedApps$", delay_ms=3000)
    await anna.click(card, "accept")
    room = await anna.empty_room(topic="Early Bird")
    assert not room["app_installed"]
    for text in ("Good morning 👍", "// a regular", "How can I help?"):
        await anna.write(room, text)
    await visitor.hears("How can I help?")
    await anna.sees("Early Bird", "Good morning 👍", "How can I help?", kind="group")
    await anna.write(room, "Are you still there?")
    await visitor.hears("Are you still there?")
    await visitor.say("Yes")
    await anna.reads(room, "Yes")
    # By now what was written early has been read a second time.
    await wait_until(lambda: read_twice(stage, room["id"]), 15, "the room is read when it is open, too")
    await anna.write(room, "Good")
    await visitor.hears("Good")
    assert visitor.heard() == ["Good morning 👍", "How can I help?", "Are you still there?", "Good"]


async def read_twice(stage: Stage, room: str) -> bool:
    return len([call for call in await stage.requests("/messages", "GET") if room in unquote(call["path"])]) >= 2


async def test_a_missing_permission_frees_the_agent_and_says_why(stage: Stage) -> None:
    company = await stage.company("Anna")
    [anna] = company.agents
    granted = (await stage.control("GET", "/consent"))["granted"]
    visitor = await stage.visitor(company.widget, "Nopermission")
    await visitor.say("Hello")
    card = await anna.sees("Nopermission", "Accept")
    await stage.fault("/v1.0/chats$", status=403, code="Forbidden", times=50)
    await anna.click(card, "accept")
    await stage.task_is(visitor.task, "queued", "offered")
    await stage.control("DELETE", "/faults")
    await stage.control("POST", "/consent", {"granted": granted})
    await visitor.leave()
    await stage.task_is(visitor.task, "closed")


async def test_a_room_that_never_opens_is_tried_with_pauses_and_then_given_up(stage: Stage) -> None:
    """Supervisors read why on Team all the while, and the visitor reads in the end that it did not work out."""
    company = await stage.company("Anna", "Ben", opening_attempts=2, opening_pause_seconds=2)
    olivia = await stage.portal(await stage.owner())
    visitor = await stage.visitor(company.widget, "Hopeless")
    await stage.fault("/v1.0/chats$", status=403, code="Forbidden", times=10_000)
    rows: list[Json] = []

    async def row() -> Json | None:
        found = await olivia.call("GET", f"/services/{company.service}/tasks")
        for one in [*found["waiting"], *found["running"]]:
            rows.append(one)
            return one
        return None

    async def accepts() -> None:
        task = await stage.task_is(visitor.task, "offered")
        await row()
        [agent] = [one for one in company.agents if one.user in task.invited]
        await agent.click(await agent.sees("Hopeless", "Accept"), "accept")

    async def troubled() -> bool:
        one = await row()
        return one is not None and one["trouble"] != "" and one["paused_until_at"] is not None

    try:
        await visitor.say("Hello")
        await accepts()
        await wait_until(troubled, 15, "the reason and the pause on Team")
        seen = len(rows)
        await accepts()
        await row()
        ended = await stage.task_is(visitor.task, "closed")
    finally:
        await stage.control("DELETE", "/faults")
    assert all(one["trouble"] for one in rows[seen:]), rows[seen:]
    assert (ended.outcome, ended.why != "") == ("error", True)
    await visitor.is_("ended")
    assert visitor.status["outcome"] == "error", "of which the widget makes a sentence"
    assert await row() is None


async def test_the_connector_down_messages_arrive_later_in_order(stage: Stage) -> None:
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Petra")
    await visitor.say("Hello")
    await anna.click(await anna.sees("Petra", "Accept"), "accept")
    room = await anna.room(topic="Petra")
    await visitor.is_("connected")
    await stage.fault("/v3/conversations/.*/activities", status=502, times=2)
    for number in range(3):
        await visitor.say(f"number {number}")
    await anna.reads(room, "number 2")
    read = "\n".join(await anna.read(room))
    positions = [read.index(f"number {number}") for number in range(3)]
    assert positions == sorted(positions)
    assert all(read.count(f"number {number}") == 1 for number in range(3))


async def test_a_bad_activity_is_answered_with_4xx(stage: Stage) -> None:
    url = f"{stage.app}/api/messages"
    async with stage.http.post(url, data=b"{not json") as answer:
        assert answer.status in {400, 401}
    async with stage.http.post(url, json={"type": "message"}) as answer:
        assert answer.status == 401
    async with stage.http.post(url, json={"type": "message"}, headers={"Authorization": "Bearer garbage"}) as answer:
        assert answer.status == 401
    async with stage.http.post(url, data=b"x" * 3_000_000) as answer:
        assert answer.status in {401, 413}


async def test_two_replicas_share_one_redis(stage: Stage) -> None:
    """A second replica joins; visitors on it reach agents whose Teams talks to the first."""
    from tests.story.people import Visitor
    from tests.story.stage import free_port

    port = free_port()
    stage.start_app(port)
    await stage.ready(f"http://127.0.0.1:{port}")
    company = await stage.company("Anna")
    [anna] = company.agents
    visitor = await Visitor(stage.http, f"http://127.0.0.1:{port}", company.widget, "Replica").arrive()
    await visitor.say("Hello from the other one")
    await anna.click(await anna.sees("Replica", "Accept"), "accept")
    room = await anna.room(topic="Replica")
    await anna.write(room, "Hello there")
    await visitor.hears("Hello there")
    await visitor.drop()
    process = stage.app_processes.pop()
    process.terminate()
    assert process.wait(15) == 0
