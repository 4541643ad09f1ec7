"""The routes under `/auth`: sign in, come back, sign out, sign in from a Teams tab, grant permissions."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web

from entry.answers import problem
from entry.hosts import is_loopback
from identity.consent import Consent, ConsentUnknown
from identity.entra import (
    Entra,
    EntraConfig,
    EntraUnreachable,
    Person,
    Proof,
    SignInRefused,
    claimed_tenant,
    new_trip,
    refusal,
)
from identity.first_admin import Admins, FirstAdmin
from identity.flows import Flows, Trip
from identity.jwks import Jwks, KeysUnavailable
from identity.pages import page
from identity.ration import Rates, Ration
from identity.secrets import derive
from identity.sessions import SESSIONS, Sessions, Users
from identity.tokens import LONGEST, BadToken
from store.connection import Store
from store.seldom import Seldom

log = structlog.get_logger(__name__)
seldom = Seldom(log, "info")
warn_seldom = Seldom(log)

HOME = "/portal/"
GRANT = "/auth/grant"
LONGEST_NEXT = 512
"""Bytes: several times the longest address of a page of ours."""
_BACK = (HOME, "Back to Usher")
_SIGN_OUT = ("/auth/sign-out", "Sign out")
_FIRST_ADMIN_WAITS = (
    "You are signed in. USHER_FIRST_ADMIN seems to name you, but Microsoft Graph does not say at present who you are.",
    "If the permissions are not granted yet, grant them now; otherwise sign in again in a minute.",
)
_USED = "This sign-in was used already, took longer than ten minutes, or began in another browser."


class People(Users, Admins, Protocol):
    """What sign-in needs of the directory: the allow-list of tenants, roles, and the first admin's place in it."""

    async def tenant(self, tenant: str, /) -> object | None: ...


@dataclass(frozen=True, slots=True)
class IdentityConfig:
    """Plain values from the settings. `home_tenant` is the bot's own; `first_admin` a UPN or object id, or None."""

    public_url: str
    secret_key: str
    login_url: str
    app_id: str
    app_secret: str
    home_tenant: str
    first_admin: str | None = None
    ca_file: str | Path | None = None


def nowhere(_request: web.Request) -> str | None:
    """No address can be blamed."""
    return None


@dataclass(frozen=True, slots=True)
class IdentityDeps:
    """`address_of`: the public address that a request came from, resolved through trusted proxies, or None."""

    config: IdentityConfig
    store: Store
    directory: People
    jwks: Jwks
    consent: Consent
    address_of: Callable[[web.Request], str | None] = nowhere
    rates: Rates = field(default_factory=Rates)


def identity_routes(app: web.Application, deps: IdentityDeps) -> None:
    """Give the app the `/auth` routes, and `identity_of` and `is_own_page` what they need."""
    config = deps.config
    sessions = Sessions(
        key=derive(config.secret_key, "session"), public_url=config.public_url, users=deps.directory, store=deps.store
    )
    doors = _Doors(deps, sessions)
    app[SESSIONS] = sessions
    app.on_cleanup.append(doors.close)
    app.router.add_get("/auth/sign-in", _spoken(doors.sign_in))
    app.router.add_get("/auth/callback", _spoken(doors.callback))
    app.router.add_get("/auth/sign-out", doors.sign_out)
    app.router.add_post("/auth/sign-out", doors.sign_out)
    app.router.add_post("/auth/teams", doors.teams)
    app.router.add_get(GRANT, _spoken(doors.grant))
    app.router.add_get("/auth/granted", _spoken(doors.granted))


