"""An outage is told from a broken rule, and a journal that somebody has damaged is told in words."""

from io import StringIO

import pytest
from rich.console import Console

from distribution.agents import AgentRules, Presence
from distribution.scripts import LUA
from distribution.service_rules import ServiceRules
from distribution.tasks import TaskState, Via
from distribution.verify import Report, Rule, verify
from operations.verify import run_verify
from store.commands import Command
from store.connection import Store
from store.keys import root
from tests.distribution.day import DAY_BEGINS, OtherScripts

SERVICE = "sales"


class Shift:
    """A tenant with one agent, whose clock is ours."""

    def __init__(self, store: Store, tenant: str) -> None:
        self.store, self.tenant, self.d, self.now = store, tenant, OtherScripts(store, LUA), DAY_BEGINS

    async def begin(self) -> None:
        d, t = self.d, self.tenant
        await d.set_tenant(t, im_enabled=True, virtual=True, at=self.now)
        await d.set_service(t, SERVICE, ServiceRules("Sales", acw_seconds=20), at=self.now)
        await d.set_direct(t, ServiceRules("Direct"), at=self.now)
        await d.set_agent(
            t, "anna", AgentRules(licensed=True, direct_licensed=True, services={SERVICE: True}), at=self.now
        )
        await d.set_registered(t, "anna", registered=True, at=self.now)
        await d.set_presence(t, {"anna": Presence.AVAILABLE}, at=self.now)
        # The first deadlines of the day write the snapshot that the proof begins with.
        await self.go(86_400_000)
        await d.set_presence(t, {"anna": Presence.AVAILABLE}, at=self.now)

    async def go(self, ms: int) -> None:
        """Time passes, and every deadline fires when it is due."""
        self.now += ms
        await self.d.go(self.tenant, self.now)

    async def nobody_there(self, ms: int) -> None:
        """Time passes, and nobody fires anything; the first thing that happens then is no deadline."""
        self.now += ms
        await self.d.set_duty(self.tenant, "anna", on=False, actor="boss", at=self.now)

    async def acw(self) -> str:
        """A chat whose after-call work has just begun."""
        d, t, task = self.d, self.tenant, f"task{self.now}"
        await d.create(t, task, service=SERVICE, user=None, workflow=False, at=self.now)
        key = f"{root(t)}task:{t}:{task}"
        await self.store.hset(key, {"conns": f"tab={self.now + 9 * 86_400_000}"})
        found = await d.task(t, task)
        assert found is not None
        assert found.state is TaskState.OFFERED
        await d.accept(t, task, found.offer or "", "anna", Via.CARD, at=self.now)
        await d.opened(t, task, at=self.now)
        await d.terminate(t, task, by="agent", actor="anna", via=Via.ROOM, at=self.now)
        return task

    async def proved(self) -> Report:
        return await verify(self.store, self.tenant, now=self.now)


@pytest.fixture
async def shift(store: Store, tenant: str) -> Shift:
    made = Shift(store, tenant)
    await made.begin()
    return made


async def test_an_outage_is_said_and_no_rule_is_broken(shift: Shift) -> None:
    await shift.acw()
    gone = shift.now
    await shift.nobody_there(600_000)
    await shift.go(300)
    await shift.go(60_000)
    report = await shift.proved()
    assert report.violations == []
    (outage,) = report.outages
    assert (outage.begin, outage.end, outage.waiting) == (gone, gone + 600_000, 1)


async def test_what_is_not_made_up_for_after_an_outage_is_a_broken_rule(shift: Shift) -> None:
    await shift.acw()
    await shift.nobody_there(600_000)
    shift.now += 20_000
    await shift.d.set_duty(shift.tenant, "anna", on=True, actor="boss", at=shift.now)
    report = await shift.proved()
    assert len(report.outages) == 1
    assert Rule.DEADLINES in report.broken


async def test_a_deadline_that_is_late_while_others_go_on_is_a_broken_rule(shift: Shift) -> None:
    await shift.acw()
    for on in (False, True) * 4:
        shift.now += 8_000
        await shift.d.set_duty(shift.tenant, "anna", on=on, actor="boss", at=shift.now)
    await shift.go(0)
    report = await shift.proved()
    assert report.outages == []
    assert Rule.DEADLINES in report.broken


