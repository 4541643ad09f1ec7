"""The visible words of something that the bot posted, so that what Graph shows can be compared with what we sent."""

import html
import re

_TAG = re.compile(r"<[^<>]*>")


def shown_text(markup: str) -> str:
    """Tags become spaces, entities their characters, and every run of white space one space.

    Teams rewrites a bot's markup before Graph shows it (other tags, other attributes, `&nbsp;`), but not its words.
    """
    return " ".join(html.unescape(_TAG.sub(" ", markup)).split())
