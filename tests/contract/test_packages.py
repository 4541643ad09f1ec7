"""The sandbox held against the models of Microsoft's SDKs, and the models' own sharpness."""

import pytest

from sandbox.connector import body
from tests.contract import packages

# The sandbox's words for a kind, and the SDK's for it.
KINDS = {"text": "str", "[text]": "[str]", "flag": "bool", "number": "int", "instant": "iso-8601", "any": "object"}
# The SDK's own spelling or addition, which the service does not have.
SDK_ONLY = {
    "ChannelAccount": {"properties"},
    "ConversationAccount": {"properties", "tenantID"},
    "ConversationParameters": {"tenantID"},
    "CardAction": {"imageAltText"},
}
NOT_IN_SDK = {"ConversationAccount": {"tenantId"}, "ConversationParameters": {"tenantId"}, "Entity": {"*"}}
# The sandbox has the wider "object" here.
ENTITIES = ("SemanticAction", "entities")
ENUMS = {
    ("Activity", "textFormat"): "TextFormatTypes",
    ("Activity", "attachmentLayout"): "AttachmentLayoutTypes",
    ("Activity", "inputHint"): "InputHints",
    ("Activity", "importance"): "ActivityImportance",
    ("Activity", "deliveryMode"): "DeliveryModes",
    ("ChannelAccount", "role"): "RoleTypes",
}


@pytest.mark.parametrize("name", sorted(body.DEFINITIONS))
def test_the_fields_of_every_body_are_the_models(name: str) -> None:
    theirs = packages.connector_fields(name)
    ours = {key: KINDS.get(kind, kind) for key, kind in body.DEFINITIONS[name].items()}
    if name == ENTITIES[0]:
        assert theirs.pop(ENTITIES[1]) == "{Entity}"
        assert ours.pop(ENTITIES[1]) == "object"
    assert {key: kind for key, kind in ours.items() if key not in NOT_IN_SDK.get(name, ())} == {
        key: kind for key, kind in theirs.items() if key not in SDK_ONLY.get(name, ())
    }


def test_the_values_of_every_enumeration_are_known_to_the_models() -> None:
    """The SDK knows more of them than a channel takes: skills, and replies that are expected."""
    assert set(body.ENUMS) == set(ENUMS)
    for place, values in body.ENUMS.items():
        assert set(values) <= packages.connector_values(ENUMS[place]), place


@pytest.mark.parametrize(
    ("activity", "faults"),
    [
        ({"type": "message", "timestamp": "2026-11-30T10:00:00.12Z", "channelData": {"colour": 1}}, []),
        ({"type": "message", "conversation": {"id": "a", "tenantId": "t"}}, []),
        ({"type": "message", "entities": [{"type": "mention", "mentioned": {"id": "29:1"}}]}, []),
        ({"type": "message", "colour": 1}, ["Activity has no colour"]),
        ({"type": "message", "from": {"id": "29:1", "colour": 1}}, ["Activity.from_property has no colour"]),
        ({"type": "message", "attachments": [{"colour": 1}]}, ["Activity.attachments has no colour"]),
        ({"type": "message", "text": 5}, ["Activity.text is read as '5' instead of 5"]),
    ],
)
def test_the_connectors_models_find_a_fault(activity: dict[str, object], faults: list[str]) -> None:
    assert packages.connector_faults(activity, "Activity") == faults


def test_the_connectors_models_refuse_a_word_for_a_flag() -> None:
    assert len(packages.connector_faults({"isGroup": "perhaps"}, "ConversationAccount")) == 1


def test_graphs_models_find_a_fault() -> None:
    member = {"@odata.type": "#microsoft.graph.aadUserConversationMember", "email": "a@b.example"}
    right = {"chatType": "group", "createdDateTime": "2026-11-30T10:00:00.12Z", "members": [member]}
    assert packages.graph_faults(right, "microsoft.graph.chat") == []
    wrong = {**right, "chatType": "party", "topic": 5, "colour": 1, "members": [{**member, "colour": 1}]}
    assert [fault.partition(" is read")[0] for fault in packages.graph_faults(wrong, "microsoft.graph.chat")] == [
        "microsoft.graph.chat has no colour",
        "microsoft.graph.chat.members has no colour",
        "microsoft.graph.chat.chatType",
        "microsoft.graph.chat.topic",
    ]
