"""Draws `build/bench.json` as `docs/images/bench.svg`: how far each figure is on the right side of its goal.

.venv/bin/python -m bench.chart
"""

import json
import math
import re
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE, TARGET = ROOT / "build" / "bench.json", ROOT / "docs" / "images" / "bench.svg"

ROW, TOP, LEFT, WIDTH, RIGHT = 30, 58, 220, 420, 210
SPAN = 4.0  # the axis goes from a quarter of the goal to four times the goal
MET, MISSED, INK, FAINT = "#2b7a4b", "#b4531f", "#1f2328", "#d0d7de"


def main() -> None:
    figures = [figure for figure in json.loads(SOURCE.read_text()) if _how_good(figure) is not None]
    TARGET.write_text(draw(figures))


def draw(figures: list[dict[str, Any]]) -> str:
    """One bar for each figure: to the right of the line in the middle is better than the goal."""
    height, middle = TOP + ROW * len(figures) + 24, LEFT + WIDTH / 2
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{height}" '
            f'viewBox="0 0 {LEFT + WIDTH + RIGHT} {height}" font-family="system-ui, sans-serif" font-size="13" fill="{INK}">'
        ),
        f'<rect width="{LEFT + WIDTH + RIGHT}" height="{height}" fill="#ffffff"/>',
        '<text x="16" y="24" font-size="15" font-weight="600">How far from the goal</text>',
    ]
    for times in (0.25, 0.5, 1, 2, 4):
        x = _place(times)
        label = "goal" if times == 1 else f"{times:g} ×"
        stroke = INK if times == 1 else FAINT
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height - 20}" stroke="{stroke}"/>')
        parts.append(f'<text x="{x:.1f}" y="{TOP - 14}" text-anchor="middle" font-size="11">{label}</text>')
    for number, figure in enumerate(figures):
        good = _how_good(figure)
        assert good is not None
        y, x = TOP + ROW * number, _place(good)
        left, right = sorted((middle, x))
        parts += [
            f'<text x="{LEFT - 12}" y="{y + 16}" text-anchor="end">{escape(figure["name"])}</text>',
            (
                f'<rect x="{left:.1f}" y="{y + 4}" width="{max(right - left, 2):.1f}" height="{ROW - 14}" rx="2" '
                f'fill="{MET if good >= 1 else MISSED}"/>'
            ),
            (
                f'<text x="{LEFT + WIDTH + 14}" y="{y + 16}">{figure["value"]:.3g} {escape(_unit(figure))} '
                f"(goal {escape(figure['goal'].replace('>=', '≥').replace('<=', '≤'))})</text>"
            ),
        ]
    return "\n".join([*parts, "</svg>", ""])


def _unit(figure: dict[str, Any]) -> str:
    return "" if figure["unit"] == "ratio" else figure["unit"]


def _how_good(figure: dict[str, Any]) -> float | None:
    """1 at the goal, 2 when twice as good; None for a figure without a goal."""
    found = re.fullmatch(r"([<>]=) ([\d.]+)", figure["goal"])
    if found is None:
        return None
    ratio = figure["value"] / float(found[2])
    return ratio if found[1] == ">=" else 1 / ratio


def _place(times: float) -> float:
    share = math.log(min(max(times, 1 / SPAN), SPAN), SPAN)
    return LEFT + WIDTH / 2 * (1 + share)


if __name__ == "__main__":
    main()
