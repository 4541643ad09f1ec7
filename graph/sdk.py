# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# The wall to msgraph-sdk and azure-identity, which are typed only in part. Nothing of them passes it.
"""Calls to Graph for one tenant: one method each, our own types in and out, every failure a `GraphProblem`.

The SDK's own retries are off: it repeats POSTs on 429, 503 and 504, and a repeated `POST /chats` opens two rooms. Who
calls knows what may be tried again. Imports of the SDK stand inside functions: they cost seconds, and `graph.warm` pays them.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import jwt

from conversations.shown_text import shown_text
from graph.errors import GraphProblem, ProblemKind, problem_of_answer
from graph.facts import Chat, Member, MessagePage, Person, Posted, Seat, Written

if TYPE_CHECKING:
    from azure.identity.aio import ClientSecretCredential
    from msgraph.generated.models.chat import Chat as SdkChat
    from msgraph.generated.models.chat_message import ChatMessage
    from msgraph.graph_service_client import GraphServiceClient

_CLOUDS = ("graph.microsoft.com", "graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn")
_PER_PAGE = 50  # Graph's maximum, for chats and for messages
_NO_SUCH_USER = "Request_ResourceNotFound"
_QUOTED = "messageReference"  # the attachment of a message that answers another one
_ATTACHED = re.compile(r"</?attachment\b[^<>]*+>")  # where an attachment stands in the text
# Errors before a request can have reached Graph; after all others it may have been carried out.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

TOTAL_SECONDS: Mapping[str, float] = {"create_chat": 15.0, "install_in_chat": 15.0, "add_member": 15.0}
"""How long a call may take in all, from its token to the last byte of the answer; `OTHER_SECONDS` for those not named.

`POST /chats` was seen to take 10 s, and what it began goes on when we hang up: half as much again catches nearly every
answer, and a search for the room (`making.py`) the rest. Reads are made again for nothing.
"""
OTHER_SECONDS = 10.0
LONGEST_TOTAL_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class SdkConfig:
    """Where Microsoft is, and who we are there."""

    login_url: str
    graph_url: str
    app_id: str
    app_secret: str


def scope_of(graph_url: str) -> str:
    """What a token for Graph is asked for. A stand-in elsewhere plays the public cloud's Graph.

    Source: learn.microsoft.com/graph/deployments
    """
    host = urlsplit(graph_url).hostname or ""
    return f"https://{host if host in _CLOUDS else _CLOUDS[0]}/.default"


def shared_http(config: SdkConfig, http: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a plain client the SDK's pipeline, without its retries and redirects. Once for all tenants."""
    from kiota_http.middleware.options import RedirectHandlerOption, RetryHandlerOption
    from msgraph_core import APIVersion, GraphClientFactory

    http.base_url = httpx.URL(f"{config.graph_url}/v1.0")
    options: dict[str, Any] = {
        RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=0, should_retry=False),
        RedirectHandlerOption.get_key(): RedirectHandlerOption(max_redirect=0, should_redirect=False),
    }
    return GraphClientFactory.create_with_default_middleware(api_version=APIVersion.v1, client=http, options=options)


