"""What goes wrong in one place stays there: small scenes here, whole ones in `make test-long`, figures by `measure`."""

import math

import pytest

from tests.isolation import strangers, trouble
from tests.story.stage import Stage

STUCK_SECONDS = 60
"""Longer than the scene: what arrives, arrives while Graph is stuck."""


@pytest.mark.timeout(180)
async def test_rooms_that_wait_for_graph_hold_up_no_message_and_no_visitor(rough: Stage) -> None:
    found = await trouble.graph_stuck(rough, seconds=STUCK_SECONDS, accepts=34, talks=2, messages=3, arrivals=2)
    assert found["still_connecting"] == 34, "Graph was stuck for the whole scene"
    assert found["arrived"] == found["sent"] == 6
    assert found["greeted"] == found["arrivals"] == 2
    assert not math.isnan(found["all_offered_after_ms"]), "newcomers are offered to free agents"
    assert found["unreachable"] == 0


@pytest.mark.timeout(120)
async def test_an_outage_of_teams_is_charged_to_nobody(rough: Stage) -> None:
    found = await trouble.connector_down(rough, seconds=14, agents=2)
    assert found["unreachable"] == 0
    assert found["offered_after_return_ms"] < 10_000, "two seconds are meant; the machine may be busy"


@pytest.mark.timeout(120)
async def test_a_flood_of_bad_frames_holds_up_nobody(rough: Stage) -> None:
    found = await strangers.sockets_flood(rough, sockets=4, seconds=2)
    assert found["arrived"] == found["sent"]


@pytest.mark.timeout(120)
async def test_messages_made_to_be_slow_are_taken_and_hold_up_nobody(rough: Stage) -> None:
    found = await strangers.hostile_messages(rough)
    assert {value for name, value in found.items() if name.endswith("_status")} <= {200, 202}
    assert max(value for name, value in found.items() if name.endswith("_ms")) < 5_000, "seconds, on any machine"


@pytest.mark.long
@pytest.mark.timeout(400)
async def test_throttled_rooms_hold_up_no_other_room(rough: Stage) -> None:
    found = await trouble.rooms_throttled(rough)
    assert found["arrived"] == found["sent"]
    assert found["p99_ms"] < 5_000, "one second is meant; the machine may be busy"
    assert found["arrived_in_throttled_rooms"] == 0


@pytest.mark.long
@pytest.mark.timeout(400)
async def test_lost_answers_lose_nothing_and_repeat_nothing(rough: Stage) -> None:
    found = await trouble.answers_lost(rough)
    assert found["missing"] == 0
    assert found["twice"] == 0


@pytest.mark.long
@pytest.mark.timeout(400)
async def test_connections_that_say_nothing_lock_nobody_out(rough: Stage) -> None:
    found = await strangers.silent_connections(rough)
    assert found["probes_refused"] == 0
    assert found["closed_by_usher"] == found["opened"]
