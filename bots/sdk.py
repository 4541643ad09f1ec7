# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownParameterType=false
"""The Bot Framework SDK behind typed walls, its faults closed.

The SDK (4.17.1, archived) gives the turn, its context and the adapter's contract, on which botbuilder-dialogs builds.
It no longer checks tokens, reads keys, opens connections or serialises: those are where its faults are, and most of
its time. A successor SDK replaces this file.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, cast

import botbuilder.schema
from botbuilder.core import BotAdapter, CloudAdapterBase, InvokeResponse, TurnContext
from botbuilder.schema import Activity, ActivityTypes, ConversationReference, ResourceResponse
from botframework.connector import BotFrameworkConnectorConfiguration
from botframework.connector.aio import ConnectorClient
from botframework.connector.auth import (
    AuthenticateRequestResult,
    BotFrameworkAuthentication,
    ClaimsIdentity,
    ConnectorFactory,
)
from msrest.authentication import Authentication
from msrest.pipeline import AsyncHTTPSender, AsyncPipeline, Request, Response
from msrest.pipeline.universal import RawDeserializer
from msrest.serialization import Model
from msrest.universal_http import ClientRequest, HTTPClientResponse
from typing_extensions import override

from bots.config import BOT_SCOPE
from bots.connector import Connector, Place
from bots.incoming import Incoming
from bots.outbox import Outbox
from bots.pacing import Priority

Json = dict[str, Any]


@dataclass(slots=True)
class Turn:
    """One activity on its way through the bot.

    `again`: Teams sent it before. What it says is to be stored all the same (that is idempotent), but nothing is
    answered a second time. `answer` is what an invoke is answered with, set by its handler.
    """

    incoming: Incoming
    context: TurnContext
    again: bool = False
    answer: Mapping[str, Any] | None = None


OnTurn = Callable[[Turn], Awaitable[None]]


class Adapter(CloudAdapterBase):
    """Runs turns with the SDK's own `process_activity`, and sends through our outbox."""

    def __init__(self, connector: Connector, outbox: Outbox) -> None:
        super().__init__(_Authentication())
        self._clients = _Clients(connector)
        self._outbox = outbox

    async def run(
        self, turn_of: Callable[[TurnContext], Turn], raw: Json, claims: Mapping[str, Any], on_turn: OnTurn
    ) -> Json | None:
        """One turn for an activity whose token is verified. Returns the body that an invoke is answered with."""
        trusted = AuthenticateRequestResult()
        trusted.audience = BOT_SCOPE.removesuffix("/.default")
        trusted.claims_identity = ClaimsIdentity(dict(claims), True)
        trusted.connector_factory = self._clients

        async def logic(context: TurnContext) -> None:
            turn = turn_of(context)
            await on_turn(turn)
            if turn.answer is not None:
                answer = InvokeResponse(status=200, body=dict(turn.answer))
                context.turn_state[BotAdapter._INVOKE_RESPONSE_KEY] = Activity(value=answer)  # noqa: SLF001  # its own place

        response: Any = await self.process_activity(trusted, activity_of(raw), logic)
        return response.body if response is not None else None

    @override
    async def send_activities(self, context: TurnContext, activities: list[Activity]) -> list[ResourceResponse]:
        """What a turn says, through the outbox."""
        responses: list[ResourceResponse] = []
        for activity in activities:
            if activity.type == ActivityTypes.invoke_response:
                context.turn_state[BotAdapter._INVOKE_RESPONSE_KEY] = activity  # noqa: SLF001  # its own place
                responses.append(ResourceResponse())
            elif activity.type == ActivityTypes.trace:
                responses.append(ResourceResponse())
            else:
                sent = await self._outbox.send(_place(activity), json_of(activity), Priority.MESSAGE)
                responses.append(ResourceResponse(id=sent))
        return responses

    @override
    async def update_activity(self, context: TurnContext, activity: Activity) -> ResourceResponse:
        """Another content for something that a turn said."""
        await self._outbox.update(_place(activity), activity.id, json_of(activity), Priority.UPDATE)
        return ResourceResponse(id=activity.id)

    @override
    async def delete_activity(self, context: TurnContext, reference: ConversationReference) -> None:
        """Take back something that a turn said."""
        await self._outbox.delete(_place(reference), reference.activity_id, Priority.UPDATE)


def _place(addressed: Activity | ConversationReference) -> Place:
    conversation: Any = addressed.conversation
    return Place(conversation.tenant_id or "", addressed.service_url, conversation.id)


