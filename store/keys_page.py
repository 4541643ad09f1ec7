"""The table of keys in docs/redis.md, generated from the catalogue: `python -m store.keys_page` updates it."""

from pathlib import Path

from store.keys import CATALOGUE, KeySpec

PAGE = Path(__file__).parents[1] / "docs" / "redis.md"
BEGIN = "<!-- keys: written by `python -m store.keys_page` -->"
END = "<!-- /keys -->"


def table() -> str:
    """The catalogue as Markdown: one table for each package, in the catalogue's order."""
    parts: list[str] = []
    for owner in dict.fromkeys(spec.owner for spec in CATALOGUE):
        rows = [_row(spec) for spec in CATALOGUE if spec.owner == owner]
        parts.append("\n".join([f"### {owner}", "", "| key | type | lives | what it is |", "|---|---|---|---|", *rows]))
    return "\n\n".join(parts)


def with_table(page: str) -> str:
    """`page` with the current table between the two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def _row(spec: KeySpec) -> str:
    cells = (f"`{spec.pattern}`", spec.type, spec.ttl, spec.meaning)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
