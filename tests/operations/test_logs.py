"""Nothing secret reaches the log, whatever it is called, and wherever it stands."""

import json
import logging
import re
from typing import Any

import jwt
import pytest
import structlog

from identity.visitors import sign_visitor
from operations.logs import HIDDEN, configure_logs, hide_secrets

TOKEN = jwt.encode({"sub": "x"}, "k" * 32, algorithm="HS256")
VISITOR = sign_visitor("5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f", "0mx3ht1mkjmn128wfw38", b"k" * 32)
SEALED = "gAAAAABm" + "A" * 80
PLAIN = "hunter2-hunter2"


def logged(**fields: Any) -> str:
    """The fields as they are written."""
    return repr(hide_secrets(None, "info", dict(fields)))


@pytest.mark.parametrize(
    "name",
    [
        "secret", "secrets", "secret_key", "client_secret", "bot_app_secret", "token", "tokens", "access_token", "id_token",
        "cookie", "cookies", "Set-Cookie", "set_cookie", "Cookie", "password", "passwords", "Authorization", "assertion",
        "client_assertion", "code_verifier", "api_key", "apikey", "private_key", "session_key", "token_value", "credentials",
    ],
)  # fmt: skip
def test_a_field_that_is_called_like_a_secret_is_hidden(name: str) -> None:
    assert PLAIN not in logged(**{name: PLAIN})
    assert PLAIN not in logged(**{name: [PLAIN]})
    assert PLAIN not in logged(**{name: {"a": PLAIN}})
    assert PLAIN not in logged(request={"headers": [{name: PLAIN}]})


@pytest.mark.parametrize(
    "text",
    [
        f"the answer was {TOKEN}",
        f"the answer was {VISITOR} and more",
        f"the trip was {SEALED}",
        f"Authorization: Bearer {PLAIN}",
        f"authorization: bearer {PLAIN}",
        f"Basic {PLAIN}",
        f"Cookie: usher={PLAIN}; other={PLAIN}",
        f"Set-Cookie: __Host-usher={PLAIN}; Path=/",
        f"redis://usher:{PLAIN}@redis.example:6379/0",
        f"redis+sentinel://:{PLAIN}@a:1,b:2/main",
        f"POST /token?client_secret={PLAIN}&x=1",
        f'{{"access_token": "{PLAIN}"}}',
        f"{{'secret_key': '{PLAIN}'}}",
        f"token={PLAIN}",
    ],
)
def test_a_text_that_holds_a_secret_loses_it(text: str) -> None:
    secrets = (TOKEN, VISITOR, SEALED, PLAIN)
    for said in (logged(why=text), logged(why=[text]), logged(why={"a": (text,)}), logged(why=ValueError(text))):
        assert not any(secret in said for secret in secrets), said
        assert HIDDEN in said
    assert not any(secret in logged(body=text.encode()) for secret in secrets)


def test_what_is_no_secret_stays() -> None:
    fields: dict[str, Any] = {
        "event": "bot_token_missing",
        "why": "no token: Entra answered 401 invalid_client",
        "tokens_left": 3,
        "is_secret": False,
        "url": "https://usher.example.com:443/portal/?next=/x",
        "tenant": "5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f",
        "parts": ["room", {"task": "0mx3ht1mkjmn128wfw38"}],
    }
    assert hide_secrets(None, "info", dict(fields)) == fields


def test_endless_nesting_ends() -> None:
    deep: dict[str, Any] = {}
    deep["again"] = deep
    assert HIDDEN in logged(value=deep)


def test_the_traceback_of_a_library_is_cleaned_too(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:]
    level = logging.getLogger().level
    try:
        configure_logs(level="info", as_json=True)
        try:
            int(TOKEN)  # the error's text repeats it
        except ValueError:
            logging.getLogger("a.library").exception("call to redis://usher:%s@host failed", PLAIN)
            structlog.get_logger("usher.test").exception("call_failed", headers={"Cookie": PLAIN})
        lines = capsys.readouterr().err
    finally:
        logging.getLogger().handlers = before
        logging.getLogger().setLevel(level)
        structlog.reset_defaults()
    assert TOKEN not in lines
    assert PLAIN not in lines
    assert len([json.loads(line) for line in lines.splitlines()]) == 2
    assert re.search("ValueError: invalid literal", lines)
