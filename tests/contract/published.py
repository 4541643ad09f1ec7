"""What Microsoft publishes as data, where it is at hand: a folder `shared/contracts` beside the checkout.

It is read from there and never copied. On a machine without it these tests are skipped by name; where `CI` is set, its
absence is a failure.
"""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sandbox.values import Json, is_object

FOLDER = Path(__file__).parents[3] / "shared" / "contracts"


@cache
def read(name: str) -> Json:
    """One published file. Skips the test, or fails it in CI, when it is not there."""
    path = FOLDER / name
    if not path.exists():
        sentence = f"Microsoft's {name} is not on this machine ({FOLDER})"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return json.loads(path.read_text(encoding="utf-8"))


def swagger() -> Json:
    return read("bot-connector.swagger.json")


def graph_types() -> dict[str, Json]:
    return read("graph-types.json")["types"]


@cache
def _closed_definitions() -> Json:
    """The Connector's definitions, in which a field that is not written down is an error. Entities are open by nature."""
    definitions: Json = json.loads(json.dumps(swagger()["definitions"]))
    for name, definition in definitions.items():
        if definition.get("type") == "object" and name != "Entity" and definition.get("properties"):
            definition["additionalProperties"] = False
    return definitions


def connector_faults(value: Any, definition: str) -> list[str]:
    """What the published interface says against a value of this definition."""
    schema: Json = {"definitions": _closed_definitions(), "$ref": f"#/definitions/{definition}"}
    return [error.message for error in jsonschema.Draft4Validator(schema).iter_errors(value)]  # pyright: ignore[reportUnknownMemberType] jsonschema's attrs are partly untyped


def card_is_good(card: Json) -> bool:
    """Likewise, without the reasons: much quicker."""
    plain = {name: value for name, value in card.items() if name != "msteams"}
    return _card_validator().is_valid(plain)  # pyright: ignore[reportUnknownMemberType] as above


@cache
def _card_validator() -> jsonschema.Draft6Validator:
    return jsonschema.Draft6Validator(read("adaptive-card-1.5.schema.json"))


def card_faults(card: Json) -> list[str]:
    """What the card schema says against a card. `msteams` is Teams' own and not in it."""
    plain = {name: value for name, value in card.items() if name != "msteams"}
    return [error.message for error in _card_validator().iter_errors(plain)]  # pyright: ignore[reportUnknownMemberType] as above


def graph_properties(name: str) -> dict[str, Json]:
    """A Graph type's properties, those of its bases included."""
    types = graph_types()
    found: dict[str, Json] = {}
    base: str | None = name
    while base is not None:
        described = types[f"microsoft.{base}" if base.startswith("graph.") else base]
        found = {**described["properties"], **found}
        base = described["base"]
    return found


def graph_navigation(name: str) -> set[str]:
    types = graph_types()
    found: set[str] = set()
    base: str | None = name
    while base is not None:
        described = types[f"microsoft.{base}" if base.startswith("graph.") else base]
        found |= set(described["navigation"])
        base = described["base"]
    return found


def graph_faults(value: Json, name: str) -> Iterator[str]:
    """What the metadata says against a resource of this type, or of the derived one that it calls itself.

    OData's own names are left out. An open type may have properties that are written down nowhere.
    """
    own = str(value.get("@odata.type", "")).removeprefix("#")
    name = own if own in graph_types() else name
    properties, navigation = graph_properties(name), graph_navigation(name)
    for key, inner in value.items():
        if key.startswith("@") or key in navigation:
            continue
        if key not in properties:
            if not graph_types()[name]["open"]:
                yield f"{name} has no {key}"
        elif inner is None:
            if not properties[key]["nullable"]:
                yield f"{name}.{key} may not be null"
        else:
            yield from _value_faults(inner, properties[key]["type"], f"{name}.{key}")


_EDM: dict[str, type] = {
    "Edm.String": str,
    "Edm.Boolean": bool,
    "Edm.Int32": int,
    "Edm.Int64": int,
    "Edm.DateTimeOffset": str,
}


def _value_faults(value: Any, kind: str, path: str) -> Iterator[str]:
    if kind.startswith("Collection("):
        if not isinstance(value, list):
            yield f"{path} must be a list"
            return
        for entry in value:  # pyright: ignore[reportUnknownVariableType] JSON
            yield from _value_faults(entry, kind[len("Collection(") : -1], path)
    elif kind in _EDM:
        if not isinstance(value, _EDM[kind]):
            yield f"{path} must be {kind}"
    else:
        described = graph_types()[f"microsoft.{kind}"]
        if described["kind"] == "EnumType":
            if value not in described["members"]:
                yield f"{path} must be one of {described['members']}"
        elif is_object(value):
            yield from graph_faults(value, f"microsoft.{kind}")
        else:
            yield f"{path} must be an object"