class TenantSdk:
    """Graph as one tenant's app-only client. `http` has gone through `shared_http`; `login` is for tokens."""

    def __init__(
        self, config: SdkConfig, tenant: str, *, http: httpx.AsyncClient, login: aiohttp.ClientSession
    ) -> None:
        self._config = config
        self._tenant = tenant
        self._http = http
        self._login = login
        self._credential = self._new_credential()
        self._client = self._new_client()

    def _new_credential(self) -> "ClientSecretCredential":
        from azure.core.pipeline.transport import AioHttpTransport
        from azure.identity.aio import ClientSecretCredential

        return ClientSecretCredential(
            self._tenant,
            self._config.app_id,
            self._config.app_secret,
            authority=self._config.login_url,
            disable_instance_discovery=True,  # it would ask Microsoft's public cloud about a stand-in
            transport=AioHttpTransport(session=self._login, session_owner=False),
            retry_total=0,
        )

    def _new_client(self) -> "GraphServiceClient":
        from kiota_authentication_azure.azure_identity_authentication_provider import (
            AzureIdentityAuthenticationProvider,
        )
        from msgraph.graph_service_client import GraphServiceClient

        from graph.adapter import Adapter

        host = urlsplit(self._config.graph_url).hostname or ""
        provider = AzureIdentityAuthenticationProvider(
            self._credential, scopes=[scope_of(self._config.graph_url)], allowed_hosts=[host]
        )
        adapter = Adapter(provider, client=self._http)
        adapter.base_url = f"{self._config.graph_url}/v1.0"
        return GraphServiceClient(request_adapter=adapter)

    def forget_token(self) -> None:
        """The next call takes a new token: permissions count only in tokens taken after they were granted."""
        self._credential = self._new_credential()
        self._client = self._new_client()

    async def roles(self) -> frozenset[str]:
        """The application permissions in our token: what is granted, as far as this token knows."""
        async with self._mapped("take_token"):
            token = await self._credential.get_token(scope_of(self._config.graph_url))
            # Our own token, straight from Entra over TLS: nobody's word but Entra's, so its signature is not ours to check.
            claims: Mapping[str, Any] = jwt.decode(token.token, options={"verify_signature": False})
        roles = claims.get("roles")
        return frozenset(str(role) for role in roles) if isinstance(roles, list) else frozenset()

    async def create_chat(self, topic: str, seats: Sequence[Seat]) -> Chat:
        """`POST /chats`, not idempotent: a group chat of these people. Permission Chat.Create.

        Source: learn.microsoft.com/graph/api/chat-post
        """
        from msgraph.generated.models.chat import Chat as SdkChat
        from msgraph.generated.models.chat_type import ChatType

        body = SdkChat(chat_type=ChatType.Group, topic=topic, members=[self._member(seat) for seat in seats])
        async with self._mapped("create_chat"):
            made = await self._client.chats.post(body)
        if made is None or not made.id:
            raise GraphProblem(ProblemKind.UNAVAILABLE, "create_chat", code="no_content", maybe_done=True)
        return _chat(made)

    async def chats_of(self, user: str, pages: int) -> list[Chat]:
        """`GET /users/{id}/chats`: the user's group chats, at most `pages` × 50. Permission Chat.ReadBasic.All.

        Graph sorts them by what happened last, and offers no filter by topic.
        Source: learn.microsoft.com/graph/api/chat-list
        """
        from kiota_abstractions.base_request_configuration import RequestConfiguration
        from msgraph.generated.users.item.chats.chats_request_builder import ChatsRequestBuilder

        query = ChatsRequestBuilder.ChatsRequestBuilderGetQueryParameters(filter="chatType eq 'group'", top=_PER_PAGE)
        builder = self._client.users.by_user_id(user).chats
        found: list[Chat] = []
        more = ""
        for _ in range(pages):
            async with self._mapped("chats_of"):
                if more:
                    page = await builder.with_url(more).get()
                else:
                    page = await builder.get(request_configuration=RequestConfiguration(query_parameters=query))
            found += [_chat(entry) for entry in (page.value if page else None) or []]
            more = str((page.odata_next_link if page else None) or "")
            if not more:
                break
        return found

    async def messages_of(self, chat: str, more: str = "") -> MessagePage:
        """`GET /chats/{id}/messages`: a page of 50, newest first; `more` is the address of a later one (`MessagePage.more`).

        Deleted messages and events are left out. Permission ChatMessage.Read.Chat, consented in the chat.
        Source: learn.microsoft.com/graph/api/chat-list-messages
        """
        from kiota_abstractions.base_request_configuration import RequestConfiguration
        from msgraph.generated.chats.item.messages.messages_request_builder import MessagesRequestBuilder

        query = MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters(
            top=_PER_PAGE, orderby=["createdDateTime desc"]
        )
        builder = self._client.chats.by_chat_id(chat).messages
        async with self._mapped("messages_of"):
            if more:
                page = await builder.with_url(more).get()
            else:
                page = await builder.get(request_configuration=RequestConfiguration(query_parameters=query))
        found = (page.value if page else None) or []
        app = self._config.app_id
        written = [_written(one, app) for one in found]
        posted = [_posted(one, app) for one in found]
        return MessagePage(
            written=tuple(one for one in written if one is not None),
            posted=tuple(one for one in posted if one is not None),
            oldest_at=min((_instant(one.created_date_time) for one in found), default=0),
            more=str((page.odata_next_link if page else None) or ""),
        )

    async def members(self, chat: str) -> list[Member]:
        """`GET /chats/{id}/members`: the people in it. Permission ChatMember.ReadWrite.All."""
        async with self._mapped("members"):
            page = await self._client.chats.by_chat_id(chat).members.get()
        found = (page.value if page else None) or []
        return [Member(str(getattr(one, "user_id", "") or "").lower(), str(one.id or "")) for one in found]

    async def add_member(self, chat: str, seat: Seat) -> None:
        """`POST /chats/{id}/members`, with all that was said. Permission ChatMember.ReadWrite.All."""
        member = self._member(seat)
        member.visible_history_start_date_time = datetime(1, 1, 1, tzinfo=UTC)  # left out, they see nothing of it
        async with self._mapped("add_member"):
            await self._client.chats.by_chat_id(chat).members.post(member)

    async def remove_member(self, chat: str, membership: str) -> None:
        """`DELETE /chats/{id}/members/{id}`. Permission ChatMember.ReadWrite.All."""
        async with self._mapped("remove_member"):
            await self._client.chats.by_chat_id(chat).members.by_conversation_member_id(membership).delete()

    async def install_in_chat(self, chat: str, app: str, consented: Sequence[str]) -> None:
        """`POST /chats/{id}/installedApps`: `consented` must equal the manifest's list. CONFLICT = it is there.

        Source: learn.microsoft.com/graph/api/chat-post-installedapps
        """
        from msgraph.generated.models.teams_app_installation import TeamsAppInstallation
        from msgraph.generated.models.teams_app_permission_set import TeamsAppPermissionSet
        from msgraph.generated.models.teams_app_resource_specific_permission import TeamsAppResourceSpecificPermission
        from msgraph.generated.models.teams_app_resource_specific_permission_type import (
            TeamsAppResourceSpecificPermissionType,
        )

        permissions = [
            TeamsAppResourceSpecificPermission(
                permission_type=TeamsAppResourceSpecificPermissionType.Application, permission_value=name
            )
            for name in consented
        ]
        body = TeamsAppInstallation(
            consented_permission_set=TeamsAppPermissionSet(resource_specific_permissions=permissions),
            additional_data=self._bind_app(app),
        )
        async with self._mapped("install_in_chat"):
            await self._client.chats.by_chat_id(chat).installed_apps.post(body)

    async def install_for_user(self, user: str, app: str) -> None:
        """`POST /users/{id}/teamwork/installedApps`: 201 without a body. CONFLICT = it is there.

        Source: learn.microsoft.com/graph/api/userteamwork-post-installedapps
        """
        from msgraph.generated.models.user_scope_teams_app_installation import UserScopeTeamsAppInstallation

        body = UserScopeTeamsAppInstallation(additional_data=self._bind_app(app))
        async with self._mapped("install_for_user"):
            await self._client.users.by_user_id(user).teamwork.installed_apps.post(body)

    async def installation_of(self, user: str, app: str) -> str | None:
        """The id of the app's installation for this user, None when there is none."""
        from kiota_abstractions.base_request_configuration import RequestConfiguration
        from msgraph.generated.users.item.teamwork.installed_apps.installed_apps_request_builder import (
            InstalledAppsRequestBuilder,
        )

        query = InstalledAppsRequestBuilder.InstalledAppsRequestBuilderGetQueryParameters(
            expand=["teamsApp"], filter=f"teamsApp/id eq '{app}'"
        )
        async with self._mapped("installation_of"):
            page = await self._client.users.by_user_id(user).teamwork.installed_apps.get(
                request_configuration=RequestConfiguration(query_parameters=query)
            )
        found = (page.value if page else None) or []
        return str(found[0].id) if found and found[0].id else None

    async def uninstall_for_user(self, user: str, installation: str) -> None:
        """`DELETE /users/{id}/teamwork/installedApps/{id}`. NOT_FOUND = it is gone."""
        async with self._mapped("uninstall_for_user"):
            apps = self._client.users.by_user_id(user).teamwork.installed_apps
            await apps.by_user_scope_teams_app_installation_id(installation).delete()

    async def catalogue_id(self, external_id: str) -> str | None:
        """The organisation's catalogue id of the app whose manifest has this `id`. Permission AppCatalog.Read.All."""
        from kiota_abstractions.base_request_configuration import RequestConfiguration
        from msgraph.generated.app_catalogs.teams_apps.teams_apps_request_builder import TeamsAppsRequestBuilder

        query = TeamsAppsRequestBuilder.TeamsAppsRequestBuilderGetQueryParameters(
            filter=f"externalId eq '{external_id}'"
        )
        async with self._mapped("catalogue_id"):
            page = await self._client.app_catalogs.teams_apps.get(
                request_configuration=RequestConfiguration(query_parameters=query)
            )
        found = (page.value if page else None) or []
        return str(found[0].id) if found and found[0].id else None

    async def presences(self, users: Sequence[str]) -> dict[str, str]:
        """`POST /communications/getPresencesByUserId`, 650 ids at most: user → Graph's availability word.

        Source: learn.microsoft.com/graph/api/cloudcommunications-getpresencesbyuserid
        """
        from msgraph.generated.communications.get_presences_by_user_id.get_presences_by_user_id_post_request_body import (
            GetPresencesByUserIdPostRequestBody,
        )
        from msgraph.generated.models.o_data_errors.o_data_error import ODataError

        builder = self._client.communications.get_presences_by_user_id
        asked = builder.to_post_request_information(GetPresencesByUserIdPostRequestBody(ids=list(users)))
        async with self._mapped("presences"):
            # Not as the SDK's objects: those of 650 people take it 3 s.
            # "XXX" is Kiota's key for every error status.
            answer = await builder.request_adapter.send_primitive_async(asked, "bytes", {"XXX": ODataError})
        found: list[dict[str, Any]] = json.loads(answer)["value"] if answer else []
        return {str(one["id"]).lower(): str(one.get("availability") or "") for one in found}

    async def person(self, user_or_upn: str) -> Person | None:
        """`GET /users/{id or UPN}`. Permission User.ReadBasic.All."""
        from kiota_abstractions.base_request_configuration import RequestConfiguration
        from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder

        query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(
            select=["id", "displayName", "userPrincipalName", "userType"]
        )
        try:
            async with self._mapped("person"):
                found = await self._client.users.by_user_id(user_or_upn).get(
                    request_configuration=RequestConfiguration(query_parameters=query)
                )
        except GraphProblem as problem:
            if problem.kind is ProblemKind.NOT_FOUND:
                return None
            raise
        if found is None or not found.id:
            return None
        upn = str(found.user_principal_name or "")
        # With User.ReadBasic.All Graph may keep `userType` to itself; a guest's UPN says it as well
        # (learn.microsoft.com/entra/external-id/user-properties).
        guest = str(found.user_type or "").lower() == "guest" or "#ext#" in upn.lower()
        return Person(found.id.lower(), upn, str(found.display_name or ""), guest)

    async def is_gone(self, user: str) -> bool:
        """Whether Entra says in its own words that there is no such user; any other 404 is raised like all problems.

        A deleted user is 404 until restored, for 30 days (learn.microsoft.com/graph/api/user-delete, directory-deleteditems-restore).
        """
        try:
            async with self._mapped("is_gone"):
                found = await self._client.users.by_user_id(user).get()
        except GraphProblem as problem:
            if problem.kind is ProblemKind.NOT_FOUND and problem.code == _NO_SUCH_USER:
                return True
            raise
        return found is None

    def _member(self, seat: Seat) -> Any:
        from msgraph.generated.models.aad_user_conversation_member import AadUserConversationMember

        return AadUserConversationMember(
            odata_type="#microsoft.graph.aadUserConversationMember",
            roles=["guest" if seat.guest else "owner"],
            additional_data={"user@odata.bind": f"{self._config.graph_url}/v1.0/users('{seat.user}')"},
        )

    def _bind_app(self, app: str) -> dict[str, Any]:
        return {"teamsApp@odata.bind": f"{self._config.graph_url}/v1.0/appCatalogs/teamsApps/{app}"}

    @asynccontextmanager
    async def _mapped(self, operation: str) -> AsyncGenerator[None]:
        from azure.core.exceptions import AzureError, ClientAuthenticationError
        from kiota_abstractions.api_error import APIError

        try:
            async with asyncio.timeout(TOTAL_SECONDS.get(operation, OTHER_SECONDS)):
                yield
        except TimeoutError as error:
            # Sent, and perhaps carried out: the answer is lost.
            raise GraphProblem(ProblemKind.UNAVAILABLE, operation, code="timeout", maybe_done=True) from error
        except APIError as error:
            raise _problem_of_graph(operation, error) from error
        except ClientAuthenticationError as error:
            raise _problem_of_entra(operation, error) from error
        except AzureError as error:
            raise GraphProblem(ProblemKind.UNAVAILABLE, operation, code=type(error).__name__) from error
        except httpx.HTTPError as error:
            never = isinstance(error, _NEVER_SENT)
            raise GraphProblem(
                ProblemKind.UNAVAILABLE, operation, code=type(error).__name__, maybe_done=not never
            ) from error


