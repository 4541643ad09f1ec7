"""`verify` has a handler with a sentence for every event of the journal, or says that it needs none."""

import pytest

from distribution.journal import EVENTS
from distribution.verify.handlers import Handlers, joined
from distribution.verify.replay import HANDLERS, NOT_PROVED


def test_every_event_has_a_handler_or_needs_none() -> None:
    assert HANDLERS.keys() | NOT_PROVED == EVENTS.keys()
    assert not HANDLERS.keys() & NOT_PROVED


def test_every_handler_says_what_it_checks_and_changes() -> None:
    assert [event for event, handler in HANDLERS.items() if not (handler.__doc__ or "").strip().endswith(".")] == []


def test_an_event_has_one_handler_and_is_in_the_catalogue() -> None:
    one, other = Handlers(), Handlers()
    for part in (one, other):
        part.on("opened")(HANDLERS["opened"])
    with pytest.raises(ValueError, match="opened"):
        one.on("opened")
    with pytest.raises(ValueError, match="levitated"):
        one.on("levitated")
    with pytest.raises(ValueError, match="opened"):
        joined(one, other)
