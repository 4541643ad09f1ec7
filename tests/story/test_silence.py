"""A chat that both sides forgot: told before, ended after, in words."""

from tests.story.people import SECONDS
from tests.story.stage import Stage
from tests.support import wait_until


async def test_silence_is_announced_to_both_and_then_ends_the_chat(stage: Stage) -> None:
    """chatwoot#6459, and no notice after an inactivity close."""
    company = await stage.company("Anna", idle_warn_seconds=2, idle_seconds=5)
    [anna] = company.agents
    visitor = await stage.visitor(company.widget, "Ida")
    await visitor.say("Hello?")
    await anna.click(await anna.sees("Ida", "Accept"), "accept")
    room = await anna.room(topic="Ida")
    await visitor.is_("connected")
    await anna.reads(room, "This chat ends soon if it stays so.")
    await wait_until(lambda: visitor.status["notice"] == "idle", SECONDS, "the visitor is asked whether they are there")

    await visitor.say("Still here.")
    await anna.reads(room, "Still here.")
    await visitor.is_("ended")
    assert visitor.status["outcome"] == "idle"
    await anna.reads(room, "This chat has ended: nothing was written for a while.")