def _chat(found: "SdkChat") -> Chat:
    return Chat(
        id=str(found.id or ""),
        topic=str(found.topic or ""),
        url=str(found.web_url or ""),
        created_at=_instant(found.created_date_time),
    )


def _instant(moment: datetime | None) -> int:
    """Milliseconds since the epoch, 0 when Graph does not say."""
    return round(moment.timestamp() * 1000) if moment else 0


def _written(found: "ChatMessage", app: str) -> Written | None:
    """None for what no person wrote, and for what is not there any more. `app`: our own id, as mentions have it."""
    from msgraph.generated.models.body_type import BodyType
    from msgraph.generated.models.chat_message_type import ChatMessageType

    by = found.from_
    if found.message_type is not ChatMessageType.Message or found.deleted_date_time:
        return None
    if by is not None and by.user is None and (by.application is not None or by.device is not None):
        return None
    user = by.user if by is not None else None
    content = str(found.body.content or "") if found.body else ""
    html = found.body is not None and found.body.content_type is BodyType.Html
    apps = [(one.mention_text, one.mentioned.application if one.mentioned else None) for one in found.mentions or []]
    return Written(
        id=str(found.id or ""),
        at=_instant(found.created_date_time),
        user=str(user.id or "").lower() if user is not None else "",
        name=str(user.display_name or "") if user is not None else "",
        text="" if html else content,
        html=_ATTACHED.sub("", content) if html else "",
        files=any(one.content_type != _QUOTED for one in found.attachments or []),
        mentions_of_us=tuple(str(name) for name, one in apps if one and str(one.id).lower() == app.lower()),
    )


