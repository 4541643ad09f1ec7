"""`verify` passes on random days, and finds every rule that is broken in a copy of the scripts."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from distribution.scripts import LUA
from distribution.verify import NoSnapshot, Report, Rule, verify
from store.connection import Store
from tests.distribution.day import MIDNIGHT, Day

FAULTS = [
    (Rule.WINNER, "accept.lua", "elseif not has_word(record.f.invited, user) then", "elseif false then"),
    (Rule.CAPACITY, "include/slots.lua", "if count < (num(agent, 'capacity') or 1) then", "if true then"),
    (Rule.LIMIT, "include/match.lua", "rule(c, service, 'concurrent')", "999"),
    (Rule.ELIGIBLE, "include/eligible.lua", "return agent.f.duty ~= '1' or ", "return "),
    (Rule.ORDER, "include/match.lua", "index, index, 'WITHSCORES'", "index, index, 'REV', 'WITHSCORES'"),
    (Rule.AGENTS, "include/policy.lua", "return math.max(num(agent, 'idle_since')", "return -math.max(num(agent, 'idle_since')"),
    (Rule.AT_ONCE, "include/slots.lua", "  agent.moved = true\n  stir(c, agent)", "  agent.moved = true"),
    (Rule.DEADLINES, "include/write.lua", "deadline_set(c.root, c.tenant, member, at)", "deadline_set(c.root, c.tenant, member, at + 700)"),
    (Rule.DEADLINES, "include/closing.lua", "c.now + acw)", "c.now + acw + 1)"),
    (Rule.DEADLINES, "include/tick.lua", "if agent.f.rona == '1' and c.now", "if false and c.now"),
    (Rule.DEADLINES, "confirm_delivery.lua", "'offer_seconds') * 1000", "'offer_seconds') * 900"),
    (Rule.DEADLINES, "include/going_back.lua", "    seek(c, task)\n", "    put(task, 'ends', nil)\n"),
    (Rule.DEADLINES, "include/silence.lua", "  return since + warn\n", "  return since + warn + 5000\n"),
    (Rule.DEADLINES, "include/silence.lua", "math.max(since + ends, warned", "5000 + math.max(since + ends, warned"),
    (Rule.TIMES, "include/slots.lua", "put(agent, 'idle_since', c.now)", "put(agent, 'idle_since', agent.f.idle_since)"),
    (Rule.SNAPSHOT, "include/slots.lua", "put(agent, 'put_back', c.now)", "put(agent, 'put_back', c.now + 1)"),
    (Rule.FITS, "opened.lua", "log(c, 'opened'", "log(c, 'opening'"),
    (Rule.ENDS, "include/closing.lua", "log(c, 'closed'", "log(c, 'dropped'"),
]  # fmt: skip


async def prove(store: Store, tenant: str, folder: Path, seed: int) -> Report:
    day = Day(store, tenant, folder, seed)
    await day.run()
    return await verify(store, tenant, tolerance=0, now=day.now)


@pytest.mark.parametrize("seed", range(4))
async def test_a_random_day_keeps_every_rule(store: Store, tenant: str, seed: int) -> None:
    report = await prove(store, tenant, LUA, seed)
    assert report.violations == []
    assert report.unknown == {}
    unproved = {rule for rule in Rule if not report.checked[rule]}
    assert not unproved


@pytest.mark.parametrize("seed", range(4))
async def test_it_can_begin_with_the_snapshot_of_a_later_day(store: Store, tenant: str, seed: int) -> None:
    """In the middle of everything: tasks that wait, ring, talk and wrap up."""
    day = Day(store, tenant, LUA, seed)
    await day.run()
    whole = await verify(store, tenant, tolerance=0, now=day.now)
    second = datetime.fromtimestamp(MIDNIGHT / 1000, UTC).date()
    report = await verify(store, tenant, start=second, tolerance=0, now=day.now)
    assert report.violations == []
    assert 0 < report.entries < whole.entries
    assert 0 < report.closed < whole.closed
    with pytest.raises(NoSnapshot):
        await verify(store, tenant, start=second - timedelta(days=30))


@pytest.mark.foreign_journal
@pytest.mark.parametrize(
    ("rule", "file", "old", "new"), FAULTS, ids=[f"{rule.name.lower()}-{file}" for rule, file, _, _ in FAULTS]
)
async def test_a_rule_that_is_broken_in_the_scripts_is_found(
    store: Store, tenant: str, tmp_path: Path, rule: Rule, file: str, old: str, new: str
) -> None:
    folder = tmp_path / "distribution" / "lua"
    shutil.copytree(LUA, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    found: set[Rule] = set()
    for seed in range(4):
        found |= set((await prove(store, f"{tenant}-{seed}", folder, seed)).broken)
        if rule in found:
            return
    pytest.fail(f"not found; found instead: {found}")
