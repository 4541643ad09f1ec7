"""What an agent may enter in after-call work, and what is still missing: the same for cards and pages."""

from directory.acw import Checked, EntryFault, check_entries, missing_categories
from directory.service_model import CodeCategory, ServiceSettings
from distribution.user_session import LONGEST_NOTE, Entries

SETTINGS = ServiceSettings(
    codes=[
        CodeCategory(category="Topic", required=True, codes=["Plants", "Tools"]),
        CodeCategory(category="Result", codes=["Solved"]),
    ],
    tags=["urgent"],
)


def test_what_the_service_has_is_kept_once() -> None:
    entered = Entries(("Plants", "Solved", "Plants"), ("urgent", "urgent"), "A rose.")
    assert check_entries(SETTINGS, entered) == Checked(Entries(("Plants", "Solved"), ("urgent",), "A rose."), ())


def test_each_fault_is_named_and_the_rest_is_kept() -> None:
    found = check_entries(SETTINGS, Entries(("Plants", "Cars"), ("vip",), "n" * (LONGEST_NOTE + 1)))
    assert found.entries == Entries(("Plants",), (), "n" * LONGEST_NOTE)
    assert [(fault, name, fault.field) for fault, name in found.faults] == [
        (EntryFault.UNKNOWN_CODE, "Cars", "codes"),
        (EntryFault.UNKNOWN_TAG, "vip", "tags"),
        (EntryFault.LONG_NOTE, "", "note"),
    ]


def test_required_categories_want_one_of_their_codes() -> None:
    assert missing_categories(SETTINGS, ["Solved"]) == ("Topic",)
    assert missing_categories(SETTINGS, ["Solved", "Tools"]) == ()
