"""The sandbox's own reading of Adaptive Cards held against Microsoft's schema."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.connector.card_check import CardError, check_card
from sandbox.connector.card_table import ENUMS, GROUPS, TYPES, card_type
from sandbox.values import Json, is_list, is_object
from tests.contract import packages, published

# Written as a card's own property by Teams, and as a typing error of the schema (`rtl?` means `rtl`).
OURS_ONLY = {("AdaptiveCard", "msteams"), ("Container", "rtl")}
THEIRS_ONLY = {("Container", "rtl?"), ("TableCell", "rtl?")}
# Stricter than the schema, on purpose: a client can do nothing without them.
STRICTER = {("AdaptiveCard", "version"), ("Action.ShowCard", "card"), ("Refresh", "action")}

EVERYTHING: Json = {
    "type": "AdaptiveCard", "version": "1.5", "fallbackText": "An offer", "speak": "An offer", "lang": "en", "minHeight": "50px",
    "verticalContentAlignment": "Center", "rtl": False, "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
    "backgroundImage": {"url": "https://a.example/b.png", "fillMode": "cover"},
    "refresh": {"action": {"type": "Action.Execute", "verb": "refresh"}, "userIds": ["29:1"]},
    "selectAction": {"type": "Action.OpenUrl", "url": "https://a.example"},
    "body": [
        {"type": "TextBlock", "text": "Visitor", "weight": "Bolder", "size": "large", "wrap": True, "style": "heading", "color": "good",
         "maxLines": 2, "isSubtle": None, "fontType": "default", "horizontalAlignment": "left", "id": "t", "isVisible": True},
        {"type": "FactSet", "facts": [{"title": "Waited", "value": "10 s"}], "separator": True, "spacing": "medium"},
        {"type": "ColumnSet", "style": "emphasis", "columns": [
            {"type": "Column", "width": "auto", "items": [{"type": "Image", "url": "https://a.example/b.png", "altText": "b", "size": "small",
                                                           "style": "person"}]},
            {"type": "Column", "width": 2, "items": [{"type": "RichTextBlock", "inlines": [
                "plain", {"type": "TextRun", "text": "bold", "weight": "bolder", "underline": True}]}]},
        ]},
        {"type": "Container", "style": "good", "bleed": True, "items": [
            {"type": "ImageSet", "images": [{"type": "Image", "url": "https://a.example/b.png"}], "imageSize": "small"},
            {"type": "ActionSet", "actions": [{"type": "Action.ToggleVisibility", "targetElements": ["t", {"elementId": "t"}]}]},
        ]},
        {"type": "Input.Text", "id": "note", "label": "Note", "isMultiline": True, "maxLength": 500, "isRequired": True,
         "errorMessage": "A note is needed", "placeholder": "…", "style": "text", "value": "", "regex": ".*"},
        {"type": "Input.ChoiceSet", "id": "codes", "isMultiSelect": True, "style": "expanded", "wrap": True, "value": "a",
         "choices": [{"title": "Plants", "value": "a"}]},
        {"type": "Input.Toggle", "id": "urgent", "title": "Urgent", "valueOn": "1", "valueOff": "0"},
        {"type": "Input.Number", "id": "n", "min": 1, "max": 2, "value": 1},
        {"type": "Input.Date", "id": "d", "value": "2026-11-23"},
        {"type": "Input.Time", "id": "h", "min": "09:00"},
        {"type": "Media", "sources": [{"mimeType": "audio/mp4", "url": "https://a.example/b.mp4"}], "fallback": "drop"},
        {"type": "Table", "columns": [{"width": 1}], "firstRowAsHeader": True, "rows": [
            {"type": "TableRow", "cells": [{"type": "TableCell", "items": [{"type": "TextBlock", "text": "a"}]}]}]},
    ],
    "actions": [
        {"type": "Action.Execute", "verb": "accept", "title": "Accept", "data": {"task": "t1"}, "style": "positive", "mode": "primary",
         "tooltip": "Take it", "isEnabled": True, "associatedInputs": "none", "fallback": {"type": "Action.Submit", "title": "Accept"}},
        {"type": "Action.ShowCard", "title": "More", "card": {"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "a"}]}},
    ],
}  # fmt: skip


def ours(card: Json) -> str | None:
    try:
        check_card(card)
    except CardError as problem:
        return str(problem)
    return None


def test_a_card_with_everything_in_it_is_good_to_both() -> None:
    assert published.card_faults(EVERYTHING) == []
    assert ours(EVERYTHING) is None


def definitions() -> dict[str, Json]:
    return packages.card_schema()["definitions"]


def enumerated(described: Json) -> set[str] | None:
    """The values of an enumeration in the schema, however it wraps them; the schema takes any case."""
    for part in [described, *described.get("anyOf", [])]:
        if "enum" in part:
            return {str(value).lower() for value in part["enum"]}
    return None


def test_the_enumerations_are_the_schemas() -> None:
    theirs = [values for described in definitions().values() if (values := enumerated(described)) is not None]
    for name, values in ENUMS.items():
        assert set(values) in theirs, name


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_types_properties_are_the_schemas(name: str) -> None:
    described = definitions()[name]
    variants = [described, *described.get("anyOf", [])]
    theirs = {key for variant in variants for key in variant.get("properties", {})} - {"type"}
    theirs -= {key for kind, key in THEIRS_ONLY if kind == name}
    assert set(card_type(name).properties) - {key for kind, key in OURS_ONLY if kind == name} == theirs


@pytest.mark.parametrize("name", sorted(TYPES))
def test_a_types_required_properties_are_the_schemas(name: str) -> None:
    theirs = set(required(definitions()[name]))
    needed = {found.name for found in card_type(name).properties.values() if found.required}
    assert needed - {key for kind, key in STRICTER if kind == name} == theirs - {"type"}


def required(described: Json) -> Iterator[str]:
    yield from described.get("required", [])
    for part in [*described.get("allOf", []), *described.get("anyOf", [])]:
        yield from required(definitions()[part["$ref"].rpartition("/")[2]] if "$ref" in part else part)


def test_the_groups_are_the_schemas() -> None:
    for group, name in (("element", "Element"), ("action", "Action"), ("select", "ISelectAction")):
        parts = definitions()[f"ImplementationsOf.{name}"]["anyOf"]
        theirs = {json.dumps(part).partition("#/definitions/")[2].partition('"')[0] for part in parts}
        assert theirs - {""} == set(GROUPS[group]), group


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a card, outside an action's data."""
    if is_object(value):
        for key, inner in value.items():
            yield (*path, key)
            if key != "data":
                yield from places(inner, (*path, key))
    elif is_list(value):
        for number, inner in enumerate(value):
            yield (*path, number)
            yield from places(inner, (*path, number))


