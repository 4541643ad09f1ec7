"""Checks what a bot sends: the fields of an Activity as the Connector's published interface has them, and Teams'
rules."""

import json
import re

from aiohttp import web

from sandbox.connector.card_check import CardError, CardTooNew, check_card
from sandbox.problems import refuse
from sandbox.values import Json, is_list, is_object

Body = Json

ADAPTIVE = "application/vnd.microsoft.card.adaptive"
# About 100 KB, counted as UTF-16 (Format your bot messages, docs).
LARGEST_BYTES = 100 * 1024

# name → kind, as in the interface's definitions. `[X]` is a list of X; an upper-case name is another definition.
DEFINITIONS: dict[str, dict[str, str]] = {
    "Activity": {
        "type": "text", "id": "text", "timestamp": "instant", "localTimestamp": "instant", "localTimezone": "text",
        "callerId": "text", "serviceUrl": "text", "channelId": "text", "from": "ChannelAccount",
        "conversation": "ConversationAccount", "recipient": "ChannelAccount", "textFormat": "text",
        "attachmentLayout": "text", "membersAdded": "[ChannelAccount]", "membersRemoved": "[ChannelAccount]",
        "reactionsAdded": "[MessageReaction]", "reactionsRemoved": "[MessageReaction]", "topicName": "text",
        "historyDisclosed": "flag", "locale": "text", "text": "text", "speak": "text", "inputHint": "text", "summary": "text",
        "suggestedActions": "SuggestedActions", "attachments": "[Attachment]", "entities": "[Entity]",
        "channelData": "object", "action": "text", "replyToId": "text", "label": "text", "valueType": "text",
        "value": "object", "name": "text", "relatesTo": "ConversationReference", "code": "text", "expiration": "instant",
        "importance": "text", "deliveryMode": "text", "listenFor": "[text]", "textHighlights": "[TextHighlight]",
        "semanticAction": "SemanticAction",
    },
    "ChannelAccount": {"id": "text", "name": "text", "aadObjectId": "text", "role": "text"},
    "ConversationAccount": {
        "isGroup": "flag", "conversationType": "text", "tenantId": "text", "id": "text", "name": "text", "aadObjectId": "text",
        "role": "text",
    },
    "MessageReaction": {"type": "text"},
    "SuggestedActions": {"to": "[text]", "actions": "[CardAction]"},
    "CardAction": {
        "type": "text", "title": "text", "image": "text", "text": "text", "displayText": "text", "value": "any",
        "channelData": "object",
    },
    "Attachment": {"contentType": "text", "contentUrl": "text", "content": "object", "name": "text", "thumbnailUrl": "text"},
    "Entity": {"type": "text", "*": "any"},
    "ConversationReference": {
        "activityId": "text", "user": "ChannelAccount", "bot": "ChannelAccount", "conversation": "ConversationAccount",
        "channelId": "text", "serviceUrl": "text", "locale": "text",
    },
    "TextHighlight": {"text": "text", "occurrence": "number"},
    "SemanticAction": {"state": "text", "id": "text", "entities": "object"},
    "ConversationParameters": {
        "isGroup": "flag", "bot": "ChannelAccount", "members": "[ChannelAccount]", "topicName": "text", "tenantId": "text",
        "activity": "Activity", "channelData": "object",
    },
}  # fmt: skip

ENUMS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Activity", "textFormat"): ("markdown", "plain", "xml"),
    ("Activity", "attachmentLayout"): ("list", "carousel"),
    ("Activity", "inputHint"): ("acceptingInput", "ignoringInput", "expectingInput"),
    ("Activity", "importance"): ("low", "normal", "high"),
    ("Activity", "deliveryMode"): ("normal", "notification"),
    ("ChannelAccount", "role"): ("user", "bot"),
}

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
_CARDS = re.compile(r"application/vnd\.microsoft\.(card|teams\.card)\.[a-z0-9.]+")
_KNOWN_CARDS = {
    ADAPTIVE, "application/vnd.microsoft.card.hero", "application/vnd.microsoft.card.thumbnail",
    "application/vnd.microsoft.card.receipt", "application/vnd.microsoft.card.signin", "application/vnd.microsoft.card.oauth",
    "application/vnd.microsoft.teams.card.list", "application/vnd.microsoft.teams.card.o365connector",
    "application/vnd.microsoft.teams.card.file.consent", "application/vnd.microsoft.teams.card.file.info",
}  # fmt: skip


