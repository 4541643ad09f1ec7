"""Settings: everything wrong is named at once, and secrets stay secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from settings import FORMS, PREFIX, Settings, SettingsError, load_settings

GOOD = {
    "public_url": "https://usher.example.com",
    "secret_key": "k" * 32,
    "bot_app_id": "0B9C2F9A-6F0E-4A53-8A0F-6F2F7D7A1C11",
    "bot_app_secret": "very secret words",
    "tenant_id": "5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
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


def test_unauthenticated_bots_only_at_home() -> None:
    at_home = {**GOOD, "public_url": "http://127.0.0.1:3978", "dangerously_allow_unauthenticated_bot": True}
    assert load_settings(**at_home).dangerously_allow_unauthenticated_bot


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


def test_the_program_ends_with_2_and_says_why(tmp_path: Path) -> None:
    app = Path(__file__).resolve().parent.parent / "app.py"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    done = subprocess.run(
        [sys.executable, str(app)], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "USHER_PUBLIC_URL: missing" in done.stderr
    assert "Traceback" not in done.stderr
