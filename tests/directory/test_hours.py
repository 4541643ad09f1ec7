"""Opening hours as instants: over all time zones, through changes of clocks, past midnight, and on holidays."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from directory.hours import DAYS_AHEAD, WEEK, OpeningHours, daily, opening
from directory.times import span_minutes

ZURICH = "Europe/Zurich"
ZONES = (
    ZURICH,
    "UTC",
    "America/New_York",
    "America/St_Johns",  # half an hour off the others
    "Asia/Kathmandu",  # three quarters of an hour
    "Australia/Lord_Howe",  # its clocks change by half an hour
    "Africa/Casablanca",  # changes twice around Ramadan
    "America/Santiago",  # changes at midnight: a day begins at 01:00
    "Pacific/Apia",  # left out 30 December 2011 altogether
    "Pacific/Kiritimati",
)
MINUTE = 60_000
DAY = 1_440 * MINUTE


def ms(text: str, zone: str = ZURICH, *, fold: int = 0) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp() * 1000)


def written(interval: tuple[int, int], zone: str = ZURICH) -> str:
    begin, end = (datetime.fromtimestamp(at / 1000, ZoneInfo(zone)) for at in interval)
    return f"{begin:%a %d %H:%M}-{end:%a %d %H:%M}"


def every_day(*spans: str, **more: object) -> OpeningHours:
    return OpeningHours.model_validate({**dict.fromkeys(WEEK, spans), **more})


def test_a_week_in_its_own_zone() -> None:
    hours = OpeningHours(monday=["08:00-12:00", "13:00-17:30"], saturday=["10:00-24:00"], sunday=["00:00-02:00"])
    found = opening(hours, ZURICH, ms("2026-11-23T09:00"), days=7)
    assert [written(one) for one in found] == [
        "Mon 23 08:00-Mon 23 12:00",
        "Mon 23 13:00-Mon 23 17:30",
        "Sat 28 10:00-Sun 29 02:00",
        "Mon 30 08:00-Mon 30 12:00",
    ]
    elsewhere = opening(hours.model_copy(update={"time_zone": "Asia/Tokyo"}), ZURICH, ms("2026-11-23T09:00"), days=7)
    assert [written(one) for one in elsewhere][:2] == ["Mon 23 05:00-Mon 23 09:30", "Sat 28 02:00-Sat 28 18:00"]


def test_past_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    hours = OpeningHours(friday=["22:00-06:00"])
    # At one o'clock on Saturday the door of Friday night stands open.
    [first, second] = opening(hours, ZURICH, ms("2026-11-28T01:00"), days=7)
    assert (written(first), written(second)) == ("Fri 27 22:00-Sat 28 06:00", "Fri 04 22:00-Sat 05 06:00")


def test_the_night_before_a_closed_day_is_worked_to_its_end() -> None:
    hours = every_day("22:00-06:00", closed=["2026-11-25"])
    found = [written(one) for one in opening(hours, ZURICH, ms("2026-11-24T12:00"), days=3)]
    assert found == ["Tue 24 22:00-Wed 25 06:00", "Thu 26 22:00-Fri 27 06:00"]


def test_holidays_of_a_country_or_of_a_part_of_it_and_days_of_ones_own() -> None:
    since = ms("2026-12-24T00:00")
    days = [one[:6] for one in map(written, opening(every_day("08:00-09:00", holidays="CH"), ZURICH, since, days=4))]
    # Only Christmas is a holiday everywhere in Switzerland; in Zürich, St Stephen's Day is one, too.
    assert days == ["Thu 24", "Sat 26", "Sun 27"]
    own = every_day(
        "08:00-09:00", holidays="CH-ZH", closed=["2026-12-24"], open={"2026-12-25": ["10:00-11:00", "12:00-13:00"]}
    )
    assert [written(one) for one in opening(own, ZURICH, since, days=4)] == [
        "Fri 25 10:00-Fri 25 11:00",
        "Fri 25 12:00-Fri 25 13:00",
        "Sun 27 08:00-Sun 27 09:00",
    ]


def test_holidays_of_the_next_year_are_known_before_it_begins() -> None:
    found = opening(every_day("08:00-09:00", holidays="CH-ZH"), ZURICH, ms("2026-12-30T00:00"), days=5)
    assert [one[:6] for one in map(written, found)] == ["Wed 30", "Thu 31", "Sat 02", "Sun 03"]


def test_a_time_that_the_clocks_leave_out_is_the_moment_of_the_change() -> None:
    # 29 March 2026: at 02:00 it is 03:00.
    since, change = ms("2026-03-28T12:00"), ms("2026-03-29T03:00")
    assert opening(every_day("02:30-04:00"), ZURICH, since, days=1) == ((change, ms("2026-03-29T04:00")),)
    assert opening(every_day("01:00-02:30"), ZURICH, since, days=1) == ((ms("2026-03-29T01:00"), change),)
    assert opening(every_day("02:10-02:50"), ZURICH, since, days=1) == (), "no clock shows any of it"
    night = opening(every_day("22:00-06:00"), ZURICH, since, days=1)
    assert [(end - begin) // MINUTE for begin, end in night] == [7 * 60], "one hour short"


def test_a_time_that_comes_twice_begins_when_it_first_and_ends_when_it_last_comes() -> None:
    # 25 October 2026: at 03:00 it is 02:00 again.
    since = ms("2026-10-24T12:00")
    first, second = ms("2026-10-25T02:30"), ms("2026-10-25T02:30", fold=1)
    assert second - first == 60 * MINUTE
    assert opening(every_day("02:30-04:00"), ZURICH, since, days=1) == ((first, ms("2026-10-25T04:00")),)
    assert opening(every_day("01:00-02:30"), ZURICH, since, days=1) == ((ms("2026-10-25T01:00"), second),)
    [(begin, end)] = opening(every_day("01:00-02:30", "02:30-04:00"), ZURICH, since, days=1)
    assert (begin, end) == (ms("2026-10-25T01:00"), ms("2026-10-25T04:00")), "no gap in between"


def test_a_place_that_left_out_a_whole_day_was_not_open_on_it() -> None:
    since = ms("2011-12-28T12:00", "Pacific/Apia")
    found = [written(one, "Pacific/Apia") for one in opening(every_day("08:00-09:00"), "Pacific/Apia", since, days=4)]
    assert [one[:6] for one in found] == ["Thu 29", "Sat 31", "Sun 01", "Mon 02"]


def test_a_sweep_comes_once_a_day_through_every_change_of_clocks() -> None:
    for day in ("2026-03-27", "2026-10-23", "2026-11-23"):
        found = daily("02:30", ZURICH, ms(f"{day}T12:00"), days=4)
        dates = [datetime.fromtimestamp(at / 1000, ZoneInfo(ZURICH)).date() for at in found]
        assert dates == [date.fromisoformat(day) + timedelta(days=n) for n in range(1, 5)]
    assert daily("", ZURICH, 0) == ()


clocks = st.integers(0, 1_439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
moments = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)).map(
    lambda at: round(at.replace(tzinfo=UTC).timestamp()) * 1000
)


@st.composite
def weeks(draw: st.DrawFn) -> OpeningHours:
    """Hours that make sense: up to two spans a day, the last one perhaps past midnight."""
    found: dict[str, list[str]] = {}
    for day in WEEK:
        times = sorted(draw(st.lists(clocks, min_size=0, max_size=4, unique=True)))
        found[day] = [f"{begin}-{end}" for begin, end in zip(times[::2], times[1::2], strict=False)]
        if len(times) % 2:
            found[day].append(f"{times[-1]}-{draw(clocks)}")
    try:
        return OpeningHours.model_validate(found)
    except ValidationError:
        return every_day(draw(st.sampled_from(["22:00-06:00", "00:00-24:00", "02:00-03:00", "23:59-00:01"])))


def is_shown(hours: OpeningHours, at: datetime) -> bool:
    """Whether a clock on the wall shows a time within the hours: the plain reading, minute by minute."""
    today = at.hour * 60 + at.minute
    for back, minute in ((0, today), (1, today + 1_440)):
        for span in hours.on((at - timedelta(days=back)).date()):
            begin, end = span_minutes(span)
            if begin <= minute < end:
                return True
    return False


@given(weeks(), st.sampled_from(ZONES), moments, st.floats(0, 1))
def test_it_is_open_when_the_clock_on_the_wall_says_so(
    hours: OpeningHours, zone: str, since: int, where: float
) -> None:
    found = opening(hours, zone, since)
    at = since + int(where * DAYS_AHEAD * DAY)
    place = ZoneInfo(zone)
    local = datetime.fromtimestamp(at / 1000, place).replace(tzinfo=None)
    is_open = any(begin <= at < end for begin, end in found)
    if is_shown(hours, local):
        assert is_open
    elif is_open:
        # Only between two times at which the clock shows the same: there the door is not shut in between.
        offsets = {(local + timedelta(minutes=n)).replace(tzinfo=place).utcoffset() for n in range(-150, 151, 15)}
        assert len(offsets) > 1, local


@given(weeks(), st.sampled_from(ZONES), moments)
def test_intervals_are_in_order_apart_and_whole(hours: OpeningHours, zone: str, since: int) -> None:
    found = opening(hours, zone, since)
    assert all(begin < end for begin, end in found)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))
    assert all(end > since and begin < since + DAYS_AHEAD * DAY for begin, end in found)
    # A day later the rest is the same: computing it again changes nothing.
    later = opening(hours, zone, since + DAY)
    of_both = [one for one in found if one[1] > since + DAY]
    whole = [one for one in of_both if one[1] < since + DAYS_AHEAD * DAY]
    assert list(later[: len(whole)]) == whole


@given(clocks, st.sampled_from(ZONES), moments)
def test_a_daily_instant_is_shown_by_the_clock_and_comes_in_order(clock: str, zone: str, since: int) -> None:
    found = daily(clock, zone, since)
    assert list(found) == sorted(set(found))
    assert len(found) >= DAYS_AHEAD - 1
    shown = [f"{datetime.fromtimestamp(at / 1000, ZoneInfo(zone)):%H:%M}" for at in found]
    assert sum(one != clock for one in shown) <= 1, "but for the night that leaves it out"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"monday": ["08:00-12:00", "11:00-13:00"]}, "overlap on monday"),
        ({"monday": ["22:00-06:00"], "tuesday": ["05:00-12:00"]}, "monday goes on past midnight into the first"),
        ({"sunday": ["22:00-06:00"], "monday": ["05:59-12:00"]}, "sunday goes on past midnight into the first"),
        ({"monday": ["08:00-08:00"]}, "ends when it begins"),
        ({"monday": ["24:00-06:00"]}, "must be from one time of day to another"),
        ({"monday": ["8:00-12:00"]}, "must be from one time of day to another"),
        ({"monday": ["08:00"]}, "must be from one time of day to another"),
        ({}, "name no time at which it is open"),
        ({"monday": ["08:00-12:00"], "holidays": "XX"}, "must be a country of the holiday calendars"),
        ({"monday": ["08:00-12:00"], "holidays": "CH-XX"}, "must be a country of the holiday calendars"),
        ({"monday": ["08:00-12:00"], "time_zone": "Europe/Nowhere"}, "must be a time zone"),
        ({"monday": ["08:00-12:00"], "closed": ["2026-02-30"]}, "must be a day"),
        (
            {"monday": ["08:00-12:00"], "closed": ["2026-02-02"], "open": {"2026-02-02": ["08:00-09:00"]}},
            "say of 2026-02-02 that it is closed and that it is open",
        ),
        ({"open": {"2026-02-02": ["08:00-10:00", "09:00-11:00"]}}, "overlap on 2026-02-02"),
    ],
)
def test_hours_that_make_no_sense_are_refused_in_words(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        OpeningHours.model_validate(change)
