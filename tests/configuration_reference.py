"""The tables of docs/configuration.md, made from the settings: names, order and defaults.

What a person wrote as a setting's meaning is kept; one that is new gets its description from
``settings.py``, behind the one that stands before it there. ``scripts/fix`` writes the file.
"""

import re
from pathlib import Path

from incident_response.settings import Settings

FILE = Path(__file__).parents[1] / "docs" / "configuration.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| ([^|]*) \| ?(.*?) ?\|$", re.MULTILINE)


def rendered(text: str) -> str:
    """``text`` with tables that fit the settings."""
    fields = {name.upper(): name for name in Settings.model_fields}
    told: dict[str, str] = {name: meaning for name, _, meaning in ROW.findall(text)}
    lines = [line for line in text.split("\n") if _is_kept(line, fields)]
    before = ""
    for variable, name in fields.items():
        meaning = told.get(variable) or Settings.model_fields[name].description or ""
        row = f"| `{variable}` | {_code(default_of(name))} | {meaning} |"
        at = next(
            (i for i, line in enumerate(lines) if line.startswith(f"| `{variable}` |")), None
        )
        if at is None:
            lines.insert(_after(lines, before), row)
        else:
            lines[at] = row
        before = variable
    return "\n".join(lines)


def default_of(name: str) -> str:
    """The default as a person writes it into a variable; empty if it has none."""
    default = Settings.model_fields[name].get_default(call_default_factory=True)
    if default is None or default == {}:
        return ""
    if isinstance(default, tuple):
        return ",".join(default)
    return str(default)


def _is_kept(line: str, fields: dict[str, str]) -> bool:
    row = ROW.match(line)
    return row is None or row[1] in fields


def _after(lines: list[str], variable: str) -> int:
    for i, line in enumerate(lines):
        if line.startswith(f"| `{variable}` |"):
            return i + 1
    return len(lines)


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    FILE.write_text(rendered(FILE.read_text(encoding="utf-8")), encoding="utf-8")
