"""What the bot hears by which the room of a chat may be lost."""

import pytest

from bots.incoming import read
from bots.problems import Kind, SendProblem
from bots.trouble import AGENT_REMOVED, BOT_REMOVED, ROOM_LOST, trouble_of_answer, trouble_of_event

BOT, ROOM = "28:bot", "19:room@thread.v2"


def event(kind: str, **more: object) -> str:
    body = {
        "type": kind,
        "serviceUrl": "https://teams.example/",
        "channelId": "msteams",
        "recipient": {"id": BOT},
        "conversation": {
            "id": ROOM,
            "conversationType": "groupChat",
            "tenantId": "5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f",
        },
    }
    return trouble_of_event(read(body | more))


def test_somebody_is_removed_from_the_room() -> None:
    assert event("conversationUpdate", membersRemoved=[{"id": BOT}]) == BOT_REMOVED
    assert event("conversationUpdate", membersRemoved=[{"id": "29:anna"}]) == AGENT_REMOVED
    assert event("conversationUpdate", membersRemoved=[{"id": "29:anna"}, {"id": BOT}]) == BOT_REMOVED
    assert event("installationUpdate", action="remove") == BOT_REMOVED


@pytest.mark.parametrize("action", ["add", "add-upgrade", "remove-upgrade", ""])
def test_other_installations_say_nothing(action: str) -> None:
    """`remove-upgrade` is the first half of an upgrade: the app is there again at once."""
    assert event("installationUpdate", action=action) == ""


def test_other_events_say_nothing() -> None:
    assert event("conversationUpdate", membersAdded=[{"id": "29:anna"}]) == ""
    assert event("conversationUpdate", topicName="Garden ¦ Mia") == ""


@pytest.mark.parametrize("kind", Kind)
def test_an_answer_says_so_only_where_it_is_about_this_chat(kind: Kind) -> None:
    expected = {Kind.CONVERSATION_GONE: ROOM_LOST, Kind.BLOCKED: BOT_REMOVED}.get(kind, "")
    assert trouble_of_answer(SendProblem(kind, 403, "")) == expected
