from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_response.domain.errors import LedgerBrokenError
from incident_response.domain.ledger import (
    GENESIS,
    SYSTEM,
    EntryKind,
    LedgerEntry,
    NewEntry,
    Seal,
    canonical,
)
from incident_response.domain.model import IncidentId

ID = IncidentId("inc-0123456789ab")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SEAL = Seal(b"k" * 32)
NUMBERS = st.integers(0, 5)


def chain(length: int = 6, seal: Seal = SEAL) -> list[LedgerEntry]:
    entries: list[LedgerEntry] = []
    for seq in range(1, length + 1):
        new = NewEntry(
            kind=EntryKind.MESSAGE_POSTED,
            at=AT + timedelta(seconds=seq),
            actor=f"U{seq}",
            details={"number": seq, "text": "é <!channel>", "nested": {"ratio": 0.1, "no": None}},
        )
        previous = entries[-1].hash if entries else GENESIS
        entries.append(seal.append(new, incident_id=ID, seq=seq, previous=previous))
    return entries


def first_bad(entries: list[LedgerEntry], seal: Seal = SEAL) -> int:
    with pytest.raises(LedgerBrokenError) as caught:
        seal.verify(ID, entries)
    assert caught.value.incident_id == ID
    return caught.value.seq


def changed(entries: list[LedgerEntry], index: int, **update: object) -> list[LedgerEntry]:
    return [
        entry.model_copy(update=update) if i == index else entry for i, entry in enumerate(entries)
    ]


def test_an_unbroken_chain_ends_in_the_hash_of_its_last_entry() -> None:
    entries = chain()
    assert SEAL.verify(ID, entries) == entries[-1].hash
    assert SEAL.verify(ID, []) == GENESIS


def test_an_entry_read_back_from_its_json_still_matches_its_seal() -> None:
    entries = [LedgerEntry.model_validate_json(entry.model_dump_json()) for entry in chain()]
    assert SEAL.verify(ID, entries) == entries[-1].hash


@given(
    NUMBERS,
    st.sampled_from(
        [
            {"kind": EntryKind.STEP_FAILED},
            {"at": AT},
            {"actor": "U0EVE"},
            {"details": {}},
            {"hash": "0" * 64},
            {"hash": "é" * 64},
            {"hash": ""},
        ]
    ),
)
def test_a_changed_entry_is_found(index: int, update: dict[str, object]) -> None:
    assert first_bad(changed(chain(), index, **update)) == index + 1


@given(NUMBERS, st.integers(0, 63), st.sampled_from("0123456789abcdefAF"))
def test_a_flipped_digit_of_a_hash_is_found(index: int, digit: int, to: str) -> None:
    entries = chain()
    text = entries[index].hash
    flipped = text[:digit] + to + text[digit + 1 :]
    if flipped != text:
        assert first_bad(changed(entries, index, hash=flipped)) == index + 1


@given(st.integers(0, 4))
def test_a_dropped_entry_is_found(index: int) -> None:
    entries = chain()
    del entries[index]
    assert first_bad(entries) == index + 1


@given(st.integers(0, 4))
def test_a_dropped_entry_is_found_even_if_the_rest_is_numbered_anew(index: int) -> None:
    entries = chain()
    del entries[index]
    renumbered = [
        entry.model_copy(update={"seq": seq}) for seq, entry in enumerate(entries, start=1)
    ]
    assert first_bad(renumbered) == index + 1


@given(NUMBERS, NUMBERS)
def test_swapped_entries_are_found(one: int, other: int) -> None:
    entries = chain()
    entries[one], entries[other] = entries[other], entries[one]
    if one != other:
        assert first_bad(entries) == min(one, other) + 1


@given(NUMBERS)
def test_an_entry_slipped_in_is_found(index: int) -> None:
    entries = chain()
    strange = Seal(b"another key than ours")
    previous = entries[index - 1].hash if index else GENESIS
    new = NewEntry(kind=EntryKind.ROLE_ASSIGNED, at=AT, details={"user": "U0EVE"})
    forged = strange.append(new, incident_id=ID, seq=index + 1, previous=previous)
    entries.insert(index, forged)
    assert first_bad(entries) == index + 1


@given(st.integers(0, 5))
def test_a_chain_cut_short_is_whole_but_does_not_end_in_the_known_head(length: int) -> None:
    head = chain()[-1].hash
    assert SEAL.verify(ID, chain()[:length]) != head


def test_an_entry_of_another_incident_has_no_place_in_the_chain() -> None:
    entries = changed(chain(), 2, incident_id=IncidentId("inc-ffffffffffff"))
    assert first_bad(entries) == 3


def test_a_chain_holds_under_its_own_key_only() -> None:
    assert first_bad(chain(), Seal(b"another key than ours")) == 1


def test_a_key_of_less_than_sixteen_bytes_is_refused() -> None:
    assert chain(1, Seal(b"k" * 16))
    with pytest.raises(ValueError, match=r"^the ledger key needs at least 16 bytes$"):
        Seal(b"k" * 15)


def test_a_broken_chain_says_what_is_wrong_with_which_entry() -> None:
    with pytest.raises(LedgerBrokenError, match=r"^entry 2 is missing$"):
        SEAL.verify(ID, [chain()[0], *chain()[2:]])
    with pytest.raises(LedgerBrokenError, match=r"^entry 3 does not match its seal$"):
        SEAL.verify(ID, changed(chain(), 2, actor="U0EVE"))


def test_an_entry_is_sealed_as_sorted_ascii_without_its_hash() -> None:
    text = canonical(chain(1)[0]).decode("ascii")
    assert text.startswith('{"actor":"U1","at":"2026-03-02T09:00:01Z","details":{"nested"')
    assert "hash" not in text
    assert " <!channel>" in text


def test_what_is_stored_keeps_its_names() -> None:
    assert [kind.value for kind in EntryKind] == [kind.name for kind in EntryKind]
    assert SYSTEM == "incident-response"


def test_an_entry_that_tells_nothing_more_is_the_programs_own() -> None:
    entry = NewEntry(kind=EntryKind.NUDGE_SENT, at=datetime(2026, 3, 2, tzinfo=UTC))
    assert (entry.actor, entry.details) == (SYSTEM, {})
