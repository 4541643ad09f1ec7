"""Which state a task is in to an agent, and that every state is a card that Teams takes."""

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import pytest

from cards.handing import read_target, refused_of
from cards.parts import MAX_BYTES, Drawn
from cards.personal import personal_card
from cards.room import opening_card
from cards.state import LIVE, Line, PersonalState, Target, personal_state
from cards.wording import wording
from directory.acw import EntryFault
from distribution.tasks import TaskState
from distribution.user_session import OfferResult
from store.languages import LANGUAGES
from tests.cards.samples import ACTIVE, ANNA, BEN, HANDED_ON, OVER, ROOM_TASKS, STATE, STATES, TASK, TASKS, WRAPS, past
from tests.contract.published import card_faults

STAYS = replace(STATES[PersonalState.TRANSFERRED], stays=True)


def every_card() -> list[tuple[str, Drawn]]:
    drawn: list[tuple[str, Drawn]] = []
    for language in LANGUAGES:
        more = {"transferred, and stays": STAYS, "transferred, own acw": replace(STATE, task=WRAPS)}
        for state, data in [*STATES.items(), *more.items()]:
            card = personal_card(replace(data, language=language))
            assert card is not None, state
            drawn.append((f"{language} {state}", card))
        for name, task in ROOM_TASKS.items():
            drawn.append((f"{language} room {name}", opening_card(replace(STATE, task=task, language=language))))
    return drawn


EVERY_CARD = every_card()
CARDS = pytest.mark.parametrize("card", [card for _, card in EVERY_CARD], ids=[name for name, _ in EVERY_CARD])


def elements(value: Any) -> list[dict[str, Any]]:
    """Everything in a card that has a type, all the way down."""
    if isinstance(value, list):
        return [found for inner in cast("list[Any]", value) for found in elements(inner)]
    if not isinstance(value, dict):
        return []
    element = cast("dict[str, Any]", value)
    inside = [found for inner in element.values() for found in elements(inner)]
    return [element, *inside] if "type" in element else inside


def buttons(card: Drawn | None) -> list[str]:
    assert card is not None
    return [action["title"] for action in card.content.get("actions", [])]


def test_every_state_there_is_has_a_sample() -> None:
    assert set(STATES) == set(PersonalState)


@pytest.mark.parametrize("state", TASKS)
def test_the_state_follows_from_the_task(state: PersonalState) -> None:
    assert personal_state(TASKS[state], ANNA) is state


def test_who_was_never_asked_has_no_card() -> None:
    assert personal_state(TASK, BEN) is None
    assert personal_card(replace(STATE, viewer=BEN)) is None


def test_an_offer_that_did_not_arrive_is_withdrawn_and_says_so() -> None:
    card = personal_card(replace(STATE, task=past(OfferResult.UNDELIVERED)))
    assert card is not None
    assert "could not be delivered" in json.dumps(card.content)


@pytest.mark.parametrize(
    ("why", "sentence"),
    [
        ("not_granted-Chat.Create", "Teams has not been granted Chat.Create for Usher"),
        ("refused-BadRequest", "Teams refused it (BadRequest)"),
        ("blocked_by_policy", "an app policy in Teams blocks Usher"),
        ("a_word_from_tomorrow", "this one is waiting again"),
    ],
)
def test_why_a_room_did_not_open_is_said_in_words(why: str, sentence: str) -> None:
    card = personal_card(replace(STATE, task=past(OfferResult.FAILED, why=why)))
    assert card is not None
    assert sentence in json.dumps(card.content)


@CARDS
def test_cards_fit_microsofts_schema(card: Drawn) -> None:
    assert card_faults(card.content) == []


@CARDS
def test_cards_say_which_version_whom_they_refresh_and_what_they_are_without_a_renderer(card: Drawn) -> None:
    assert card.content["version"] == "1.5"
    assert isinstance(card.content["refresh"]["userIds"], list)
    assert card.content["fallbackText"]
    assert card.summary
    assert card.size <= MAX_BYTES


@CARDS
def test_a_card_has_one_primary_action_at_most(card: Drawn) -> None:
    assert len([a for a in card.content.get("actions", []) if a["style"] == "positive"]) <= 1


@CARDS
def test_every_execute_button_has_a_submit_that_says_the_same(card: Drawn) -> None:
    for action in card.content.get("actions", []):
        if action["type"] == "Action.Execute":
            assert action["fallback"]["type"] == "Action.Submit"
            assert action["fallback"]["data"] == action["data"]
            assert action["data"]["usher"] == action["verb"]


@pytest.mark.parametrize("state", PersonalState)
def test_only_live_cards_are_refreshed(state: PersonalState) -> None:
    card = personal_card(STATES[state])
    assert card is not None
    assert card.content["refresh"]["userIds"] == (["29:1anna"] if state in LIVE else [])