class _Doors:
    def __init__(self, deps: IdentityDeps, sessions: Sessions) -> None:
        self._config = deps.config
        self._directory = deps.directory
        self._consent = deps.consent
        self._sessions = sessions
        self._flows = Flows(deps.store, sessions, derive(deps.config.secret_key, "flow"))
        self._first_admin = FirstAdmin(deps.config.first_admin, deps.config.home_tenant, deps.directory, deps.consent)
        self._address_of = deps.address_of
        self._ration = Ration(deps.rates)
        self._entra = Entra(
            EntraConfig(
                login_url=deps.config.login_url,
                app_id=deps.config.app_id,
                app_secret=deps.config.app_secret,
                redirect_uri=f"{deps.config.public_url}/auth/callback",
                ca_file=deps.config.ca_file,
            ),
            deps.jwks,
        )

    async def close(self, _app: web.Application) -> None:
        await self._entra.close()

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        if elsewhere := self._other_name_of_this_machine(request):
            return _go(elsewhere)
        tenant = request.query.get("tenant", self._config.home_tenant).lower()
        if not await self._is_ours(tenant):
            raise SignInRefused("this organisation does not use Usher here.")
        trip = new_trip()
        facts = {"tenant": tenant, "next": local_path(request.query.get("next")), "nonce": trip.nonce}
        state, cookie = self._flows.begin(request, "sign-in", verifier=trip.verifier, **facts)
        return _leave(await self._entra.sign_in_url(tenant, state=state, trip=trip), cookie)

    async def callback(self, request: web.Request) -> web.StreamResponse:
        if wait := self._ration.take(self._address_of(request)):
            return _too_many(wait)
        query = request.query
        facts = await self._flows.take(request, "sign-in", query.get("state", ""))
        if facts is None:
            return page("Please sign in again", _USED, link=("/auth/sign-in", "Sign in"), status=400)
        if "error" in query:
            raise SignInRefused(refusal(query["error"], query.get("error_description", "")))
        trip = Proof(nonce=facts["nonce"], verifier=facts["verifier"])
        person = await self._entra.redeem(facts["tenant"], query.get("code", ""), trip)
        response = _go(facts["next"])
        decided = await self._welcome(request, response, person, framed=False)
        if decided or facts["next"] == GRANT:
            return response
        waits = page("One step is missing", *_FIRST_ADMIN_WAITS, link=(GRANT, "Grant the permissions"))
        for cookie in response.headers.getall("Set-Cookie"):
            waits.headers.add("Set-Cookie", cookie)
        return waits

    async def teams(self, request: web.Request) -> web.StreamResponse:
        """A Teams tab signs in: `{"token": …}` from TeamsJS. The page itself speaks, so this door answers in JSON."""
        if not self._sessions.is_own_page(request):
            return problem(403, "forbidden", "Only Usher's own pages may do this.")
        try:
            token = await _posted_token(request)
            tenant = claimed_tenant(token)
            if not await self._is_ours(tenant):
                return problem(403, "tenant", "This organisation does not use Usher here.")
            person = await self._entra.person_of_teams_token(tenant, token)
        except BadToken as bad:
            seldom("a Teams token was refused", why=str(bad))
            return problem(401, "token", f"Teams' token proves nothing: {bad}.")
        except KeysUnavailable:
            return problem(503, "unavailable", "Microsoft's sign-in does not answer. Please try again in a minute.")
        response = web.json_response({"tenant": person.tenant, "user": person.user, "name": person.name})
        await self._welcome(request, response, person, framed=True)
        return response

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """A link or a form of our own pages. A link on another site only asks: it must not sign anybody out."""
        if not self._means_it(request):
            if request.method == "POST":
                return page("You are still signed in", "Another website asked for this.", link=_BACK, status=403)
            return page("Sign out?", "Usher ends the session in this browser.", link=_BACK, button=_SIGN_OUT)
        identity = await self._sessions.identity_of(request)
        if identity is not None:
            await self._sessions.end(identity)
            log.info("signed_out", tenant=identity.tenant, user=identity.user)
        response = page("You are signed out", "You can close this page.", link=(HOME, "Sign in again"))
        self._sessions.clear(response)
        return response

    def _means_it(self, request: web.Request) -> bool:
        """Whether this person clicked in a page of ours, or typed the address.

        Browsers say so in Sec-Fetch-Site, which no page can forge; older ones name an origin or a referrer.
        """
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site in {"same-origin", "none"}
        return self._sessions.is_own_origin(request) and self._sessions.is_own(request, request.headers.get("Referer"))

    async def grant(self, request: web.Request) -> web.StreamResponse:
        """Send an admin to Entra's consent page. Anybody of the tenant may try: Entra knows who may grant."""
        identity = await self._sessions.identity_of(request)
        if identity is None:
            return _go(f"/auth/sign-in?next={GRANT}")
        state, cookie = self._flows.begin(request, "grant", tenant=identity.tenant)
        return _leave(await self._consent.grant_url(identity.tenant, state), cookie)

    async def granted(self, request: web.Request) -> web.StreamResponse:
        """Entra sends the admin back. Its word is not enough (errors, too, say `admin_consent=True`): we ask Graph."""
        if wait := self._ration.take(self._address_of(request)):
            return _too_many(wait)
        query, again = request.query, (GRANT, "Try again")
        facts = await self._flows.take(request, "grant", query.get("state", ""))
        if facts is None:
            used = "This answer was used already, took longer than ten minutes, or belongs to another browser."
            return page("Nothing was changed", used, link=again, status=400)
        if "error" in query:
            words = refusal(query["error"], query.get("error_description", ""))
            return page("The permissions were not granted", f"The reason: {words}", link=again, status=403)
        if query.get("tenant", "").lower() != facts["tenant"]:
            words = "They were granted in another organisation than the one you are signed in to."
            return page("The permissions were not granted here", words, link=again, status=403)
        grants = await self._consent.granted(facts["tenant"])
        identity = await self._sessions.identity_of(request)
        if identity is not None:
            await self._try_first_admin(identity.tenant, identity.user, identity.name)
        missing = [grant.name for grant in grants if not grant.granted]
        log.info("permissions_granted", tenant=facts["tenant"], missing=missing)
        rows = [(grant.name, "granted" if grant.granted else "missing", grant.why) for grant in grants]
        if missing:
            words = "Entra can take a minute until a grant counts. What is still missing then must be granted again."
            return page("Some permissions are missing", words, rows=rows, link=again, status=409)
        return page("The permissions are granted", "Usher may do its work now.", rows=rows, link=(HOME, "To Usher"))

    async def _welcome(
        self, request: web.Request, response: web.StreamResponse, person: Person, *, framed: bool
    ) -> bool:
        """Sign this person in. False while nobody can say whether they are to be the first admin."""
        if not await self._is_ours(person.tenant):
            raise SignInRefused("this organisation does not use Usher here.")
        decided = await self._try_first_admin(person.tenant, person.user, person.name)
        await self._sessions.start(
            request,
            response,
            tenant=person.tenant,
            user=person.user,
            upn=person.upn,
            name=person.name,
            framed=framed,
        )
        log.info("signed_in", tenant=person.tenant, user=person.user, teams=framed)
        return decided or not self._first_admin.claims(person.tenant, person.user, person.upn)

    async def _try_first_admin(self, tenant: str, user: str, name: str) -> bool:
        """False while Graph cannot say who this is; the person is signed in all the same, and can try again."""
        try:
            await self._first_admin.apply(tenant, user, name)
        except ConsentUnknown as problem:
            log.warning("first_admin_waits", why=str(problem), tenant=tenant)
            return False
        return True

    async def _is_ours(self, tenant: str) -> bool:
        # Before anything is loaded, the home tenant lets the first admin in.
        return tenant == self._config.home_tenant or await self._directory.tenant(tenant) is not None

    def _other_name_of_this_machine(self, request: web.Request) -> str:
        """`localhost` and `127.0.0.1` are one machine but two cookie jars: the sign-in uses the public one."""
        public = urlsplit(self._config.public_url)
        try:
            here = urlsplit(f"//{request.host}")
        except ValueError:  # `Host: [`
            return ""
        both_local = is_loopback(here.hostname or "") and is_loopback(public.hostname or "")
        if not both_local or here.hostname == public.hostname:
            return ""
        return f"{self._config.public_url}/auth/sign-in?next={quote(local_path(request.query.get('next')))}"