class _Authentication(BotFrameworkAuthentication):
    """What the adapter asks for: nothing. Tokens are verified at the door, and no user ever signs in through the bot."""

    @override
    async def authenticate_request(self, activity: Activity, auth_header: str) -> AuthenticateRequestResult:
        raise PermissionError("tokens are verified at the door")

    @override
    async def authenticate_streaming_request(
        self, auth_header: str, channel_id_header: str
    ) -> AuthenticateRequestResult:
        raise PermissionError("Teams does not stream")

    @override
    def create_connector_factory(self, claims_identity: ClaimsIdentity) -> ConnectorFactory:
        raise PermissionError("what nobody asked for is sent through the outbox")

    @override
    async def create_user_token_client(self, claims_identity: ClaimsIdentity) -> None:  # type: ignore[override]  # there is none
        return None


class _Clients(ConnectorFactory):
    """One connector client per service URL, for what of the SDK asks a turn for it."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._clients: dict[str, ConnectorClient] = {}

    @override
    async def create(self, service_url: str, audience: str) -> ConnectorClient:
        client = self._clients.get(service_url)
        if client is None:
            configuration = BotFrameworkConnectorConfiguration(
                Authentication(), service_url, pipeline_type=_Pipeline, sender=_Sender(self._connector)
            )
            client = ConnectorClient(None, custom_configuration=configuration)
            self._clients[service_url] = client
        return client


class _Pipeline(AsyncPipeline[Any, Any]):
    """User agent, our sender, and the reading of what comes back; no cookies, no redirects, no logger."""

    def __init__(self, configuration: BotFrameworkConnectorConfiguration) -> None:
        super().__init__([configuration.user_agent_policy, RawDeserializer()], configuration.sender)


class _Answer(HTTPClientResponse):
    """An answer as msrest reads it."""

    def __init__(self, request: ClientRequest, status: int, headers: Mapping[str, str], content: bytes) -> None:
        super().__init__(request, None)
        self.status_code = status
        self.headers: Any = headers
        self.reason = ""
        self._content = content

    @override
    def body(self) -> bytes:
        return self._content


class _Sender(AsyncHTTPSender[Any, Any]):
    """msrest's requests over our own pooled, asynchronous session, with the bot's one token."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    @override
    async def send(self, request: Request[Any], **_config: object) -> Response[Any, Any]:
        asked = request.http_request
        body = asked.data.encode() if isinstance(asked.data, str) else asked.data
        reply = await self._connector.call(asked.method, asked.url, body)
        return Response(request, _Answer(asked, reply.status, reply.headers, reply.content))

    @override
    async def __aexit__(self, *_exception: object) -> None:
        """The session is everybody's."""


class _Field(NamedTuple):
    """One field of a model: its names in Python and in JSON, and what stands in it."""

    name: str
    key: str
    model: type[Model] | None
    instant: bool


_SPELT_WRONG = {"tenantID": "tenantId"}
"""In the SDK's ConversationAccount: with it, no conversation that Teams sends has a tenant."""


@cache
def _fields(model: type[Model]) -> tuple[_Field, ...]:
    found: list[_Field] = []
    described: dict[str, dict[str, str]] = vars(model)["_attribute_map"]
    for name, entry in described.items():
        kind = entry["type"].strip("[]")
        inner = getattr(botbuilder.schema, kind, None)
        is_model = isinstance(inner, type) and issubclass(inner, Model)
        key = _SPELT_WRONG.get(entry["key"], entry["key"])
        found.append(_Field(name, key, inner if is_model else None, kind == "iso-8601"))
    return tuple(found)


@cache
def _fields_by_key(model: type[Model]) -> Mapping[str, _Field]:
    return {field.key: field for field in _fields(model)}


def activity_of(raw: Mapping[str, Any]) -> Activity:
    """An Activity out of JSON, as msrest makes it, eight times as fast: it looks only at what is there."""
    return cast("Activity", _model_of(Activity, raw))


def json_of(activity: Activity) -> Json:
    """The JSON of an Activity, as msrest makes it."""
    return _plain(activity)


def _model_of(model: type[Model], raw: Mapping[str, Any]) -> Model:
    known = _fields_by_key(model)
    values: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for key, value in raw.items():
        field = known.get(key)
        if field is None:
            rest[key] = value
        elif value is not None:
            values[field.name] = _value_of(field, value)
    made = model(**values)
    made.additional_properties = rest
    return made


def _value_of(field: _Field, value: Any) -> Any:
    if field.instant and isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return None
    if field.model is None:
        return value
    if isinstance(value, list):
        return [_model_of(field.model, entry) for entry in value if isinstance(entry, dict)]
    return _model_of(field.model, value) if isinstance(value, dict) else None


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        made: Json = {}
        for field in _fields(type(value)):
            inner = getattr(value, field.name, None)
            if inner is None:
                continue
            if field.key:
                made[field.key] = _plain(inner)
            else:  # `additional_properties`, of the models that send them on
                made.update(_plain(inner))
        return made
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    return value
