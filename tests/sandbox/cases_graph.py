"""One way into each row of Graph's table."""

from collections.abc import Awaitable, Callable
from typing import Any

from sandbox.entra.tokens import BOT_AUDIENCE, GRAPH_AUDIENCE
from tests.sandbox.product import ANNA, BEN, CHIARA, DOMINIQUE, OLIVIA, SAMIR, Answer, Product

Case = Callable[[Product], Awaitable[Answer]]


def _get(path: str, *, token: Callable[[Product], str] | None = None, roles: tuple[str, ...] | None = None) -> Case:
    return lambda product: product.graph("GET", path, token=token(product) if token is not None else None, roles=roles)


def _create(change: Callable[[Product], dict[str, Any]]) -> Case:
    """A good chat with something changed; None takes a property out."""

    async def case(product: Product) -> Answer:
        body = {
            name: value for name, value in {**product.new_chat(ANNA), **change(product)}.items() if value is not None
        }
        return await product.graph("POST", "/chats", body)

    return case


def _member(**changed: Any) -> Case:
    return _create(lambda product: {"members": [product.member(ANNA, **changed)]})


def _install(change: Callable[[Product], dict[str, Any]]) -> Case:
    async def case(product: Product) -> Answer:
        chat = await product.made_chat(ANNA, app=False)
        return await product.graph("POST", f"/chats/{chat}/installedApps", change(product))

    return case


def _messages(query: str) -> Case:
    async def case(product: Product) -> Answer:
        return await product.graph("GET", f"/chats/{await product.made_chat(ANNA)}/messages?{query}")

    return case


def _for_user(person: str, *, times: int = 1) -> Case:
    async def case(product: Product) -> Answer:
        for _ in range(times - 1):
            assert (
                await product.graph("POST", f"/users/{person}/teamwork/installedApps", product.the_app())
            ).status == 201
        return await product.graph("POST", f"/users/{person}/teamwork/installedApps", product.the_app())

    return case


async def _blocked(product: Product) -> Answer:
    await product.http("PUT", "/control/policy", {"blocked": ["anna@fabrikam.example"]})
    return await _for_user(ANNA)(product)


async def _single_human(product: Product) -> Answer:
    await product.http("PUT", "/control/policy", {"single_human_chats": False})
    return await product.graph("POST", "/chats", product.new_chat(ANNA))


async def _without_teams(product: Product) -> Answer:
    await product.http("PUT", "/control/policy", {"without_teams": ["ben@fabrikam.example"]})
    return await product.graph("POST", "/chats", product.new_chat(ANNA, BEN))


async def _member_there(product: Product) -> Answer:
    return await product.graph("POST", f"/chats/{await product.made_chat(ANNA, BEN)}/members", product.member(BEN))


async def _member_gone(product: Product) -> Answer:
    return await product.graph("DELETE", f"/chats/{await product.made_chat(ANNA)}/members/none")


async def _chat_rate(product: Product) -> Answer:
    chat = (await product.graph("POST", "/chats", product.new_chat(ANNA))).body["id"]
    return await product.graph("GET", f"/chats/{chat}")


async def _members_rate(product: Product) -> Answer:
    chat = await product.made_chat(ANNA)
    limits, path = product.core.limits, f"/chats/{chat}/members"
    for number, person in enumerate((BEN, CHIARA, DOMINIQUE, OLIVIA)):
        limits.clock = lambda at=2.0 * number: at  # two seconds apart, as one chat's own limit asks
        assert (await product.graph("POST", path, product.member(person))).status == 201
    limits.clock = lambda: 8.0
    return await product.graph("POST", path, product.member(SAMIR))


async def _app_rate(product: Product) -> Answer:
    for _ in range(30):
        assert (await product.graph("GET", "/users")).status == 200
    return await product.graph("GET", "/users")


CASES: dict[str, Case] = {
    "graph.token_missing": _get("/users", token=lambda _: ""),
    "graph.token_bad": _get("/users", token=lambda product: product.foreign_token(GRAPH_AUDIENCE)),
    "graph.token_expired": _get("/users", token=lambda product: product.expired_token(GRAPH_AUDIENCE)),
    "graph.token_audience": _get("/users", token=lambda product: product.core.tokens.for_app(BOT_AUDIENCE, ())),
    "graph.role_missing": lambda product: product.graph("POST", "/chats", product.new_chat(), roles=("User.Read.All",)),
    "graph.role_missing_people": _get("/users", roles=("Chat.Create",)),
    "graph.body_not_json": lambda product: product.graph("POST", "/chats", b"{"),
    "graph.property_unknown": _create(lambda product: {"installedApps": [product.the_app()]}),
    "graph.property_type": _create(lambda _: {"topic": 7}),
    "graph.chat_type": _create(lambda _: {"chatType": "meeting"}),
    "graph.members_missing": _create(lambda _: {"members": None}),
    "graph.member_type": _member(**{"@odata.type": "#microsoft.graph.conversationMember"}),
    "graph.member_binding": _member(**{"user@odata.bind": "anna"}),
    "graph.member_roles": _member(roles=["member"]),
    "graph.member_duplicate": _create(lambda product: {"members": [product.member(ANNA), product.member(ANNA)]}),
    "graph.member_unknown": _create(lambda product: {"members": [product.member(product.client)]}),
    "graph.one_on_one_count": _create(lambda _: {"chatType": "oneOnOne"}),
    "graph.one_on_one_topic": _create(
        lambda product: {"chatType": "oneOnOne", "members": [product.member(ANNA), product.member(BEN)]}
    ),
    "graph.single_human": _single_human,
    "graph.member_without_teams": _without_teams,
    "graph.topic_too_long": _create(lambda _: {"topic": "x" * 251}),
    "graph.topic_colon": _create(lambda _: {"topic": "Garden: Advice"}),
    "graph.chat_not_found": _get("/chats/19:nowhere@thread.v2"),
    "graph.member_there": _member_there,
    "graph.member_not_found": _member_gone,
    "graph.app_binding": _install(lambda _: {"teamsApp@odata.bind": "usher"}),
    "graph.app_unknown": _install(
        lambda product: {"teamsApp@odata.bind": product.the_app()["teamsApp@odata.bind"] + "0"}
    ),
    "graph.app_there": _for_user(ANNA, times=2),
    "graph.consent_missing": _install(lambda product: product.the_app()),
    "graph.consent_differs": _install(lambda product: product.the_app(**product.consent("ChatSettings.Read.Chat"))),
    "graph.app_blocked": _blocked,
    "graph.install_not_found": lambda product: product.graph("DELETE", f"/users/{ANNA}/teamwork/installedApps/none"),
    "graph.user_not_found": _get("/users/nobody@fabrikam.example"),
    "graph.query_unknown": _get("/users?$skip=5"),
    "graph.filter_unsupported": _get("/users?$filter=displayName ne 'Anna'"),
    "graph.select_unknown": _get("/users?$select=shoeSize"),
    "graph.page_size": _messages("$top=51"),
    "graph.order_unsupported": _messages("$orderby=createdDateTime asc"),
    "graph.presence_ids": lambda product: product.graph(
        "POST", "/communications/getPresencesByUserId", {"ids": [ANNA] * 651}
    ),
    "graph.chat_rate": _chat_rate,
    "graph.members_rate": _members_rate,
    "graph.app_rate": _app_rate,
    "graph.path_unknown": _get("/me"),
    "graph.method_unknown": lambda product: product.graph("DELETE", "/chats"),
}
