"""Whether the embedded backend's file can be used; it is read, never made or written."""

import asyncio
import os
from pathlib import Path

from incident_response.bootstrap.doctor.check import Check, Found, Patient, fine, wrong
from incident_response.bootstrap.embedded import FILE_NAME, open_ledgers
from incident_response.settings import Settings


async def _look(patient: Patient) -> Found:
    folder = patient.settings.state_dir
    if refused := await asyncio.to_thread(_unwritable, folder):
        return wrong(f"{refused} cannot be written")
    if not await asyncio.to_thread((folder / FILE_NAME).exists):
        return fine(f"no file in {folder} yet; the first start makes it")
    return fine(await _read(patient.settings))


async def _read(settings: Settings) -> str:
    async with open_ledgers(settings) as file:
        count = len(await file.ledger.heads())
    return f"{settings.state_dir / FILE_NAME}, {count} incident{'' if count == 1 else 's'}"


def _unwritable(folder: Path) -> Path | None:
    """What of the file and the folders above it cannot be written; None if all is well."""
    file = folder / FILE_NAME
    if file.exists() and not os.access(file, os.W_OK):
        return file
    there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
    is_fit = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    return None if is_fit else there


check = Check(
    name="Store",
    remedy="set STATE_DIR to a folder of this user's on a local disk",
    applies=lambda settings: settings.backend == "embedded",
    look=_look,
)
