"""The arrival workflow: greets once and queues once, however often it runs and wherever it is stopped."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from cards.wording import wording
from conversations.messages import Conversation, Conversations, Sender
from dialogs.arrival import Arrival
from directory.directory import Directory
from directory.hours import OpeningHours
from directory.state import State
from distribution.distributor import Distributor
from distribution.tasks import Outcome, Task, TaskState
from store.connection import Store
from store.doorbells import Doorbells
from store.due import DueWorker, Subject
from store.ids import new_id
from tests.interact.company import DOMINIQUE, furnish
from tests.support import wait_until


@dataclass
class Reception:
    """A company, and visitors who have just said their first word."""

    tenant: str
    directory: Directory
    distributor: Distributor
    conversations: Conversations

    @property
    def arrival(self) -> Arrival:
        """A new one each time, as after a restart."""
        return Arrival(self.distributor, self.conversations, self.directory)

    async def first_word(
        self, *, service: str | None = "garden-advice", user: str | None = None, locale: str = ""
    ) -> Subject:
        """What the visitor's door does: open, store, create. Returns the subject that is due now."""
        task = new_id()
        await self.conversations.open(Conversation(self.tenant, task, service, user, "Mia", locale=locale))
        await self.conversations.say(
            self.tenant, task, sender=Sender.VISITOR, author="Mia", author_id="", text="Hello", client_id="message-1"
        )
        created = await self.distributor.create(self.tenant, task, service=service, user=user, customer="Mia")
        assert created.ok
        return Subject("arrival", self.tenant, (task,))

    async def task(self, subject: Subject) -> Task:
        found = await self.distributor.task(self.tenant, subject.parts[0])
        assert found is not None
        return found

    async def told(self, subject: Subject) -> list[str]:
        messages = await self.conversations.read(self.tenant, subject.parts[0], 0)
        return [f"{m.sender.value}: {m.text}" for m in messages]


@pytest.fixture
async def reception(store: Store, tenant: str) -> Reception:
    distributor = Distributor(store)
    made = Reception(tenant, Directory(store, distributor), distributor, Conversations(store))
    await furnish(made.directory, tenant)
    return made


@pytest.fixture
async def worker(store: Store, reception: Reception) -> AsyncIterator[DueWorker]:
    """The real loop that runs the workflow when a task is created."""
    bells = Doorbells(store)
    made = DueWorker(store, bells, worker_id=new_id())
    made.handle("arrival", reception.arrival.handle_arrival)
    loops = [asyncio.create_task(bells.run()), asyncio.create_task(made.run())]
    yield made
    await made.stop(2)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)


async def test_a_chat_that_was_left_before_its_task_was_there_is_not_queued(reception: Reception) -> None:
    subject = await reception.first_word()
    await reception.conversations.close(reception.tenant, subject.parts[0])
    await reception.arrival.handle_arrival(subject)
    task = await reception.task(subject)
    assert (task.state, task.outcome) == (TaskState.CLOSED, Outcome.ABANDONED_IN_WORKFLOW)


async def test_a_visitor_is_greeted_and_queued(reception: Reception) -> None:
    subject = await reception.first_word()
    await reception.arrival.handle_arrival(subject)
    assert (await reception.task(subject)).state is TaskState.QUEUED
    assert await reception.told(subject) == ["visitor: Hello", "system: Welcome."]


async def test_run_twice_is_run_once(reception: Reception) -> None:
    subject = await reception.first_word()
    await reception.arrival.handle_arrival(subject)
    queued = await reception.task(subject)
    await reception.arrival.handle_arrival(subject)
    assert await reception.task(subject) == queued
    assert await reception.told(subject) == ["visitor: Hello", "system: Welcome."]


async def test_two_workers_at_once_are_one(reception: Reception) -> None:
    subject = await reception.first_word()
    await asyncio.gather(*(reception.arrival.handle_arrival(subject) for _ in range(10)))
    assert (await reception.task(subject)).state is TaskState.QUEUED
    assert await reception.told(subject) == ["visitor: Hello", "system: Welcome."]


async def test_a_crash_after_the_greeting_is_gone_on_with(reception: Reception) -> None:
    subject = await reception.first_word()
    stopped = asyncio.create_task(reception.arrival.handle_arrival(subject))

    async def greeted() -> bool:
        return len(await reception.told(subject)) == 2

    while not await greeted():
        assert not stopped.done()
    stopped.cancel()
    await asyncio.gather(stopped, return_exceptions=True)
    await reception.arrival.handle_arrival(subject)
    assert (await reception.task(subject)).state is TaskState.QUEUED
    assert await reception.told(subject) == ["visitor: Hello", "system: Welcome."]


async def test_creating_the_task_is_what_starts_it(reception: Reception, worker: DueWorker) -> None:
    assert worker is not None
    subject = await reception.first_word()

    async def queued() -> bool:
        return (await reception.task(subject)).state is TaskState.QUEUED

    await wait_until(queued, 10, "the workflow of a new task")


