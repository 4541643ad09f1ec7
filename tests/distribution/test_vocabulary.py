"""The words of a service's rules: the same ones wherever they are written down."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import pytest

from directory import service_model
from distribution.tasks import Priority
from distribution.vocabulary import HoursEnd, OfferPolicy, OverflowTo, ServiceKind
from portal import schemas

POLICIES = Path(__file__).parents[2] / "distribution" / "lua" / "include" / "policy.lua"


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (service_model.Kind, ServiceKind),
        (service_model.Policy, OfferPolicy),
        (service_model.PriorityName, Priority),
        (service_model.HoursEnd, HoursEnd),
        (schemas.Priority, Priority),
    ],
)
def test_settings_and_rules_have_the_same_words(words: Any, known: type[StrEnum]) -> None:
    assert set(get_args(words)) == set(known)


def test_settings_and_rules_overflow_to_the_same_words() -> None:
    assert set(service_model.OVERFLOW_WORDS) == set(OverflowTo)


def test_the_scripts_have_every_policy_and_no_other_one() -> None:
    table = POLICIES.read_text(encoding="utf-8").partition("local POLICIES = {")[2]
    assert set(re.findall(r"^  (\w+) = ", table, re.MULTILINE)) == set(OfferPolicy)
