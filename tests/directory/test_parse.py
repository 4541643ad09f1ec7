"""A company's file by itself: everything that is wrong is said at once, each with its line and field."""

import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from directory.errors import LoadErrors
from directory.hours import opening
from directory.load import parse, read
from tests.directory.companies import ANNA, BEN, GARDEN, ORDERS, company, head

DEMO = Path("demo/company.toml")
TENANT = str(uuid.uuid4())


def wrong(*parts: str) -> list[str]:
    """What is wrong with a file, each as `line field message`."""
    with pytest.raises(LoadErrors) as caught:
        company(*parts)
    return [f"{error.line} {error.field} {error.message}" for error in caught.value.errors]


def with_service(line: str) -> list[str]:
    return wrong(head(TENANT), f'[[services]]\nid = "x"\nname = "X"\n{line}')


def test_the_demos_company_is_right() -> None:
    file = parse(DEMO.read_text(), DEMO).file
    garden = file.services[0]
    assert (garden.id, garden.name, garden.offer_seconds, garden.acw_extensions) == (
        "garden-advice",
        "Garden Advice",
        30,
        2,
    )
    assert [(one.name, one.required, next(iter(one.codes))) for one in garden.codes] == [
        ("Topic", True, "Plants"),
        ("Result", False, "Solved"),
    ]
    assert garden.widget is not None
    assert (garden.widget.agent_name, garden.widget.ask_email, garden.widget.origins) == ("real", "no", ["*"])
    assert (file.tenant.licences.instant_messaging, file.tenant.direct.offer_seconds) == (25, 30)
    assert [user.user.partition("@")[0] for user in file.users] == [
        "anna",
        "ben",
        "chiara",
        "dominique",
        "olivia",
        "samir",
    ]


def test_the_demo_never_closes_and_somebody_is_asked_at_once() -> None:
    file = parse(DEMO.read_text(), DEMO).file
    year = 365 * 86_400_000
    now = 1_800_000_000_000
    for service in file.services:
        hours = service.hours
        assert hours is None or opening(hours, file.tenant.time_zone, now, days=365)[0][1] > now + year
        first = set(service.levels[0].skills) if service.levels else set[str]()
        assert [user for user in file.users if service.id in user.services and first <= set(user.skills)]


@pytest.mark.parametrize(
    ("text", "line"),
    [('[tenant]\nid = "x\n', 2), ("[tenant\n", 1), ("a = 1\na = 2\n", 2), ("a = [1,\n2", 2)],
)
def test_what_is_not_toml_has_a_line(text: str, line: int) -> None:
    (said,) = wrong(text)
    assert said.startswith(f"{line} file is not TOML: ")
    assert "at line" not in said


def test_everything_wrong_is_said_at_once_in_the_order_of_lines() -> None:
    text = """[tenant]
id = "not-a-guid"
nmae = "Example"
time_zone = "Europe/Nowhere"

[[services]]
id = "Garden Advice"
name = ""
offer_seconds = 4
contact_center = "yes"

[services.widget]
origins = ["https://www.example.com", "example.com/page"]
ask_name = "maybe"
colour = "green"
privacy_url = "here"
"""
    assert wrong(text) == [
        "1 tenant.name is missing",
        "2 tenant.id must be a GUID, such as 5f1c0f3e-8f4a-4f0e-9b7e-2d6a1c3b4e5f",
        "3 tenant.nmae is not known here; is `name` meant?",
        "4 tenant.time_zone must be a time zone, such as Europe/Zurich",
        "7 services[0].id must have 1 to 40 characters of a-z, 0-9 and -",
        "8 services[0].name must not be empty",
        "9 services[0].offer_seconds must be from 5 to 300 seconds, and is 4",
        "10 services[0].contact_center must be true or false",
        (
            '13 services[0].widget.origins[1] must be a website, such as https://www.example.com, or "*" for any; '
            "example.com/page must begin with https:// and a host's name"
        ),
        "14 services[0].widget.ask_name must be 'no', 'optional' or 'required', and is 'maybe'",
        "15 services[0].widget.colour must be a colour, such as #2f6f4e",
        "16 services[0].widget.privacy_url must be a web address, such as https://www.example.com/privacy, or empty",
    ]


