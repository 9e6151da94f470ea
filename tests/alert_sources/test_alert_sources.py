from dataclasses import replace

import pytest

from incident_response.alert_sources import ALERT_SOURCES, by_name
from incident_response.domain.errors import InvalidConfigurationError


def test_the_shipped_sources_answer_where_the_documentation_says() -> None:
    assert {source.name: source.all_paths for source in ALERT_SOURCES} == {
        "grafana-oncall": ("/alerts/grafana-oncall", "/webhook/grafana-oncall"),
        "alertmanager": ("/alerts/alertmanager",),
        "generic": ("/alerts/generic",),
    }


def test_two_sources_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidConfigurationError):
        by_name([*ALERT_SOURCES, ALERT_SOURCES[0]])


def test_two_sources_on_one_path_are_refused() -> None:
    twin = replace(ALERT_SOURCES[0], name="other")
    with pytest.raises(InvalidConfigurationError):
        by_name([*ALERT_SOURCES, twin])
