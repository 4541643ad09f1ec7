"""A room's scripts are one library on the server: nothing leaks from call to call, and releases live side by side."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store import keys
from store.connection import Store, open_store
from store.embedded import start_embedded
from store.library import LEFT_OVER_AFTER_SECONDS
from store.scripts import LuaScript, ScriptError, load_scripts
from tests.store.raw import tell
from tests.support import wait_until

ROOT = keys.shard_root(0)
COUNTER = f"{ROOT}test"
RELEASE = 'return "one"'


@pytest.fixture
async def alone(tmp_path: Path, engine_binary: Path | None) -> AsyncIterator[Store]:
    """A server of its own: functions belong to the whole server."""
    with start_embedded(tmp_path / "own", binary=engine_binary) as server:
        opened = await open_store(server.url)
        yield opened
        await opened.close()


def write(folder: Path, name: str, body: str, includes: dict[str, str] | None = None) -> LuaScript:
    """The verb `name` without arguments, in `folder`, whose room is the folder's name."""
    (folder / "include").mkdir(parents=True, exist_ok=True)
    for include, text in (includes or {}).items():
        (folder / "include" / f"{include}.lua").write_text(text)
    header = f"-- {name}: does it.\n-- keys: root\n-- args:\n-- returns: text\n-- journal: none\n"
    (folder / f"{name}.lua").write_text(f"{header}{body}\n")
    return load_scripts(folder)[name]


async def libraries(store: Store) -> set[str]:
    return {kept[1] for kept in (await store.network.talk([["FUNCTION", "LIST"]], [keys.ALL]))[0]}


async def test_what_one_call_knows_is_forgotten_in_the_next(tmp_path: Path, store: Store) -> None:
    count = "local function count()\n  memo.calls = (memo.calls or 0) + 1\n  return memo.calls\nend\n"
    first = write(tmp_path, "first", "--@include count\ncount()\nreturn count()", {"count": count})
    second = write(tmp_path, "second", "--@include count\nreturn count()")
    assert [await store.run(script, ROOT) for script in (first, first, second)] == [2, 2, 1]


async def test_a_call_that_failed_leaves_nothing_behind(tmp_path: Path, store: Store) -> None:
    count = "local function count()\n  memo.calls = (memo.calls or 0) + 1\n  return memo.calls\nend\n"
    fails = write(tmp_path, "fails", "--@include count\ncount()\nerror('oh')", {"count": count})
    counts = write(tmp_path, "counts", "--@include count\nreturn count()")
    with pytest.raises(Exception, match=r"fails\.lua:8: oh"):
        await store.run(fails, ROOT)
    assert await store.run(counts, ROOT) == 1


