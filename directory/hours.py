"""Opening hours: local times as instants. Pure functions of the settings, the zone and a moment.

A local time that a clock change skips is the moment of the change; one that occurs twice begins the hours at its first
occurrence and ends them at its last. So a service that is open from 02:00 to 04:00 is open for the whole night of the
change, and never for a time that no clock shows.
"""

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from directory.fields import Settings, TimeZone
from directory.times import MINUTES_A_DAY, Calendar, Day, Span, holidays_of, minutes, span_minutes

DAYS_AHEAD = 14
"""How far ahead opening hours are scheduled. Usher can be down for this long without a wrong schedule."""

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Interval = tuple[int, int]
"""From and until, milliseconds since the epoch."""

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


class OpeningHours(Settings):
    """When a service is open. A span past midnight belongs to the day on which it begins."""

    time_zone: TimeZone | None = None
    """The time zone of the hours; left out: the tenant's."""
    monday: Sequence[Span] = ()
    """Spans such as `"08:00-12:00"`; `"22:00-06:00"` goes past midnight, `"00:00-24:00"` is the whole day."""
    tuesday: Sequence[Span] = ()
    """As for Monday."""
    wednesday: Sequence[Span] = ()
    """As for Monday."""
    thursday: Sequence[Span] = ()
    """As for Monday."""
    friday: Sequence[Span] = ()
    """As for Monday."""
    saturday: Sequence[Span] = ()
    """As for Monday."""
    sunday: Sequence[Span] = ()
    """As for Monday."""
    holidays: Calendar = ""
    """Closed on the public holidays of a country (`"CH"`) or of a part of one (`"CH-ZH"`)."""
    closed: Sequence[Day] = ()
    """Further days on which it is closed."""
    open: Mapping[Day, Sequence[Span]] = Field(default_factory=dict[str, Sequence[str]])
    """Days with special hours, holidays or not: `2026-12-31 = ["08:00-12:00"]`."""

    @property
    def week(self) -> tuple[Sequence[str], ...]:
        """The spans of Monday to Sunday."""
        return tuple(getattr(self, day) for day in WEEK)

    @model_validator(mode="after")
    def _makes_sense(self) -> "OpeningHours":
        if not any(self.week) and not any(self.open.values()):
            raise ValueError("name no time at which it is open; without `hours` it is always open")
        both = sorted(set(self.closed) & self.open.keys())
        if both:
            raise ValueError(f"say of {both[0]} that it is closed and that it is open")
        for day, spans in self.open.items():
            _check_apart(day, spans)
        for day, spans in zip(WEEK, self.week, strict=True):
            _check_apart(day, spans)
        for index, spans in enumerate(self.week):
            before = WEEK[index - 1]
            late = max((span_minutes(span)[1] for span in self.week[index - 1]), default=0) - MINUTES_A_DAY
            early = min((span_minutes(span)[0] for span in spans), default=MINUTES_A_DAY)
            if late > early:
                raise ValueError(f"overlap: {before} goes on past midnight into the first of {WEEK[index]}")
        return self

    def on(self, day: date) -> Sequence[str]:
        """The spans that begin on this day: its own, none when it is closed, else those of its weekday."""
        name = day.isoformat()
        if name in self.open:
            return self.open[name]
        if name in self.closed or (self.holidays and day in holidays_of(self.holidays, day.year)):
            return ()
        return self.week[day.weekday()]


def opening(hours: OpeningHours, zone: str, since: int, days: int = DAYS_AHEAD) -> tuple[Interval, ...]:
    """When it is open from `since` (ms) on, for `days` days: intervals in order, apart from each other, each whole.

    `zone`: the tenant's time zone, for hours that name none.
    """
    place = ZoneInfo(hours.time_zone or zone)
    until = since + days * MINUTES_A_DAY * 60_000
    found = sorted(_intervals(hours, place, _local_days(place, since, until)))
    return tuple((begin, end) for begin, end in _joined(found) if end > since and begin < until)


def is_open(hours: OpeningHours | None, zone: str, at: int) -> bool:
    """Whether it is open at this instant (ms). Without hours it is always open."""
    return hours is None or any(begin <= at < end for begin, end in opening(hours, zone, at, days=1))


def daily(clock: str, zone: str, since: int, days: int = DAYS_AHEAD) -> tuple[int, ...]:
    """The instants after `since` at which a clock in `zone` shows `clock` (`03:00`), one for each day; "" = none."""
    if not clock:
        return ()
    place = ZoneInfo(zone)
    until = since + days * MINUTES_A_DAY * 60_000
    instants = (_instant(place, day, minutes(clock), last=False) for day in _local_days(place, since, until))
    return tuple(at for at in instants if since < at <= until)


def _check_apart(day: str, spans: Sequence[str]) -> None:
    times = sorted(map(span_minutes, spans))
    for (_, end), (begin, _) in itertools.pairwise(times):
        if begin < end:
            raise ValueError(f"overlap on {day}")


def _local_days(place: ZoneInfo, since: int, until: int) -> Iterator[date]:
    """All days that can have to do with the time between: the night before may reach into it."""
    day = datetime.fromtimestamp(since / 1000, place).date() - 2 * _DAY
    last = datetime.fromtimestamp(until / 1000, place).date() + _DAY
    while day <= last:
        yield day
        day += _DAY


def _intervals(hours: OpeningHours, place: ZoneInfo, days: Iterable[date]) -> Iterator[Interval]:
    for day in days:
        for span in hours.on(day):
            begin, end = span_minutes(span)
            interval = _instant(place, day, begin, last=False), _instant(place, day, end, last=True)
            if interval[0] < interval[1]:  # the clocks may leave all of it out
                yield interval


def _joined(intervals: Iterable[Interval]) -> Iterator[Interval]:
    running: Interval | None = None
    for begin, end in intervals:
        if running is not None and begin <= running[1]:
            running = running[0], max(running[1], end)
            continue
        if running is not None:
            yield running
        running = begin, end
    if running is not None:
        yield running


def _instant(place: ZoneInfo, day: date, minute: int, *, last: bool) -> int:
    """When a clock in this zone shows these minutes since `day`'s midnight; the first or the last occurrence."""
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    first, second = (local.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first > second:  # no clock shows it: Python reads it by the clocks of before, then by those of after
        return _ms(_change(place, second, first))
    return _ms(second if last else first)


def _change(place: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The moment between the two at which the clocks change."""
    offset = before.astimezone(place).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if middle.astimezone(place).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