@pytest.mark.parametrize(
    ("field", "low", "high"),
    [
        ("offer_seconds", 5, 300),
        ("acw_seconds", 0, 3600),
        ("acw_extension_seconds", 0, 3600),
        ("rona_reset_seconds", 10, 28_800),
        ("concurrent", 1, 500),
        ("queue_seconds", 5, 3600),
    ],
)
def test_the_products_limits(field: str, low: int, high: int) -> None:
    for value in (low, high):
        company(head(TENANT), f'[[services]]\nid = "x"\nname = "X"\n{field} = {value}')
    for value in (low - 1, high + 1):
        (said,) = with_service(f"{field} = {value}")
        assert f"services[0].{field} must be from {low:,} to {high:,}" in said
        assert said.endswith(f"and is {value:,}")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("offer_seconds = 20.5", "services[0].offer_seconds must be a whole number"),
        ("offer_seconds = true", "services[0].offer_seconds must be a whole number"),
        ('offer_seconds = "20"', "services[0].offer_seconds must be a whole number"),
        ("offer_seconds = 2026-11-23", "services[0].offer_seconds must be a whole number"),
        ("tags = 'urgent'", "services[0].tags must be a list"),
        ("tags = [1]", "services[0].tags[0] must be text in quotes"),
        ('tags = ["a", "A"]', "services[0].tags names A twice"),
        ('tags = ["a\\nb"]', "services[0].tags[0] must not contain control characters"),
        ("widget = 1", "services[0].widget must be a table"),
        ('codes = [{category = "T", codes = ["a", "a"]}]', "services[0].codes[0].codes names a twice"),
        ('codes = [{category = "T", codes = []}, {category = "t", codes = []}]', "services[0].codes names t twice"),
        (
            'policy = "best"',
            "services[0].policy must be 'longest_idle', 'round_robin' or 'least_occupied', and is 'best'",
        ),
        (f'name2 = "{"x" * 10}"', "services[0].name2 is not known here; is `name` meant?"),
    ],
)
def test_wrong_kinds_of_value_are_said_in_words(line: str, words: str) -> None:
    assert any(said.endswith(words) for said in with_service(line)), with_service(line)


def test_a_name_is_not_endless() -> None:
    said = wrong(head(TENANT), f'[[services]]\nid = "x"\nname = "{"x" * 101}"')
    assert said == ["13 services[0].name must have at most 100 characters, and has 101"]


def test_nothing_comes_twice() -> None:
    lines = "\n".join([head(TENANT), GARDEN, ORDERS, GARDEN, ANNA, ANNA.replace("anna@", "ANNA@")]).split("\n")
    first, second, third = wrong("\n".join(lines))
    assert first.endswith("services[2].id is garden, as of services[0]")
    assert second.endswith("services[2].name is Garden Advice, as of services[0]")
    assert third.endswith("users[1].user is anna@example.com, as of users[0]")
    assert lines[int(third.split(" ", 1)[0]) - 1] == 'user = "ANNA@example.com"'


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('roles = ["owner"]', "users[0].roles says owner, but `owns` names no service"),
        ('roles = ["supervisor"]', "users[0].roles says supervisor, but `supervises` names no service"),
        ('roles = ["agent"]\nowns = ["garden"]', "users[0].owns names services, but `roles` does not say owner"),
        ('roles = ["king"]', "users[0].roles[0] must be 'admin', 'owner', 'supervisor' or 'agent', and is 'king'"),
        ('upn = "x@example.com"', "users[0].upn is only needed where `user` is an object id"),
        ("capacity = 11", "users[0].capacity must be from 1 to 10, and is 11"),
        ("interact_user = false\n[users.widget]", "users[0].widget needs `interact_user = true`"),
        ('services = ["garden", "garden"]', "users[0].services names garden twice"),
    ],
)
def test_users_are_checked(line: str, words: str) -> None:
    (said,) = wrong(head(TENANT), GARDEN, f'[[users]]\nuser = "eve@example.com"\n{line}')
    assert said.endswith(words)


def test_a_user_is_a_upn_or_an_object_id() -> None:
    (said,) = wrong(head(TENANT), '[[users]]\nuser = "anna"')
    assert said.endswith("users[0].user must be a user principal name, such as anna@example.com, or an object id")
    file = company(head(TENANT), f'[[users]]\nuser = "{TENANT.upper()}"', BEN).file
    assert [user.user for user in file.users] == [TENANT, "ben@example.com"]


def test_a_file_without_a_tenant_says_so() -> None:
    assert wrong(GARDEN) == ["0 tenant is missing"]


# Text: what store.text finds fit.

GOOD_TEXTS = [
    "Bonjour\u00a0! Une question\u202f?",
    "Ask us \U0001f469\u200d\U0001f33e",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\u05e9\u05dc\u05d5\u05dd\u200f!",
    "Service\u00a0client",
]


@pytest.mark.parametrize("text", GOOD_TEXTS)
def test_names_greetings_and_reasons_take_what_people_write(text: str) -> None:
    start = head(TENANT).replace("[tenant.licences]", f'not_available = ["{text}"]\n[tenant.licences]')
    service = f'[[services]]\nid = "x"\nname = "{text}"\ntags = ["{text}"]\n[services.widget]\ngreeting = "{text}"\n'
    found = company(start, service).file
    assert found.tenant.not_available == [text]
    (one,) = found.services
    assert one.widget is not None
    assert (one.name, one.tags, one.widget.greeting) == (text, [text], text)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (r"a\u0007b", "control characters"),
        (r"a\u2028b", "control characters"),
        (r"a\u202eb", "characters that turn the direction of text around (U+202A to U+202E)"),
    ],
)
def test_what_would_break_or_turn_a_line_is_refused(written: str, why: str) -> None:
    said = wrong(head(TENANT), f'[[services]]\nid = "x"\nname = "{written}"\n')
    assert said == [f"13 services[0].name must not contain {why}"]


