"""Puts what the benches measured into docs/performance.md, between its markers: `python -m tests.bench.document`."""

import os
import platform
import re
from pathlib import Path
from typing import Any

from tests.bench.results import HEADS, Row, read

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def _table(heads: list[str], lines: list[list[str]]) -> str:
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def _ratios(rows: dict[str, list[dict[str, Any]]]) -> str:
    known = [Row(**row) for promise in sorted(rows) for row in rows[promise]]
    lines = [[*row.cells(), row.taken, f"{row.load:g}"] for row in known]
    return _table([*HEADS[:-1], "kept", "taken (UTC)", "load"], lines)


def main() -> None:
    found = read()
    parts = {"ratios": _ratios(found["rows"])}
    for name, table in found["tables"].items():
        when = f"Taken {table['taken']} UTC at a load of {table['load']:g}."
        parts[name] = f"{_table(table['heads'], table['lines'])}\n\n{when}"
    parts["machine"] = (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {platform.system()}."
    )
    text = DOCUMENT.read_text()
    for name, part in parts.items():
        marked = re.compile(rf"(<!-- bench:{name} -->\n).*?(<!-- /bench:{name} -->)", re.DOTALL)
        text = marked.sub(lambda match, part=part: f"{match[1]}\n{part}\n\n{match[2]}", text)  # type: ignore[misc]
    DOCUMENT.write_text(text)
    print(f"{DOCUMENT.name}: {', '.join(parts)}")


if __name__ == "__main__":
    main()