async def test_time_is_looked_up_anew_in_every_call(tmp_path: Path, store: Store, tenant: str) -> None:
    script = write(tmp_path, "now", "--@include due\nreturn string.format('%.0f', due_time())")
    before = int(await store.run(script, ROOT))
    await wait_until(lambda: time.time_ns() // 1_000_000 > before, 5, "the next millisecond")
    assert int(await store.run(script, ROOT)) > before


async def test_a_tenant_that_becomes_virtual_is_so_in_the_next_call(tmp_path: Path, store: Store, tenant: str) -> None:
    root = keys.root(tenant)
    script = write(tmp_path, "virtual", f"--@include clock\nreturn clock_virtual(root, '{tenant}') and 1 or 0")
    assert await store.run(script, root) == 0
    await store.hset(f"{root}clock:{tenant}", {"virtual": 1})
    assert await store.run(script, root) == 1


async def test_every_call_that_marks_rings(tmp_path: Path, store: Store) -> None:
    script = write(
        tmp_path,
        "mark",
        "--@include due\nlocal bells = 0\ndue_mark(root, 'test:leak')\nbells = memo.due_rung and 1 or 0\n"
        "redis.call('DEL', root .. 'due', root .. 'due:test:leak')\nreturn bells",
    )
    assert [await store.run(script, ROOT) for _ in range(2)] == [1, 1]


async def test_a_mark_rings_unless_all_that_it_marks_is_held(tmp_path: Path, store: Store) -> None:
    script = write(
        tmp_path,
        "marks",
        "--@include due\nlocal function rung(subjects)\n  memo.due_rung = nil\n  due_mark_all(root, subjects)\n"
        "  return memo.due_rung and 1 or 0\nend\n"
        "redis.call('ZADD', root .. 'leases', due_time() + 60000, 'test:held')\n"
        "local said = { rung({ 'test:held' }), rung({ 'test:held', 'test:free' }), rung({ 'test:held', 'test:free' }) }\n"
        "redis.call('ZREM', root .. 'leases', 'test:held')\n"
        "redis.call('ZREM', root .. 'due', 'test:held', 'test:free')\nreturn said",
    )
    # What is held is moved to the end of its lease each time, so the third mark changes something again.
    assert await store.run(script, ROOT) == [0, 1, 1]


async def test_the_bells_of_a_call_go_out_as_one_message_once_it_has_ended(tmp_path: Path, alone: Store) -> None:
    rings = write(
        tmp_path, "rings", "--@include bell\nbell('conv', 't', 'c', 7)\nbell('task', 't', 'c', '8')\nreturn 'x'"
    )
    fails = write(tmp_path, "fails", "--@include bell\nbell('conv', 't', 'c', 9)\nerror('oh')")
    (pool,) = alone.network.homes()
    ear = pool.make()
    await pool.open(ear)
    await ear.send_packed_command(ear.pack_commands([["SSUBSCRIBE", f"{ROOT}bell"]]), check_health=False)
    await ear.read_response()
    with pytest.raises(Exception, match="oh"):
        await alone.run(fails, ROOT)
    assert await alone.run(rings, ROOT) == "x"
    assert await ear.read_response() == ["smessage", f"{ROOT}bell", "conv t c 7\ntask t c 8"]
    await ear.disconnect()


@pytest.mark.parametrize(
    "text",
    [
        "local seen = {}\nlocal function see(x)\n  seen[x] = true\nend\n",
        "local seen = 0\nlocal function see()\n  seen = seen + 1\nend\n",
        "local seen = 0\nlocal function see() seen = seen + 1 end\n",
        "local seen = {}\nlocal function see(x)\n  if x then seen.it = 1 end\nend\n",
        "local seen = {}\nlocal function see(x)\n  table.insert(seen, x)\nend\n",
    ],
)
def test_an_include_that_would_remember_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ScriptError, match=r"see.lua:[23]: `seen` would persist after the call; .* `memo`"):
        write(tmp_path, "look", "--@include see\nreturn see(1)", {"see": text})


def test_constants_are_no_memory(tmp_path: Path) -> None:
    text = (
        "local NAMES = {\n  a = true,\n}\nlocal function known(x)\n"
        "  local found = NAMES[x] == true\n  return found and NAMES.a ~= nil\nend\n"
    )
    write(tmp_path, "look", "--@include known\nreturn known('a')", {"known": text})


def test_a_name_that_no_include_defines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"look.lua:6: no include of this file defines `due_mark`"):
        write(tmp_path, "look", "due_mark(root, 'x')")


def test_two_includes_that_define_one_name_are_refused(tmp_path: Path) -> None:
    text = "local function same()\nend\n"
    with pytest.raises(ScriptError, match=r"two.lua and one.lua both define `same`"):
        write(tmp_path, "look", "--@include one\n--@include two\nsame()", {"one": text, "two": text})


def test_includes_stand_before_the_code(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"look.lua:7: includes come before the code"):
        write(tmp_path, "look", "local x = 1\n--@include clock")


def test_a_circle_of_includes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"one.lua includes itself, by way of two.lua"):
        write(tmp_path, "look", "--@include one", {"one": "--@include two\n", "two": "--@include one\n"})


async def test_a_library_may_have_more_names_than_a_block_of_lua(tmp_path: Path, store: Store) -> None:
    """Lua allows 200 locals in a block, and a function 60 from around it."""
    many = {
        f"part{part}": "".join(f"local function f{part}_{n}()\n  return {n}\nend\n" for n in range(150))
        for part in range(4)
    }
    calls = " + ".join(f"f{part}_{n}()" for part in range(4) for n in range(135, 149))
    includes = "".join(f"--@include part{part}\n" for part in range(4))
    script = write(tmp_path, "sum", f"{includes}return {calls}", many)
    assert await store.run(script, ROOT) == 4 * sum(range(135, 149))


