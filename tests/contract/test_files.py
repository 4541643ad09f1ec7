"""The sandbox held against the richer descriptions, which are files; collected only where they are there."""

import pytest

from sandbox.connector import body
from sandbox.values import Json
from tests.contract import files

# What the SDKs and Teams send although the published file does not list it, or lists it more narrowly.
WIDER = {("ConversationReference", "locale"), ("CardAction", "value"), ("Entity", "*")}


def kind_of(described: Json) -> str:
    if "$ref" in described:
        name: str = described["$ref"].rpartition("/")[2]
        return "text" if "enum" in files.swagger()["definitions"][name] else name
    match described.get("type"), described.get("format"):
        case "string", "date-time":
            return "instant"
        case "string", _:
            return "text"
        case "integer", _:
            return "number"
        case "boolean", _:
            return "flag"
        case "array", _:
            return f"[{kind_of(described['items'])}]"
        case _:
            return "object"


@pytest.mark.parametrize("name", sorted(body.DEFINITIONS))
def test_the_fields_of_every_body_are_the_published_ones(name: str) -> None:
    described: dict[str, Json] = files.swagger()["definitions"][name]["properties"]
    theirs = {key: kind_of(value) for key, value in described.items() if (name, key) not in WIDER}
    ours = {key: kind for key, kind in body.DEFINITIONS[name].items() if (name, key) not in WIDER}
    assert ours == theirs


def test_the_values_of_every_enumeration_are_the_published_ones() -> None:
    definitions: dict[str, Json] = files.swagger()["definitions"]
    for (name, field), values in body.ENUMS.items():
        enumeration = definitions[name]["properties"][field]["$ref"].rpartition("/")[2]
        assert tuple(definitions[enumeration]["enum"]) == values, (name, field)


def test_a_fault_in_a_resource_would_be_found() -> None:
    faults = list(files.graph_faults({"chatType": "party", "id": None, "colour": 1}, "microsoft.graph.chat"))
    assert len(faults) == 3
    user = {"@odata.type": "#microsoft.graph.teamworkUserIdentity", "userIdentityType": "human", "tenantId": "t"}
    message = {"id": "1", "importance": "normal", "locale": "en", "from": {"user": user}, "body": {"colour": 1}}
    faults = list(files.graph_faults(message, "microsoft.graph.chatMessage"))
    assert len(faults) == 2


def test_a_fault_in_an_activity_would_be_found() -> None:
    faults = files.connector_faults({"type": "message", "text": 5, "from": {"id": "29:1", "colour": 1}}, "Activity")
    assert len(faults) == 2
