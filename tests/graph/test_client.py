"""Graph over TLS against the sandbox: what comes back, what each refusal means, and that nothing is retried unasked."""

import time
from typing import Any

import pytest

from graph.client import GraphClient
from graph.errors import GraphProblem, ProblemKind
from graph.facts import Seat
from graph.permissions import RSC
from graph.reasons import reason_of
from graph.sdk import scope_of
from tests.graph.microsoft import TENANT, Microsoft, operations

CONSENTED = [permission.name for permission in RSC]


async def test_after_warming_the_first_call_is_quick(graph: GraphClient, microsoft: Microsoft) -> None:
    await graph.warm()
    user = await microsoft.person()
    began = time.monotonic()
    await graph.tenant(TENANT).create_chat("Garden Advice ¦ Mia", [Seat(user)])
    assert time.monotonic() - began < 1.0


async def test_a_chat_is_made_with_its_people_and_its_address(graph: GraphClient, microsoft: Microsoft) -> None:
    user = await microsoft.person()
    made = await graph.tenant(TENANT).create_chat("Garden Advice ¦ Mia", [Seat(user)])
    assert made.topic == "Garden Advice ¦ Mia"
    assert made.id.startswith("19:")
    assert made.url.startswith("http")
    assert abs(made.created_at - time.time() * 1000) < 10_000
    assert [chat.id for chat in await graph.tenant(TENANT).chats_of(user, 2)] == [made.id]


async def test_a_guest_is_named_as_a_guest(graph: GraphClient, microsoft: Microsoft) -> None:
    user, guest = await microsoft.person(), await microsoft.person("Gil", guest=True)
    await graph.tenant(TENANT).create_chat("Two", [Seat(user), Seat(guest, guest=True)])
    [call] = await microsoft.calls("Chats.Create")
    assert [member["roles"] for member in call["body"]["members"]] == [["owner"], ["guest"]]


async def test_a_person_is_found_by_name_and_by_id(graph: GraphClient, microsoft: Microsoft) -> None:
    user = await microsoft.person("Zoë Žižek", upn="zoe#ext#@fabrikam.example")
    for asked in (user, "zoe#ext#@fabrikam.example"):
        found = await graph.person(TENANT, asked)
        assert found is not None
        assert (found.user, found.name, found.guest) == (user, "Zoë Žižek", True)  # the name of a guest
    for guest in (True, False):
        found = await graph.person(TENANT, await microsoft.person("Gil", guest=guest))
        assert found is not None
        assert found.guest is guest
    assert await graph.person(TENANT, "nobody@fabrikam.example") is None


async def test_the_apps_catalogue_id_is_asked_for_once(graph: GraphClient, microsoft: Microsoft) -> None:
    assert await graph.catalogue_id(TENANT) == "c1d5a3c0-52a7-4d0e-8f53-94c0c0f4a001"
    await graph.catalogue_id(TENANT)
    assert len(await microsoft.calls("Apps.List")) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "maybe_done", "passes"),
    [
        ({"status": 400, "code": "BadRequest"}, ProblemKind.BAD_REQUEST, False, False),
        ({"status": 409, "code": "Conflict"}, ProblemKind.CONFLICT, False, False),
        ({"status": 423, "code": "Locked"}, ProblemKind.UNAVAILABLE, False, True),
        ({"status": 429, "code": "TooManyRequests"}, ProblemKind.THROTTLED, False, True),
        ({"status": 500, "code": "InternalServerError"}, ProblemKind.UNAVAILABLE, True, True),
        ({"status": 502, "code": "BadGateway"}, ProblemKind.UNAVAILABLE, True, True),
        ({"status": 503, "code": "ServiceUnavailable"}, ProblemKind.UNAVAILABLE, False, True),
        ({"status": 504, "code": "GatewayTimeout"}, ProblemKind.UNAVAILABLE, True, True),
        ({"drop": "before"}, ProblemKind.UNAVAILABLE, True, True),
        ({"drop": "after"}, ProblemKind.UNAVAILABLE, True, True),
    ],
)
async def test_a_creation_that_fails_says_what_is_known_and_is_not_repeated(
    graph: GraphClient,
    microsoft: Microsoft,
    fault: dict[str, Any],
    kind: ProblemKind,
    maybe_done: bool,
    passes: bool,
) -> None:
    user = await microsoft.person()
    await microsoft.fault("Chats.Create", **fault)
    with pytest.raises(GraphProblem) as caught:
        await graph.ask(TENANT, lambda sdk: sdk.create_chat("Once", [Seat(user)]))
    assert (caught.value.kind, caught.value.maybe_done, caught.value.passes) == (kind, maybe_done, passes)
    assert len(await microsoft.calls("Chats.Create")) == 1


async def test_graph_says_how_long_to_wait(graph: GraphClient, microsoft: Microsoft) -> None:
    await microsoft.fault("Apps.List", status=429, code="TooManyRequests", retry_after=17)
    with pytest.raises(GraphProblem) as caught:
        await graph.tenant(TENANT).catalogue_id("x")
    assert caught.value.retry_after == 17


async def test_what_may_be_done_twice_is_tried_again_after_a_short_pause(
    graph: GraphClient, microsoft: Microsoft
) -> None:
    await microsoft.fault("Apps.List", status=503, retry_after=0.05)
    assert await graph.catalogue_id(TENANT) is not None
    assert len(await microsoft.calls("Apps.List")) == 2


