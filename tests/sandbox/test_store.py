from dataclasses import dataclass
from pathlib import Path

from incident_response.sandbox.store import Store


@dataclass(frozen=True)
class Note:
    text: str


def test_tables_of_one_file_do_not_know_each_other(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    pages, issues = Store(path, "statuspage"), Store(path, "linear")
    pages.put("1", Note("on the page"))
    issues.put("1", Note("in the tracker"))
    issues.put("2", Note("too"))
    issues.delete(Note, "2")
    for store in (pages, issues):
        store.close()
    again = Store(path, "statuspage")
    assert dict(again.load(Note)) == {"1": Note("on the page")}
    again.close()
