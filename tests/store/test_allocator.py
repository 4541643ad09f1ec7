"""The embedded server's memory allocator: jemalloc where the system has it, and only where it works."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from store.allocator import FOLDERS, NAME, find_allocator
from store.embedded import start_embedded
from store.engine import find_engine

OURS = "Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64"
INSTALLED = next((folder / NAME for folder in FOLDERS if (folder / NAME).is_file()), None)

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="LD_PRELOAD is the loader's of Linux")
needs_jemalloc = pytest.mark.skipif(INSTALLED is None, reason="jemalloc is not installed here")


@pytest.fixture
def binary() -> Path:
    return find_engine().binary


@needs_jemalloc
def test_the_server_runs_with_jemalloc(tmp_path: Path, binary: Path) -> None:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    server = start_embedded(tmp_path)
    try:
        # Or it was built with one: then nothing is put before it.
        assert NAME in Path(f"/proc/{server.pid}/maps").read_text() or "malloc=libc" not in said
    finally:
        server.release()


@needs_jemalloc
def test_a_program_with_an_allocator_of_its_own_keeps_it(binary: Path) -> None:
    assert find_allocator(binary, OURS) == INSTALLED
    assert find_allocator(binary, OURS.replace("malloc=libc", "malloc=jemalloc-5.3.0")) is None


@needs_jemalloc
def test_what_the_operator_preloads_stays(binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", str(INSTALLED))
    assert find_allocator(binary, OURS) is None


def test_a_system_without_jemalloc_goes_on_without(binary: Path, tmp_path: Path) -> None:
    assert find_allocator(binary, OURS, [tmp_path]) is None


@needs_jemalloc
def test_a_library_that_does_not_load_is_passed_over(binary: Path, tmp_path: Path) -> None:
    assert INSTALLED is not None
    broken, works = tmp_path / "broken", tmp_path / "works"
    for folder in (broken, works):
        folder.mkdir()
    (broken / NAME).write_text("no library")
    shutil.copy(INSTALLED, works / NAME)
    assert find_allocator(binary, OURS, [broken, works]) == works / NAME
