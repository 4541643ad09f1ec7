"""The card of an agent who has handed a chat on: whether he stays in its room."""

from dataclasses import replace

import pytest

from bots.targets import Targets
from bots.task_cards import TaskCards
from directory.state import State
from distribution.user_session import OfferResult, PastOffer
from tests.bots.house import ANNA, BEN, House

STILL = "You are still in the room"


@pytest.mark.parametrize(("stays", "moved"), [(True, False), (True, True), (False, False)])
async def test_he_is_told_that_he_stays_unless_the_chat_goes_on_elsewhere(
    home: House, stays: bool, moved: bool
) -> None:
    def lay_down(before: State) -> State:
        service = before.services["garden-advice"].model_copy(update={"stays_after_transfer": stays})
        return before.having(services={**before.services, service.id: service})

    await home.directory.change(home.tenant, lay_down, actor="test")
    await home.register(ANNA)
    id_, chat = await home.talking()
    if moved:
        elsewhere = {"chat_id": "19:elsewhere@thread.v2", "chat_url": "https://teams.example/elsewhere", "agent": BEN}
        assert await home.conversations.move_room(home.tenant, id_, before=chat, **elsewhere)
    task = replace(
        await home.task(id_),
        agent=BEN,
        had_for={ANNA: "garden-advice"},
        asked={ANNA: PastOffer(OfferResult.ACCEPTED, 0, "")},
    )
    card = await TaskCards(home.conversations, home.directory, Targets(home.distributor, home.directory)).personal(
        task, ANNA
    )
    assert card is not None
    assert (STILL in str(card.content)) is (stays and not moved)