async def test_a_long_pause_is_not_waited_for(graph: GraphClient, microsoft: Microsoft) -> None:
    await microsoft.fault("Apps.List", status=429, retry_after=60)
    with pytest.raises(GraphProblem, match="throttled"):
        await graph.catalogue_id(TENANT)


async def test_graph_that_cannot_be_reached_has_done_nothing(microsoft: Microsoft) -> None:
    client = microsoft.client()
    try:
        sdk = client.tenant(TENANT)
        await sdk.roles()  # the token is there; the host is not
        object.__setattr__(sdk._config, "graph_url", "https://localhost:1")  # pyright: ignore[reportPrivateUsage] no other way to lose Graph but keep Entra
        sdk.forget_token()
        with pytest.raises(GraphProblem) as caught:
            await sdk.create_chat("Nowhere", [Seat("x")])
        assert (caught.value.kind, caught.value.maybe_done) == (ProblemKind.UNAVAILABLE, False)
    finally:
        await client.close()


async def test_a_permission_granted_a_moment_ago_counts(graph: GraphClient, microsoft: Microsoft) -> None:
    await microsoft.control("POST", "consent", granted=["User.ReadBasic.All"])
    user = await microsoft.person()
    assert await graph.person(TENANT, user) is not None  # our token is from before the grant now
    await microsoft.control("POST", "consent", granted=["User.ReadBasic.All", "Chat.Create"])
    made = await graph.ask(TENANT, lambda sdk: sdk.create_chat("Fresh", [Seat(user)]))
    assert made.topic == "Fresh"


async def test_a_missing_permission_is_named(graph: GraphClient, microsoft: Microsoft) -> None:
    await microsoft.control("POST", "consent", granted=["User.ReadBasic.All"])
    user = await microsoft.person()
    with pytest.raises(GraphProblem) as caught:
        await graph.ask(TENANT, lambda sdk: sdk.create_chat("No", [Seat(user)]))
    reason = await reason_of(graph, TENANT, caught.value)
    assert reason.word == "not_granted-Chat.Create"
    assert "The permission Chat.Create is not granted" in reason.text
    # A fresh token was tried, once, and not again for each further call.
    with pytest.raises(GraphProblem):
        await graph.ask(TENANT, lambda sdk: sdk.create_chat("No", [Seat(user)]))
    assert len(await microsoft.calls("Chats.Create")) == 3


async def test_a_wrong_secret_is_said_in_words_and_graph_is_not_asked(microsoft: Microsoft) -> None:
    client = microsoft.client(secret="wrong")
    try:
        with pytest.raises(GraphProblem) as caught:
            await client.catalogue_id(TENANT)
        assert (caught.value.kind, caught.value.code) == (ProblemKind.AUTH, "AADSTS7000215")
        reason = await reason_of(client, TENANT, caught.value)
        assert (reason.word, "the client secret is wrong" in reason.text) == ("sign_in_refused", True)
    finally:
        await client.close()
    assert operations(await microsoft.calls()) == []


async def test_without_a_secret_that_is_said_in_words(microsoft: Microsoft) -> None:
    client = microsoft.client(secret="")
    with pytest.raises(GraphProblem) as caught:
        await client.catalogue_id(TENANT)
    assert "has no client secret" in (await reason_of(client, TENANT, caught.value)).text


async def test_entra_that_is_down_passes_by_itself(graph: GraphClient, microsoft: Microsoft) -> None:
    await microsoft.fault("Entra.Token", status=503, times=1)
    with pytest.raises(GraphProblem) as caught:
        await graph.tenant(TENANT).catalogue_id("x")
    assert (caught.value.kind, caught.value.maybe_done) == (ProblemKind.UNAVAILABLE, False)
    assert await graph.catalogue_id(TENANT) is not None


async def test_the_bot_comes_into_a_chat_once(graph: GraphClient, microsoft: Microsoft) -> None:
    user = await microsoft.person()
    await microsoft.control("PUT", "limits", enabled=False)
    try:
        sdk = graph.tenant(TENANT)
        chat = await sdk.create_chat("Install", [Seat(user)])
        app = await graph.catalogue_id(TENANT)
        assert app is not None
        await sdk.install_in_chat(chat.id, app, CONSENTED)
        with pytest.raises(GraphProblem) as again:
            await sdk.install_in_chat(chat.id, app, CONSENTED)
        assert again.value.kind is ProblemKind.CONFLICT
        with pytest.raises(GraphProblem) as other:
            await sdk.install_in_chat(chat.id, app, ["ChatSettings.Read.Chat"])
        assert other.value.kind is ProblemKind.BAD_REQUEST
    finally:
        await microsoft.control("PUT", "limits", enabled=True)


@pytest.mark.parametrize(
    ("graph_url", "scope"),
    [
        ("https://graph.microsoft.com", "https://graph.microsoft.com/.default"),
        ("https://graph.microsoft.us", "https://graph.microsoft.us/.default"),
        ("https://localhost:9443", "https://graph.microsoft.com/.default"),
    ],
)
def test_a_stand_in_plays_the_public_cloud(graph_url: str, scope: str) -> None:
    assert scope_of(graph_url) == scope