async def test_a_quiet_hour_is_no_outage(shift: Shift) -> None:
    await shift.acw()
    await shift.go(3_600_000)
    report = await shift.proved()
    assert (report.violations, report.outages) == ([], [])


# A journal that something else has written into.

POISON: list[tuple[dict[str, str], str]] = [
    ({"what": "nothing"}, "an entry without a name cannot be read: at is missing"),
    ({"e": "created", "at": "yesterday"}, "created cannot be read: a value is not of the kind that it must be"),
    ({"e": "created", "at": "-5"}, "created cannot be read: a value is not of the kind that it must be"),
    ({"e": "created", "at": "9" * 40}, "created cannot be read: a value is not of the kind that it must be"),
    ({"e": "created", "at": "{now}"}, "created cannot be read: task is missing"),
    ({"e": "offered", "at": "{now}", "task": "{task}", "user": "anna", "offer": "x"}, "offered cannot be read: "),
    ({"e": "acw_extended", "at": "{now}", "task": "{task}", "user": "anna", "acw_until": "soon"}, "acw_extended cannot be read: "),
    ({"e": "snapshot_task", "at": "{now}", "task": "t", "past": "a=b"}, "snapshot_task cannot be read: "),
    ({"e": "service", "at": "{now}", "service": "sales", "rules": "levels=x:y"}, "service cannot be read: "),
    ({"e": "service", "at": "{now}", "service": "sales", "rules": "policy=best"}, "service cannot be read: a value is not of"),
    ({"e": "service", "at": "{now}", "service": "sales", "rules": "kind=forced"}, "service cannot be read: a value is not of"),
]  # fmt: skip


@pytest.mark.foreign_journal
@pytest.mark.parametrize(("entry", "words"), POISON, ids=[words[:30] for _, words in POISON])
async def test_an_entry_that_cannot_be_read_is_named(shift: Shift, entry: dict[str, str], words: str) -> None:
    task = await shift.acw()
    id_ = await write(shift, {name: value.format(now=shift.now, task=task) for name, value in entry.items()})
    await shift.go(60_000)
    report = await shift.proved()
    found = [one for one in report.violations if one.rule is Rule.READABLE]
    assert [one.entry for one in found] == [id_]
    assert found[0].what.startswith(words)


@pytest.mark.foreign_journal
async def test_an_event_that_nobody_knows_is_named_and_breaks_nothing(shift: Shift) -> None:
    ids = [await write(shift, {"e": "levitated", "at": str(shift.now)}) for _ in range(3)]
    report = await shift.proved()
    assert report.violations == []
    assert report.unknown == {"levitated": (3, ids[0])}


async def write(shift: Shift, entry: dict[str, str]) -> str:
    words = [word for pair in entry.items() for word in pair]
    key = f"{root(shift.tenant)}journal:{shift.tenant}"
    return await shift.store.ask(Command(("XADD", key, "*", *words), str))


async def said(shift: Shift) -> tuple[int, str, str]:
    """What `usher verify` ends with, and what it prints."""
    out, err = (Console(file=StringIO(), width=300) for _ in range(2))
    code = await run_verify(shift.store, shift.tenant, None, 100, out=out, err=err)
    printed = [console.file.getvalue() for console in (out, err) if isinstance(console.file, StringIO)]
    return code, printed[0], printed[1]


@pytest.mark.foreign_journal
async def test_the_command_says_both_in_words(shift: Shift) -> None:
    await shift.acw()
    await shift.nobody_there(600_000)
    await shift.go(60_000)
    code, out, err = await said(shift)
    assert (code, err) == (0, "")
    assert "nothing was written for 600 s although 1 deadline had passed, so the store or all replicas were away" in out
    await write(shift, {"e": "levitated", "at": str(shift.now)})
    id_ = await write(shift, {"e": "created", "at": str(shift.now)})
    code, out, err = await said(shift)
    assert code == 1
    assert "This version does not know what 'levitated' is (1 time, first in" in out
    assert f"{id_}  every entry can be read: created cannot be read: task is missing" in err
    assert "Traceback" not in out + err
