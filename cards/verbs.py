"""Builds and reads the data of a card's buttons."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast
from urllib.parse import quote, unquote


class Verb(StrEnum):
    """The action of a button."""

    ACCEPT = "accept"
    DECLINE = "decline"
    TERMINATE = "terminate"
    ACW_DONE = "acw_done"
    ACW_EXTEND = "acw_extend"
    TRANSFER = "transfer"
    TAKE_BACK = "take_back"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class CardAction:
    """A click. `offer` is the fence: the offer's number when the card was drawn, so that an old card has no effect.

    For ACW_EXTEND it is the end of the after-call work (ACW) that was shown. `inputs` are the values typed and chosen.
    """

    verb: Verb
    task: str
    offer: str
    inputs: Mapping[str, str] = field(default_factory=dict[str, str])


_VERB, _TASK, _OFFER = "usher", "task", "offer"
_TASK_ID = re.compile(r"[0-9a-z]{20}")
_OFFER_ID = re.compile(r"[0-9a-z]{0,40}")
_LONGEST_INPUT = 8_000


def action_data(verb: Verb, task: str, offer: str) -> dict[str, str]:
    """The `data` of an action."""
    return {_VERB: verb.value, _TASK: task, _OFFER: offer}


def parse(value: object) -> CardAction | None:
    """Parse a click from an activity's `value`, sent by Action.Execute or Action.Submit; None if it is not from Usher's cards."""
    if not isinstance(value, dict):
        return None
    data: object = cast("dict[str, Any]", value)
    action = cast("dict[str, Any]", value).get("action")
    if isinstance(action, dict):
        data = cast("dict[str, Any]", action).get("data")
    if not isinstance(data, dict):
        return None
    texts = {name: text for name, text in cast("dict[str, object]", data).items() if isinstance(text, str)}
    verb, task, offer = (texts.pop(name, "") for name in (_VERB, _TASK, _OFFER))
    if verb not in set(Verb) or not _TASK_ID.fullmatch(task) or not _OFFER_ID.fullmatch(offer):
        return None
    inputs = {name: text for name, text in texts.items() if len(text) <= _LONGEST_INPUT}
    return CardAction(Verb(verb), task, offer, inputs)


def choice_value(text: str) -> str:
    """A choice's value: several come back separated by commas, so none may contain a comma."""
    return quote(text, safe=" ")


def chosen(inputs: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The values chosen in a ChoiceInput, as passed to `choice_value`."""
    return tuple(unquote(part) for part in inputs.get(name, "").split(",") if part)
