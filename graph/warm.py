"""Paying for the SDK's imports before anybody waits for them.

The generated models of msgraph-sdk import each other by the thousand when the first answer is read: the first call in a
process took seconds. Here each kind of thing that we use is written and read once, without a network.
"""

import asyncio
from importlib import import_module
from typing import Any

_MODELS = "msgraph.generated.models"
_MODULES = (
    "azure.core.pipeline.transport",
    "azure.identity.aio",
    "kiota_authentication_azure.azure_identity_authentication_provider",
    "graph.adapter",
    "msgraph.graph_service_client",
    "msgraph.generated.app_catalogs.teams_apps.teams_apps_request_builder",
    "msgraph.generated.chats.chats_request_builder",
    "msgraph.generated.chats.item.installed_apps.installed_apps_request_builder",
    "msgraph.generated.chats.item.members.members_request_builder",
    "msgraph.generated.communications.get_presences_by_user_id.get_presences_by_user_id_request_builder",
    "msgraph.generated.users.item.chats.chats_request_builder",
    "msgraph.generated.users.item.teamwork.installed_apps.installed_apps_request_builder",
)
_PAGE = b'{"value": [{"id": "x", "@odata.type": "#microsoft.graph.aadUserConversationMember"}]}'
_ANSWERS: tuple[tuple[str, str, bytes], ...] = (
    ("chat", "Chat", b'{"id": "x", "chatType": "group", "createdDateTime": "2026-01-01T00:00:00Z"}'),
    ("chat_collection_response", "ChatCollectionResponse", b'{"value": [{"id": "x"}]}'),
    ("conversation_member_collection_response", "ConversationMemberCollectionResponse", _PAGE),
    ("teams_app_collection_response", "TeamsAppCollectionResponse", b'{"value": [{"id": "x"}]}'),
    ("teams_app_installation", "TeamsAppInstallation", b'{"id": "x"}'),
    ("user_scope_teams_app_installation", "UserScopeTeamsAppInstallation", b'{"id": "x"}'),
    ("o_data_errors.o_data_error", "ODataError", b'{"error": {"code": "x", "innerError": {"request-id": "x"}}}'),
)


async def warm() -> None:
    """Pay now, in a thread: until this returns, the loop goes on a little slower, and `/readyz` should say no."""
    await asyncio.to_thread(_warm)


def _warm() -> None:
    for name in _MODULES:
        import_module(name)
    json: Any = import_module("kiota_serialization_json.json_parse_node_factory")
    writing: Any = import_module("kiota_serialization_json.json_serialization_writer")
    read: Any = None
    for module, name, answer in _ANSWERS:
        kind: Any = getattr(import_module(f"{_MODELS}.{module}"), name)
        node: Any = json.JsonParseNodeFactory().get_root_parse_node("application/json", answer)
        read = node.get_object_value(kind)
        writing.JsonSerializationWriter().write_object_value(None, read)