def changed(card: Json, path: tuple[str | int, ...], value: Any) -> Json:
    """The card with one place replaced; `...` takes it out."""
    card = copy.deepcopy(card)
    parent: Any = card
    for step in path[:-1]:
        parent = parent[step]
    if value is ...:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return card


def small_cards() -> Iterator[Json]:
    """The card with everything in it, cut into one card per element: the schema takes its time with large ones."""
    yield {**EVERYTHING, "body": []}
    for element in EVERYTHING["body"]:
        yield {"type": "AdaptiveCard", "version": "1.5", "body": [element]}


def at(card: Json, path: tuple[str | int, ...]) -> Any:
    value: Any = card
    for step in path:
        value = value[step]
    return value


def knowingly_stricter(card: Json, path: tuple[str | int, ...], value: Any) -> bool:
    """What the schema lets pass and no client understands.

    Its enumerations take whatever is not a text, a `fallback` among them; it asks neither for `version` nor for what
    `STRICTER` names; and a type may be left out where the place tells it, which it does not for elements.
    """
    last, before = path[-1], at(card, path)
    enumeration = isinstance(before, str) and any(before.lower() in values for values in ENUMS.values())
    return (
        (enumeration and not isinstance(value, str))
        or "fallback" in path
        or path == ("version",)
        or (value is ... and last in ("type", "card", "action"))
        or (value == {} and last in ("refresh", "card"))
        or (last == "type" and not isinstance(value, str))
    )


@pytest.mark.parametrize(
    "value", [..., 7, "x", True, None, [], {}], ids=lambda value: "gone" if value is ... else repr(value)
)
@pytest.mark.parametrize("one_in", [10, pytest.param(1, marks=pytest.mark.long)])
def test_whatever_is_changed_in_a_card_both_say_the_same(value: Any, one_in: int) -> None:
    """Each place in turn is taken out or replaced. We are never laxer, and stricter only where it is known why."""
    differences: list[str] = []
    for card in small_cards():
        for path in list(places(card))[::one_in]:
            other = changed(card, path, value)
            mine, theirs = ours(other), published.card_is_good(other)
            if (mine is None and not theirs) or (
                mine is not None and theirs and not knowingly_stricter(card, path, value)
            ):
                differences.append(f"{path}: we say {mine!r}, they say {theirs}")
    assert differences == []
