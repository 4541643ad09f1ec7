"""Texts are data: the same keys and the same places in every language, and every key is used."""

import json
import re
from pathlib import Path

import pytest

from directory.acw import EntryFault
from distribution.agents import Presence, Reason
from distribution.tasks import Outcome
from distribution.user_session import OfferResult
from portal.words import FOLDER, best_language, voice

WEB = Path(__file__).parents[2] / "web" / "portal"
CARDS = Path(__file__).parents[2] / "cards" / "texts"
FOLDERS = [FOLDER, WEB / "texts"]
LANGUAGES = ("en", "de", "fr", "it")

CHOSEN = ("missing.", "refused.", "team.", "trouble.")
"""Texts that are chosen by what the distributor says."""


def _texts(folder: Path, language: str) -> dict[str, str]:
    return json.loads((folder / f"{language}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", FOLDERS, ids=["server", "pages"])
@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_says_the_same_things(folder: Path, language: str) -> None:
    english, other = _texts(folder, "en"), _texts(folder, language)
    assert list(other) == list(english)
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", other[key])) == set(re.findall(r"\{\w+\}", text)), key
        assert other[key].strip()
        assert "!" not in text + other[key]


def test_every_text_of_the_pages_is_used() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in WEB.rglob("*.ts"))
    literal = set(re.findall(r"""["'`]([a-z_]+(?:\.[A-Za-z_]+)*)["'`]""", source))
    stems = tuple(re.findall(r"`([a-z_.]+\.)\$\{", source)) + tuple(
        f"{stem}." for stem in ("waiting.count", "waiting.more", "team.ended", "handing.free")
    )
    unused = [key for key in _texts(WEB / "texts", "en") if key not in literal and not key.startswith(stems)]
    assert unused == []


def test_every_text_of_the_server_is_used() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.parent.glob("*.py"))
    built = {f"problem.{fault}" for fault in EntryFault}
    keys = [key for key in _texts(FOLDER, "en") if key not in built and not key.startswith(CHOSEN)]
    unused = [key for key in keys if f'"{key}"' not in source]
    assert unused == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_has_its_words(language: str) -> None:
    pages = _texts(WEB / "texts", language)
    assert {f"outcome.{outcome}" for outcome in Outcome} <= set(pages)
    assert {f"presence.{presence}" for presence in Presence} <= set(pages)
    assert {f"result.{result}" for result in OfferResult} <= set(pages)
    speaks = voice(best_language(language))
    assert all(speaks.reason(reason).text for reason in Reason)


def test_the_language_of_a_browser_is_the_first_that_we_have() -> None:
    assert best_language("pt-BR,fr-CH;q=0.9,en;q=0.8") == "fr"
    assert best_language("ja") == "en"


def test_every_text_of_the_cards_that_the_portal_says_is_there() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.parent.glob("*.py"))
    said = re.findall(r"""_cards\("([a-z_.]+)"\)""", source)
    assert said
    assert [key for key in said if key not in _texts(CARDS, "en")] == []
