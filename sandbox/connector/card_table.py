"""Adaptive Cards up to 1.5 as one table: each type, the version it came with, and its properties.

A property is written `name:kind`, `name!:kind` when it is required, `name@1.2:kind` when it came later than its type.
Kinds: text, uri, flag, number, object, any, `maybe flag` (null is allowed) …, an enumeration of `ENUMS`, a group of
`GROUPS` or a type of `TYPES`, `[x]` for a list of x, `a|b` for either. Source: the Adaptive Cards schema explorer, docs.
"""

from dataclasses import dataclass
from functools import cache

Version = tuple[int, int]

ENUMS: dict[str, tuple[str, ...]] = {
    "actionMode": ("primary", "secondary"),
    "actionStyle": ("default", "positive", "destructive"),
    "associatedInputs": ("auto", "none"),
    "blockHeight": ("auto", "stretch"),
    "choiceStyle": ("compact", "expanded"),
    "color": ("default", "dark", "light", "accent", "good", "warning", "attention"),
    "containerStyle": ("default", "emphasis", "good", "attention", "warning", "accent"),
    "drop": ("drop",),
    "fontSize": ("default", "small", "medium", "large", "extralarge"),
    "fontType": ("default", "monospace"),
    "fontWeight": ("default", "lighter", "bolder"),
    "across": ("left", "center", "right"),
    "fillMode": ("cover", "repeathorizontally", "repeatvertically", "repeat"),
    "imageSize": ("auto", "stretch", "small", "medium", "large"),
    "imageStyle": ("default", "person"),
    "spacing": ("default", "none", "small", "medium", "large", "extralarge", "padding"),
    "textStyle": ("default", "heading"),
    "inputStyle": ("text", "tel", "url", "email", "password"),
    "down": ("top", "center", "bottom"),
}

GROUPS: dict[str, tuple[str, ...]] = {
    "element": (
        "ActionSet", "ColumnSet", "Container", "FactSet", "Image", "ImageSet", "Input.ChoiceSet", "Input.Date", "Input.Number",
        "Input.Text", "Input.Time", "Input.Toggle", "Media", "RichTextBlock", "Table", "TextBlock",
    ),
    "action": ("Action.Execute", "Action.OpenUrl", "Action.ShowCard", "Action.Submit", "Action.ToggleVisibility"),
    "select": ("Action.Execute", "Action.OpenUrl", "Action.Submit", "Action.ToggleVisibility"),
}  # fmt: skip

_ITEM = "requires@1.2:object id:text isVisible@1.2:flag"
_ELEMENT = f"{_ITEM} fallback@1.2:element|drop height@1.1:blockHeight separator:flag spacing:spacing"
_INPUT = (
    "requires@1.2:object id!:text isVisible@1.2:flag errorMessage@1.3:text isRequired@1.3:flag label@1.3:text "
    "fallback@1.2:element|drop height@1.1:blockHeight separator:flag spacing:spacing"
)
_ACTION = (
    "requires@1.2:object title:text iconUrl@1.1:uri id:text style@1.2:actionStyle fallback@1.2:action|drop tooltip@1.5:text "
    "isEnabled@1.5:flag mode@1.5:actionMode"
)
_BOX = (
    "selectAction@1.1:select style:maybe containerStyle verticalContentAlignment@1.1:maybe down "
    "backgroundImage@1.2:BackgroundImage|uri minHeight@1.2:text bleed@1.2:flag"
)

