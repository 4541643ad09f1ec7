"""The forms of `USHER_REDIS_URL`, and what is said about one that is none."""

import pytest

from store.address import Kind, parse_address


def test_a_server_stays_what_redis_py_reads() -> None:
    address = parse_address("rediss://user:pa%40ss@db.example.com:6380/2?ssl_ca_certs=/ca.pem")
    assert (address.kind, address.tls, address.places) == (Kind.SERVER, True, (("db.example.com", 6380),))
    assert address.server_url(("db.example.com", 6380)) == (
        "rediss://user:pa%40ss@db.example.com:6380/2?ssl_ca_certs=%2Fca.pem"
    )
    assert parse_address("unix:///run/usher/server.sock").kind is Kind.SERVER


def test_sentinels_and_the_master_they_watch() -> None:
    address = parse_address("redis+sentinel://:secret@one,two:26380,[::1]/usher/3?sentinel_password=eyes")
    assert address.kind is Kind.SENTINEL
    assert address.places == (("one", 26379), ("two", 26380), ("::1", 26379))
    assert (address.master, address.database) == ("usher", 3)
    assert address.server_url(("10.0.0.7", 6379)) == "redis://:secret@10.0.0.7:6379/3"
    assert address.sentinel_url(("::1", 26379)) == "redis://:eyes@[::1]:26379"


def test_a_cluster_is_named_by_some_of_its_nodes() -> None:
    address = parse_address("rediss+cluster://user:secret@one:7000,two:7001?replicas=1")
    assert address.replicas == 1
    assert (address.kind, address.tls, address.places) == (Kind.CLUSTER, True, (("one", 7000), ("two", 7001)))
    assert address.server_url(("three", 7002)) == "rediss://user:secret@three:7002/0"


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://127.0.0.1:6379", "not a Redis address"),
        ("redis+proxy://one", "not a Redis address"),
        ("redis://", "a host is missing"),
        ("redis://one,two", "several servers"),
        ("redis://one:70000", "70000 is not a TCP port"),
        ("redis://one/zero", "the database is not a number"),
        ("redis+sentinel://one:26379", "the name of the master is missing"),
        ("redis+sentinel://one,,two/usher", "a host is missing"),
        ("redis+cluster://one/1", "only database 0"),
        ("redis+cluster://one?replicas=two", "`replicas` is not a number"),
        ("unix://", "the path of the socket is missing"),
    ],
)
def test_what_is_no_address_is_said_in_words_without_its_password(url: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        parse_address(url)
    with pytest.raises(ValueError, match=r".") as said:
        parse_address("http://user:hunter2@one")
    assert "hunter2" not in str(said.value)
