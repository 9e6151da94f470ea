from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from incident_response.adapters.embedded.backend import EmbeddedBackend
from incident_response.alert_sources import ALERT_SOURCES
from incident_response.bootstrap.alert_intake import accepted_sources
from incident_response.bootstrap.backend import key_variable, keys_set
from incident_response.bootstrap.embedded import open_backend
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.settings import Settings
from tests.fakes.clock import FakeClock


@pytest.fixture
async def backend() -> AsyncIterator[EmbeddedBackend]:
    backend = EmbeddedBackend.open(None, clock=FakeClock())
    yield backend
    await backend.close()


def test_every_source_has_its_key_and_its_schemes_among_the_settings() -> None:
    keys = {key_variable(source.name).lower(): "k" for source in ALERT_SOURCES}
    assert set(keys_set(Settings.isolated(**keys))) == {source.name for source in ALERT_SOURCES}
    for source in ALERT_SOURCES:
        name = source.name.replace("-", "_")
        assert f"{name}_webhook_key" in Settings.model_fields
        assert f"{name}_webhook_auth" in Settings.model_fields


async def test_a_source_is_served_once_it_has_a_key(backend: EmbeddedBackend) -> None:
    settings = Settings.isolated(generic_webhook_key="one")
    assert [a.source.name for a in await accepted_sources(settings, backend)] == ["generic"]


async def test_no_key_at_all_is_refused(backend: EmbeddedBackend) -> None:
    with pytest.raises(InvalidConfigurationError, match="GENERIC_WEBHOOK_KEY"):
        await accepted_sources(Settings.isolated(), backend)


async def test_a_new_key_leaves_the_one_before_it_valid(backend: EmbeddedBackend) -> None:
    for key in ("one", "two", "two"):
        settings = Settings.isolated(generic_webhook_key=key)
        [accepted] = await accepted_sources(settings, backend)
    versions = await backend.secrets.read(accepted.secret)
    assert (versions.current, versions.previous) == (b"two", b"one")


async def test_a_mapping_file_is_read_for_the_generic_source_alone(
    backend: EmbeddedBackend, tmp_path: Path
) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(
        "group_key: incident.id\nstate: status\ntitle: name\nstates: {firing: [open]}\n",
        encoding="utf-8",
    )
    settings = Settings.isolated(
        generic_webhook_key="one", alertmanager_webhook_key="two", generic_mapping_file=path
    )
    mappings = {a.source.name: a.mapping for a in await accepted_sources(settings, backend)}
    assert mappings["generic"] is not None
    assert mappings["alertmanager"] is None


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"- a list", b"group_key: [", b"title: 7"])
async def test_a_mapping_file_that_makes_no_sense_is_refused(
    backend: EmbeddedBackend, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "mapping.yaml"
    if content is not None:
        path.write_bytes(content)
    settings = Settings.isolated(generic_webhook_key="one", generic_mapping_file=path)
    with pytest.raises(InvalidConfigurationError, match="GENERIC_MAPPING_FILE"):
        await accepted_sources(settings, backend)


async def test_the_state_folder_is_made_and_one_that_cannot_be_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    async with open_backend(Settings.isolated(state_dir=folder), FakeClock()):
        assert list(folder.iterdir())
    with pytest.raises(InvalidConfigurationError, match="STATE_DIR"):
        async with open_backend(Settings.isolated(state_dir="/dev/null/state"), FakeClock()):
            pass
