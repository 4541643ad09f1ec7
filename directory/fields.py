"""The types of values in a company's settings, each with its error message."""

import hashlib
import re
import unicodedata
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict

from distribution.service_rules import Between
from store.ids import is_guid
from store.text import plain_line_ends, unfit, visible
from store.web_address import site

SLUG = re.compile(r"[a-z0-9-]{1,40}")
UPN = re.compile(r"[^@\s:]+@[^@\s:]+\.[^@\s:]+")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
ANY_ORIGIN = "*"
LONGEST_NAME = 100
AGENT_NAMES = ("hidden", "real")


class Settings(BaseModel):
    """The base of all settings: frozen, and without unknown fields."""

    # The docstrings below the fields are the descriptions in docs/services.md.
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def between(low: int, high: int, unit: str = "") -> AfterValidator:
    """A whole number from `low` to `high`."""
    return AfterValidator(Between(low, high, unit))


def text(longest: int, *, empty: bool = False, lines: bool = False) -> AfterValidator:
    """Text of at most `longest` characters that `store.text` accepts, trimmed; `lines`: line breaks are allowed."""

    def check(value: str) -> str:
        value = (plain_line_ends(value) if lines else value).strip()
        if not visible(value) and (value or not empty):
            raise ValueError("must not be empty")
        if len(value) > longest:
            raise ValueError(f"must have at most {longest:,} characters, and has {len(value):,}")
        why = unfit(value, lines=lines)
        if why:
            raise ValueError(f"must not contain {why}")
        return value

    return AfterValidator(check)


def word_key(value: str) -> str:
    """A short name for an owner's word, in characters that keys and journals allow: "Other work" is `other-work`."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    key = "-".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("-")
    return key or hashlib.sha256(value.encode()).hexdigest()[:12]


def unique_keys(values: Any) -> Any:
    """Words with distinct short names."""
    seen: dict[str, str] = {}
    for value in unique(values):
        other = seen.setdefault(word_key(value), value)
        if other != value:
            raise ValueError(f"names {other} and {value}, which are too much alike")
    return values


def _slug(value: str) -> str:
    if not SLUG.fullmatch(value):
        raise ValueError("must have 1 to 40 characters of a-z, 0-9 and -")
    return value


def _guid(value: str) -> str:
    if not is_guid(value):
        raise ValueError("must be a GUID, such as 5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f")
    return value.lower()


def _upn(value: str) -> str:
    if not UPN.fullmatch(value):
        raise ValueError("must be a user principal name, such as anna@example.com")
    return value


def _upn_or_none(value: str) -> str:
    """Entra has people without one."""
    return _upn(value) if value else value


def _person(value: str) -> str:
    if is_guid(value):
        return value.lower()
    if not UPN.fullmatch(value):
        raise ValueError("must be a user principal name, such as anna@example.com, or an object id")
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        missing = no_time_zones()
        why = (
            f"is {value}, which cannot be found: {missing}" if missing else "must be a time zone, such as Europe/Zurich"
        )
        raise ValueError(why) from error
    return value


def no_time_zones() -> str:
    """Why this machine has no time zones, in words; "" when it has."""
    try:
        ZoneInfo("UTC")
    except (ZoneInfoNotFoundError, OSError):
        return "this machine has no time zone data. Install the Python package tzdata, or the system's"
    return ""


def _colour(value: str) -> str:
    if not COLOUR.fullmatch(value):
        raise ValueError("must be a colour, such as #2f6f4e")
    return value.lower()


def _origin(value: str) -> str:
    if value == ANY_ORIGIN:
        return value
    one_label = "://*." in value
    try:
        found = site(value.replace("://*.", "://", 1))
    except ValueError as problem:
        raise ValueError(
            f'must be a website, such as https://www.example.com, or "*" for any; {value} {problem}'
        ) from None
    if not one_label:
        return found
    if "." not in found.partition("://")[2]:
        raise ValueError(f"must have a name after *., such as https://*.example.com, and is {value}")
    return found.replace("://", "://*.", 1)


def _web_address(value: str) -> str:
    if value and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname):
        raise ValueError("must be a web address, such as https://www.example.com/privacy, or empty")
    return value


def unique(values: Any) -> Any:
    """A list without duplicates (upper and lower case count as the same)."""
    seen: set[str] = set()
    for value in values:
        if str(value).casefold() in seen:
            raise ValueError(f"names {value} twice")
        seen.add(str(value).casefold())
    return values


Slug = Annotated[str, AfterValidator(_slug)]
Guid = Annotated[str, AfterValidator(_guid)]
Upn = Annotated[str, AfterValidator(_upn)]
SignInName = Annotated[str, AfterValidator(_upn_or_none)]
PersonName = Annotated[str, AfterValidator(_person)]
PersonOrNobody = Annotated[str, AfterValidator(lambda value: _person(value) if value else value)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Colour = Annotated[str, AfterValidator(_colour)]
Origin = Annotated[str, AfterValidator(_origin)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
# Part of a room's name (product.md 6), and shown in cards.
Name = Annotated[str, text(LONGEST_NAME)]
Word = Annotated[str, text(60)]
Sentence = Annotated[str, text(2000, empty=True, lines=True)]
