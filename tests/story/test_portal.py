"""The portal beside Teams: the same tasks, the same rules, live."""

from tests.story.people import SECONDS
from tests.story.stage import Stage, free_port
from tests.support import wait_until


async def test_an_agent_without_the_bot_works_from_my_sessions(stage: Stage) -> None:
    """No registration: the open page is the surface that makes the agent reachable."""
    company = await stage.company("Chiara", registered=False, acw_seconds=30)
    [chiara] = company.agents
    portal = await stage.portal(chiara.user)
    async with portal.http.get(f"{portal.app}/api/v1/events", headers={"x-usher": "1"}) as events:
        assert events.status == 200
        await events.content.readline()
        await stage.selectable(chiara, company.service)
        visitor = await stage.visitor(company.widget, "Theo")
        await visitor.say("Hello")
        state = await portal.shows("an offer", lambda now: bool(now["offers"]))
        offer = state["offers"][0]
        await portal.call("POST", f"/tasks/{visitor.task}/delivered", {"offer": offer["offer"]})
        await portal.call("POST", f"/tasks/{visitor.task}/accept", {"offer": offer["offer"]})
        await visitor.is_("connected")
        room = await chiara.room(topic="Theo")
        await chiara.write(room, "Hello Theo")
        await visitor.hears("Hello Theo")
        await portal.call("POST", f"/tasks/{visitor.task}/terminate")
        await visitor.is_("ended")
        await portal.call("POST", f"/tasks/{visitor.task}/wrapup", {"codes": ["Tools"], "tags": [], "note": ""})
        await portal.call("POST", f"/tasks/{visitor.task}/acw/done")
    task = await stage.task_is(visitor.task, "closed")
    assert task.codes == ("Tools",)


async def test_the_bare_address_leads_to_the_portal_and_that_to_the_sign_in(stage: Stage) -> None:
    async with stage.http.get(stage.app, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/portal/")
    async with stage.http.get(f"{stage.app}/api/v1/state") as answer:
        assert answer.status == 401


async def test_registering_in_user_preferences(stage: Stage) -> None:
    """Register installs the app by Graph; the bot greets once; unregistering and registering again work."""
    company = await stage.company("Nina", registered=False)
    [nina] = company.agents
    portal = await stage.portal(nina.user)
    assert not (await portal.state())["registration"]["registered"]
    await portal.call("POST", "/me/register")
    await portal.shows("the registration", lambda now: now["registration"]["registered"])
    await stage.selectable(nina, company.service)

    async def greetings() -> list[str]:
        return [message["text"] for chat in await nina.chats("personal") for message in chat["messages"]]

    async def greeted() -> bool:
        return any("You are registered" in text for text in await greetings())

    await wait_until(greeted, SECONDS, "the bot greets", step=0.05)
    await portal.call("POST", "/me/register")
    await portal.call("POST", "/me/unregister")
    await portal.shows("no registration", lambda now: not now["registration"]["registered"])
    await portal.call("POST", "/me/register")
    await portal.shows("the registration again", lambda now: now["registration"]["registered"])

    async def greeted_again() -> bool:
        return sum("You are registered" in text for text in await greetings()) >= 2

    await wait_until(greeted_again, SECONDS, "the bot greets after another registration", step=0.05)
    assert sum("You are registered" in text for text in await greetings()) == 2, "once per registration, not per click"


async def test_registering_before_the_admin_granted_says_what_is_missing(stage: Stage) -> None:
    """A process whose first token carries no permission yet: nothing works, and it says what has to be done."""
    company = await stage.company("Otto", registered=False)
    portal = await stage.portal(company.agents[0].user)
    granted = (await stage.control("GET", "/consent"))["granted"]
    await stage.control("POST", "/consent", {"granted": []})
    port = free_port()
    process = stage.start_app(port)
    portal.app = f"http://127.0.0.1:{port}"
    try:
        await stage.ready(portal.app)
        answer = await portal.call("POST", "/me/register", expect=409)
        assert answer["error"]["code"] == "not_granted"
        assert "grant" in answer["error"]["message"].lower()
    finally:
        await stage.control("POST", "/consent", {"granted": granted})
        stage.app_processes.remove(process)
        process.terminate()
        process.wait(15)