def test_no_more_than_sixty_users_refresh_a_card() -> None:
    card = opening_card(replace(STATE, task=ACTIVE, refresh_for=tuple(f"29:{n}" for n in range(100))))
    assert len(card.content["refresh"]["userIds"]) == 60


def test_the_buttons_of_each_state() -> None:
    shown = {state: buttons(personal_card(data)) for state, data in STATES.items()}
    assert {state: titles for state, titles in shown.items() if titles} == {
        PersonalState.OFFER: ["Accept", "Decline"],
        PersonalState.ACCEPTED: ["Open Chat", "Terminate"],
        PersonalState.ACW: ["Done", "Extend by 1 min"],
    }
    assert buttons(opening_card(replace(STATE, task=ACTIVE))) == ["Terminate", "Transfer"]
    assert buttons(opening_card(replace(STATE, task=ACTIVE, targets=()))) == ["Terminate", "Transfer"], (
        "asks who is free now"
    )
    assert buttons(opening_card(replace(STATE, task=ROOM_TASKS["handed on"]))) == ["Terminate", "Take back"]


def test_who_stays_after_he_has_handed_a_chat_on_can_open_it() -> None:
    assert buttons(personal_card(STAYS)) == ["Open Chat"]
    assert buttons(personal_card(replace(STAYS, stays=False))) == []
    assert buttons(personal_card(replace(STAYS, chat_url=""))) == []