async def read_object(request: web.Request) -> Body:
    """Return the JSON object of a request. Raises `connector.body_not_json`."""
    try:
        value: object = json.loads(await request.read())
    except ValueError as problem:
        raise refuse("connector.body_not_json") from problem
    if not is_object(value):
        raise refuse("connector.body_not_json")
    return value


def check_fields(value: object, definition: str, path: str) -> None:
    """Check that every field is known and has its type. Raises `connector.field_…`."""
    if not is_object(value):
        raise refuse("connector.field_type", field=path, type="an object")
    known = DEFINITIONS[definition]
    for name, inner in value.items():
        kind = known.get(name, known.get("*"))
        here = f"{path}.{name}"
        if kind is None:
            raise refuse("connector.field_unknown", field=here)
        _check_kind(inner, kind, here)
        allowed = ENUMS.get((definition, name))
        if allowed is not None and inner not in allowed:
            raise refuse("connector.field_type", field=here, type=f"one of {', '.join(allowed)}")


def _check_kind(value: object, kind: str, path: str) -> None:
    if kind.startswith("["):
        if not is_list(value):
            raise refuse("connector.field_type", field=path, type="a list")
        for number, entry in enumerate(value):
            _check_kind(entry, kind[1:-1], f"{path}[{number}]")
    elif kind in DEFINITIONS:
        check_fields(value, kind, path)
    elif not _is(value, kind):
        raise refuse("connector.field_type", field=path, type=_WORDS[kind])


_WORDS = {
    "text": "a text",
    "flag": "true or false",
    "number": "a whole number",
    "object": "an object",
    "instant": "an instant",
}


def _is(value: object, kind: str) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "instant":
            return isinstance(value, str) and _INSTANT.fullmatch(value) is not None
        case "flag":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int) and not isinstance(value, bool)
        case "object":
            return isinstance(value, dict)
        case _:
            return kind == "any"


def check_activity(activity: Body) -> None:
    """Check a message or a typing indicator as Teams accepts it from a bot. Raises the refusals of the Connector's table."""
    if len(json.dumps(activity, ensure_ascii=False).encode("utf-16-le")) > LARGEST_BYTES:
        raise refuse("connector.too_large")
    check_fields(activity, "Activity", "activity")
    match activity.get("type"):
        case None:
            raise refuse("connector.activity_type_missing")
        case "typing":
            return
        case "message":
            pass
        case other:
            raise refuse("connector.activity_type_unsupported", type=other)
    for attachment in activity.get("attachments", ()):
        check_attachment(attachment)
    if not activity.get("text") and not activity.get("attachments"):
        raise refuse("connector.activity_empty")


def check_attachment(attachment: Body) -> None:
    kind = attachment.get("contentType", "")
    if kind == ADAPTIVE:
        try:
            check_card(attachment.get("content"))
        except CardTooNew as problem:
            raise refuse("connector.card_version", version=problem) from problem
        except CardError as problem:
            raise refuse("connector.card_invalid", why=problem) from problem
    elif _CARDS.fullmatch(kind) is not None:
        if kind not in _KNOWN_CARDS:
            raise refuse("connector.attachment_unknown", type=kind)
    elif not (kind.startswith(("image/", "video/", "audio/")) and attachment.get("contentUrl")):
        raise refuse("connector.attachment_unknown", type=kind or "(none)")


def splits(activity: Body) -> bool:
    """Text and a card in one activity become two messages in Teams, and the answer has no id."""
    return bool(activity.get("text")) and bool(activity.get("attachments"))
