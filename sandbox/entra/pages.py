"""Entra's pages for people (plain HTTP): sign-in, sign-out, and an admin's consent."""

import re
from collections.abc import Mapping

from aiohttp import web
from yarl import URL

from sandbox import html
from sandbox.core import CORE, Core
from sandbox.entra.codes import Grant
from sandbox.entra.routes import check_client, check_tenant, needed
from sandbox.problems import Problem, entra_error, refuse
from sandbox.wire import Route
from sandbox.world import Person

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # S256 in base64url (RFC 7636)
_SCOPES = {"openid", "profile", "email", "offline_access", "User.Read"}


async def authorize(request: web.Request) -> web.StreamResponse:
    """Ask who signs in: one button for each person of the tenant, no passwords.

    The choice is skipped with a `login_hint` that names a person, or if somebody is signed in.
    """
    core = request.app[CORE]
    try:
        query = _checked(core, request)
    except Problem as problem:
        return _sorry(problem)
    if query.get("prompt") == "none":
        return _back_with_problem(query, refuse("entra.login_required"))
    hinted = core.people.find(query.get("login_hint", ""))
    if hinted is not None and not core.is_deleted(hinted.id) and query.get("prompt") not in ("login", "select_account"):
        return _back(query, {"code": _code(core, query, hinted)})
    hidden = _hidden(query)
    people = [
        html.render("sign_in_person.html", upn=person.upn, name=person.name, initials=_initials(person.name))
        for person in core.people.all()
        if not core.is_deleted(person.id)
    ]
    return html.page("sign_in.html", "Sign in", app=core.world.app.name, tenant=core.world.tenant_name,
                     people=html.join(people), hidden=hidden, action=request.path)  # fmt: skip


async def authorize_as(request: web.Request) -> web.StreamResponse:
    """Redirect the chosen person to the app with a code."""
    core = request.app[CORE]
    form = {name: str(value) for name, value in (await request.post()).items()}
    try:
        query = _checked(core, request, form)
        person = core.people.find(needed(form, "user"))
        if person is None or core.is_deleted(person.id):
            raise refuse("entra.user_unknown", user=form["user"])
    except Problem as problem:
        return _sorry(problem)
    return _back(query, {"code": _code(core, query, person)})


def _code(core: Core, query: Mapping[str, str], person: Person) -> str:
    grant = Grant(person.id, query["redirect_uri"], query["scope"], query.get("nonce"), query.get("code_challenge"))
    return core.codes.give(grant)


