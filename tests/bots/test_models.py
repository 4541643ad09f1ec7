"""Our reading and writing of the SDK's models gives what msrest gives."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botbuilder.schema import Activity

from bots.sdk import activity_of, json_of

MESSAGE: dict[str, Any] = {
    "type": "message",
    "id": "1700000000000",
    "timestamp": "2026-11-25T12:00:00.123Z",
    "localTimestamp": "2026-11-25T13:00:00.123+01:00",
    "serviceUrl": "https://smba.example/emea/",
    "channelId": "msteams",
    "from": {"id": "29:1anna", "name": "Anna Meier", "aadObjectId": "a1", "role": "user"},
    "conversation": {"isGroup": True, "conversationType": "groupChat", "id": "19:x@thread.v2"},
    "recipient": {"id": "28:bot", "name": "Usher"},
    "textFormat": "plain",
    "text": "Hello",
    "attachments": [
        {"contentType": "text/html", "content": "<p>Hello</p>"},
        {"contentType": "x/y", "content": {"a": [1]}},
    ],
    "entities": [{"type": "mention", "text": "<at>Usher</at>", "mentioned": {"id": "28:bot"}}],
    "channelData": {"tenant": {"id": "t"}, "eventType": "editMessage"},
    "membersAdded": [{"id": "28:bot"}, {"id": "29:1anna"}],
    "value": {"action": {"data": {"usher": "accept"}}},
    "unknown": {"from": "tomorrow"},
    "replyToId": None,
}


@pytest.mark.parametrize(
    "changes", [{}, {"type": "invoke", "name": "adaptiveCard/action"}, {"timestamp": "not a time"}]
)
def test_an_activity_is_read_as_msrest_reads_it(changes: dict[str, Any]) -> None:
    raw = {**MESSAGE, **changes}
    ours = _plain(activity_of(raw))
    theirs = _plain(
        _untyped(Activity()).deserialize({key: value for key, value in raw.items() if value != "not a time"})
    )
    assert ours == theirs


def test_an_activity_is_written_as_msrest_writes_it() -> None:
    raw = {key: value for key, value in MESSAGE.items() if "imestamp" not in key}
    activity = activity_of(raw)
    assert json_of(activity) == _untyped(activity).serialize()
    assert json.loads(json.dumps(json_of(activity)))["from"]["aadObjectId"] == "a1"


def test_instants_are_written_as_text() -> None:
    activity = Activity(type="message", timestamp=datetime(2026, 11, 25, 12, tzinfo=UTC))
    assert json_of(activity) == {"type": "message", "timestamp": "2026-11-25T12:00:00+00:00"}


def _untyped(value: Any) -> Any:
    return value


def _plain(model: Any) -> Any:
    fields: dict[str, Any] | None = getattr(model, "__dict__", None)
    if fields is not None:
        return {name: _plain(value) for name, value in fields.items()}
    if isinstance(model, list):
        return [_plain(value) for value in model]  # pyright: ignore[reportUnknownVariableType] models of a package without types
    return model
