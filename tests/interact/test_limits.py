"""Limits hit those who cause them, never those who share an address with them."""

import pytest
from aiohttp.test_utils import make_mocked_request

from interact.limits import UNREADABLE, Addresses, Buckets


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_goes_at_once_and_then_a_rate_holds() -> None:
    clock = Clock()
    buckets = Buckets(burst=3, rate=0.5, clock=clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2.0]
    assert buckets.take("b") == 0, "others are not concerned"
    clock.now += 1
    assert buckets.take("a") == 1.0
    clock.now += 1
    assert buckets.take("a") == 0
    clock.now += 3600
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 2.0], "a bucket never holds more than its burst"


def test_waiting_as_long_as_told_is_enough() -> None:
    clock = Clock()
    buckets = Buckets(burst=1, rate=3, clock=clock)
    buckets.take("a")
    for _ in range(20):
        clock.now += 0.07
        wait = buckets.take("a")
        if wait:
            clock.now += wait
            assert buckets.take("a") == 0


@pytest.mark.parametrize(
    ("remote", "forwarded", "counted"),
    [
        ("198.51.100.7", None, None),  # a documentation address is not global
        ("8.8.4.4", None, "8.8.4.4"),
        ("8.8.4.4", "1.1.1.1", "8.8.4.4"),  # an untrusted sender's header is not believed
        ("10.0.0.1", None, None),  # the proxy itself: never throttled for everyone (chatwoot PR#13942)
        ("10.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("10.0.0.1", "1.1.1.1, 9.9.9.9", "9.9.9.9"),  # what the visitor wrote himself is not believed
        ("10.0.0.1", "9.9.9.9, 10.0.0.2", "9.9.9.9"),
        ("10.0.0.1", "9.9.9.9:4711", "9.9.9.9"),
        ("10.0.0.1", "[2a00:1450:400a:800::1]:443", "2a00:1450:400a:800::/64"),
        ("10.0.0.1", '"[2a00:1450:400a:800::1]"', "2a00:1450:400a:800::/64"),
        ("10.0.0.1", "1.1.1.1, 9.9.9.9:4711 , 10.0.0.2:80", "9.9.9.9"),
        ("10.0.0.1", "garbage", UNREADABLE),  # what cannot be read is limited as well, all of it together
        ("10.0.0.1", "9.9.9.9:port", UNREADABLE),
        ("10.0.0.1", "9.9.9.9:", UNREADABLE),
        ("10.0.0.1", "unknown", UNREADABLE),
        ("10.0.0.1", "", UNREADABLE),
        ("127.0.0.1", None, None),
        ("192.168.1.7", None, None),
        ("2a00:1450:400a:800::1", None, "2a00:1450:400a:800::/64"),
        ("::ffff:8.8.4.4", None, "8.8.4.4"),
        ("", None, None),
    ],
)
def test_the_proxys_address_is_throttled_for_everyone__chatwoot_13942(
    remote: str, forwarded: str | None, counted: str | None
) -> None:
    headers = {"X-Forwarded-For": forwarded} if forwarded is not None else {}
    request = make_mocked_request("POST", "/interact/v1/sessions", headers=headers).clone(remote=remote)
    assert Addresses(["10.0.0.0/8"]).of(request) == counted