def test_more_than_lua_allows_is_said_before_the_server_says_it(tmp_path: Path) -> None:
    many = "".join(f"local function f{n}()\nend\n" for n in range(193))
    with pytest.raises(ScriptError, match=r"many.lua has, with the names it uses, more than 192 names: split it"):
        write(tmp_path / "a", "look", "--@include many\nf1()", {"many": many})
    calls = "".join(f"  f{n}()\n" for n in range(61))
    parts = {"many": "".join(f"local function f{n}()\nend\n" for n in range(70))}
    with pytest.raises(ScriptError, match=r"all.lua:2: all uses 61 names of others; Lua allows a function 60"):
        write(
            tmp_path / "b",
            "look",
            "--@include all\nall()",
            parts | {"all": f"--@include many\nlocal function all()\n{calls}end\n"},
        )
    with pytest.raises(ScriptError, match=r"look.lua uses 61 names of its includes: split it"):
        write(tmp_path / "c", "look", f"--@include many\n{calls}", parts)


async def test_functions_that_the_server_lost_are_loaded_again_and_each_call_runs_once(
    tmp_path: Path, alone: Store
) -> None:
    add = write(tmp_path / "sums", "add", f"return redis.call('INCR', '{COUNTER}')")
    assert await alone.run(add, ROOT) == 1

    async def lose() -> None:
        for _ in range(20):
            await alone.network.talk([["FUNCTION", "FLUSH"]], [keys.ALL])

    calls: list[tuple[LuaScript, str, dict[str, str]]] = [(add, ROOT, {})] * 3

    async def call() -> list[int]:
        return [number for _ in range(20) for number in await alone.run_many(calls)]

    *numbers, _ = await asyncio.gather(call(), call(), lose())
    assert sorted(number for some in numbers if some for number in some) == list(range(2, 122))


async def test_two_releases_live_side_by_side(tmp_path: Path, alone: Store) -> None:
    old = write(tmp_path / "a" / "sums", "say", "return 'old'")
    new = write(tmp_path / "b" / "sums", "say", "return 'new'")
    assert old.library.name != new.library.name
    for _ in range(2):
        assert await alone.run_many([(old, ROOT, {}), (new, ROOT, {})]) == ["old", "new"]
    assert await libraries(alone) == {old.library.name, new.library.name}


async def test_what_an_earlier_release_left_goes_when_another_comes(tmp_path: Path, alone: Store) -> None:
    old = write(tmp_path / "a" / "sums", "say", "return 'old'")
    new = write(tmp_path / "b" / "sums", "say", "return 'new'")
    other = write(tmp_path / "b" / "other", "say", "return 'other'")
    long_ago = time.time() - LEFT_OVER_AFTER_SECONDS - 1
    for script in (old, other):
        await alone.network.talk([["FUNCTION", "LOAD", script.library.text(long_ago)]], [keys.ALL])
    stranger = "#!lua name=stranger\nredis.register_function('stranger', function() return 1 end)"
    await alone.network.talk([["FUNCTION", "LOAD", stranger]], [keys.ALL])
    assert await alone.run(new, ROOT) == "new"
    assert await libraries(alone) == {new.library.name, other.library.name, "stranger"}
    # Who still runs the old release gets it back, and both stay.
    assert await alone.run(old, ROOT) == "old"
    assert await alone.run(new, ROOT) == "new"
    assert old.library.name in await libraries(alone)


async def test_functions_survive_a_restart_and_flushall(tmp_path: Path, engine_binary: Path | None) -> None:
    script = write(tmp_path / "sums", "say", "return 'here'")
    for _ in range(2):
        with start_embedded(tmp_path / "own", binary=engine_binary) as server:
            opened = await open_store(server.url)
            if await libraries(opened) == set():
                assert await opened.run(script, ROOT) == "here"
            assert tell(server.url, "FLUSHALL") == "+OK"
            assert await libraries(opened) == {script.library.name}
            await opened.close()
