"""Runs scripts: each is called by name on the server that keeps its root; a server that lacks it gets it first."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from redis import exceptions as redis_errors

from store.commands import Word
from store.network import Network
from store.scripts import Argument, LuaScript
from store.wire import translate

Call = tuple[LuaScript, str, Mapping[str, Argument]]
"""A script, the root that it is given, and its arguments by name."""

# A shard may move to a server that lacks the script while the previous server gets it.
LOADS = 3


async def run_call(network: Network, script: LuaScript, root: str, args: Mapping[str, Argument]) -> Any:
    """The result of one call: the path of nearly all calls. Raises StoreDown and StoreError."""
    (answer,) = await network.talk((_words(script, root, args),), (root,))
    if _is_unknown(answer):
        (answer,) = await run_calls(network, [(script, root, args)])
    if isinstance(answer, Exception):
        raise _in_words(script, answer)
    return answer


def _words(script: LuaScript, root: str, args: Mapping[str, Argument]) -> tuple[Word, ...]:
    return ("FCALL", script.function, 1, root, *script.encode(args))


async def run_calls(network: Network, calls: Sequence[Call]) -> list[Any]:
    """The result of each call; for a failed call its StoreDown or StoreError. One round trip to each server."""
    texts = [_words(*call) for call in calls]
    roots = [root for _, root, _ in calls]
    answers = await network.talk(texts, roots)
    for _ in range(LOADS):
        # A missing function has not run: it is safe to send the call again.
        unknown = [index for index, answer in enumerate(answers) if _is_unknown(answer)]
        if not unknown:
            break
        for group in network.together([roots[index] for index in unknown]):
            some = [unknown[place] for place in group]
            scripts = list({calls[index][0].library.name: calls[index][0] for index in some}.values())
            again = await _load_and_talk(network, scripts, [texts[i] for i in some], [roots[i] for i in some])
            for index, answer in zip(some, again, strict=True):
                answers[index] = answer
    return [_in_words(script, answer) for (script, _, _), answer in zip(calls, answers, strict=True)]


async def _load_and_talk(
    network: Network, scripts: Sequence[LuaScript], texts: Sequence[Sequence[Word]], roots: Sequence[str]
) -> list[Any]:
    """Send the libraries of `scripts` to the server of `roots`, with `texts`; remove the libraries of earlier
    releases."""
    now = time.time()
    loads = [["FUNCTION", "LOAD", "REPLACE", script.library.text(now)] for script in scripts]
    lists = [["FUNCTION", "LIST", "LIBRARYNAME", f"usher_{script.library.room}_*", "WITHCODE"] for script in scripts]
    there = [roots[0]] * len(scripts)
    answers = await network.talk([*loads, *texts, *lists], [*there, *roots, *there])
    for loaded in answers[: len(loads)]:
        if isinstance(loaded, Exception):
            return [loaded] * len(texts)
    left_over = [
        name
        for script, listed in zip(scripts, answers[len(loads) + len(texts) :], strict=True)
        for name, code in _listed(listed)
        if script.library.is_left_over(name, code, now)
    ]
    if left_over:
        # Another process may have loaded it first; and a server that rejects the clean-up still serves.
        await network.talk([["FUNCTION", "DELETE", name] for name in left_over], [roots[0]] * len(left_over))
    return answers[len(loads) : len(loads) + len(texts)]


def _is_unknown(answer: Any) -> bool:
    return isinstance(answer, redis_errors.ResponseError) and str(answer) == "Function not found"


def _listed(answer: Any) -> list[tuple[str, str]]:
    """Name and code of each library in an answer of FUNCTION LIST; RESP2 puts names and values in one list."""
    if isinstance(answer, Exception):
        return []
    known = [dict(zip(library[::2], library[1::2], strict=True)) for library in answer]
    return [(library["library_name"], library["library_code"]) for library in known]


def _in_words(script: LuaScript, answer: Any) -> Any:
    """The answer; for an error, the message with its place in the script."""
    if not isinstance(answer, Exception):
        return answer
    error = translate(answer)
    named = type(error)(f"{script.name}: {script.library.locate(str(error))}")
    named.__cause__ = answer
    return named
