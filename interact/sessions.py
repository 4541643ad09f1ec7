"""A new chat: the visitor's details are checked, a conversation is opened, and the visitor gets its token."""

import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from conversations.messages import Conversation, Conversations
from conversations.topic import clean_name
from entry.answers import Refusal
from identity.tokens import BadToken
from identity.visitors import read_visitor, sign_visitor
from interact.answers import posted_json
from interact.widgets import View
from store.ids import new_id

MAX_BODY = 16 * 1024
"""Bytes; all fields at their limits are a third of it."""


def _none_is_empty(value: Any) -> Any:
    return "" if value is None else value


_Optional = BeforeValidator(_none_is_empty)


_LOCALE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*")
_LONGEST_LOCALE: Final = 35
"""The longest tag that BCP 47 asks everybody to store."""


def known_locale(value: Any) -> str:
    """`en_US`, `en-US.UTF-8` and `en-US@posix` as `en-US`; "" for what is no language tag."""
    if not isinstance(value, str):
        return ""
    tag = re.split("[.@]", value[:100])[0].strip().replace("_", "-")
    return tag if len(tag) <= _LONGEST_LOCALE and _LOCALE.fullmatch(tag) else ""


class NewSession(BaseModel):
    """The body of `POST /interact/v1/sessions`."""

    model_config = ConfigDict(strict=True, frozen=True)  # unknown fields are a newer client's: left alone

    widget: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    name: Annotated[str, StringConstraints(max_length=100), _Optional] = ""
    email: Annotated[
        str,
        StringConstraints(max_length=254, strip_whitespace=True, pattern=r"^(?:[^@\s]+@[^@\s]+\.[^@\s]+)?$"),
        _Optional,
    ] = ""
    page: Annotated[str, StringConstraints(max_length=2_000), _Optional] = ""
    locale: Annotated[str, BeforeValidator(known_locale)] = ""
    """A language tag in its one spelling; "" for whatever is none, since that is no reason to refuse a chat."""
    privacy_accepted: bool = False
    earlier: Annotated[str, StringConstraints(max_length=2_000), _Optional] = ""
    """The token of the chat that this visitor had before; one that opens nothing any more is no matter."""


_PLAIN = {
    "name": "The name may have 100 characters.",
    "email": "This is not an e-mail address.",
    "page": "The page's address may have 2,000 characters.",
    "widget": "The widget's key is missing.",
    "privacy_accepted": "privacy_accepted is true or false.",
    "earlier": "earlier is the token of a chat.",
}


def parse_session(body: bytes) -> NewSession:
    """The request. Raises Refusal, which names the field at fault."""
    value = posted_json(body)
    try:
        return NewSession.model_validate(value)
    except ValidationError as error:
        where = error.errors(include_url=False, include_input=False, include_context=False)[0]["loc"]
        field = str(where[0]) if where else None
        raise Refusal(400, "bad_field", _PLAIN.get(field or "", "The body is a JSON object."), field=field) from None


def check_session(asked: NewSession, view: View) -> None:
    """Whether a chat may begin with this. Raises Refusal."""
    settings = view.widget.settings
    if view.missing:
        missing = [{"code": code, "message": text} for code, text in view.missing]
        raise Refusal(409, "closed", "This chat is not available at the moment.", missing=missing)
    if settings.ask_name == "required" and not clean_name(asked.name):
        raise Refusal(400, "required", "Please enter your name.", field="name")
    if settings.ask_email == "required" and not asked.email:
        raise Refusal(400, "required", "Please enter your e-mail address.", field="email")
    if settings.privacy_tick and not asked.privacy_accepted:
        raise Refusal(400, "required", "Please accept the privacy text first.", field="privacy_accepted")


async def open_session(conversations: Conversations, asked: NewSession, view: View, key: bytes) -> dict[str, Any]:
    """Open the conversation (its task begins with the first message) and sign the visitor's token."""
    widget = view.widget
    conversation = Conversation(
        widget.tenant,
        new_id(),
        widget.service,
        widget.user,
        customer=clean_name(asked.name),
        email=asked.email,
        page=asked.page if asked.page.startswith(("https://", "http://")) else "",
        locale=asked.locale,
        widget=widget.key,
        earlier=_earlier(asked.earlier, widget.tenant, key),
        privacy_at=1 if asked.privacy_accepted else None,
    )
    await conversations.open(conversation)
    return {"conversation": conversation.id, "token": sign_visitor(widget.tenant, conversation.id, key)}


def _earlier(token: str, tenant: str, key: bytes) -> str:
    """The conversation that this token opens, "" when it opens none of this tenant."""
    try:
        claims = read_visitor(token, key)
    except BadToken:
        return ""
    return claims.conversation if claims.tenant == tenant else ""
