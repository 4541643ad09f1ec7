"""What a client may send, and what it is told when it sends something else."""

import json

import pytest

from conversations.messages import Kind, Message, Sender
from interact.frames import BadFrame, Hello, Leave, Pong, Say, Typing, message_frame, parse_frame

ID = "0b7f2f0e-8a52-4b0f-9d53-1f4b5c8b7a10"


def said(text: str) -> str:
    return json.dumps({"type": "say", "id": ID, "text": text})


def test_the_five_frames_are_understood() -> None:
    assert parse_frame('{"type":"hello","token":"t","after":7}') == Hello(type="hello", token="t", after=7)
    assert parse_frame('{"type":"hello","token":"t"}') == Hello(type="hello", token="t", after=0)
    assert parse_frame(said("Hi")) == Say(type="say", id=ID, text="Hi")
    assert parse_frame('{"type":"typing","new":1}') == Typing(type="typing"), "a newer client's fields are left alone"
    assert parse_frame('{"type":"leave"}') == Leave(type="leave")
    assert parse_frame('{"type":"pong"}') == Pong(type="pong")


def test_half_an_emoji_in_a_message_is_no_reason_to_lose_the_message() -> None:
    frame = parse_frame('{"type":"say","id":"' + ID + '","text":"Hi \\ud83d there \\ud83d\\ude00"}')
    assert frame == Say(type="say", id=ID, text="Hi \ufffd there \U0001f600")


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ("", "bad_json", None),
        ("{", "bad_json", None),
        ('{"type":"say","id":"' + ID + '","text":"Hi","x":"\\ud800"}', "bad_field", "x"),
        ('{"type":"say","id":"' + ID + '","text":"\\ud800","x":"\\ud800"}', "bad_field", "x"),
        ('{"type":"hello","token":"\\ud800"}', "bad_field", "token"),
        ('{"type":"hello","\\ud800":1,"token":"x"}', "bad_field", None),
        ("[" * 100_000, "bad_json", None),
        ("[]", "bad_frame", None),
        ('"say"', "bad_frame", None),
        ("{}", "bad_field", "type"),
        ('{"type":"shout"}', "bad_field", "type"),
        ('{"type":["say"]}', "bad_field", "type"),
        ('{"type":"hello"}', "bad_field", "token"),
        ('{"type":"hello","token":7}', "bad_field", "token"),
        ('{"type":"hello","token":"t","after":-1}', "bad_field", "after"),
        ('{"type":"hello","token":"t","after":"3"}', "bad_field", "after"),
        ('{"type":"hello","token":"t","after":true}', "bad_field", "after"),
        ('{"type":"hello","token":"t","after":1e99}', "bad_field", "after"),
        ('{"type":"say","text":"Hi"}', "bad_field", "id"),
        ('{"type":"say","id":"short","text":"Hi"}', "bad_field", "id"),
        ('{"type":"say","id":"teams:1234567890","text":"Hi"}', "bad_field", "id"),
        ('{"type":"say","id":"' + ID + '"}', "bad_field", "text"),
        ('{"type":"say","id":"' + ID + '","text":null}', "bad_field", "text"),
        (said("   \n "), "bad_field", "text"),
        (said("\u200b\u200d"), "bad_field", "text"),
        (said("x" * 8_001), "too_long", "text"),
    ],
)
def test_bad_input_is_answered_with_the_field_at_fault(data: str, code: str, field: str | None) -> None:
    with pytest.raises(BadFrame) as caught:
        parse_frame(data)
    assert (caught.value.code, caught.value.field) == (code, field)
    assert caught.value.message


def test_a_bad_message_is_named_by_its_id() -> None:
    with pytest.raises(BadFrame) as caught:
        parse_frame('{"type":"say","id":"' + ID + '","text":7}')
    assert caught.value.id == ID


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  Hi \r\nthere\r", "  Hi \nthere"),
        ("  Hi ", "Hi"),
        ("a\x00b\x1b[0m", "ab[0m"),
        ("👍", "👍"),
        ("1\t2", "1\t2"),
        ("❤️", "❤️"),
        ("Bahnhofstrasse 1\v8001 Zurich\u2028a\u2029b\x85c\fd", "Bahnhofstrasse 1\n8001 Zurich\na\nb\nc\nd"),
        ("\n \n    at f (a.js:1)\n        at g\n\n", "    at f (a.js:1)\n        at g"),
        ("Art.\tQty\nA-1\t2", "Art.\tQty\nA-1\t2"),
    ],
)
def test_a_text_keeps_its_lines_and_loses_control_characters(sent: str, kept: str) -> None:
    frame = parse_frame(said(sent))
    assert isinstance(frame, Say)
    assert frame.text == kept


def message(
    sender: Sender, *, kind: Kind = Kind.TEXT, refers_to: int | None = None, was: Sender | None = None
) -> Message:
    return Message(5, sender, kind, "Anna Meier", "oid", "text", 9, "teams:123", refers_to, was)


def test_the_visitor_sees_agents_as_the_service_says_and_never_their_ids() -> None:
    real = message_frame(message(Sender.AGENT), agent_name=None)
    hidden = message_frame(message(Sender.AGENT), agent_name="Garden Advice")
    assert real == {
        "type": "message", "seq": 5, "sender": "agent", "author": "Anna Meier", "text": "text", "at": 9,
        "id": "agent:5", "kind": "text", "refers_to": None,
    }  # fmt: skip
    assert real is not None
    assert hidden == real | {"author": "Garden Advice"}
    assert "oid" not in json.dumps(real)


def test_notes_never_reach_the_visitor_and_a_message_made_a_note_is_taken_back() -> None:
    assert message_frame(message(Sender.NOTE), agent_name=None) is None
    assert message_frame(message(Sender.NOTE, kind=Kind.EDIT, refers_to=2), agent_name=None) is None
    back = message_frame(message(Sender.NOTE, kind=Kind.EDIT, refers_to=2, was=Sender.AGENT), agent_name=None)
    assert back is not None
    assert (back["kind"], back["text"], back["refers_to"], back["sender"]) == ("delete", "", 2, "agent")
