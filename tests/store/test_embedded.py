"""The embedded server: shared by racing processes, adopted from a dead owner, restarted with its data."""

import asyncio
import json
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store import embedded
from store.connection import StoreDown, open_store
from store.embedded import EmbeddedRefused, EmbeddedServer, start_embedded
from store.engine import find_engine
from tests.support import wait_until

Start = Callable[[], EmbeddedServer]
Holder = subprocess.Popen[str]


@pytest.fixture
def start(tmp_path: Path, engine_binary: Path | None) -> Iterator[Start]:
    """Start or join the server of this test's data directory; every hold is released at the end."""
    held: list[EmbeddedServer] = []

    def begin() -> EmbeddedServer:
        held.append(start_embedded(tmp_path, binary=engine_binary))
        return held[-1]

    yield begin
    for server in held:
        server.release()


@pytest.fixture
def holder(tmp_path: Path, engine_binary: Path | None) -> Iterator[Callable[[], Holder]]:
    """Begin another process that holds the server of this test's data directory."""
    begun: list[Holder] = []

    def begin() -> Holder:
        words = [sys.executable, "-m", "tests.store.holder", str(tmp_path)]
        words += [str(engine_binary)] if engine_binary else []
        begun.append(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        return begun[-1]

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


def said(process: Holder) -> str:
    """The next line of its output that is not a log line."""
    assert process.stdout is not None
    while line := process.stdout.readline():
        if line.strip().isdecimal() or line.strip() == "released":
            return line.strip()
    raise AssertionError("the holder ended")


def release(process: Holder) -> None:
    process.communicate("\n", timeout=30)


async def written(url: str, key: str = "usher:{all}:test") -> str | None:
    opened = await open_store(url)
    try:
        return await opened.get(key)
    finally:
        await opened.close()


async def write(url: str, value: str, key: str = "usher:{all}:test") -> None:
    opened = await open_store(url)
    await opened.set(key, value)
    await opened.close()


def files_of(tmp_path: Path) -> Path:
    return tmp_path / "store"


def note_writer(tmp_path: Path, name: str, version: str) -> None:
    (files_of(tmp_path) / "engine.json").write_text(json.dumps({"engine": name, "version": version}))


def refused(tmp_path: Path, binary: Path | None) -> str:
    with pytest.raises(EmbeddedRefused) as caught:
        start_embedded(tmp_path, binary=binary)
    return str(caught.value)


async def test_data_outlives_a_stop(start: Start) -> None:
    first = start()
    await write(first.url, "kept")
    first.release()
    assert await written(start().url) == "kept"


def test_only_this_user_can_reach_it(start: Start, tmp_path: Path) -> None:
    start()
    socket = files_of(tmp_path) / "server.sock"
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(files_of(tmp_path).stat().st_mode) == 0o700


def test_a_folder_that_others_could_open_is_closed_to_them(start: Start, tmp_path: Path) -> None:
    folder = files_of(tmp_path)
    folder.mkdir(parents=True, mode=0o755)
    folder.chmod(0o755)
    start()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_is_out_of_reach_of_ctrl_c(start: Start) -> None:
    server = start()
    assert server.pid is not None
    assert os.getpgid(server.pid) == server.pid


async def test_a_deep_folder_has_its_socket_elsewhere(tmp_path: Path, engine_binary: Path | None) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    with start_embedded(deep, binary=engine_binary) as server:
        path = server.url.removeprefix("unix://")
        assert len(path) <= 103
        assert stat.S_IMODE(Path(path).parent.stat().st_mode) == 0o700
        await write(server.url, "deep")
        assert await written(server.url) == "deep"


def test_a_folder_that_others_may_open_is_not_used_for_the_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_binary: Path | None
) -> None:
    monkeypatch.setattr(embedded, "SHORT_BASE", tmp_path)
    (tmp_path / f"usher-{os.getuid()}").mkdir(mode=0o755)
    assert "only this user can open" in refused(tmp_path / ("d" * 60) / ("e" * 60), engine_binary)


async def test_a_killed_owner_leaves_a_survivor_that_is_adopted(start: Start, holder: Callable[[], Holder]) -> None:
    owner = holder()
    pid = int(said(owner))
    owner.kill()
    owner.wait()
    adopted = start()
    assert adopted.pid == pid
    await write(adopted.url, "still here")
    adopted.release()
    assert adopted.pid is None
    assert await written(start().url) == "still here"


async def test_who_is_stopped_while_the_server_starts_leaves_none_behind(
    tmp_path: Path, engine_binary: Path | None
) -> None:
    engine = find_engine(engine_binary)
    started = tmp_path / "started"
    silent = tmp_path / "silent"
    silent.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {engine.binary} --version\n'
        f"echo $$ > {started}.new; mv {started}.new {started}; exec tail -f /dev/null\n"
    )
    silent.chmod(0o700)
    words = [sys.executable, "-m", "tests.store.holder", str(tmp_path), str(silent)]
    holder = await asyncio.create_subprocess_exec(*words, stderr=subprocess.DEVNULL)
    await wait_until(started.exists, 20, "the server is being started")
    holder.send_signal(signal.SIGINT)
    await holder.wait()
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), signal.SIGKILL)


async def test_a_killed_server_comes_back_with_every_acknowledged_write(start: Start) -> None:
    server = start()
    pid = server.pid
    assert pid is not None
    opened = await open_store(server.url)
    acknowledged = 0

    async def write_until_it_dies() -> None:
        nonlocal acknowledged
        while True:
            await opened.hset("usher:{all}:test", {str(acknowledged + 1): "x"})
            acknowledged += 1

    writing = asyncio.create_task(write_until_it_dies())
    await wait_until(lambda: acknowledged > 200, 10, "200 writes")
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(StoreDown):
        await writing
    await wait_until(lambda: server.pid not in {None, pid}, 10, "a new server")
    fields = await opened.hgetall("usher:{all}:test")
    await opened.close()
    assert len(fields) >= acknowledged > 200


