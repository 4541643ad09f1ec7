"""A small real issuer over TLS: publishes keys, signs tokens with any of them, and counts who asks."""

import ssl
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import jwt
import trustme
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

AUDIENCE = "0b9c2f9a-6f0e-4a53-8a0f-6f2f7d7a1c11"


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Issuer:
    """`keys` are published under their names; `status` other than 200 makes it fail.

    `odd` takes the place of an answer with status 200: of the document under `openid`, of the keys under `keys`.
    """

    def __init__(self) -> None:
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.endorsements = ["msteams"]
        self.reads = 0
        self.status = 200
        self.odd: dict[str, Any] = {}
        self.url = ""

    @property
    def openid_url(self) -> str:
        return f"{self.url}/.well-known/openidconfiguration"

    def new_key(self, kid: str, *, published: bool = True, bits: int = 2048) -> rsa.RSAPrivateKey:
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        if published:
            self.keys[kid] = key
        return key

    def sign(self, kid: str, key: rsa.RSAPrivateKey | None = None, /, **claims: Any) -> str:
        """A token that is good unless `claims` say otherwise; a claim of None is left out."""
        now = int(time.time())
        values = {"iss": self.url, "aud": AUDIENCE, "nbf": now, "exp": now + 600} | claims
        present = {name: value for name, value in values.items() if value is not None}
        return jwt.encode(present, key or self.keys[kid], algorithm="RS256", headers={"kid": kid})

    async def _openid(self, _request: web.Request) -> web.Response:
        self.reads += 1
        document = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return web.json_response(self.odd.get("openid", document), status=self.status)

    async def _keys(self, _request: web.Request) -> web.Response:
        listed: list[dict[str, Any]] = [{"kid": "ec", "kty": "EC"}, {"kid": "broken", "kty": "RSA", "n": "!", "e": "!"}]
        for kid, key in self.keys.items():
            public: dict[str, Any] = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
            listed.append(public | {"kid": kid, "endorsements": self.endorsements})
        return web.json_response(self.odd.get("keys", {"keys": listed}), status=self.status)

    def routes(self, app: web.Application) -> None:
        app.router.add_get("/.well-known/openidconfiguration", self._openid)
        app.router.add_get("/keys", self._keys)

    @asynccontextmanager
    async def serve(self, authority: trustme.CA) -> AsyncGenerator[Self]:
        app = web.Application()
        self.routes(app)
        runner = web.AppRunner(app)
        await runner.setup()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate = authority.issue_cert("localhost")
        certificate.configure_cert(context)  # pyright: ignore[reportUnknownMemberType] names PyOpenSSL, which is not here
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.url = f"https://localhost:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()


def write_authority(folder: Path) -> tuple[trustme.CA, str]:
    """A certificate authority, and the file that makes us believe it."""
    authority = trustme.CA()
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return authority, str(file)
