"""One chat has one duration: on its card in Teams, and in My Sessions."""

import json
import shutil
import subprocess
from pathlib import Path

from cards.wording import duration
from scripts.install import environment

WEB = Path(__file__).resolve().parents[2] / "web"
RUN = """
import { readFileSync } from "node:fs";
import { transformWithOxc } from "vite";
const { code } = await transformWithOxc(readFileSync("portal/duration.ts", "utf8"), "duration.ts");
const { duration } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
console.log(JSON.stringify(JSON.parse(process.argv[1]).map(duration)));
"""
"""The portal's own source, without the pages around it."""

SPOKEN = {
    -1: "0 s",
    0: "0 s",
    999: "0 s",
    8_499: "8 s",
    8_999: "8 s",
    59_999: "59 s",
    60_000: "1 min",
    200_600: "3 min 20 s",
    3_599_999: "59 min 59 s",
    3_600_000: "1 h",
    3_930_000: "1 h 5 min",
    90_000_000: "25 h",
}


def test_cards_count_whole_seconds() -> None:
    assert {length: duration(length) for length in SPOKEN} == SPOKEN


def test_the_portal_says_what_the_cards_say() -> None:
    path = environment()["PATH"]
    node = shutil.which("node", path=path)
    assert node is not None, "the pages were built without Node"
    command = [node, "--input-type=module", "--eval", RUN, json.dumps(list(SPOKEN))]
    done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert dict(zip(SPOKEN, json.loads(done.stdout), strict=True)) == SPOKEN