def test_a_chat_is_handed_to_one_of_those_who_could_take_it() -> None:
    card = opening_card(replace(STATE, task=ACTIVE))
    [choice] = [element for element in elements(card.content) if element["type"] == "Input.ChoiceSet"]
    assert [entry["title"] for entry in choice["choices"]] == ["Orders & Delivery (service)", "Ben Okafor"]
    targets = [read_target({choice["id"]: entry["value"]}) for entry in choice["choices"]]
    assert targets == [Target("orders", service=True), Target(BEN)]
    assert [read_target({choice["id"]: value}) for value in ("", "service:", "Ben", "card:x")] == [None] * 4
    assert [action["associatedInputs"] for action in card.content["actions"]] == ["none", "auto"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_somebody_cannot_take_it_is_said_in_words(language: str) -> None:
    words = wording(language)
    said = {why: refused_of(words, why, "Ben") for why in ("busy", "outside_hours", "a_word_from_tomorrow")}
    assert "Ben" in said["busy"]
    assert said["outside_hours"] == words("refused.outside_hours")
    assert said["a_word_from_tomorrow"] == words("answer.not_possible")


def test_the_deadline_stands_there_once_it_is_known_as_a_time_in_the_readers_zone() -> None:
    known = personal_card(STATE)
    unknown = personal_card(replace(STATE, task=replace(TASK, deadline_at=None)))
    assert known is not None
    assert unknown is not None
    assert "Please answer within 30 s (by {{TIME(2026-11-25T12:00:31Z)}})" in json.dumps(known.content)
    assert "Please answer" not in json.dumps(unknown.content)


def test_a_required_category_can_be_left_when_extending_so_it_is_not_enforced_by_the_client() -> None:
    card = personal_card(STATES[PersonalState.ACW])
    assert card is not None
    assert [a["associatedInputs"] for a in card.content["actions"]] == ["auto", "auto"]
    assert all("isRequired" not in element for element in elements(card.content))


def test_how_long_a_customer_waited_is_said_unless_it_was_no_time() -> None:
    waited = personal_card(STATE)
    at_once = personal_card(replace(STATE, task=replace(TASK, since_at=TASK.offered_at or 0)))
    assert waited is not None
    assert at_once is not None
    assert "1 min 20 s" in json.dumps(waited.content)
    assert "Waited" not in json.dumps(at_once.content)


def test_without_extensions_left_there_is_no_extend() -> None:
    assert buttons(personal_card(replace(STATE, task=OVER, extensions_left=0))) == ["Done"]


def test_what_was_noted_already_stands_in_the_form() -> None:
    card = opening_card(replace(STATE, task=OVER))
    assert values(card) == {
        "code0": "Plants",
        "code1": None,
        "tags": "returning",
        "note": "Black spot; recommended a spray.",
    }


def values(card: Drawn | None) -> dict[str, Any]:
    assert card is not None
    return {element["id"]: element.get("value") for element in elements(card.content) if "id" in element}


def test_who_handed_it_on_has_a_form_of_his_own() -> None:
    over = replace(OVER, agent=BEN, had_for={ANNA: "garden-advice"}, noted=WRAPS.noted, wraps=WRAPS.wraps)
    for task in (WRAPS, over):
        hers = personal_card(replace(STATE, task=task))
        assert hers is not None
        assert values(hers)["note"] == "Wants it before Friday."
        assert buttons(hers) == ["Done", "Extend by 1 min"]
        assert [action["data"]["offer"] for action in hers.content["actions"]][1] == str(WRAPS.wraps[ANNA].until_at)
    bens = personal_card(replace(STATE, task=over, viewer=BEN))
    assert values(bens)["note"] == OVER.note


def test_who_has_the_chat_reads_what_was_noted_before() -> None:
    line = "Plants · urgent · Wants it before Friday."
    running = json.dumps(opening_card(replace(STATE, task=HANDED_ON, viewer=BEN)).content, ensure_ascii=False)
    assert "Noted by Anna Meier" in running
    assert line in running
    over = replace(OVER, agent=BEN, had_for={ANNA: "garden-advice"}, noted=HANDED_ON.noted)
    for task in (over, replace(over, state=TaskState.CLOSED)):
        shown = json.dumps(opening_card(replace(STATE, task=task, viewer=BEN)).content, ensure_ascii=False)
        assert line in shown
        assert OVER.note in shown
    # Beside her own form in the room it would stand twice.
    again = json.dumps(opening_card(replace(STATE, task=replace(over, wraps=WRAPS.wraps))).content, ensure_ascii=False)
    assert "Noted by" not in again


def test_who_handed_it_on_keeps_what_he_noted_in_sight() -> None:
    card = personal_card(replace(STATES[PersonalState.TRANSFERRED], task=HANDED_ON))
    assert card is not None
    assert "Wants it before Friday." in json.dumps(card.content)


def test_a_long_conversation_is_cut_from_the_old_end_and_the_card_says_how_much() -> None:
    said = tuple(Line("Jonas", f"{n} " + "ä" * 590) for n in range(60))
    card = opening_card(replace(STATE, task=ACTIVE, said=said))
    runs = [element["text"] for element in elements(card.content) if element["type"] == "TextRun"]
    shown = [run.split(" ")[0] for run in runs if "ä" in run]
    assert shown == [str(n) for n in range(60 - len(shown), 60)]
    assert 10 <= len(shown) <= 15
    assert f"Earlier messages: {60 - len(shown)}." in json.dumps(card.content)
    assert card.size <= MAX_BYTES


def test_codes_that_do_not_fit_into_a_card_are_left_to_my_sessions() -> None:
    many = replace(STATE.categories[0], codes=tuple(f"Article {n:05} of the catalogue" for n in range(1000)))
    for card in (
        personal_card(replace(STATE, task=OVER, categories=(many,))),
        opening_card(replace(STATE, task=OVER, categories=(many,))),
    ):
        assert card is not None
        assert card.size <= MAX_BYTES
        assert "My Sessions" in json.dumps(card.content)
        assert "note" in {element.get("id") for element in elements(card.content)}


def test_a_digest_changes_with_what_is_shown_and_with_nothing_else() -> None:
    card, again = personal_card(STATE), personal_card(replace(STATE, task=replace(TASK, revision=99)))
    other = personal_card(replace(STATE, notice="This offer is no longer open."))
    assert card is not None
    assert again is not None
    assert other is not None
    assert card.digest == again.digest != other.digest


def test_the_texts_of_all_languages_have_the_same_keys_and_places() -> None:
    folder = files("cards").joinpath("texts")
    texts = {name: json.loads(folder.joinpath(f"{name}.json").read_text(encoding="utf-8")) for name in LANGUAGES}
    for name, words in texts.items():
        assert list(words) == list(texts["en"]), name
        assert all(words.values()), name
        for key, text in words.items():
            assert sorted(_places(text)) == sorted(_places(texts["en"][key])), f"{name} {key}"
            assert "!" not in text, f"{name} {key}"


def _places(text: str) -> list[str]:
    return [part.split("}")[0] for part in text.split("{")[1:]]


def test_every_text_is_said_somewhere() -> None:
    root = Path(__file__).resolve().parents[2]
    code = "".join(
        path.read_text()
        for room in ("cards", "conversations", "bots", "dialogs")
        for path in (root / room).rglob("*.py")
    ).replace("'", '"')
    built = {f"{state}.{part}" for state in PersonalState for part in ("title", "summary")}
    built |= {f"acw.{fault}" for fault in EntryFault}
    # These end with a word of the product: `words(f"outcome.{task.outcome}")`.
    families = ("arrival.", "outcome.", "by.", "reason.", "failed.", "refused.", "team.")
    assert all(f'f"{family}{{' in code for family in families)
    keys = json.loads((root / "cards" / "texts" / "en.json").read_text())
    assert [key for key in keys if f'"{key}"' not in code and key not in built and not key.startswith(families)] == []


def test_an_unknown_language_reads_english_and_a_region_its_language() -> None:
    assert wording("pt-BR")("offer.accept") == "Accept"
    assert wording("de-CH")("offer.accept") == "Annehmen"
