"""The languages that Usher speaks. Each package that has texts has them in all of these."""

from typing import Final, Literal, get_args

Language = Literal["en", "de", "fr", "it"]

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT: Final[Language] = LANGUAGES[0]


def language_of(tag: str) -> Language | None:
    """The language of a BCP 47 tag (`de-CH`, `en_US`); None for one that is not among LANGUAGES."""
    short = tag.strip().replace("_", "-").partition("-")[0].lower()
    return next((known for known in LANGUAGES if known == short), None)
