"""The distance between two calls on one chat."""

import pytest

from graph.pace import Pace
from store.due import RetryLater


def test_a_call_is_granted_or_says_how_long_to_wait_and_other_chats_do_not_wait() -> None:
    now = 100.0
    pace = Pace(1.1, lambda: now)
    assert (pace.take("one"), pace.take("two")) == (0, 0)
    assert pace.take("one") == pytest.approx(1.1)
    now = 100.6
    assert pace.take("one") == pytest.approx(0.5)  # asking costs nothing
    with pytest.raises(RetryLater) as later:
        pace.turn("one")
    assert later.value.after_seconds == pytest.approx(0.5)
    now = 101.2
    pace.turn("one")


def test_a_call_that_took_long_counts_from_its_end() -> None:
    now = 100.0
    pace = Pace(1.1, lambda: now)
    pace.turn("one")
    now = 105.0
    pace.touched("one")
    assert pace.take("one") == pytest.approx(1.1)