def _checked(core: Core, request: web.Request, form: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Check and return the parameters of a sign-in request."""
    check_tenant(core, request)
    query = dict(form if form is not None else request.query)
    client = needed(query, "client_id")
    check_client(core, client)
    address = needed(query, "redirect_uri")
    if address not in core.settings.texts("redirect_uris"):
        raise refuse("entra.redirect_unknown", address=address, client=client)
    if needed(query, "response_type") != "code":
        raise refuse("entra.response_type_unsupported", type=query["response_type"])
    scopes = set(needed(query, "scope").split())
    if "openid" not in scopes or not scopes <= _SCOPES:
        raise refuse("entra.scope_unknown")
    challenge = query.get("code_challenge")
    if challenge is not None and (query.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge)):
        raise refuse("entra.challenge_bad")
    return query


def _back(query: Mapping[str, str], values: Mapping[str, str]) -> web.StreamResponse:
    """Redirect to the app or, if it asked for `form_post`, return a form that submits itself."""
    values = dict(values)
    if "state" in query:
        values["state"] = query["state"]
    if query.get("response_mode") == "form_post":
        return html.page("form_post.html", "One moment", action=query["redirect_uri"], hidden=_hidden(values))
    return html.redirect(str(URL(query["redirect_uri"]).update_query(values)))


def _back_with_problem(query: Mapping[str, str], problem: Problem) -> web.StreamResponse:
    error = entra_error(problem.row.code, problem.message, "sandbox")
    return _back(query, {"error": error["error"], "error_description": error["error_description"]})


def _hidden(values: Mapping[str, str]) -> html.Markup:
    return html.join([html.render("hidden.html", name=name, value=value) for name, value in values.items()])


def _sorry(problem: Problem) -> web.Response:
    """Show an error that Entra cannot send back to an app."""
    error = entra_error(problem.row.code, problem.message, "sandbox")
    number = str(error["error_codes"][0])
    return html.page("sorry.html", "Sorry", status=problem.row.status, text=error["error_description"], number=number)


def _initials(name: str) -> str:
    return "".join(part[0] for part in name.split()[:2]).upper()


async def sign_out(request: web.Request) -> web.StreamResponse:
    core = request.app[CORE]
    check_tenant(core, request)
    address = request.query.get("post_logout_redirect_uri")
    known = {URL(uri).origin() for uri in core.settings.texts("redirect_uris")}
    if address is not None and URL(address).is_absolute() and URL(address).origin() in known:
        return html.redirect(address)
    return html.page("signed_out.html", "Signed out", tenant=core.world.tenant_name)


async def consent(request: web.Request) -> web.StreamResponse:
    """Show what the app asks for, so that an admin can grant it to the whole tenant."""
    core = request.app[CORE]
    try:
        query = _checked_consent(core, request, request.query)
    except Problem as problem:
        return _sorry(problem)
    granted = core.settings.texts("granted")
    rows = [
        html.render("consent_permission.html", name=name, state="granted already" if name in granted else "")
        for name in core.world.app.required
    ]
    return html.page("consent.html", "Permissions requested", app=core.world.app.name, tenant=core.world.tenant_name,
                     permissions=html.join(rows), hidden=_hidden(query), action=request.path)  # fmt: skip


async def consent_answer(request: web.Request) -> web.StreamResponse:
    """Redirect the admin's answer to the app. Errors carry `admin_consent=True` too, as Entra's do."""
    core = request.app[CORE]
    form = {name: str(value) for name, value in (await request.post()).items()}
    try:
        query = _checked_consent(core, request, form)
    except Problem as problem:
        return _sorry(problem)
    values = {"admin_consent": "True", "tenant": core.world.tenant_id}
    if needed(form, "answer") == "grant":
        core.settings.set("granted", list(core.world.app.required))
        values["scope"] = query["scope"]
    else:
        problem = refuse("entra.consent_refused")
        error = entra_error(problem.row.code, problem.message, "sandbox")
        values |= {"error": error["error"], "error_subcode": "cancel", "error_description": error["error_description"]}
    if "state" in query:
        values["state"] = query["state"]
    return html.redirect(str(URL(query["redirect_uri"]).update_query(values)))


def _checked_consent(core: Core, request: web.Request, values: Mapping[str, str]) -> Mapping[str, str]:
    check_tenant(core, request)
    client = needed(values, "client_id")
    check_client(core, client)
    address = needed(values, "redirect_uri")
    if address not in core.settings.texts("redirect_uris"):
        raise refuse("entra.redirect_unknown", address=address, client=client)
    if needed(values, "scope") != "https://graph.microsoft.com/.default":
        raise refuse("entra.scope_unknown")
    return {name: values[name] for name in ("client_id", "redirect_uri", "scope", "state") if name in values}


ROUTES = [
    Route("GET", "/{tenant}/oauth2/v2.0/authorize", "Entra.Authorize", authorize),
    Route("POST", "/{tenant}/oauth2/v2.0/authorize", "Entra.AuthorizeAs", authorize_as),
    Route("GET", "/{tenant}/oauth2/v2.0/logout", "Entra.SignOut", sign_out),
    Route("GET", "/{tenant}/v2.0/adminconsent", "Entra.Consent", consent),
    Route("POST", "/{tenant}/v2.0/adminconsent", "Entra.ConsentAnswer", consent_answer),
]
