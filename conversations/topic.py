"""A room's name: `<Service> ¦ <Customer>`."""

import hashlib

import regex

LIMIT = 249  # characters as Teams counts them: UTF-16 code units. Graph takes 250 in a chat's topic, the product 249.
SEPARATOR = " ¦ "
_ELLIPSIS = "…"

_COLON = regex.compile(r":(\s?)")  # Graph refuses a topic with a colon
_UNSEEN = regex.compile(r"[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]+")  # control characters, line ends, halves of surrogate pairs
_TURNS = regex.compile(r"[\u202a-\u202e\u2066-\u2069]+")  # would turn the other name around
_SPACE = regex.compile(r"\s+")
_INK = regex.compile(r"[^\s\p{C}\p{M}\p{Default_Ignorable_Code_Point}]")  # something that a person can see
_CLUSTER = regex.compile(r"\X")


def room_topic(service_name: str, customer: str, visitor_id: str) -> str:
    """The topic for a room: at most 249 characters, without a colon, never empty.

    The customer's name is cut first, then the service's, on the boundary of a grapheme cluster and with `…`.
    A customer without a name is `Visitor 7F3A`, by four digits of their id.
    """
    who = _clean(customer) or visitor_name(visitor_id)
    service = _clean(service_name)
    if not service:
        return _cut(who, LIMIT)
    room_for_customer = LIMIT - _units(service) - _units(SEPARATOR)
    who = _cut(who, max(room_for_customer, _least(who)))
    service = _cut(service, LIMIT - _units(who) - _units(SEPARATOR))
    return f"{service}{SEPARATOR}{who}"


def visitor_name(visitor_id: str) -> str:
    """What a visitor without a name is called everywhere: `Visitor 7F3A`."""
    return f"Visitor {hashlib.sha256(visitor_id.encode()).hexdigest()[:4].upper()}"


def clean_name(name: str) -> str:
    """A name on one line, without control and direction characters; empty if nothing in it can be seen."""
    plain = _SPACE.sub(" ", _TURNS.sub("", _UNSEEN.sub(" ", name))).strip()
    return plain if _INK.search(plain) else ""


def _clean(name: str) -> str:
    return _COLON.sub(lambda found: " - " if found[1] else "-", clean_name(name)).strip()


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _least(text: str) -> int:
    """The space below which a name is not cut while the other one can still give way: a character and the sign."""
    first = _CLUSTER.match(text)
    return min(_units(text), _units(first[0] if first else "") + 1, LIMIT // 2)


def _cut(text: str, limit: int) -> str:
    if _units(text) <= limit:
        return text
    kept: list[str] = []
    left = limit - _units(_ELLIPSIS)
    for cluster in _CLUSTER.findall(text[: limit + 1]):  # finding clusters of flags takes their number squared
        left -= _units(cluster)
        if left < 0:
            break
        kept.append(cluster)
    return "".join(kept).rstrip() + _ELLIPSIS
