"""Clicks on cards: what the bot receives, and how its answer changes the person's view."""

from collections.abc import Mapping
from typing import Any, cast

from sandbox.connector.card_check import CardError, check_card, objects
from sandbox.core import Core
from sandbox.messages import Message, View
from sandbox.problems import refuse
from sandbox.teams import activities
from sandbox.teams.bot_line import BotAnswer
from sandbox.teams.view import cards, refresh_action, refreshes
from sandbox.values import Json, is_object
from sandbox.world import Person

WENT_WRONG = "Something went wrong. Please try again."

CARD = "application/vnd.microsoft.card.adaptive"
TEXT = "application/vnd.microsoft.activity.message"


async def act(core: Core, message: Message, me: Person, action: Json, inputs: Json) -> Json:
    """A person clicked an action of the card that they see. Raises `teams.action_not_in_card`."""
    if not _on_the_card(core, message, me, action):
        raise refuse("teams.action_not_in_card")
    kind = action.get("type")
    data = _data(action, inputs)
    if kind == "Action.Submit":
        core.bot_line.post(activities.submitted(core, core.chats.must(message.chat), me, message, data))
        return {"kind": "sent", "status": 200}
    if kind != "Action.Execute":
        raise refuse("teams.action_not_in_card")
    return await _execute(core, message, me, action | {"data": data}, "manual")


async def refresh(core: Core, message: Message, me: Person) -> Json:
    """The card is on the screen, and its `refresh` asks the bot for this person's view. Raises `teams.action_not_in_card`."""
    wanted = refresh_action(message)
    if wanted is None or not refreshes(core, message, me):
        raise refuse("teams.action_not_in_card")
    view = core.messages.view(message.chat, message.id, me.id)
    core.messages.set_view(message.chat, message.id, me.id, View(view.card, view.error, message.version))
    action = cast("Json", wanted["action"])
    return await _execute(core, message, me, action | {"data": _data(action, {})}, "automatic")


def _on_the_card(core: Core, message: Message, me: Person, action: Json) -> bool:
    view = core.messages.view(message.chat, message.id, me.id)
    return any(found == action for card in cards(message, view) for found in objects(card["content"]))


def _data(action: Mapping[str, Any], inputs: Json) -> Any:
    """Merge the inputs into the action's data; inputs win. An action may omit the inputs."""
    data = action.get("data", {})
    if str(action.get("associatedInputs", "auto")).lower() == "none":
        return data
    return data | inputs if is_object(data) else data


async def _execute(core: Core, message: Message, me: Person, action: Json, trigger: str) -> Json:
    chat = core.chats.must(message.chat)
    sent = {name: value for name, value in action.items() if name in ("type", "id", "verb", "data")}
    answer = await core.bot_line.invoke(
        activities.executed(core, chat, me, message, {"action": sent, "trigger": trigger})
    )
    result = _result(answer)
    view = core.messages.view(chat.id, message.id, me.id)
    now = core.messages.get(chat.id, message.id)
    if now is None or now.deleted:
        return result
    if result["kind"] == "card":
        if now.version != message.version and trigger == "automatic":
            return result  # the bot edited the message meanwhile; an old refresh must not hide that
        card = cast("Json", result["card"])
        core.messages.set_view(chat.id, message.id, me.id, View(card, None, view.refreshed))
    else:
        error = result["text"] if result["kind"] == "error" else None
        core.messages.set_view(chat.id, message.id, me.id, View(view.card, error, view.refreshed))
    core.bells.changed([me.id], chat.id)
    return result


def _result(answer: BotAnswer) -> Json:
    """The bot's invoke response, read as Teams reads it (universal actions: response format, docs)."""
    body = answer.body
    if answer.status != 200 or not is_object(body):
        return _error(answer.status)
    status, kind, value = body.get("statusCode"), body.get("type"), body.get("value")
    if status != 200:
        return _error(status if isinstance(status, int) else answer.status)
    if kind == TEXT and isinstance(value, str):
        return {"kind": "message", "status": 200, "text": value}
    if kind == CARD:
        try:
            check_card(value)
        except CardError as problem:
            return _error(200) | {"why": str(problem)}
        return {"kind": "card", "status": 200, "card": value}
    return _error(answer.status)


def _error(status: int) -> Json:
    return {"kind": "error", "status": status, "text": WENT_WRONG}
