"""What a log line says by itself, and what none says; each test is a process of its own, since
logging is set up once a process.
"""

import json
import sys
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_response.telemetry import blotted, conceal, secrecy
from incident_response.telemetry.secrecy import BLOT, SHORTEST

SET_UP = """
import logging, structlog
from opentelemetry import trace
from incident_response.telemetry import about, conceal, configure_logging, note_incident, span
configure_logging(level="DEBUG", form="{form}")
log = structlog.get_logger("incident_response.test")
"""
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def logged(code: str, form: str = "json") -> list[str]:
    """The lines that ``code`` logs."""
    program = SET_UP.format(form=form) + code
    process = await create_subprocess_exec(sys.executable, "-c", program, stderr=PIPE)
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode().splitlines()


async def test_a_line_names_its_trace_and_its_incident() -> None:
    lines = await logged(f"""
log.info("before")
with span("here", parent={PARENT!r}), about("inc-1"):
    log.info("inside", room="C1")
    logging.getLogger("a.library").warning("theirs %s", 7)
    with about("inc-2"):
        log.info("deeper")
    log.info("named", incident_id="inc-3")
log.info("after")
note_incident("inc-4")
log.info("noted")
""")
    before, inside, theirs, deeper, named, after, noted = map(json.loads, lines)
    assert (inside["event"], inside["room"], inside["level"]) == ("inside", "C1", "info")
    for line in (inside, theirs, deeper, named):
        assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
        assert line["span_id"] == "b7ad6b7169203331"
    assert [line["incident_id"] for line in (inside, theirs, deeper, named, noted)] == [
        "inc-1",
        "inc-1",
        "inc-2",
        "inc-3",
        "inc-4",
    ]
    for line in (before, after):
        assert not {"trace_id", "span_id", "incident_id"} & line.keys()


@pytest.mark.parametrize("form", ["json", "console"])
async def test_a_secret_is_in_no_line_however_it_gets_there(form: str) -> None:
    lines = await logged(
        """
secret = 'pa"ss\\\\word-7'
conceal(secret)
log.info("as a value", key=secret)
log.info(f"in the event {secret}")
log.info("inside others", deep={"list": [secret.encode(), {"a": (secret,)}]})
try:
    raise ValueError(f"refused: {secret}")
except ValueError:
    log.exception("in a traceback")
    logging.getLogger("a.library").exception("theirs %s", secret)
logging.getLogger("a.library").error("Authorization: Bearer %s", secret)
""",
        form,
    )
    text = "\n".join(lines)
    assert text.count(BLOT) >= 7
    assert "word-7" not in text


async def test_settings_and_their_secrets_say_nothing_of_themselves() -> None:
    (line,) = await logged("""
from incident_response.settings import Settings
settings = Settings.isolated(slack_bot_token="xoxb-the-token-itself")
log.info("settings", all=settings, one=settings.slack_bot_token, dump=settings.model_dump())
""")
    assert "the-token-itself" not in line
    assert "**********" in line


secrets = st.text(min_size=SHORTEST, max_size=40).filter(lambda text: len(text.strip()) > 7)


@given(secrets, st.text(max_size=20), st.text(max_size=20))
def test_a_secret_is_blotted_out_as_it_is_in_json_and_in_a_literal(
    secret: str, before: str, after: str
) -> None:
    literal = repr(secret)[1:-1]
    with pytest.MonkeyPatch.context() as patch:  # the process's other tests keep their words
        patch.setattr(secrecy, "_known", set())
        patch.setattr(secrecy, "_pattern", None)
        conceal(secret)
        for form in (secret, literal, json.dumps(secret)[1:-1], json.dumps(literal)[1:-1]):
            assert form not in blotted(f"{before}{form}{after}")


def test_what_is_too_short_to_be_told_from_words_is_left_alone() -> None:
    conceal("because", "")
    assert blotted("because") == "because"


def test_of_two_secrets_the_longer_is_blotted_out_whole() -> None:
    conceal("the-shorter", "the-shorter-and-more")
    assert blotted("<the-shorter-and-more>") == f"<{BLOT}>"
