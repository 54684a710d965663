#!/usr/bin/env python3
"""What the pages say is what happens: their commands are run, and print what the pages show.

    pages_test.py LEDGERD PAGE...

Each page gets a fresh ledgerd, started as <!-- ledgerd ARGUMENT... --> in it says. Its ```sh blocks are
run in order, with the address of that ledgerd in place of http://127.0.0.1:8080, and what each prints
is compared with the ```json or ```text block after it: as JSON, or line by line. "…" in the page stands
for what varies. A block that prints something must be followed by what it prints.
"""
import difflib
import json
import os
import re
import subprocess
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

from ledgerd import PATIENCE, Ledgerd, parse_json  # noqa: E402

ADDRESS = "http://127.0.0.1:8080"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks_of(page):
    """(line, commands, language of the answer, answer) of every ```sh block; without one: "", ""."""
    blocks = [(page.count("\n", 0, match.start()) + 1, match[1], match[2]) for match in BLOCK.finditer(page)]
    for index, (line, language, text) in enumerate(blocks):
        if language == "sh":
            answer = blocks[index + 1] if index + 1 < len(blocks) else None
            shown = answer is not None and answer[1] in ("json", "text")
            yield line, text, answer[1] if shown else "", answer[2] if shown else ""


def run(commands, url):
    environment = {**os.environ, "no_proxy": "*"}
    done = subprocess.run(["sh", "-e"], input=commands.replace(ADDRESS, url), env=environment, text=True,
                          capture_output=True, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise AssertionError(f"it ended with {done.returncode}: {done.stderr}")
    return done.stdout.replace("\r\n", "\n").replace(url, ADDRESS)


def matches(shown, text):
    return re.fullmatch(".*".join(map(re.escape, shown.split("…"))), text) is not None


def veil(shown, value):
    """The value with "…" wherever the page shows it and it fits, so that the rest can be compared."""
    if isinstance(shown, str) and "…" in shown:
        text = value if isinstance(value, str) else json.dumps(value)
        return shown if shown == "…" or matches(shown, text) else value
    if isinstance(shown, dict) and isinstance(value, dict):
        return {name: veil(shown.get(name), inner) for name, inner in value.items()}
    if isinstance(shown, list) and isinstance(value, list):
        return [veil(*pair) for pair in zip(shown, value)] + value[len(shown):]
    return value


def compared(language, shown, printed):
    """Both as lines that are the same if all is well. The order of members counts."""
    if language == "json":
        shown = parse_json(shown)
        printed = veil(shown, parse_json(printed))
        return [json.dumps(value, indent=1, ensure_ascii=False).splitlines() for value in (shown, printed)]
    shown, printed = shown.splitlines(), printed.rstrip("\n").splitlines()
    printed = [shown[index] if index < len(shown) and matches(shown[index], line) else line
               for index, line in enumerate(printed)]
    return shown, printed


def check_block(language, shown, printed):
    if not language and printed:
        raise AssertionError(f"the page does not show what it prints: {printed}")
    shown, printed = compared(language, shown, printed)
    if shown != printed:
        raise AssertionError("\n".join(difflib.unified_diff(shown, printed, "the page", "what happens", lineterm="")))


def check_page(binary, path):
    with open(path, encoding="utf-8") as file:
        page = file.read()
    arguments = re.search(r"<!-- ledgerd ?(.*?) -->", page)
    blocks = list(blocks_of(page))
    if not blocks:
        raise AssertionError(f"{path}: there is nothing to run")
    with Ledgerd(binary, *(arguments[1].split() if arguments else [])) as server:
        for line, commands, language, shown in blocks:
            try:
                check_block(language, shown, run(commands, server.url))
            except (AssertionError, ValueError) as problem:
                raise AssertionError(f"{path}:{line}:\n{commands}\n{problem}") from None
    return len(blocks)


def main(binary, *paths):
    failed = 0
    for path in paths:
        try:
            print(f"{path}: {check_page(binary, path)} blocks do as they say")
        except AssertionError as problem:
            failed += 1
            print(problem, file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
