"""The grant link, and what is granted: asked of Entra by taking a token and reading its roles."""

from collections.abc import Sequence
from urllib.parse import urlencode

from graph.client import GraphClient
from graph.errors import GraphProblem, ProblemKind
from graph.permissions import APPLICATION
from graph.reasons import NEVER_GRANTED, reason_of
from graph.sdk import scope_of
from identity.consent import ConsentUnknown, Grant, Profile
from identity.entra import EntraUnreachable, browser_address, openid_url
from identity.jwks import Jwks, KeysUnavailable

_AUTHORIZE, _CONSENT = "/oauth2/v2.0/authorize", "/v2.0/adminconsent"


class GraphConsent:
    """Fulfils `identity.consent.Consent`."""

    def __init__(self, graph: GraphClient, jwks: Jwks, *, public_url: str) -> None:
        self._graph = graph
        self._jwks = jwks
        self._redirect_uri = f"{public_url}/auth/granted"

    async def grant_url(self, tenant: str, state: str) -> str:
        """Entra's page for the tenant's admin. It lies beside the sign-in page, wherever Entra says that one is.

        Source: learn.microsoft.com/entra/identity-platform/v2-admin-consent. Raises ConsentUnknown.
        """
        config = self._graph.config
        try:
            page = browser_address(await self._jwks.openid(openid_url(config.login_url, tenant)))
        except (KeysUnavailable, EntraUnreachable) as problem:
            raise ConsentUnknown("Microsoft's sign-in does not answer. Please try again in a minute.") from problem
        if not page.endswith(_AUTHORIZE):
            raise ConsentUnknown("Microsoft's sign-in has moved; Usher does not know where permissions are granted.")
        query = {
            "client_id": config.app_id,
            "scope": scope_of(config.graph_url),
            "redirect_uri": self._redirect_uri,
            "state": state,
        }
        return f"{page.removesuffix(_AUTHORIZE)}{_CONSENT}?{urlencode(query)}"

    async def granted(self, tenant: str) -> Sequence[Grant]:
        """Every application permission, and whether a token taken now has it. Raises ConsentUnknown."""
        try:
            roles = await self._graph.fresh_roles(tenant)
        except GraphProblem as problem:
            if problem.code not in NEVER_GRANTED:
                raise ConsentUnknown(await self._in_words(tenant, problem)) from problem
            roles = frozenset[str]()
        return [Grant(entry.name, entry.why, entry.name in roles) for entry in APPLICATION]

    async def profile(self, tenant: str, user: str) -> Profile | None:
        """Somebody by object id. Raises ConsentUnknown."""
        try:
            found = await self._graph.person(tenant, user)
        except GraphProblem as problem:
            raise ConsentUnknown(await self._in_words(tenant, problem)) from problem
        return None if found is None else Profile(found.user, found.upn, found.guest)

    async def _in_words(self, tenant: str, problem: GraphProblem) -> str:
        if problem.kind is ProblemKind.UNAVAILABLE:
            return "Microsoft's sign-in does not answer. Please try again in a minute."
        return (await reason_of(self._graph, tenant, problem)).text
