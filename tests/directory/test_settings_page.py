"""docs/services.md has every setting of a company's file, as the models have it."""

import tomllib
import uuid

from directory.company_file import MODELS
from directory.load import parse
from directory.model import Service
from directory.settings_page import PAGE, with_tables
from tests.directory.companies import ANNA, BEN, PATH, head


def test_the_page_is_the_models() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page), "run `python -m directory.settings_page`"


def test_a_missing_row_would_be_seen() -> None:
    page = PAGE.read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith("| `queue_limit`"))
    assert page.replace(row, "") != with_tables(page.replace(row, ""))


def test_every_setting_says_what_it_is() -> None:
    missing = [
        f"{name}.{field}"
        for name, model in MODELS.items()
        for field, info in model.model_fields.items()
        if not (info.description or "").endswith(".")
    ]
    assert missing == []


def test_the_page_examples_are_right() -> None:
    blocks = [part.partition("```")[0] for part in PAGE.read_text(encoding="utf-8").split("```toml")[1:]]
    assert len(blocks) == 2
    service = '[[services]]\nid = "garden"\nname = "Garden"\n'
    people = ANNA + BEN.replace("[users.widget]", 'services = ["garden"]\n[users.widget]')
    for block in blocks:
        file = parse(
            head(str(uuid.uuid4())) + service + block.replace("fabrikam.example", "example.com") + people, PATH
        )
        assert isinstance(file.file.services[0], Service)
        assert tomllib.loads(block)
