"""Which websites may use a widget. An origin is `https://www.example.com`, with a port only where it is unusual."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

ANY: Final = "*"
_PORTS = {"http": 80, "https": 443}


def normal_origin(text: str) -> str:
    """The origin in its one spelling; "" for what is none (`null`, a path, garbage)."""
    try:
        parts = urlsplit(text.strip().lower())
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"} or parts.query or parts.username:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != _PORTS[parts.scheme] else "")


class Origins:
    """The origins of one widget; Usher's own pages may always show it."""

    def __init__(self, allowed: Iterable[str], own: str) -> None:
        listed = list(allowed)
        self._any = ANY in listed
        self._allowed = {origin for text in [*listed, own] if (origin := normal_origin(text))}

    def allow(self, origin: str | None) -> bool:
        """Whether a page of `origin` may use the widget. Without an Origin header only a widget for any website is used."""
        return self._any or (origin is not None and normal_origin(origin) in self._allowed)


def cors(origin: str | None) -> dict[str, str]:
    """The headers that let a page of this origin, which was checked, read the answer."""
    if origin is None:
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