TYPES: dict[str, tuple[str, str]] = {
    "AdaptiveCard": ("1.0", (
        "version!:text refresh@1.4:Refresh authentication@1.4:Authentication body:[element] actions:[action] "
        "selectAction@1.1:select fallbackText:text backgroundImage@1.0:BackgroundImage|uri minHeight@1.2:text "
        "rtl@1.5:maybe flag speak:text lang:text verticalContentAlignment@1.1:down $schema:uri msteams:object"
    )),
    "ActionSet": ("1.2", f"{_ELEMENT} actions!:[action]"),
    "ColumnSet": ("1.0", (
        f"{_ELEMENT} columns:[Column] selectAction@1.1:select style@1.2:maybe containerStyle bleed@1.2:flag "
        "minHeight@1.2:text horizontalAlignment:maybe across"
    )),
    "Column": ("1.0", (
        f"{_ITEM} {_BOX} items:[element] fallback@1.2:Column|drop rtl@1.5:maybe flag separator:flag spacing:spacing "
        "width:text|number"
    )),
    "Container": ("1.0", f"{_ELEMENT} {_BOX} items!:[element] rtl@1.5:maybe flag"),
    "FactSet": ("1.0", f"{_ELEMENT} facts!:[Fact]"),
    "Fact": ("1.0", "title!:text value!:text"),
    "Image": ("1.0", (
        f"{_ITEM} url!:uri altText:text backgroundColor@1.1:text height@1.1:text|blockHeight horizontalAlignment:maybe across "
        "selectAction@1.1:select size:imageSize style:imageStyle width@1.1:text fallback@1.2:element|drop separator:flag "
        "spacing:spacing"
    )),
    "ImageSet": ("1.0", f"{_ELEMENT} images!:[Image] imageSize:imageSize"),
    "Input.ChoiceSet": ("1.0", (
        f"{_INPUT} choices:[Input.Choice] isMultiSelect:flag style:choiceStyle value:text placeholder:text wrap@1.2:flag"
    )),
    "Input.Choice": ("1.0", "title!:text value!:text"),
    "Input.Date": ("1.0", f"{_INPUT} max:text min:text placeholder:text value:text"),
    "Input.Number": ("1.0", f"{_INPUT} max:number min:number placeholder:text value:number"),
    "Input.Text": ("1.0", (
        f"{_INPUT} isMultiline:flag maxLength:number placeholder:text regex@1.3:text style:inputStyle "
        "inlineAction@1.2:select value:text"
    )),
    "Input.Time": ("1.0", f"{_INPUT} max:text min:text placeholder:text value:text"),
    "Input.Toggle": ("1.0", f"{_INPUT} title!:text value:text valueOff:text valueOn:text wrap@1.2:flag"),
    "Media": ("1.1", f"{_ELEMENT} sources!:[MediaSource] poster:uri altText:text"),
    "MediaSource": ("1.1", "mimeType!:text url!:uri"),
    "RichTextBlock": ("1.2", f"{_ELEMENT} inlines!:[TextRun|text] horizontalAlignment:maybe across"),
    "TextRun": ("1.2", (
        "text!:text color:maybe color fontType:maybe fontType highlight:flag isSubtle:maybe flag italic:flag "
        "selectAction:select size:maybe fontSize strikethrough:flag underline@1.3:flag weight:maybe fontWeight"
    )),
    "Table": ("1.5", (
        f"{_ELEMENT} columns:[TableColumnDefinition] rows:[TableRow] firstRowAsHeader:flag showGridLines:flag "
        "gridStyle:maybe containerStyle horizontalCellContentAlignment:maybe across verticalCellContentAlignment:maybe down"
    )),
    "TableColumnDefinition": ("1.5", (
        "width:text|number horizontalCellContentAlignment:maybe across verticalCellContentAlignment:maybe down"
    )),
    "TableRow": ("1.5", (
        "cells:[TableCell] style:maybe containerStyle horizontalCellContentAlignment:maybe across "
        "verticalCellContentAlignment:maybe down"
    )),
    "TableCell": ("1.5", f"{_BOX} items!:[element]"),
    "TextBlock": ("1.0", (
        f"{_ELEMENT} text!:text color:maybe color fontType@1.2:maybe fontType horizontalAlignment:maybe across "
        "isSubtle:maybe flag maxLines:number size:maybe fontSize weight:maybe fontWeight wrap:flag style@1.5:maybe textStyle"
    )),
    "Action.Execute": ("1.4", f"{_ACTION} verb:text data:text|object associatedInputs:associatedInputs"),
    "Action.OpenUrl": ("1.0", f"{_ACTION} url!:uri"),
    "Action.ShowCard": ("1.0", f"{_ACTION} card!:AdaptiveCard"),
    "Action.Submit": ("1.0", f"{_ACTION} data:text|object associatedInputs@1.3:associatedInputs"),
    "Action.ToggleVisibility": ("1.2", f"{_ACTION} targetElements!:[TargetElement|text]"),
    "TargetElement": ("1.2", "elementId!:text isVisible:flag"),
    "BackgroundImage": ("1.2", "url!:uri fillMode:fillMode horizontalAlignment:across verticalAlignment:down"),
    "Refresh": ("1.4", "action!:Action.Execute userIds:[text]"),
    "Authentication": ("1.4", (
        "text:text connectionName:text tokenExchangeResource:TokenExchangeResource buttons:[AuthCardButton]"
    )),
    "AuthCardButton": ("1.4", "title:text image:text value!:text"),
    "TokenExchangeResource": ("1.4", "id!:text uri!:text providerId!:text"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a type."""

    name: str
    required: bool
    version: Version
    kinds: tuple[str, ...]
    maybe: bool


@dataclass(frozen=True, slots=True)
class CardType:
    version: Version
    properties: dict[str, Property]


def version_of(text: str) -> Version:
    """`1.4` → (1, 4). Raises ValueError."""
    major, _, minor = text.partition(".")
    return int(major), int(minor)


@cache
def card_type(name: str) -> CardType:
    """Parse and return the row of this type. Raises KeyError."""
    since, written = TYPES[name]
    properties = [_property(part, since) for part in _parts(written)]
    return CardType(version_of(since), {found.name: found for found in properties})


def _parts(written: str) -> list[str]:
    """Split at blanks, except the blank after `maybe`."""
    return written.replace(":maybe ", ":maybe_").split()


def _property(part: str, since: str) -> Property:
    left, _, kinds = part.partition(":")
    left, _, version = left.partition("@")
    maybe = kinds.startswith("maybe_")
    kinds = kinds.removeprefix("maybe_")
    listed = kinds.startswith("[")
    names = kinds.strip("[]").split("|")
    wanted = (kinds,) if listed else tuple(names)
    return Property(left.rstrip("!"), left.endswith("!"), version_of(version or since), wanted, maybe)
