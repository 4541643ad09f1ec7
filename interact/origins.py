"""Which websites may use a widget. An origin is `https://www.example.com`, with a port only where it is unusual.

`https://*.example.com` in a widget's list stands for one label: `https://www.example.com`, not `https://a.b.example.com`.
"""

from collections.abc import Iterable
from typing import Final

from store.web_address import site

ANY: Final = "*"
_ONE_LABEL: Final = "://*."


def normal_origin(text: str) -> str:
    """The origin in its one spelling; "" for what is none (`null`, a path, garbage)."""
    try:
        return site(text.strip())
    except ValueError:
        return ""


def _normal_entry(text: str) -> str:
    """An entry of a widget's list, which may have `*` for the first label."""
    origin = normal_origin(text.replace(_ONE_LABEL, "://", 1))
    return origin.replace("://", _ONE_LABEL, 1) if origin and _ONE_LABEL in text else origin


def _of_any_label(origin: str) -> str:
    """`https://www.example.com` as `https://*.example.com`."""
    scheme, _, host = origin.partition("://")
    return f"{scheme}{_ONE_LABEL}{host.partition('.')[2]}"


class Origins:
    """The origins of one widget; Usher's own pages may always show it."""

    def __init__(self, allowed: Iterable[str], own: str) -> None:
        listed = list(allowed)
        self._any = ANY in listed
        self._allowed = {origin for text in [*listed, own] if (origin := _normal_entry(text))}

    def allow(self, origin: str | None) -> bool:
        """Whether a page of `origin` may use the widget. Without an Origin header only a widget for any website is used."""
        if self._any or origin is None:
            return self._any
        asked = normal_origin(origin)
        return asked != "" and (asked in self._allowed or _of_any_label(asked) in self._allowed)


def cors(origin: str | None) -> dict[str, str]:
    """The headers that let a page of this origin, which was checked, read the answer."""
    if origin is None:
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
