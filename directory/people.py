"""People as Entra names them. Its rules are not ours: a name may be missing, have 256 characters, or a tab in it."""

from directory.fields import LONGEST_NAME, UPN
from store.text import tidied


def entra_names(user: str, upn: str, name: str) -> tuple[str, str]:
    """Entra's sign-in name and display name of the object id `user`, as the directory can keep them.

    The sign-in name is "" where Entra has none that could be typed into a company's file. The display name is tidied
    and cut; without one it is the sign-in name, or else the object id.
    Source: learn.microsoft.com/graph/api/resources/user (both may be null)
    """
    sign_in = upn.strip()
    sign_in = sign_in if UPN.fullmatch(sign_in) else ""
    return sign_in, tidied(name, LONGEST_NAME) or tidied(upn, LONGEST_NAME) or user
