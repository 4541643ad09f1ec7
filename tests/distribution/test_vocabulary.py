"""The words of a service's rules: the same ones wherever they are written down."""

import re
from pathlib import Path
from typing import get_args

from directory import service_model
from distribution.tasks import Priority
from distribution.vocabulary import OfferPolicy, OverflowTo
from portal import schemas

POLICIES = Path(__file__).parents[2] / "distribution" / "lua" / "include" / "policy.lua"


def test_the_portal_and_the_rules_have_the_same_priorities() -> None:
    assert set(get_args(schemas.Priority)) == set(Priority)


def test_settings_and_rules_overflow_to_the_same_words() -> None:
    assert set(service_model.OVERFLOW_WORDS) == set(OverflowTo)


def test_the_scripts_have_every_policy_and_no_other_one() -> None:
    table = POLICIES.read_text(encoding="utf-8").partition("local POLICIES = {")[2]
    assert set(re.findall(r"^  (\w+) = ", table, re.MULTILINE)) == set(OfferPolicy)
