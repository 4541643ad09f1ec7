"""The texts that people read in Teams, and visitors at their arrival, per language: `texts/<language>.json`, with the same keys in each."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from store.languages import DEFAULT, language_of

FOLDER = Path(__file__).parent / "texts"


class Wording:
    """The texts of one language."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **values: str | int) -> str:
        """The text with its `{places}` filled in; values without a place are ignored. Raises KeyError for a key that does not exist."""
        return self._texts[key].format(**values)

    def knows(self, key: str) -> bool:
        """Whether the text exists."""
        return key in self._texts

    def get(self, key: str, otherwise: str, **values: str) -> str:
        """The text of `key`, or that of `otherwise` if it does not exist."""
        return self(key if key in self._texts else otherwise, **values)


def wording(language: str) -> Wording:
    """The texts in this language (`de`, `de-CH`); English if it is not supported."""
    return _load(language_of(language) or DEFAULT)


@cache
def _load(language: str) -> Wording:
    return Wording(language, json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8")))


def duration(milliseconds: int) -> str:
    """A length of time in units that the four languages share: `45 s`, `3 min 20 s`, `1 h 5 min`."""
    seconds = max(0, milliseconds) // 1000
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min")] if hours else [(minutes, "min"), (seconds, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
