"""What stands in the way of `make demo` is said in one sentence, with an exit code that is not 0."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import install

ROOT = Path(__file__).resolve().parents[2]


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, str(ROOT / "demo" / "run.py"), "--port", str(port)],
            capture_output=True, text=True, check=False, cwd=ROOT,
        )  # fmt: skip
    assert done.returncode == 1
    [sentence] = done.stderr.strip().splitlines()
    assert f"Port {port} is in use" in sentence
    assert "PORT=" in sentence


def test_windows_is_sent_to_wsl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(install.CannotInstall, match="WSL"):
        install.check_machine()


def test_an_old_python_is_told_the_version_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    with pytest.raises(install.CannotInstall, match=r"3\.11 or newer; this is 3\.9"):
        install.check_machine()


def installing_in(folder: Path, *, python: str) -> subprocess.CompletedProcess[str]:
    """Run the real installer as a user would, in a copy of what it reads, with `python` as the machine's own."""
    (folder / "scripts").mkdir(parents=True)
    (folder / "scripts" / "install.py").write_text((ROOT / "scripts" / "install.py").read_text())
    (folder / "requirements").mkdir()
    for name in ("run", "node", "uv"):
        (folder / "requirements" / f"{name}.txt").write_text("no-such-package==1.0 --hash=sha256:" + "0" * 64 + "\n")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "PIP_RETRIES": "1", "PIP_TIMEOUT": "2", "PIP_CONFIG_FILE": os.devnull,
        # A registry that refuses every connection: what a machine without a network looks like to pip.
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    }  # fmt: skip
    return subprocess.run(
        [python, str(folder / "scripts" / "install.py"), "run"],
        capture_output=True, text=True, check=False, env=environment, cwd=folder,
    )  # fmt: skip


def test_no_network_is_said(tmp_path: Path) -> None:
    done = installing_in(tmp_path / "checkout", python=sys.executable)
    assert done.returncode == 1
    assert "no network" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_uv_takes_packages_from_where_pip_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = tmp_path / "pip.conf"
    settings.write_text("[global]\nindex-url = https://mirror.example/simple\nfind-links = /wheels\n")
    monkeypatch.setattr(install, "VENV", Path(sys.prefix))
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.setenv("PIP_INDEX_URL", "https://nearer.example/simple")  # the environment counts more than a file
    install.pip_as_uv.cache_clear()
    found = install.pip_as_uv()
    install.pip_as_uv.cache_clear()
    assert (found["UV_DEFAULT_INDEX"], found["UV_FIND_LINKS"]) == ("https://nearer.example/simple", "/wheels")


def test_pip_goes_on_where_uv_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    uv = tmp_path / "bin" / "uv"
    uv.write_text("#!/bin/sh\nexit 1\n")
    uv.chmod(0o755)
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    for name, value in (
        ("ROOT", tmp_path),
        ("VENV", tmp_path),
        ("STAMPS", tmp_path / "stamps"),
        ("LOG", tmp_path / "log"),
    ):
        monkeypatch.setattr(install, name, value)
    install.step("python", "Packages", "1", install.package_ways("--help"), hint="no")
    assert (tmp_path / "stamps" / "python").read_text() == "1"
    assert "Install Options" in (tmp_path / "log").read_text()


def test_a_python_without_venv_is_said(tmp_path: Path) -> None:
    """Debian's python3 without python3-venv fails in `python -m venv`; a wrapper that does the same stands in for it."""
    wrapper = tmp_path / "python3"
    wrapper.write_text(
        f'#!/bin/sh\n[ "$1" = "-m" ] && [ "$2" = "venv" ] && {{ echo "ensurepip is not available" >&2; exit 1; }}\n'
        f'exec "{sys.executable}" "$@"\n'
    )
    wrapper.chmod(0o755)
    script = tmp_path / "run.py"
    script.write_text(
        "import sys, runpy\n"
        f"sys.executable = {str(wrapper)!r}\n"
        f"sys.argv = [{str(tmp_path / 'checkout' / 'scripts' / 'install.py')!r}, 'run']\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    (tmp_path / "checkout" / "scripts").mkdir(parents=True)
    source = (ROOT / "scripts" / "install.py").read_text()
    (tmp_path / "checkout" / "scripts" / "install.py").write_text(source)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "python3-venv" in done.stderr
