"""The frames of the visitor's socket: JSON objects with a `type`, checked on the way in, built on the way out."""

import json
import re
from typing import Annotated, Any, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic_core import from_json

from conversations.messages import Kind, Message, Sender
from conversations.model import MAX_TEXT
from store.text import clean_lines, half_character_in, visible, whole_characters

MAX_FRAME: Final = 128 * 1024
"""Characters in a client's frame: a text of 8,000 fits even if each of them is written as two `\\uXXXX`."""

MAX_HELLO: Final = 4 * 1024
"""Characters in the first frame, which comes from somebody who is not known yet; a token has a few hundred."""

_EMPTY_LINES = re.compile(r"(?:[^\S\n]*\n)+")


class BadFrame(Exception):
    """A frame that cannot be understood. `field` names what is wrong with it, `id` is the message it was about."""

    def __init__(self, code: str, field: str | None, message: str, message_id: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.message = message
        self.id = message_id


class _Frame(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)  # unknown fields are a newer client's: left alone


class Hello(_Frame):
    """The first frame: whose chat this is, and the last place seen."""

    type: Literal["hello"]
    token: Annotated[str, StringConstraints(min_length=1, max_length=2_000)]
    after: Annotated[int, Field(ge=0, le=2**53)] = 0
    hidden: bool = False
    """The page is not seen at the moment: it gives way first when the chat is open in too many tabs."""


class Say(_Frame):
    """A message. `id` is the client's own, the same whenever it is sent again."""

    type: Literal["say"]
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    text: str


class Typing(_Frame):
    """The visitor is writing."""

    type: Literal["typing"]


class Leave(_Frame):
    """The visitor ends the chat."""

    type: Literal["leave"]


class Pong(_Frame):
    """The answer to a beat."""

    type: Literal["pong"]


class Visibility(_Frame):
    """The page was hidden, or is seen again."""

    type: Literal["visibility"]
    hidden: bool


ClientFrame = Hello | Say | Typing | Leave | Pong | Visibility
_CLIENT: TypeAdapter[ClientFrame] = TypeAdapter(Annotated[ClientFrame, Field(discriminator="type")])


def parse_frame(data: str) -> ClientFrame:
    """A client's frame. Raises BadFrame, which names the field at fault."""
    try:
        value: Any = from_json(data)
    except ValueError:
        value = _without_halves(data)
    if not isinstance(value, dict):
        raise BadFrame("bad_frame", None, "A frame is a JSON object.")
    try:
        frame = _CLIENT.validate_python(value)
    except ValidationError as error:
        raise _bad_frame(error, cast("dict[str, Any]", value)) from None
    if isinstance(frame, Say):
        return frame.model_copy(update={"text": _checked_text(frame)})
    return frame


def _without_halves(data: str) -> Any:
    """A message whose text has half an emoji in it, as a clipboard or a limit of some page may cut it, is a message."""
    half = half_character_in(data)
    if half is None:
        raise BadFrame("bad_json", None, "This frame is not valid JSON.")
    value: Any = json.loads(data)
    if half == "text" and isinstance(value["text"], str):
        value["text"] = whole_characters(value["text"])
        half = half_character_in(json.dumps(value))
    if half is not None:
        raise BadFrame("bad_field", half or None, "This text has half a character in it.")
    return value


def _bad_frame(error: ValidationError, value: dict[str, Any]) -> BadFrame:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    field = str(first["loc"][-1]) if first["loc"] else "type"
    given = value.get("id")
    return BadFrame("bad_field", field, f"{field}: {first['msg']}", given if isinstance(given, str) else None)


def _checked_text(frame: Say) -> str:
    text = _without_empty_ends(clean_lines(frame.text))
    if not visible(text):
        raise BadFrame("bad_field", "text", "A message needs some text.", frame.id)
    if len(text) > MAX_TEXT:
        raise BadFrame("too_long", "text", f"A message may have {MAX_TEXT:,} characters.", frame.id)
    return text


def _without_empty_ends(text: str) -> str:
    """Without blanks around it. The first of several lines keeps its indentation: it may be code, or a table."""
    text = text.rstrip()
    empty = _EMPTY_LINES.match(text)
    text = text[empty.end() :] if empty else text
    return text if "\n" in text else text.lstrip()


def dump(frame: dict[str, Any]) -> str:
    """A server's frame as text."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def error_frame(
    code: str,
    message: str,
    *,
    field: str | None = None,
    message_id: str | None = None,
    after_seconds: float | None = None,
) -> dict[str, Any]:
    """Something was refused; the message is for people. `after_seconds`: when to try again."""
    frame: dict[str, Any] = {"type": "error", "code": code, "field": field, "message": message}
    if message_id is not None:
        frame["id"] = message_id
    if after_seconds is not None:
        frame["after_seconds"] = after_seconds
    return frame


def message_frame(message: Message, *, agent_name: str | None) -> dict[str, Any] | None:
    """A message as the visitor sees it, None for one that is not for visitors.

    `agent_name` stands for every agent's own name where it is given; an agent's message has an id of this door's
    making, as Teams' own is nobody's business. A message that its agent turned into a note (`was`) is deleted.
    """
    sender, kind, text = message.sender, message.kind, message.text
    if sender is Sender.NOTE:
        if message.was is None:
            return None
        sender, kind, text = message.was, Kind.DELETE, ""
    author = message.author
    if sender is Sender.AGENT and agent_name is not None:
        author = agent_name
    return {
        "type": "message",
        "seq": message.seq,
        "sender": sender.value,
        "author": author,
        "text": text,
        "at": message.at,
        "id": f"agent:{message.seq}" if sender is Sender.AGENT else message.client_id,
        "kind": kind.value,
        "refers_to": message.refers_to,
    }