async def test_a_visitor_who_left_meanwhile_is_not_greeted(reception: Reception) -> None:
    subject = await reception.first_word()
    await reception.distributor.visitor_left(reception.tenant, subject.parts[0])
    closed = await reception.task(subject)
    await reception.arrival.handle_arrival(subject)
    assert await reception.task(subject) == closed
    assert closed.outcome is Outcome.ABANDONED_IN_WORKFLOW
    assert await reception.told(subject) == ["visitor: Hello"]


async def test_a_service_that_lost_its_licence_turns_visitors_away_in_words(reception: Reception) -> None:
    subject = await reception.first_word(service="orders", locale="de-CH")
    await furnish(reception.directory, reception.tenant, orders_open=False)
    for _ in range(2):
        await reception.arrival.handle_arrival(subject)
    task = await reception.task(subject)
    assert (task.state, task.outcome) == (TaskState.CLOSED, Outcome.CANCELLED)
    assert task.why, "the journal and the task say which precondition it was"
    assert await reception.told(subject) == ["visitor: Hello", f"system: {wording('de')('arrival.unavailable')}"]


async def test_an_unknown_language_is_answered_in_english(reception: Reception) -> None:
    subject = await reception.first_word(service="orders", locale="rm")
    await furnish(reception.directory, reception.tenant, orders_open=False)
    await reception.arrival.handle_arrival(subject)
    assert (await reception.told(subject))[-1] == f"system: {wording('en')('arrival.unavailable')}"


async def test_a_chat_straight_to_a_user_is_greeted_by_her(reception: Reception) -> None:
    subject = await reception.first_word(service=None, user=DOMINIQUE)
    await reception.arrival.handle_arrival(subject)
    assert (await reception.task(subject)).state is TaskState.QUEUED
    assert (await reception.told(subject))[-1] == "system: You are writing to Dominique directly."


async def test_a_service_without_a_greeting_says_nothing(reception: Reception) -> None:
    subject = await reception.first_word(service="orders")
    await reception.arrival.handle_arrival(subject)
    assert (await reception.task(subject)).state is TaskState.QUEUED
    assert await reception.told(subject) == ["visitor: Hello"]


async def test_a_task_whose_conversation_is_gone_does_not_wait_for_ever(reception: Reception) -> None:
    task = new_id()
    await reception.distributor.create(reception.tenant, task, service="garden-advice", customer="")
    subject = Subject("arrival", reception.tenant, (task,))
    await reception.arrival.handle_arrival(subject)
    assert (await reception.task(subject)).state is TaskState.CLOSED
    await reception.arrival.handle_arrival(Subject("arrival", reception.tenant, (new_id(),)))


CLOSED_EVERY_DAY_BUT_ONE = OpeningHours(open={"2020-01-01": ["08:00-09:00"]})


async def closed(reception: Reception, **change: object) -> None:
    """Garden Advice has been closed for years, or is changed in another way."""

    def turn(before: State) -> State:
        garden = before.services["garden-advice"].model_copy(update=change or {"hours": CLOSED_EVERY_DAY_BUT_ONE})
        return before.having(services={**before.services, garden.id: garden})

    await reception.directory.change(reception.tenant, turn, actor="test")


@pytest.mark.parametrize("locale", ["de-CH", "fr", "it", "en-GB"])
async def test_who_writes_outside_the_opening_hours_is_told_in_his_language(reception: Reception, locale: str) -> None:
    await closed(reception)
    subject = await reception.first_word(locale=locale)
    for _ in range(2):
        await reception.arrival.handle_arrival(subject)
    task = await reception.task(subject)
    assert (task.state, task.outcome) == (TaskState.CLOSED, Outcome.OUTSIDE_HOURS)
    said = wording(locale)("arrival.outside_hours")
    assert await reception.told(subject) == ["visitor: Hello", "system: Welcome.", f"system: {said}"]


async def test_who_was_turned_away_is_told_also_after_a_crash(reception: Reception) -> None:
    await closed(reception)
    subject = await reception.first_word()
    await reception.distributor.queue(reception.tenant, subject.parts[0])
    await reception.arrival.handle_arrival(subject)
    assert (await reception.told(subject))[-1] == f"system: {wording('en')('arrival.outside_hours')}"


async def test_who_finds_the_queue_full_is_told(reception: Reception) -> None:
    await closed(reception, queue_limit=1)
    first, second = await reception.first_word(), await reception.first_word()
    for subject in (first, second):
        await reception.arrival.handle_arrival(subject)
    assert (await reception.task(first)).state is TaskState.QUEUED
    assert (await reception.task(second)).outcome is Outcome.QUEUE_LIMIT
    assert (await reception.told(second))[-1] == f"system: {wording('en')('arrival.queue_limit')}"


async def test_an_owner_has_words_of_his_own_for_who_is_turned_away(reception: Reception) -> None:
    await closed(reception, hours=CLOSED_EVERY_DAY_BUT_ONE, closed_text="Back on Monday.", full_text="Too many.")
    subject = await reception.first_word(locale="de")
    await reception.arrival.handle_arrival(subject)
    assert (await reception.told(subject))[-1] == "system: Back on Monday."