def _leave(address: str, cookie: Trip) -> web.Response:
    response = _go(address)
    cookie.set_on(response)
    return response


def _too_many(seconds: int) -> web.Response:
    words = "Too many sign-ins come from your network at the moment. Please try again shortly."
    response = page("Please wait a moment", words, link=("/auth/sign-in", "Try again"), status=429)
    response.headers["Retry-After"] = str(seconds)
    return response


def local_path(asked: str | None) -> str:
    """Where to go after the sign-in: a path of our own, and nothing that a browser reads as another site."""
    path = asked or HOME
    plain = (
        len(path) <= LONGEST_NEXT and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    )
    return path if plain and not path.startswith("/auth/sign-in") else HOME


def _go(address: str) -> web.Response:
    return web.Response(status=302, headers={"Location": address, "Cache-Control": "no-store"})


async def _posted_token(request: web.Request) -> str:
    if (request.content_length or 0) > 2 * LONGEST:
        raise BadToken("too long to be a token")
    try:
        body: object = json.loads(await request.read())  # never in the charset that a stranger names
    except (ValueError, RecursionError):  # the latter: brackets in brackets in brackets
        raise BadToken("not JSON") from None
    token: object = body.get("token") if isinstance(body, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] JSON of a stranger
    if not isinstance(token, str):
        raise BadToken("no token")
    return token


_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def _spoken(handler: _Handler) -> _Handler:
    """Every way in which a trip to Entra can fail ends on a page that says so in words."""

    async def speak(request: web.Request) -> web.StreamResponse:
        again = ("/auth/sign-in", "Try again")
        try:
            return await handler(request)
        except SignInRefused as refused:
            seldom("a sign-in was refused", why=str(refused))
            return page("You are not signed in", f"The reason: {refused}", link=again, status=403)
        except (EntraUnreachable, KeysUnavailable) as problem:
            warn_seldom("Entra cannot be reached", why=str(problem))
            words = "Microsoft's sign-in does not answer properly. Please try again in a minute."
            return page("Sign-in is not possible at the moment", words, link=again, status=503)
        except ConsentUnknown as problem:
            warn_seldom("the permissions cannot be read", why=str(problem))
            return page("We cannot say what is granted", str(problem), link=(HOME, "To Usher"), status=503)

    return speak
