"""The card elements, from the `adaptivecards` package and, where it has none, on its base class.

The package (0.4.1) stops at schema 1.2: it has the elements and containers, but no actions, no inputs, no `refresh`
and no `msteams`. It also ignores a misspelt property without a word, and its `render()` leaves objects inside; `make`
and `plain` close both.
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
    """A run that can be clicked. The package takes its `selectAction` for a text (1.2)."""

    select_action = PropertyType(type=BareObject, key_name="selectAction")


class Action(Element):
    """What all buttons share. `style`: default, positive, destructive."""

    title = PropertyType(type=str)
    tooltip = PropertyType(type=str)
    style = PropertyType(type=str)
    fallback = PropertyType(type=BareObject)


class Submit(Action):
    """Comes to the bot as a message with a `value`: what clients do that do not know `Execute`."""

    element_type = "Action.Submit"
    data = PropertyType(type=dict)
    associated_inputs = PropertyType(type=str, key_name="associatedInputs")


class Execute(Submit):
    """Comes to the bot as an invoke, which answers with a card (1.4)."""

    element_type = "Action.Execute"
    verb = PropertyType(type=str)


class OpenUrl(Action):
    """Opens an address on the reader's device."""

    element_type = "Action.OpenUrl"
    url = PropertyType(type=str)


class Input(Element):
    """What all inputs share; its value goes along with an action, under its id."""

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
    """For these users (Teams ids, at most 60) the client asks the bot for a fresh card by itself."""

    action = PropertyType(type=Execute)
    user_ids = PropertyType(type=list, key_name="userIds")


class Card(AdaptiveCard):
    """The whole card. `msteams` holds Teams' own properties, which the schema does not know."""

    version = PropertyType(type=str)
    refresh = PropertyType(type=Refresh)
    msteams = PropertyType(type=dict)

    def __init__(self, **properties: object) -> None:
        super().__init__()
        for name, value in properties.items():
            setattr(self, name, value)
        self.version = VERSION


def make(kind: type[Made], **properties: object) -> Made:
    """An element with these properties, None leaving one out.

    Raises TypeError for a property that its class does not have, and for a value of a wrong type.
    """
    given = {name: value for name, value in properties.items() if value is not None}
    for name in given:
        if not any(isinstance(vars(base).get(name), PropertyType) for base in kind.__mro__):
            raise TypeError(f"{kind.__name__} has no property {name}")
    return kind(**given)


def plain(value: object) -> Any:
    """Elements as plain JSON values, all the way down."""
    if isinstance(value, BareObject):
        rendered = cast("Json", value.render())
        return {key: plain(inner) for key, inner in rendered.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in cast("Json", value).items()}
    return value
