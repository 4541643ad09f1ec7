"""A user's changes to their own state: duty, the pause after a missed chat, the bot, preferences."""

from tests.portal.browser import Browser
from tests.portal.company import ANNA, BEN, DOMINIQUE, SAMIR, STRANGER
from tests.portal.office import Office
from tests.support import wait_until


async def test_the_state_says_for_every_service_what_stands_against_a_chat(office: Office) -> None:
    ben = office.browser(BEN)
    [orders] = (await ben.state())["agent"]["services"]
    assert (orders["name"], orders["selectable"]) == ("Orders & Delivery", False)
    assert {reason["code"] for reason in orders["reasons"]} == {"not_licensed", "offline", "unreachable"}
    assert all(reason["text"][0].isupper() for reason in orders["reasons"])


async def test_off_duty_and_on_again(office: Office, anna: Browser) -> None:
    await anna.call("POST", "/me/duty", {"on": False}, expect=204)
    agent = (await anna.state())["agent"]
    assert not agent["on_duty"]
    assert [reason["code"] for reason in agent["services"][0]["reasons"]] == ["off_duty"]
    await anna.call("POST", "/me/duty", {"on": True}, expect=204)
    assert (await anna.state())["agent"]["services"][0]["selectable"]


async def test_the_pause_after_a_missed_chat_is_ended_here(office: Office, anna: Browser) -> None:
    task = await office.visitor()
    [offer] = await anna.sees("the offer", lambda now: now["offers"])
    await anna.call("POST", f"/tasks/{task}/decline", {"offer": offer["offer"]})
    agent = (await anna.state())["agent"]
    assert agent["rona"]
    assert agent["rona_until_at"] > offer["offered_at"]
    await anna.call("POST", "/me/rona/reset", {}, expect=204)
    assert not (await anna.state())["agent"]["rona"]


async def test_registering_and_unregistering(office: Office) -> None:
    anna = office.browser(ANNA)
    assert (await anna.state())["registration"] == {"registered": False, "since_at": None, "missing": []}
    answer = await anna.call("POST", "/me/register")
    assert (answer["result"], answer["message"]) == ("installed", "The bot comes to your Teams.")
    registration = (await anna.state())["registration"]
    assert (registration["registered"], registration["since_at"]) == (True, 1_700_000_000_000)
    await anna.call("POST", "/me/unregister", {})
    assert not (await anna.state())["registration"]["registered"]


async def test_registering_before_the_admin_granted_says_what_is_missing(office: Office) -> None:
    office.granted = False
    error = await office.browser(ANNA).refused("POST", "/me/register", expect=409)
    assert error["code"] == "not_granted"
    assert "grant" in error["message"]


async def test_what_is_missing_for_chats_is_said_in_words(office: Office) -> None:
    missing = (await office.browser(BEN).state())["registration"]["missing"]
    assert [one["code"] for one in missing] == ["no_im"]
    missing = (await office.browser(SAMIR).state())["registration"]["missing"]
    assert [one["code"] for one in missing] == ["no_im", "no_service"]


async def test_preferences_are_kept_and_speak_the_chosen_language(office: Office, anna: Browser) -> None:
    chosen = await anna.call("PUT", "/me/preferences", {"language": "de", "theme": "dark", "notifications": True})
    assert (chosen["language"], chosen["theme"], chosen["notifications"]) == ("de", "dark", True)
    await anna.call("PUT", "/me/preferences", {"theme": "light"})
    assert (await anna.call("GET", "/me"))["language"] == "de", "what is left out stays"
    error = await anna.refused("GET", "/tasks/aaaaaaaaaaaaaaaaaaaa/transcript", expect=404)
    assert error["message"] == "Diesen Chat gibt es nicht, oder er gehört Ihnen nicht."


async def test_an_unknown_preference_is_refused_with_its_field(office: Office, anna: Browser) -> None:
    error = await anna.refused("PUT", "/me/preferences", {"language": "es"}, expect=400)
    assert error["field"] == "language"
    assert (await anna.call("GET", "/me"))["language"] == "en"


async def test_chats_straight_to_a_person_have_no_service(office: Office) -> None:
    await office.present(DOMINIQUE)
    dominique = office.browser(DOMINIQUE)
    [direct] = (await dominique.state())["agent"]["services"]
    assert (direct["id"], direct["name"], direct["selectable"]) == ("", "Straight to you", True)
    await office.visitor(service=None, user=DOMINIQUE)
    await office.visitor(service=None, user=DOMINIQUE, name="Theo")
    [offer] = await dominique.sees("the offer", lambda now: now["offers"])
    assert (offer["service"], offer["service_name"]) == (None, "Straight to you")
    [waiting] = (await dominique.state())["waiting"]
    assert [one["customer"] for one in waiting["tasks"]] == ["Theo"]


