"""What Microsoft publishes as files: the Connector's interface and Graph's metadata, richer than the packages' models.

They lie in a folder `shared/contracts` beside the checkout, are read from there and never copied. Where it is missing, the
packages alone judge (`packages`).
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from sandbox.values import Json, is_object

FOLDER = Path(__file__).parents[3] / "shared" / "contracts"
THERE = FOLDER.is_dir()


@cache
def read(name: str) -> Json:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def swagger() -> Json:
    return read("bot-connector.swagger.json")


def connector_operations() -> dict[tuple[str, str], str]:
    """(method, path) of each operation that is published, with its name."""
    paths: dict[str, dict[str, Json]] = swagger()["paths"]
    return {
        (method.upper(), path): operation["operationId"]
        for path, methods in paths.items()
        for method, operation in methods.items()
    }


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
