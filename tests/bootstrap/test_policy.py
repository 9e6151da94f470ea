from pathlib import Path

import pytest

from incident_response.adapters.policy_yaml import shipped_policy
from incident_response.adapters.policy_yaml.reader import shipped_text
from incident_response.bootstrap.policy import load_policy
from incident_response.domain.errors import InvalidConfigurationError
from incident_response.entrypoints.local_stack import CONTACTS, local_policy
from incident_response.sandbox.tidewater import TIDEWATER
from incident_response.settings import Settings


def test_without_a_file_the_shipped_policy_holds() -> None:
    assert load_policy(Settings.isolated()) == shipped_policy()


def test_a_file_takes_its_place_whatever_editor_wrote_it(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    text = shipped_text().replace('cto: ""', "cto: cto@x.test").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert load_policy(Settings.isolated(policy_file=path)).contacts["cto"] == "cto@x.test"


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "cannot be read"), (b"\xff", "not UTF-8"), (b"a: 1", "I do not know this key")],
)
def test_a_file_that_is_none_is_refused_by_the_name_of_its_setting(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "policy.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidConfigurationError, match="POLICY_FILE") as raised:
        load_policy(Settings.isolated(policy_file=path))
    assert why in str(raised.value)
    assert str(path) in str(raised.value)


def test_the_sandbox_company_has_people_behind_its_ladders() -> None:
    policy = local_policy(TIDEWATER)
    for key, handle in CONTACTS.items():
        person = TIDEWATER.person(handle)
        assert policy.contacts[key] == person.email
        assert person.has_slack
