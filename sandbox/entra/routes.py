"""Entra's endpoints for programs (TLS): discovery, keys, tokens."""

import base64
import contextlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from sandbox.core import CORE, Core
from sandbox.entra.tokens import BOT_AUDIENCE, GRAPH_AUDIENCE, LIFETIME_SECONDS
from sandbox.problems import refuse
from sandbox.wire import Route


def check_tenant(core: Core, request: web.Request) -> str:
    """Return the tenant of the path, by id or domain. Raises `entra.tenant_unknown`."""
    asked = request.match_info["tenant"].lower()
    if asked not in (core.world.tenant_id, core.world.domain.lower()):
        raise refuse("entra.tenant_unknown", tenant=asked)
    return core.world.tenant_id


def check_client(core: Core, client: str) -> None:
    if client.lower() != core.world.app.client_id:
        raise refuse("entra.client_unknown", client=client, tenant=core.world.tenant_name)


def needed(values: Mapping[str, Any], parameter: str) -> str:
    """Return a required parameter. Raises `entra.parameter_missing`."""
    value = values.get(parameter)
    if not isinstance(value, str) or not value:
        raise refuse("entra.parameter_missing", parameter=parameter)
    return value


def issuer(core: Core) -> str:
    return f"{core.addresses.tls}/{core.world.tenant_id}/v2.0"


async def openid_configuration(request: web.Request) -> web.Response:
    core = request.app[CORE]
    tenant = check_tenant(core, request)
    tls, http = f"{core.addresses.tls}/{tenant}", f"{core.addresses.http}/{tenant}"
    return web.json_response({
        "issuer": issuer(core),
        "authorization_endpoint": f"{http}/oauth2/v2.0/authorize",  # plain HTTP: people's browsers open it, and must not warn
        "token_endpoint": f"{tls}/oauth2/v2.0/token",
        "end_session_endpoint": f"{http}/oauth2/v2.0/logout",
        "jwks_uri": f"{tls}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "form_post"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "oid", "ver"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    })  # fmt: skip


async def keys(request: web.Request) -> web.Response:
    core = request.app[CORE]
    check_tenant(core, request)
    return web.json_response({"keys": [core.tokens.key.jwk(issuer=issuer(core))]})


async def instances(request: web.Request) -> web.Response:
    """Instance discovery, which MSAL requests before it trusts an authority."""
    core = request.app[CORE]
    return web.json_response({
        "tenant_discovery_endpoint": f"{core.addresses.tls}/{core.world.tenant_id}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [],
    })  # fmt: skip


async def token(request: web.Request) -> web.Response:
    core = request.app[CORE]
    check_tenant(core, request)
    form = await _form(request)
    grant = needed(form, "grant_type")
    check_client(core, needed(form, "client_id"))
    if not form.get("client_secret"):
        raise refuse("entra.secret_missing")
    if form["client_secret"] != core.world.app.client_secret:
        raise refuse("entra.secret_wrong")
    match grant:
        case "client_credentials":
            answer = _for_app(core, needed(form, "scope"))
        case "authorization_code":
            answer = _for_code(core, form)
        case _:
            raise refuse("entra.grant_type_unsupported", grant=grant)
    common = {"token_type": "Bearer", "expires_in": LIFETIME_SECONDS, "ext_expires_in": LIFETIME_SECONDS}
    return web.json_response(common | answer, headers={"Cache-Control": "no-store"})


async def _form(request: web.Request) -> Mapping[str, str]:
    form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    scheme, _, basic = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        with contextlib.suppress(ValueError):  # an unreadable header counts as a missing secret
            client, _, secret = base64.b64decode(basic).decode().partition(":")
            form = {"client_id": unquote(client), "client_secret": unquote(secret)} | form
    return form


def _for_app(core: Core, scope: str) -> dict[str, Any]:
    resource, slash, default = scope.rpartition("/")
    if not slash or default != ".default":
        raise refuse("entra.scope_not_default", scope=scope)
    match resource:
        case _ if resource == GRAPH_AUDIENCE:
            return {"access_token": core.tokens.for_app(GRAPH_AUDIENCE, core.settings.texts("granted"))}
        case _ if resource == BOT_AUDIENCE:
            return {"access_token": core.tokens.for_app(BOT_AUDIENCE, ())}
        case _:
            raise refuse("entra.resource_unknown", resource=resource)


def _for_code(core: Core, form: Mapping[str, str]) -> dict[str, Any]:
    code, address = needed(form, "code"), needed(form, "redirect_uri")
    grant = core.codes.redeem(code, address, form.get("code_verifier", ""))
    person = core.people.find(grant.person)
    assert person is not None
    return {
        "scope": grant.scope,
        "access_token": core.tokens.for_person(person, grant.scope),
        "id_token": core.tokens.id_token(issuer(core), person, grant.nonce),
    }


async def bot_openid(request: web.Request) -> web.Response:
    """The Bot Framework's configuration document: which keys sign activities."""
    tls = request.app[CORE].addresses.tls
    return web.json_response({
        "issuer": "https://api.botframework.com",
        "authorization_endpoint": "https://invalid.botframework.com",
        "jwks_uri": f"{tls}/v1/.well-known/keys",
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
    })  # fmt: skip


async def bot_keys(request: web.Request) -> web.Response:
    return web.json_response({"keys": request.app[CORE].bot_keys.published()})


ROUTES = [
    Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", "Entra.OpenId", openid_configuration),
    Route("GET", "/{tenant}/discovery/v2.0/keys", "Entra.Keys", keys),
    Route("GET", "/common/discovery/instance", "Entra.Instances", instances),
    Route("POST", "/{tenant}/oauth2/v2.0/token", "Entra.Token", token),
    Route("GET", "/v1/.well-known/openidconfiguration", "BotFramework.OpenId", bot_openid),
    Route("GET", "/v1/.well-known/keys", "BotFramework.Keys", bot_keys),
]
