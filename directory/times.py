"""Times of day, days and holiday calendars in a company's file, each with its error message."""

import re
from datetime import date
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

MINUTES_A_DAY = 24 * 60

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_END = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


def minutes(clock: str) -> int:
    """`08:30` as minutes since midnight; `24:00` is the end of the day."""
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def span_minutes(span: str) -> tuple[int, int]:
    """`22:00-06:00` as minutes since the previous midnight: an end not later than the begin is on the next day."""
    begin, end = map(minutes, span.split("-"))
    return begin, end if end > begin else end + MINUTES_A_DAY


def _clock(value: str) -> str:
    if not _CLOCK.fullmatch(value):
        raise ValueError("must be a time of day, such as 03:00")
    return value


def _clock_or_never(value: str) -> str:
    return _clock(value) if value else value


def _span(value: str) -> str:
    begin, dash, end = value.replace(" ", "").partition("-")
    if not dash or not _CLOCK.fullmatch(begin) or not _END.fullmatch(end):
        raise ValueError("must be from one time of day to another, such as 08:00-17:30 or 22:00-06:00")
    if begin == end:
        raise ValueError("ends when it begins; the whole day is 00:00-24:00")
    return f"{begin}-{end}"


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise ValueError("must be a day, such as 2026-12-24") from None


def _calendar(value: str) -> str:
    if value and not is_calendar(value):
        raise ValueError("must be a country of the holiday calendars, such as CH, or a part of one, such as CH-ZH")
    return value


@lru_cache(maxsize=1_000)
def is_calendar(name: str) -> bool:
    """Whether there is a holiday calendar of this name: `CH`, or `CH-ZH` for a part of the country."""
    from holidays.utils import list_supported_countries  # a large import: only for files that name a country

    country, dash, part = name.partition("-")
    known = list_supported_countries(include_aliases=True)
    return country in known and (part in known[country] if dash else True)


@lru_cache(maxsize=1_000)
def holidays_of(name: str, year: int) -> frozenset[date]:
    """The public holidays of a calendar in one year."""
    from holidays.utils import country_holidays

    country, _, part = name.partition("-")
    return frozenset(country_holidays(country, subdiv=part or None, years=year))


ClockOrNever = Annotated[str, AfterValidator(_clock_or_never)]
Span = Annotated[str, AfterValidator(_span)]
Day = Annotated[str, AfterValidator(_day)]
Calendar = Annotated[str, AfterValidator(_calendar)]