def _posted(found: "ChatMessage", app: str) -> Posted | None:
    """None for what our own bot did not post, and for what is not there any more."""
    by = found.from_.application if found.from_ else None
    if by is None or str(by.id or "").lower() != app.lower() or found.deleted_date_time:
        return None
    content = str(found.body.content or "") if found.body else ""
    return Posted(
        id=str(found.id or ""),
        at=_instant(found.created_date_time),
        text=shown_text(content),
        card="".join(str(one.content or "") for one in found.attachments or []),
    )


def _problem_of_graph(operation: str, error: Any) -> GraphProblem:
    said = getattr(error, "error", None)
    return problem_of_answer(
        operation,
        int(error.response_status_code or 0),
        dict(error.response_headers or {}),
        code=str(getattr(said, "code", "") or ""),
        text=str(getattr(said, "message", "") or ""),
    )


def _problem_of_entra(operation: str, error: Any) -> GraphProblem:
    """No token, so the request was never sent. A refusal of Entra carries its code; anything else is Entra not being well."""
    status = int(getattr(error.response, "status_code", 0) or 0)
    code = re.search(r"AADSTS\d+", str(error.message))
    if code is None or status == 429 or status >= 500:
        return GraphProblem(ProblemKind.UNAVAILABLE, operation, code="token_endpoint")
    return GraphProblem(ProblemKind.AUTH, operation, code=code[0])