def test_a_name_that_nobody_sees_is_refused() -> None:
    said = wrong(head(TENANT), '[[services]]\nid = "x"\nname = "\\u200d\\u2060"\n')
    assert said == ["13 services[0].name must not be empty"]


def test_every_kind_of_line_end_in_a_sentence_is_one() -> None:
    service = '[[services]]\nid = "x"\nname = "X"\nclosed_text = "a\\u000bb\\u2028c\\r\\nd"\n'
    assert company(head(TENANT), service).file.services[0].closed_text == "a\nb\nc\nd"


# Origins, as browsers spell them.


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://straße.example", "https://xn--strae-oqa.example"),
        ("HTTPS://WWW.Example.com:443/", "https://www.example.com"),
        ("https://*.example.com", "https://*.example.com"),
        ("https://*.bücher.example:8443", "https://*.xn--bcher-kva.example:8443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("*", "*"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(written: str, kept: str) -> None:
    widget = company(head(TENANT), f'[[services]]\nid = "x"\nname = "X"\n[services.widget]\norigins = ["{written}"]\n')
    found = widget.file.services[0].widget
    assert found is not None
    assert found.origins == [kept]


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        ("https://user@example.com", "must not name a user"),
        ("https://user:word@example.com", "must not name a user"),
        ("https://example.com/shop", "must not have a path"),
        ("https://example.com?x=1", "must not have a query or a fragment"),
        ("https://example.com#x", "must not have a query or a fragment"),
        ("https://example.com:99999", "must have a port from 1 to 65535, or none"),
        ("https://a*.example.com", "must have a host's name that can exist"),
        ("https://www.*.example.com", "must have a host's name that can exist"),
        ("https://*", "must have a host's name that can exist"),
        ("ftp://example.com", "must begin with https:// and a host's name"),
        ("null", "must begin with https:// and a host's name"),
        ("https://[bad", "must begin with https:// and a host's name"),
    ],
)
def test_an_origin_that_no_browser_sends_is_refused(origin: str, why: str) -> None:
    said = with_service(f'[services.widget]\norigins = ["{origin}"]\n')
    expected = f'must be a website, such as https://www.example.com, or "*" for any; {origin} {why}'
    assert said == [f"15 services[0].widget.origins[0] {expected}"]


def test_a_wildcard_needs_a_name_behind_it() -> None:
    (said,) = with_service('[services.widget]\norigins = ["https://*.com"]\n')
    assert said.endswith("must have a name after *., such as https://*.example.com, and is https://*.com")


# The file's bytes.


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "company.toml"
    file.write_bytes(b"\xef\xbb\xbf" + head(TENANT).encode())
    assert read(file).file.tenant.name == "Example"


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (head(TENANT).encode("utf-16"), 0, "is UTF-16 or UTF-32; save it as UTF-8"),
        (head(TENANT).encode("utf-16-le"), 0, "is UTF-16 or UTF-32; save it as UTF-8"),
        (head(TENANT).encode("utf-16-be"), 0, "is UTF-16 or UTF-32; save it as UTF-8"),
        (head(TENANT).encode("utf-32"), 0, "is UTF-16 or UTF-32; save it as UTF-8"),
        (head(TENANT).replace("Example", "Bücher").encode("latin-1"), 3, "is not UTF-8 (byte 0xfc); save it as UTF-8"),
    ],
)
def test_bytes_that_are_not_utf_8_are_named_in_words(tmp_path: Path, data: bytes, line: int, words: str) -> None:
    file = tmp_path / "company.toml"
    file.write_bytes(data)
    with pytest.raises(LoadErrors) as caught:
        read(file)
    assert [(error.line, error.field, error.message) for error in caught.value.errors] == [(line, "file", words)]


# Time zones.

CHECK_ZONE = """
import sys
if sys.argv[1] == "without": sys.modules["tzdata"] = None
from pathlib import Path
from directory.load import LoadErrors, read
try:
    print(read(Path("company.toml")).file.tenant.time_zone)
except LoadErrors as wrong:
    print(wrong)
"""


@pytest.mark.parametrize(
    ("tzdata", "says"),
    [
        ("with", "Europe/Zurich"),
        (
            "without",
            (
                "line 5: tenant.time_zone is Europe/Zurich, which cannot be found: this machine has no time zone data. "
                "Install the Python package tzdata, or the system's"
            ),
        ),
    ],
)
def test_a_machine_without_time_zones_takes_the_package_or_says_so(tmp_path: Path, tzdata: str, says: str) -> None:
    text = head(TENANT).replace("[tenant.licences]", 'time_zone = "Europe/Zurich"\n[tenant.licences]')
    (tmp_path / "company.toml").write_text(text)
    command = [sys.executable, "-c", CHECK_ZONE, tzdata]
    environment = {**os.environ, "PYTHONTZPATH": "", "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == says
