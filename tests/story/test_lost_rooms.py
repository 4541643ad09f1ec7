"""A room breaks while agent and visitor talk: both are told within 5 s, and the chat goes on."""

from tests.story.people import Visitor
from tests.story.stage import Stage
from tests.story.test_transfer import talking
from tests.support import wait_until

TOLD_SECONDS = 5.0


async def is_passed_on(visitor: Visitor) -> None:
    await wait_until(
        lambda: (visitor.status["state"], visitor.status["notice"]) == ("waiting", "passed_on"),
        TOLD_SECONDS,
        lambda: f"the visitor is told that somebody else goes on; they read {visitor.status}",
    )


async def test_the_room_is_deleted_and_another_agent_goes_on_in_a_new_one(stage: Stage) -> None:
    """Teams says nothing: it is known by the next message (404)."""
    visitor, first, second, room = await talking(stage, "Rosa")
    await stage.control("POST", "/chats/delete", {"chat": room["id"]})
    await visitor.say("Are you still there?")
    await is_passed_on(visitor)
    await first.sees("Rosa", "gone from Teams", without=("Terminate",))
    await second.click(await second.sees("Rosa", "Accept"), "accept")
    await visitor.is_("connected")
    assert visitor.status["notice"] is None
    other = await second.room(topic="Rosa")
    assert other["id"] != room["id"]
    await second.sees("Rosa", "Are you still there?", kind="group")
    await second.write(other, "Here I am.")
    await visitor.hears("Here I am.")


async def test_the_bot_is_removed_for_good_and_another_agent_goes_on(stage: Stage) -> None:
    """Teams tells the bot itself (`membersRemoved`, `installationUpdate`); nobody need write anything."""
    visitor, first, second, room = await talking(stage, "Rita")
    await stage.fault("/installedApps$", status=403, code="Forbidden", times=50)
    try:
        await stage.control("POST", "/chats/remove-bot", {"chat": room["id"]})
        await is_passed_on(visitor)
        await first.sees("Rita", "Usher was removed", without=("Terminate",))
    finally:
        await stage.control("DELETE", "/faults")
    await second.click(await second.sees("Rita", "Accept"), "accept")
    await visitor.is_("connected")
    await second.write(await second.room(topic="Rita"), "Here I am.")
    await visitor.hears("Here I am.")


async def test_the_bot_is_removed_and_comes_back_with_what_was_written_meanwhile(stage: Stage) -> None:
    visitor, first, _, room = await talking(stage, "Rolf")
    await stage.fault("/installedApps$", delay_ms=1500)
    await stage.control("POST", "/chats/remove-bot", {"chat": room["id"]})
    await visitor.say("Are you still there?")
    await first.write(room, "I am looking it up.")
    await visitor.hears("I am looking it up.")
    await visitor.say("Thank you")
    await first.reads(room, "Are you still there?")
    await first.reads(room, "Thank you")
    assert (visitor.status["state"], visitor.status["notice"]) == ("connected", None)


async def test_an_agent_leaves_the_room_and_another_one_goes_on(stage: Stage) -> None:
    visitor, first, second, room = await talking(stage, "Ruth")
    await first.call("POST", f"/chats/{room['id']}/leave")
    await is_passed_on(visitor)
    await first.sees("Ruth", "no longer in the room", without=("Terminate",))
    await second.click(await second.sees("Ruth", "Accept"), "accept")
    await visitor.is_("connected")