async def test_somebody_who_is_not_in_the_directory_can_look_and_do_nothing(office: Office) -> None:
    stranger = office.browser(STRANGER, name="Nobody")
    state = await stranger.state()
    assert (state["agent"], state["waiting"], state["me"]["roles"]) == (None, [], [])
    assert [one["code"] for one in state["registration"]["missing"]] == ["not_known"]
    assert (await stranger.refused("POST", "/me/register", expect=403))["code"] == "not_known"
    assert (await stranger.refused("POST", "/me/duty", {"on": True}, expect=409))["code"] == "not_an_agent"
    assert office.installed == []


async def test_a_hidden_page_counts_only_when_it_can_notify(office: Office) -> None:
    await office.present(ANNA, registered=False)
    anna = office.browser(ANNA)

    async def counts(number: int) -> bool:
        agent = await office.distributor.agent(office.tenant, ANNA)
        assert agent is not None
        return agent.surfaces == number

    async with anna.page("page-1"):
        await wait_until(lambda: counts(1), 10, "the open page counts")
        await anna.call("POST", "/surface", {"surface": "page-1", "hidden": True, "notifications": False}, expect=204)
        assert await counts(0)
        await anna.call("POST", "/surface", {"surface": "page-1", "hidden": True, "notifications": True}, expect=204)
        assert await counts(1)
    await wait_until(lambda: counts(0), 10, "the closed page counts no more")


async def test_a_page_that_is_back_on_a_new_line_still_counts_when_the_old_one_is_missed(
    office: Office, anna: Browser
) -> None:
    async with anna.page("page-1") as old:
        await old.shows("something", lambda shown: shown)
        async with anna.page("page-1") as new:
            old.hang_up()
            beats = len(new.beats)
            await new.shows("three more beats", lambda _: len(new.beats) >= beats + 3)
            agent = await office.distributor.agent(office.tenant, ANNA)
            assert agent is not None
            assert agent.surfaces == 1


async def test_not_available_with_a_reason_of_the_tenants_list(office: Office, anna: Browser) -> None:
    agent = (await anna.state())["agent"]
    assert agent["unavailable"] is None
    assert [one["text"] for one in agent["not_available"]] == ["Break", "Lunch", "Meeting", "Training", "Other work"]
    await anna.call("POST", "/me/availability", {"reason": "other-work"}, expect=204)
    agent = (await anna.state())["agent"]
    assert agent["unavailable"] == {"code": "other-work", "text": "Other work"}
    assert agent["services"][0]["reasons"] == [{"code": "not_available", "text": "You are not available: Other work"}]
    assert (await office.journal("availability"))[-1]["actor"] == ANNA
    error = await anna.refused("POST", "/me/availability", {"reason": "siesta"}, expect=400)
    assert (error["code"], error["field"]) == ("unknown_reason", "reason")
    await anna.call("POST", "/me/availability", {"reason": ""}, expect=204)
    assert (await anna.state())["agent"]["services"][0]["selectable"]


async def test_whoever_takes_no_chats_has_no_availability(office: Office) -> None:
    samir = office.browser(SAMIR)
    error = await samir.refused("POST", "/me/availability", {"reason": "lunch"}, expect=409)
    assert error["code"] == "not_an_agent"


async def test_admins_are_told_what_is_wrong_with_the_installation_and_nobody_else_is(office: Office) -> None:
    samir = office.browser(SAMIR)
    await office.directory.grant_first_admin(office.tenant, STRANGER, "olivia@fabrikam.example", "Olivia Hart")
    async with office.browser(STRANGER).page() as page, samir.page() as other:
        assert page.shown["me"]["notices"] == []
        office.notices[:] = ["credentials_refused"]
        [notice] = await page.shows("the notice", lambda now: now["me"]["notices"])
        assert notice["code"] == "credentials_refused"
        assert "USHER_BOT_APP_SECRET" in notice["text"]
        assert (await samir.state())["me"]["notices"] == other.shown["me"]["notices"] == []
        office.notices[:] = ["microsoft_away"]
        await page.shows("the other notice", lambda now: now["me"]["notices"][0]["code"] == "microsoft_away")
        office.notices.clear()
        await page.shows("that all is well", lambda now: now["me"]["notices"] == [])
