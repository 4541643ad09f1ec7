"""Checks whether Teams accepts an Adaptive Card. A test compares this check with Microsoft's schema."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.connector.card_table import ENUMS, GROUPS, TYPES, Property, Version, card_type, version_of
from sandbox.values import is_list, is_object

NEWEST: Version = (1, 5)  # for bots in Teams (Adaptive Cards in Teams, docs)
MOST_ACTIONS = 6  # Teams shows at most 6 (Adaptive Cards in Teams, docs)
MOST_REFRESHERS = 60  # user specific views, docs

_URI = re.compile(r"[!#$%&'()*+,./:;=?@\[\]~\w-]+", re.ASCII)  # RFC 3986
# `type` may be omitted where the position implies it.
_UNTYPED = {"Fact", "Input.Choice", "MediaSource", "TargetElement", "BackgroundImage", "Refresh", "Authentication",
            "AuthCardButton", "TokenExchangeResource", "Column", "TableColumnDefinition", "TableRow", "TableCell", "Image",
            "AdaptiveCard", "Action.Execute"}  # fmt: skip


class CardError(Exception):
    """The card is invalid; the text says what is wrong, and where in the card."""


class CardTooNew(CardError):
    """The card asks for a version that Teams does not support."""


def check_card(card: object) -> None:
    """Raises CardError for the first fault."""
    if not is_object(card):
        raise CardError("a card must be an object")
    if card.get("type") != "AdaptiveCard":
        raise CardError("type must be AdaptiveCard")
    version = _version(card.get("version"))
    _Check(version).typed(card, "AdaptiveCard", "card")
    _check_limits(card)


def _version(value: object) -> Version:
    if not isinstance(value, str) or not re.fullmatch(r"\d+\.\d+", value):
        raise CardError("version must be a text such as 1.4")
    version = version_of(value)
    if version > NEWEST:
        raise CardTooNew(value)
    return version


def _check_limits(card: Mapping[str, Any]) -> None:
    if len(card.get("actions", ())) > MOST_ACTIONS:
        raise CardError(f"Teams shows {MOST_ACTIONS} actions at most")
    refresh = card.get("refresh")
    if refresh is not None and len(refresh.get("userIds", ())) > MOST_REFRESHERS:
        raise CardError(f"refresh.userIds may hold {MOST_REFRESHERS} ids at most")
    seen: set[str] = set()
    for found in objects(card):
        name = found.get("id")
        if isinstance(name, str) and str(found.get("type", "")).startswith("Input."):
            if name in seen:
                raise CardError(f"two inputs are called {name}")
            seen.add(name)


def objects(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield every object of a card, outermost first. An action's `data` belongs to the app and is not searched."""
    if is_list(value):
        for entry in value:
            yield from objects(entry)
    elif is_object(value):
        yield value
        for name, inner in value.items():
            if name not in ("data", "requires", "msteams"):
                yield from objects(inner)


class _Check:
    def __init__(self, version: Version) -> None:
        self._version = version

    def typed(self, value: dict[str, Any], name: str, path: str) -> None:
        """Check an object against one type."""
        kind = card_type(name)
        if kind.version > self._version and "fallback" not in value:
            raise CardError(f"{path}: {name} came with {_text(kind.version)}, later than the card's version")
        for property_ in kind.properties.values():
            if property_.required and property_.name not in value and not self._inherited(name, property_.name):
                raise CardError(f"{path}: {name} needs {property_.name}")
        for key, inner in value.items():
            if key == "type":
                continue
            if key not in kind.properties:
                raise CardError(f"{path}: {name} has no {key}")
            if kind.properties[key].version > max(self._version, kind.version):
                since = _text(kind.properties[key].version)
                raise CardError(f"{path}.{key} came with {since}, later than the card's version")
            self.property(inner, kind.properties[key], f"{path}.{key}")

    @staticmethod
    def _inherited(type_name: str, property_name: str) -> bool:
        return (type_name, property_name) == ("AdaptiveCard", "version")  # a card inside a card may omit it

    def property(self, value: object, property_: Property, path: str) -> None:
        if value is None and property_.maybe:
            return
        self.one_of(value, property_.kinds, path)

    def one_of(self, value: object, kinds: tuple[str, ...], path: str) -> None:
        """Check a value against several kinds. Of several errors, the one deepest in the value is raised."""
        problems: list[CardError] = []
        for kind in kinds:
            try:
                self.kind(value, kind, path)
            except CardError as problem:
                problems.append(problem)
            else:
                return
        raise max(problems, key=lambda problem: len(str(problem).partition(" ")[0]))

    def kind(self, value: object, kind: str, path: str) -> None:
        if kind.startswith("["):
            if not is_list(value):
                raise CardError(f"{path} must be a list")
            for number, entry in enumerate(value):
                self.one_of(entry, tuple(kind.strip("[]").split("|")), f"{path}[{number}]")
        elif kind in ENUMS:
            if not isinstance(value, str) or value.lower() not in ENUMS[kind]:
                raise CardError(f"{path} must be one of {', '.join(ENUMS[kind])}")
        elif kind in GROUPS or kind in TYPES:
            self._object(value, kind, path)
        elif not _is(value, kind):
            raise CardError(f"{path} must be {_WORDS[kind]}")

    def _object(self, value: object, kind: str, path: str) -> None:
        if not is_object(value):
            raise CardError(f"{path} must be an object")
        allowed = GROUPS.get(kind, (kind,))
        name = value.get("type", kind if kind in _UNTYPED else None)
        if name not in allowed:
            raise CardError(f"{path}.type must be one of {', '.join(allowed)}")
        self.typed(value, name, path)


_WORDS = {"text": "a text", "uri": "an address", "flag": "true or false", "number": "a number", "object": "an object"}


def _is(value: object, kind: str) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "uri":
            return isinstance(value, str) and _URI.fullmatch(value) is not None
        case "flag":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            assert kind == "object", kind
            return isinstance(value, dict)


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"
