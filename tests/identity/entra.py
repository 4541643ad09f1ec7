"""Entra as a sign-in needs it, on a real TLS server, and able to misbehave: `claims` overrides what its tokens say."""

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web

from tests.identity.issuer import AUDIENCE, Issuer

HOME = "5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f"
OLIVIA = "a1f6a7b0-0005-4c1b-9a55-000000000005"
TEAMS_WEB = "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"
SECRET = "entra-app-secret"


@dataclass
class Visit:
    """What a browser brought to the sign-in page: everything that the token will be checked against."""

    query: dict[str, str]


@dataclass
class Entra(Issuer):
    """`claims` overrides claims of the next tokens; `token_answer` replaces the token endpoint's answer."""

    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    token_answer: tuple[int, dict[str, Any]] | None = None
    page: str = ""  # the sign-in page's address, if it is not ours

    def __post_init__(self) -> None:
        super().__init__()
        self.new_key("one")
        self._codes: dict[str, Visit] = {}

    def openid_url_of(self, tenant: str) -> str:
        return f"{self.url}/{tenant}/v2.0/.well-known/openid-configuration"

    def routes(self, app: web.Application) -> None:
        super().routes(app)
        app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", self._document)
        app.router.add_post("/{tenant}/oauth2/v2.0/token", self._token)

    def user_signs_in(self, address: str) -> str:
        """What the browser does on Entra's page: the address that it is sent back to."""
        parts = urlsplit(address)
        query = {name: values[0] for name, values in parse_qs(parts.query, strict_parsing=True).items()}
        assert parts.path.endswith("/oauth2/v2.0/authorize")
        assert query["client_id"] == AUDIENCE
        assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
        code = f"code-{len(self._codes)}"
        self._codes[code] = Visit(query)
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def user_refuses(self, address: str) -> str:
        query = parse_qs(urlsplit(address).query)
        answer = {"error": "access_denied", "error_description": "AADSTS65004: x", "state": query["state"][0]}
        return f"{query['redirect_uri'][0]}?{urlencode(answer)}"

    def teams_token(self, **claims: Any) -> str:
        """What TeamsJS `getAuthToken()` gives."""
        person: dict[str, Any] = {
            "tid": HOME,
            "oid": OLIVIA,
            "name": "Olivia Hart",
            "preferred_username": "olivia@fabrikam.example",
            "azp": TEAMS_WEB,
        }
        return self.sign("one", None, **(person | {"iss": f"{self.url}/{HOME}/v2.0", "scp": "access_as_user"} | claims))

    async def _document(self, request: web.Request) -> web.Response:
        self.reads += 1
        base = f"{self.url}/{request.match_info['tenant']}"
        document = {
            "issuer": f"{base}/v2.0",
            "jwks_uri": f"{self.url}/keys",
            "authorization_endpoint": self.page or f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }
        return web.json_response(document, status=self.status)

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if self.token_answer is not None:
            return web.json_response(self.token_answer[1], status=self.token_answer[0])
        visit = self._codes.pop(str(form["code"])).query
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == visit["code_challenge"]
        assert (form["client_id"], form["client_secret"]) == (AUDIENCE, SECRET)
        assert form["redirect_uri"] == visit["redirect_uri"]
        tenant = request.match_info["tenant"]
        claims: dict[str, Any] = {
            "iss": f"{self.url}/{tenant}/v2.0",
            "tid": tenant,
            "oid": OLIVIA,
            "nonce": visit["nonce"],
            "name": "Olivia Hart",
            "preferred_username": "olivia@fabrikam.example",
        }
        return web.json_response({"id_token": self.sign("one", None, **(claims | self.claims))})