async def test_a_holder_that_joined_brings_the_server_back_too(start: Start, holder: Callable[[], Holder]) -> None:
    owner = holder()
    pid = int(said(owner))
    joined = start()
    await write(joined.url, "kept")
    owner.kill()
    owner.wait()
    os.kill(pid, signal.SIGKILL)
    await wait_until(lambda: joined.pid not in {None, pid}, 10, "a new server")
    assert await written(joined.url) == "kept"


async def test_a_server_whose_socket_was_removed_is_replaced(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded.process, "DEAF_SECONDS", 0.1)
    server = start()
    await write(server.url, "kept")
    pid = server.pid
    (files_of(tmp_path) / "server.sock").unlink()
    await wait_until(lambda: server.pid not in {None, pid}, 10, "a new server")
    assert await written(server.url) == "kept"


def test_six_racing_processes_share_one_server_and_the_last_one_stops_it(
    holder: Callable[[], Holder], start: Start
) -> None:
    holders = [holder() for _ in range(6)]
    pids = {said(process) for process in holders}
    assert len(pids) == 1
    watcher = start()
    for process in holders:
        release(process)
        assert watcher.pid == int(next(iter(pids)))
    watcher.release()
    assert watcher.pid is None


def test_the_last_holder_need_not_be_the_one_that_started_it(start: Start, holder: Callable[[], Holder]) -> None:
    first = start()
    last = holder()
    assert said(last) == str(first.pid)
    first.release()
    assert first.pid is not None
    release(last)
    assert first.pid is None


def test_the_server_does_not_get_ushers_settings(
    tmp_path: Path, engine_binary: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USHER_SECRET_KEY", "0123456789abcdef")
    monkeypatch.setenv("ANYTHING_ELSE", "stays")
    # The server hides its own environment when it gives its process a title.
    program, given = tmp_path / "program", tmp_path / "given"
    program.write_text(f'#!/bin/sh\nenv > {given}\nexec {find_engine(engine_binary).binary} "$@"\n')
    program.chmod(0o700)
    start_embedded(tmp_path, binary=program).release()
    assert "ANYTHING_ELSE=stays" in given.read_text()
    assert "USHER_" not in given.read_text()


def test_another_engines_files_are_refused(start: Start, tmp_path: Path, engine_binary: Path | None) -> None:
    start().release()
    other = "redis" if find_engine(engine_binary).name == "valkey" else "valkey"
    note_writer(tmp_path, other, "8.0.1")
    words = refused(tmp_path, engine_binary)
    assert f"was written by {other.capitalize()} 8.0.1" in words
    assert "cannot read it" in words


def test_a_newer_versions_files_are_refused(start: Start, tmp_path: Path, engine_binary: Path | None) -> None:
    start().release()
    note_writer(tmp_path, find_engine(engine_binary).name, "99.0.0")
    assert "is older and may not read it" in refused(tmp_path, engine_binary)


def test_files_of_unknown_origin_are_refused(start: Start, tmp_path: Path, engine_binary: Path | None) -> None:
    start().release()
    (files_of(tmp_path) / "engine.json").unlink()
    assert "does not say which server wrote it" in refused(tmp_path, engine_binary)


async def test_an_older_release_of_the_same_engine_is_read(start: Start, tmp_path: Path) -> None:
    first = start()
    await write(first.url, "old")
    first.release()
    note = files_of(tmp_path) / "engine.json"
    now = note.read_text()
    note_writer(tmp_path, json.loads(now)["engine"], "7.0.0")
    assert await written(start().url) == "old"
    assert note.read_text() == now


async def test_a_survivor_of_an_older_release_is_replaced_by_ours(
    start: Start, holder: Callable[[], Holder], tmp_path: Path
) -> None:
    owner = holder()
    pid = int(said(owner))
    owner.kill()
    owner.wait()
    engine = json.loads((files_of(tmp_path) / "engine.json").read_text())["engine"]
    note_writer(tmp_path, engine, "7.0.0")
    assert start().pid not in {None, pid}


def test_a_program_that_is_no_server_is_refused(tmp_path: Path) -> None:
    assert "does not look like a Redis or Valkey server" in refused(tmp_path, Path("/bin/echo"))


def test_a_server_that_cannot_start_is_refused_with_its_own_words(
    start: Start, tmp_path: Path, engine_binary: Path | None
) -> None:
    start().release()
    manifest = next((files_of(tmp_path) / "appendonlydir").glob("*.manifest"))
    manifest.write_text("nonsense\n")
    words = refused(tmp_path, engine_binary)
    assert "ended at once" in words
    assert "AOF manifest" in words


def test_a_data_directory_that_cannot_be_is_refused(tmp_path: Path, engine_binary: Path | None) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot keep its data in" in refused(tmp_path / "file" / "data", engine_binary)


def test_the_watcher_survives_a_lack_of_descriptors(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    server = start()
    killed = server.pid
    assert killed is not None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    said = ""

    def noticed() -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return "embedded_not_restarted" in said

    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        end = time.monotonic() + 10
        while not noticed() and time.monotonic() < end:
            threading.Event().wait(0.05)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert noticed()
    os.kill(killed, signal.SIGKILL)
    end = time.monotonic() + 20
    while server.pid in {None, killed} and time.monotonic() < end:
        threading.Event().wait(0.05)
    assert server.pid not in {None, killed}, "the server is started again"
