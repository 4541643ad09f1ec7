"""Settings: everything wrong is named at once, and secrets stay secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from settings import FORMS, PREFIX, STANDARD, Settings, SettingsError, load_settings
from store.env_file import readable_by_others

ROOT = Path(__file__).resolve().parents[1]
GOOD = {
    "public_url": "https://usher.example.com",
    "secret_key": "k" * 32,
    "bot_app_id": "0B9C2F9A-6F0E-4A53-8A0F-6F2F7D7A1C11",
    "bot_app_secret": "very secret words",
    "tenant_id": "5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX) or name.lower() in STANDARD]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def faulty(**values: object) -> set[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(**{**GOOD, **values})
    return {name for name, _, _ in caught.value.faults}


def test_the_five_that_have_no_default_are_enough() -> None:
    settings = load_settings(**GOOD)
    assert settings.port == 3978
    assert settings.redis_url is None
    assert settings.teams_app == settings.bot_app_id == GOOD["bot_app_id"].lower()


def test_every_missing_variable_is_named_at_once_with_its_form() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings()
    expected = {"USHER_PUBLIC_URL", "USHER_SECRET_KEY", "USHER_BOT_APP_ID", "USHER_BOT_APP_SECRET", "USHER_TENANT_ID"}
    assert {name for name, _, _ in caught.value.faults} == expected
    for name in expected:
        assert name in str(caught.value)
        assert FORMS[name.removeprefix(PREFIX).lower()] in str(caught.value)


def test_wrong_and_missing_are_reported_together() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(port=0, public_url="usher.example.com", trusted_proxies="10.0.0.0/8, nonsense", workers=99)
    names = {name for name, _, _ in caught.value.faults}
    assert {"USHER_PORT", "USHER_PUBLIC_URL", "USHER_TRUSTED_PROXIES", "USHER_WORKERS", "USHER_SECRET_KEY"} <= names


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("public_url", "http://usher.example.com"),
        ("public_url", "https://usher.example.com/chat"),
        ("public_url", "https://usher.example.com/?x=1"),
        ("public_url", "https://usher.example.com?"),
        ("public_url", "https://usher.example.com#top"),
        ("public_url", "https://olivia@usher.example.com"),
        ("public_url", "https://usher.example.com:99999"),
        ("public_url", "https://usher example.com"),
        ("login_url", "https://login.microsoftonline.com/organizations"),
        ("graph_url", "https://graph.microsoft.com/v1.0"),
        ("bot_openid_url", "https://user:word@login.botframework.com/v1/.well-known/openidconfiguration"),
        ("bot_app_secret", "“smart quotes”"),
        ("bot_app_secret", " blank"),
        ("bot_app_secret", "line\nend"),
        ("login_url", "http://127.0.0.1:9"),
        ("graph_url", "ftp://graph.microsoft.com"),
        ("redis_url", "http://127.0.0.1:6379"),
        ("redis_url", "redis+sentinel://127.0.0.1:26379"),
        ("ca_file", "/no/such/file.pem"),
        ("secret_key", "short"),
        ("bot_app_id", "not-a-guid"),
        ("bot_app_type", "Singletenant"),
        ("dangerously_allow_unauthenticated_bot", True),
        ("log_level", "loud"),
    ],
)
def test_a_wrong_value_names_its_variable(name: str, value: object) -> None:
    assert faulty(**{name: value}) == {PREFIX + name.upper()}


def test_a_name_that_nothing_reads_is_named_with_the_nearest_that_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("USHER_REDIS_URI", "redis://127.0.0.1:6379")
    monkeypatch.setenv("USHER_ZEBRA", "striped")
    (tmp_path / ".env").write_text("USHER_WORKER=4\nOTHER_WORKER=4\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(**{**GOOD, "port": 0})
    faults = {name: (wrong, form) for name, wrong, form in caught.value.faults}
    assert faults.keys() == {"USHER_REDIS_URI", "USHER_ZEBRA", "USHER_WORKER", "USHER_PORT"}
    assert "USHER_REDIS_URL?" in faults["USHER_REDIS_URI"][0]
    assert faults["USHER_REDIS_URI"][1] == FORMS["redis_url"]
    assert "USHER_WORKERS?" in faults["USHER_WORKER"][0]
    assert "?" not in faults["USHER_ZEBRA"][0]
    assert "127.0.0.1" not in str(caught.value)


def test_what_tests_are_told_and_what_is_empty_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USHER_TEST_ENGINE", "USHER_MODEL_EXAMPLES", "USHER_CHAOS_SECONDS"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("USHER_REDIS_URI", "")
    assert load_settings(**GOOD).redis_url is None


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://usher.example.com/", "https://usher.example.com"),
        ("https://Usher.Example.com:443", "https://usher.example.com"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("http://127.0.0.1:3978", "http://127.0.0.1:3978"),
    ],
)
def test_the_public_address_has_one_spelling(written: str, kept: str) -> None:
    assert load_settings(**{**GOOD, "public_url": written}).public_url == kept


def test_what_a_public_address_has_too_much_is_said() -> None:
    with pytest.raises(SettingsError, match="USHER_PUBLIC_URL: must not have a path"):
        load_settings(**{**GOOD, "public_url": "https://example.com/chat"})
    with pytest.raises(SettingsError, match="USHER_PUBLIC_URL: must not have a query or a fragment"):
        load_settings(**{**GOOD, "public_url": "https://example.com/?x=1"})


def test_unauthenticated_bots_only_at_home() -> None:
    at_home = {**GOOD, "public_url": "http://127.0.0.1:3978", "dangerously_allow_unauthenticated_bot": True}
    for host in ("127.0.0.1", "::1", "localhost"):
        assert load_settings(**{**at_home, "host": host}).dangerously_allow_unauthenticated_bot
    for host in ("0.0.0.0", "192.168.1.7", "::"):
        assert faulty(**{**at_home, "host": host}) == {"USHER_DANGEROUSLY_ALLOW_UNAUTHENTICATED_BOT"}


def test_every_setting_has_a_form() -> None:
    assert set(FORMS) == set(Settings.model_fields)


def test_secrets_are_not_shown() -> None:
    settings = load_settings(**GOOD)
    assert "very secret words" not in repr(settings)
    with pytest.raises(SettingsError) as caught:
        load_settings(**{**GOOD, "secret_key": "my-short-secret"})
    assert "my-short-secret" not in str(caught.value)


def test_the_environment_and_a_dot_env_file_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("\n".join(f"USHER_{name.upper()}={value}" for name, value in GOOD.items()))
    monkeypatch.setenv("USHER_PORT", "4000")
    monkeypatch.setenv("USHER_REDIS_URL", "")  # an empty variable counts as unset
    monkeypatch.setenv("USHER_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1")
    settings = load_settings()
    assert settings.port == 4000
    assert settings.redis_url is None
    assert settings.trusted_proxies == ("10.0.0.0/8", "192.0.2.1")


def secret_in(file: Path, line: str) -> str:
    rest = "\n".join(f"USHER_{name.upper()}={value}" for name, value in GOOD.items() if name != "bot_app_secret")
    file.write_text(f"{rest}\n{line}\n", encoding="utf-8")
    return load_settings().bot_app_secret.get_secret_value()


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("USHER_BOT_APP_SECRET=a$b${c}d$$", "a$b${c}d$$"),
        ("USHER_BOT_APP_SECRET=ab#cd", "ab#cd"),
        ("USHER_BOT_APP_SECRET='ab #cd'", "ab #cd"),
        ("USHER_BOT_APP_SECRET='a$b\\n' # from Entra", "a$b\\n"),
        ('USHER_BOT_APP_SECRET="a$b${c}"', "a$b${c}"),
        ("USHER_BOT_APP_SECRET = it's=fine\\n  ", "it's=fine\\n"),
        ("export USHER_BOT_APP_SECRET=~Q8~x.y", "~Q8~x.y"),
        ("usher_bot_app_secret=lower", "lower"),
        ("# USHER_BOT_APP_SECRET=no\nOTHER=1\nOTHER LINE\nUSHER_BOT_APP_SECRET=yes", "yes"),
    ],
)
def test_what_the_file_says_is_taken_literally(tmp_path: Path, line: str, secret: str) -> None:
    assert secret_in(tmp_path / ".env", line) == secret


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("USHER_BOT_APP_SECRET=ab #cd", "line 5 of .env has a # after a blank"),
        ("USHER_BOT_APP_SECRET= # later", "line 5 of .env has a # after a blank"),
        ("USHER_BOT_APP_SECRET=“smart quotes”", "begins or ends with a typographic quote"),
        ("USHER_BOT_APP_SECRET='ab", "line 5 of .env begins with ' and does not end with it"),
        ("USHER_BOT_APP_SECRET='ab'cd", "line 5 of .env begins with ' and does not end with it"),
        ('USHER_BOT_APP_SECRET="ab\\ncd"', "line 5 of .env has a backslash in double quotes"),
        ("USHER_BOT_APP_SECRET: ab", "line 5 of .env is not NAME=value"),
        ("USHER_BOT_APP_SECRET ab", "line 5 of .env is not NAME=value"),
    ],
)
def test_what_the_file_cannot_mean_is_refused_without_showing_it(tmp_path: Path, line: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        secret_in(tmp_path / ".env", line)
    ((name, wrong, form),) = caught.value.faults
    assert (name, form) == ("USHER_BOT_APP_SECRET", FORMS["bot_app_secret"])
    assert words in wrong
    assert "ab" not in wrong.replace("blank", "")
    assert "smart" not in wrong


def test_the_lines_that_the_readme_shows_are_taken(tmp_path: Path) -> None:
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = shown.partition("```\nUSHER_PUBLIC_URL=")[2].partition("```")[0]
    assert lines
    values = {"SECRET_KEY": GOOD["secret_key"], "BOT_APP_ID": GOOD["bot_app_id"],
              "BOT_APP_SECRET": GOOD["bot_app_secret"], "TENANT_ID": GOOD["tenant_id"]}  # fmt: skip
    for name, value in values.items():
        lines = lines.replace(f"USHER_{name}=…", f"USHER_{name}={value}")
    assert "=…" not in lines
    (tmp_path / ".env").write_text(f"USHER_PUBLIC_URL={lines}", encoding="utf-8")
    assert load_settings().trusted_proxies == ("10.0.0.0/8",)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path, encoding: str) -> None:
    (tmp_path / ".env").write_bytes("# für\nUSHER_PORT=4000\n".encode(encoding))
    with pytest.raises(SettingsError) as caught:
        load_settings(**GOOD)
    ((name, wrong, _),) = caught.value.faults
    assert name == ".env"
    assert "save it as UTF-8" in wrong


def test_a_byte_order_mark_and_lines_of_windows_are_fine(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfUSHER_PORT=4000\r\nUSHER_WORKERS=2\r\n")
    settings = load_settings(**GOOD)
    assert (settings.port, settings.workers) == (4000, 2)


@pytest.mark.parametrize(("mode", "others"), [(0o644, True), (0o602, True), (0o640, False), (0o600, False)])
def test_who_may_read_the_file(tmp_path: Path, mode: int, others: bool) -> None:
    file = tmp_path / ".env"
    assert not readable_by_others(file)
    file.touch()
    file.chmod(mode)
    assert readable_by_others(file) is others


def test_a_start_warns_of_a_file_that_others_can_read(tmp_path: Path) -> None:
    app = Path(__file__).resolve().parent.parent / "app.py"
    file = tmp_path / ".env"
    lines = [f"USHER_{name.upper()}={value}" for name, value in GOOD.items()]
    # A store that nobody answers for ends the start right behind the warning.
    file.write_text("\n".join([*lines, "USHER_REDIS_URL=redis://127.0.0.1:1", ""]))
    file.chmod(0o644)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    done = subprocess.run(
        [sys.executable, str(app)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "env_file_readable_by_others" in done.stderr
    assert "very secret words" not in done.stderr


def test_the_proxy_has_the_name_that_all_programs_know(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("https_proxy", "http://olga:secret-word@proxy.example.com:3128")
    (tmp_path / ".env").write_text("NO_PROXY=localhost\n")
    settings = load_settings(**GOOD)
    assert settings.proxies.proxy_for("graph.microsoft.com", 443) == "http://proxy.example.com:3128"
    assert settings.proxies.proxy_for("localhost", 443) == ""
    assert (settings.proxies.user, settings.proxies.password) == ("olga", "secret-word")
    assert "secret-word" not in repr(settings)


def test_a_proxy_that_cannot_be_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://olga:secret-word@proxy.example.com:1080")
    monkeypatch.setenv("USHER_HTTPS_PROXY", "http://proxy.example.com:3128")
    with pytest.raises(SettingsError) as caught:
        load_settings(**GOOD)
    assert {name for name, _, _ in caught.value.faults} == {"HTTPS_PROXY", "USHER_HTTPS_PROXY"}
    assert "there is no such setting; HTTPS_PROXY?" in str(caught.value)
    assert "secret-word" not in str(caught.value)


def test_the_program_ends_with_2_and_says_why(tmp_path: Path) -> None:
    app = Path(__file__).resolve().parent.parent / "app.py"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    done = subprocess.run(
        [sys.executable, str(app)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "USHER_PUBLIC_URL: missing" in done.stderr
    assert "Traceback" not in done.stderr
