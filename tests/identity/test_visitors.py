import time

import jwt
import pytest
import time_machine

from identity.secrets import derive
from identity.tokens import BadToken
from identity.visitors import read_visitor, sign_visitor

SECRET = "a-secret-of-the-owner-of-32-characters"
KEY = derive(SECRET, "visitor")


def test_a_visitors_token_opens_his_conversation_and_no_other() -> None:
    claims = read_visitor(sign_visitor("tenant-1", "conversation-1", KEY), KEY)
    assert (claims.tenant, claims.conversation) == ("tenant-1", "conversation-1")
    assert abs(claims.expires_at - (time.time() + 24 * 3600) * 1000) < 5_000


def test_after_a_day_it_opens_nothing() -> None:
    token = sign_visitor("t", "c", KEY)
    with time_machine.travel(time.time() + 24 * 3600 + 1), pytest.raises(BadToken, match="day is over"):
        read_visitor(token, KEY)


@pytest.mark.parametrize("token", ["", "garbage", "a.b.c"])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    with pytest.raises(BadToken, match="not a visitor's token"):
        read_visitor(token, KEY)


def test_a_token_for_something_else_opens_nothing() -> None:
    other = jwt.encode({"t": "t", "c": "c", "exp": int(time.time()) + 60}, KEY, algorithm="HS256")
    for token in (other, sign_visitor("t", "c", derive(SECRET, "session"))):
        with pytest.raises(BadToken, match="not a visitor's token"):
            read_visitor(token, KEY)


def test_each_purpose_has_a_key_of_its_own_and_a_short_secret_none() -> None:
    assert derive(SECRET, "visitor") != derive(SECRET, "session")
    with pytest.raises(ValueError, match="at least 32"):
        derive("short", "visitor")
