"""The sandbox's keys: a certificate authority for TLS, and the keys that Entra and the Bot Framework sign with."""

import base64
import os
import ssl
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt
import trustme
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key and its id."""

    kid: str
    private: RSAPrivateKey

    def sign(self, claims: Mapping[str, Any]) -> str:
        return jwt.encode(dict(claims), self.private, algorithm="RS256", headers={"kid": self.kid})

    def jwk(self, **more: Any) -> dict[str, Any]:
        """Its public part, as a JWKS document lists it."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": _base64(numbers.n), "e": _base64(numbers.e), **more,
        }  # fmt: skip


def _base64(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).decode().rstrip("=")


def new_key() -> SigningKey:
    return SigningKey(uuid.uuid4().hex, generate_private_key(public_exponent=65537, key_size=2048))


def kept_key(folder: Path, name: str) -> SigningKey:
    """Return the key of this name; it is stored, so that tokens outlive a restart."""
    path = folder / f"{name}.key.pem"
    if path.exists():
        private = _read_private(path.read_bytes())
        return SigningKey(f"{name}-{_thumb(private)}", private)
    key = new_key()
    _write_private(path, key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return SigningKey(f"{name}-{_thumb(key.private)}", key.private)


@lru_cache(maxsize=8)
def _read_private(pem: bytes) -> RSAPrivateKey:
    """Kept, because OpenSSL takes 35 ms to look whether the key's numbers belong together."""
    private = load_pem_private_key(pem, None)
    assert isinstance(private, RSAPrivateKey)
    return private


def _thumb(private: RSAPrivateKey) -> str:
    return f"{private.public_key().public_numbers().n % 16**12:012x}"


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def server_context(folder: Path, names: Sequence[str]) -> tuple[ssl.SSLContext, Path]:
    """Return a TLS context for these names and the PEM file of its certificate authority, both stored in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, private = folder / "ca.pem", folder / "ca.key.pem"
    if certificate.exists() and private.exists():
        authority = trustme.CA.from_pem(certificate.read_bytes(), private.read_bytes())
    else:
        authority = trustme.CA(organization_name="Usher sandbox")
        _write_private(private, authority.private_key_pem.bytes())
        authority.cert_pem.write_to_path(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(*names).configure_cert(context)  # pyright: ignore[reportUnknownMemberType] pyOpenSSL, which trustme also takes, is not installed
    return context, certificate
