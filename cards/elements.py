"""The card elements, from the `adaptivecards` package and classes for those that it lacks.

The package (0.4.1) stops at schema 1.2: it has the elements and containers, but no actions, no inputs, no `refresh`
and no `msteams`. It also ignores a misspelt property silently, and its `render()` leaves objects inside; `make`
and `plain` correct both.
"""

from typing import Any, TypeVar, cast

from adaptivecards.adaptivecard import AdaptiveCard
from adaptivecards.baseobject import BareObject, Element, PropertyType
from adaptivecards.containers import Column, ColumnSet, Container, Fact, FactSet
from adaptivecards.elements import RichTextBlock, TextBlock, TextRun

__all__ = [
    "VERSION",
    "Card",
    "Choice",
    "ChoiceInput",
    "Column",
    "ColumnSet",
    "Container",
    "Execute",
    "Fact",
    "FactSet",
    "Heading",
    "LinkRun",
    "OpenUrl",
    "Refresh",
    "RichTextBlock",
    "Submit",
    "TextBlock",
    "TextInput",
    "TextRun",
    "make",
    "plain",
]

VERSION = "1.5"
"""The newest schema that Teams renders for bots (Teams docs, "Types of cards")."""

Json = dict[str, Any]
Made = TypeVar("Made", bound=BareObject)


class Heading(TextBlock):
    """A text that screen readers announce as a heading (1.5)."""

    style = PropertyType(type=str)


class LinkRun(TextRun):
    """A run that can be clicked. The package declares its `selectAction` as a text (1.2)."""

    select_action = PropertyType(type=BareObject, key_name="selectAction")


class Action(Element):
    """The base of all buttons. `style`: default, positive, destructive."""

    title = PropertyType(type=str)
    tooltip = PropertyType(type=str)
    style = PropertyType(type=str)
    fallback = PropertyType(type=BareObject)


class Submit(Action):
    """Reaches the bot as a message with a `value`: for clients that do not know `Execute`."""

    element_type = "Action.Submit"
    data = PropertyType(type=dict)
    associated_inputs = PropertyType(type=str, key_name="associatedInputs")


class Execute(Submit):
    """Reaches the bot as an invoke, which is answered with a card (1.4)."""

    element_type = "Action.Execute"
    verb = PropertyType(type=str)


class OpenUrl(Action):
    """Opens an address on the reader's device."""

    element_type = "Action.OpenUrl"
    url = PropertyType(type=str)


class Input(Element):
    """The base of all inputs; an action carries the value under the input's id."""

    label = PropertyType(type=str)
    value = PropertyType(type=str)
    placeholder = PropertyType(type=str)


class TextInput(Input):
    """Text that a person types."""

    element_type = "Input.Text"
    multiline = PropertyType(type=bool, key_name="isMultiline")
    max_length = PropertyType(type=int, key_name="maxLength")


class Choice(BareObject):
    """One entry of a ChoiceInput."""

    title = PropertyType(type=str)
    value = PropertyType(type=str)


class ChoiceInput(Input):
    """One or several of a list; several come back separated by commas. `style`: compact, expanded."""

    element_type = "Input.ChoiceSet"
    choices = PropertyType(type=list)
    multiple = PropertyType(type=bool, key_name="isMultiSelect")
    style = PropertyType(type=str)
    wrap = PropertyType(type=bool)


class Refresh(BareObject):
    """For these users (Teams ids, at most 60) the client asks the bot automatically for a new card."""

    action = PropertyType(type=Execute)
    user_ids = PropertyType(type=list, key_name="userIds")


class Card(AdaptiveCard):
    """The whole card. `msteams` holds Teams' properties, which are not in the schema."""

    version = PropertyType(type=str)
    refresh = PropertyType(type=Refresh)
    msteams = PropertyType(type=dict)

    def __init__(self, **properties: object) -> None:
        super().__init__()
        for name, value in properties.items():
            setattr(self, name, value)
        self.version = VERSION


def make(kind: type[Made], **properties: object) -> Made:
    """Return an element with these properties; None omits one.

    Raises TypeError for a property that its class does not have, and for a value of a wrong type.
    """
    given = {name: value for name, value in properties.items() if value is not None}
    for name in given:
        if not any(isinstance(vars(base).get(name), PropertyType) for base in kind.__mro__):
            raise TypeError(f"{kind.__name__} has no property {name}")
    return kind(**given)


def plain(value: object) -> Any:
    """Return elements as plain JSON values, recursively."""
    if isinstance(value, BareObject):
        rendered = cast("Json", value.render())
        return {key: plain(inner) for key, inner in rendered.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in cast("Json", value).items()}
    return value
