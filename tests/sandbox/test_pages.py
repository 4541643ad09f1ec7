"""Pages that a person opens."""

from tests.sandbox.product import ANNA, Product

LINKS = {
    "portal": "http://127.0.0.1:3978/portal/",
    "app": "http://127.0.0.1:3978",
    "widgets": [{"key": "w1", "name": "Garden Advice"}, {"key": "w2", "name": "Orders & Delivery"}],
    "people": {"anna@fabrikam.example": "agent of both services"},
}


async def test_the_start_page_says_what_to_do_now(product: Product) -> None:
    assert (await product.http("PUT", "/control/links", LINKS)).status == 204
    page = (await product.http("GET", "/")).body
    assert "Do this now" in page
    assert page.count('href="/shop/?widget=w1&amp;app=http://127.0.0.1:3978"') == 2  # in "now", and in the list
    assert "Orders &amp; Delivery" in page
    assert "agent of both services" in page
    assert 'href="/teams/anna@fabrikam.example"' in page
    assert 'href="http://127.0.0.1:3978/portal/"' in page


async def test_the_start_page_stands_before_anybody_said_what_to_link(product: Product) -> None:
    page = await product.http("GET", "/")
    assert page.status == 200
    assert "{{" not in page.body


async def test_the_shop_carries_the_widget_that_its_address_names(product: Product) -> None:
    page = (await product.http("GET", "/shop/?widget=w1&app=http://127.0.0.1:3978/")).body
    assert '<script src="http://127.0.0.1:3978/interact/embed.js" data-widget="w1" async></script>' in page
    plain = (await product.http("GET", "/shop/")).body
    assert "<script" not in plain
    attack = (await product.http("GET", "/shop/", params={"widget": '"><script>', "app": "http://a"})).body
    assert '"><script>' not in attack


async def test_teams_asks_who_you_are_and_knows_nobody_else(product: Product) -> None:
    page = (await product.http("GET", "/teams/")).body
    assert "Anna Meier" in page
    assert (await product.http("GET", "/teams/nobody@fabrikam.example")).status == 404
    assert (await product.http("GET", f"/teams/{ANNA}")).status in (200, 503)  # 503 until the page is built


async def test_no_file_outside_the_built_page_is_served(product: Product) -> None:
    for path in ("../control.py", "%2e%2e/control.py", "nothing.js"):
        assert (await product.http("GET", f"/sandbox-static/{path}")).status == 404


async def test_the_world_is_told_to_tests(product: Product) -> None:
    world = (await product.http("GET", "/control/world")).body
    assert world["service_url"] == product.core.service_url
    assert world["people"][0]["personal_chat"] == product.core.chats.personal_id(ANNA)
