"""What the calls to Graph take and give, in our own words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat as Graph tells of it. `created_at` is in milliseconds since the epoch, 0 when Graph does not say."""

    id: str
    topic: str
    url: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a chat. `membership` is Graph's id of the membership; `user` the object id in lower case."""

    user: str
    membership: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the organisation: object id in lower case, sign-in name, display name; whether they are a guest."""

    user: str
    upn: str
    name: str
    guest: bool = False


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who is to sit in a chat. Teams wants guests of the tenant to be named as such."""

    user: str
    guest: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """Something that a person wrote in a chat, as it is now; `user` in lower case, empty where Graph does not say who,
    `html` empty where it is plain text.

    `files`: there is something with it that is no text. `mentions_of_us`: the names by which our own bot is mentioned.
    """

    id: str
    at: int
    user: str
    name: str
    text: str
    html: str
    files: bool
    mentions_of_us: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of our own bot. `id` is the id of its activity, `at` is in ms, `text` as `shown_text` reads it, `card` the
    JSON of the cards with it.
    """

    id: str
    at: int
    text: str
    card: str = ""


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of a chat's messages, newest first. `more`: the address of the page behind it, empty at the end."""

    written: tuple[Written, ...]
    posted: tuple[Posted, ...]
    oldest_at: int
    more: str
