from datetime import timedelta

from incident_response.blocks.evidence import evidence
from incident_response.blocks.kit import message
from incident_response.blocks.text import say
from incident_response.domain.briefing import Briefing
from incident_response.domain.context import (
    ChangeExcerpt,
    LogExcerpt,
    LogLine,
    ServiceHealth,
    TraceExcerpt,
    TraceSummary,
)
from incident_response.ports.chat import Message
from tests.blocks import slack_limits
from tests.blocks.reading import block_ids, shown
from tests.blocks.samples import BEGAN, BRIEFING


def drawn(briefing: Briefing) -> Message:
    return message(say("x"), evidence(briefing))


def test_figures_stand_against_two_hours_ago() -> None:
    assert shown(drawn(Briefing(health=BRIEFING.health))) == (
        "*Error rate*  4.2 % ↑ 3.9 points (0.3 % two hours ago)\n"
        "*p99 latency*  1.84 s ↑ 5.9 times as slow (310 ms two hours ago)\n"
        "<https://grafana.tidewater.test/d/checkout|Open metrics>"
    )


def test_no_data_is_never_zero() -> None:
    assert shown(drawn(Briefing(health=ServiceHealth()))) == (
        "*Error rate*  no data\n*p99 latency*  no data"
    )


def test_log_lines_stand_in_a_box_that_nothing_in_them_can_end() -> None:
    lines = (
        LogLine(at=BEGAN, text="``` <!channel>\nsecond line"),
        LogLine(at=BEGAN + timedelta(seconds=5), text="x" * 300),
    )
    logs = LogExcerpt(lines=lines, url="https://logs.test/")
    assert evidence(Briefing(logs=logs)) == [
        {
            "type": "rich_text",
            "block_id": "logs",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {
                            "type": "text",
                            "text": "Newest error lines (UTC)",
                            "style": {"bold": True},
                        },
                        {"type": "text", "text": "  "},
                        {"type": "link", "url": "https://logs.test/", "text": "open"},
                    ],
                },
                {
                    "type": "rich_text_preformatted",
                    "elements": [
                        {
                            "type": "text",
                            "text": "10:28:00 ``` <!channel> second line\n10:28:05 "
                            + "x" * 199
                            + "…",
                        }
                    ],
                },
            ],
        }
    ]


def test_a_trace_without_a_name_or_address_is_still_listed() -> None:
    trace = TraceSummary(trace_id="4bf92f", root=" ", duration_seconds=2.5, at=BEGAN)
    message = drawn(Briefing(traces=TraceExcerpt(traces=(trace,) * 5)))
    assert shown(message).count("4bf92f\n took 2.5 s, ") == 3
    assert slack_limits.links(message) == set()


def test_commits_name_their_authors_and_owners_are_called_by_nobody() -> None:
    message = drawn(BRIEFING)
    assert "9f8e7d6\n \nRetry card payments twice\n · \nBen\n" in shown(message)
    assert shown(message).endswith("Code owners: \n@tidewater/payments")
    assert slack_limits.mentions(message) == set()


def test_parts_without_content_draw_nothing() -> None:
    empty = Briefing(logs=LogExcerpt(), traces=TraceExcerpt(), changes=ChangeExcerpt())
    assert evidence(empty) == []
    owners_only = Briefing(changes=ChangeExcerpt(owners=("@a",)))
    assert block_ids(drawn(owners_only)) == ["owners"]


def log_lines(*texts: str) -> str:
    lines = tuple(
        LogLine(at=BEGAN - timedelta(seconds=n), text=text) for n, text in enumerate(texts)
    )
    box = evidence(Briefing(logs=LogExcerpt(lines=lines)))[0]["elements"]
    assert isinstance(box, list)
    preformatted = box[1]
    assert isinstance(preformatted, dict)
    elements = preformatted["elements"]
    assert isinstance(elements, list)
    assert isinstance(elements[0], dict)
    return str(elements[0]["text"])


def test_a_structured_log_line_is_shown_as_its_message_and_details() -> None:
    line = '{"ts": "2026", "level": "error", "msg": "gateway timed out", "status": 503}'
    assert log_lines(line) == f"{BEGAN:%H:%M:%S} gateway timed out (status=503)"


def test_log_lines_that_say_the_same_are_one_line_with_their_number() -> None:
    lines = ['{"ts": 1, "msg": "timed out"}', '{"ts": 2, "msg": "timed out"}', "disk full"]
    later = BEGAN - timedelta(seconds=2)
    assert log_lines(*lines) == f"{BEGAN:%H:%M:%S} 2x timed out\n{later:%H:%M:%S} disk full"


def test_a_json_line_without_a_message_stays_as_it_is() -> None:
    assert log_lines('{"code": 7}') == f'{BEGAN:%H:%M:%S} {{"code": 7}}'
