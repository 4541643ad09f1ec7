"""The loader: a script's header is its signature, and what is wrong with a file is said with its name and line."""

from pathlib import Path

import pytest

from store import keys
from store.connection import Store, StoreError
from store.scripts import SHARED_INCLUDES, LuaScript, ScriptError, load_scripts

HEADER = """-- greet: says hello.
-- keys: root
-- args: name, times:int
-- returns: text
-- journal: none
"""
ROOT = keys.shard_root(0)


def load(folder: Path, body: str = "return name", header: str = HEADER, stem: str = "greet") -> LuaScript:
    (folder / f"{stem}.lua").write_text(f"{header}{body}\n")
    return load_scripts(folder)[stem]


def include(folder: Path, name: str, text: str) -> None:
    (folder / "include").mkdir(exist_ok=True)
    (folder / "include" / f"{name}.lua").write_text(text)


def test_the_header_is_read(tmp_path: Path) -> None:
    script = load(
        tmp_path,
        header="-- greet: says hello,\n-- politely.\n-- keys: root\n-- args: name,\n--   times:int\n"
        "-- returns: text\n-- journal: greeted, left\n",
    )
    assert script.says == "says hello, politely."
    assert script.args == (("name", "str"), ("times", "int"))
    assert script.returns == "text"
    assert script.journal == ("greeted", "left")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "must begin with `-- greet: what it does`"),
        (HEADER.replace("greet", "wave"), "must begin with `-- greet: what it does`"),
        (HEADER.replace("-- returns: text\n", ""), "the header lacks returns"),
        (HEADER.replace("keys: root", "keys: root, other"), "keys must be `root`"),
        (HEADER.replace("times:int", "times:float"), "`times:float` cannot be an argument"),
        (HEADER.replace("times:int", "end"), "`end` cannot be an argument"),
        (HEADER.replace("times:int", "name"), "`name` cannot be an argument"),
        (HEADER.replace("times:int", "root"), "`root` cannot be an argument"),
    ],
)
def test_a_bad_header_is_refused(tmp_path: Path, header: str, words: str) -> None:
    with pytest.raises(ScriptError, match=words) as caught:
        load(tmp_path, header=header)
    assert "greet.lua" in str(caught.value)


def test_a_body_that_counts_arguments_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"greet.lua:7: name the argument instead of ARGV"):
        load(tmp_path, body="-- ARGV in a comment is fine\nreturn ARGV[1]")


def test_a_missing_include_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"greet.lua:6: no include `nowhere`"):
        load(tmp_path, body="--@include nowhere")


def test_a_misspelt_include_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"greet.lua:6: not an include"):
        load(tmp_path, body="--@inclde clock")


async def test_includes_come_once_and_the_rooms_own_before_the_shared_one(tmp_path: Path, store: Store) -> None:
    include(tmp_path, "clock", "--@include both\nlocal own = 1")
    include(tmp_path, "both", "local both = 1")
    script = load(tmp_path, body="--@include both\n--@include clock\nreturn own + both")
    assert script.library.body.count("local both = 1") == 1
    assert "clock_now" not in script.library.body
    assert (SHARED_INCLUDES / "clock.lua").is_file()
    assert await store.run(script, ROOT, name="x", times=1) == 2


async def test_arguments_arrive_by_name_and_type(tmp_path: Path, store: Store) -> None:
    script = load(
        tmp_path,
        header=HEADER.replace("name, times:int", "text, whole:int, part:num, thing:json, list:json"),
        body="return {root, text, type(whole), tostring(part * 2), thing['ä'], #list, list[2]}",
    )
    answer = await store.run(script, ROOT, list=["a", "b"], thing={"ä": "ö"}, part=0.25, whole=7, text="t")
    assert answer == [ROOT, "t", "number", "0.5", "ö", 2, "b"]


async def test_none_is_an_empty_string_or_nil(tmp_path: Path, store: Store) -> None:
    script = load(
        tmp_path,
        header=HEADER.replace("name, times:int", "text, whole:int, thing:json"),
        body="return {text, tostring(whole), tostring(thing)}",
    )
    assert await store.run(script, ROOT, text=None, whole=None, thing=None) == ["", "nil", "nil"]


@pytest.mark.parametrize("given", [{"name": "x"}, {"name": "x", "times": 1, "more": 2}, {"name": "x", "tmies": 1}])
async def test_other_arguments_than_the_scripts_are_refused(
    tmp_path: Path, store: Store, given: dict[str, str | int]
) -> None:
    with pytest.raises(ScriptError, match=r"greet takes \(name, times\), but was given"):
        await store.run(load(tmp_path), ROOT, **given)


async def test_a_list_needs_json(tmp_path: Path, store: Store) -> None:
    with pytest.raises(ScriptError, match="a list needs an argument declared as json"):
        await store.run(load(tmp_path), ROOT, name=["x"], times=1)


async def test_an_error_names_the_file_and_line_that_it_comes_from(tmp_path: Path, store: Store) -> None:
    include(tmp_path, "fails", "-- one line before\nlocal function fail() error('oh') end")
    with pytest.raises(StoreError, match=r"greet: .*fails.lua:2: oh"):
        await store.run(load(tmp_path, body="--@include fails\nfail()"), ROOT, name="x", times=1)
    with pytest.raises(StoreError, match=r"greet.lua:7"):
        await store.run(load(tmp_path, body="--\nreturn name.x.y"), ROOT, name="x", times=1)


async def test_a_script_that_does_not_compile_names_its_line(tmp_path: Path, store: Store) -> None:
    with pytest.raises(StoreError, match=r"greet: .*greet.lua:7"):
        await store.run(load(tmp_path, body="--\nreturn name.ä"), ROOT, name="x", times=1)
