"""Nothing in any text mentions a verb that does not exist: who follows an advice at 3 a.m. must
not be told that it is unknown.
"""

import json
from pathlib import Path

import pytest

import incident_response
from incident_response.commands import COMMANDS
from incident_response.domain.errors import NotFoundError
from incident_response.routing.command import CommandRegistry
from tests.mentions import Mention, mentions_in, mentions_in_source
from tests.routing.front import open_front
from tests.workflows.house import GUEST, World, house

ROOT = Path(__file__).parents[1]
SOURCE = Path(incident_response.__file__).parent
OURS = [p for p in sorted(SOURCE.rglob("*.py")) if "sandbox" not in p.relative_to(SOURCE).parts]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "artifacts").glob("*.md")]
)
REGISTRY = CommandRegistry(COMMANDS)


def is_known(mention: Mention) -> bool:
    """Whether the verb is found, and the word behind it in its usage where all is to be typed."""
    try:
        command, _ = REGISTRY.find(mention.verb)
    except NotFoundError:
        return False
    return not (mention.is_quoted and mention.following) or mention.following in command.usage


def unknown(mentions: list[Mention]) -> list[Mention]:
    return [mention for mention in mentions if not is_known(mention)]


def test_every_verb_that_a_string_of_the_program_mentions_exists() -> None:
    mentions = mentions_in_source(OURS)
    assert len({mention.where for mention in mentions}) >= 5, "it must find those there are"
    assert unknown(mentions) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_verb_that_a_document_mentions_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert unknown(list(mentions_in(text, document.name))) == []


async def test_every_verb_that_an_answer_mentions_exists() -> None:
    """Whatever is typed, in a room and elsewhere, by whom it is allowed and by whom it is not."""
    async with house(World()) as h:
        front = await open_front(h)
        elsewhere = h.world.chat.channel("incidents").channel_id
        for command in COMMANDS:
            for text in (command.name, f"{command.name} no such thing", f"{command.name}x"):
                await front.type(text)
                await front.type(text, channel=elsewhere)
            await front.type(command.name, by=GUEST)
        answered = [message for _, message in h.world.chat.responses]
        posted = [p.message for channel in h.world.chat.channels.values() for p in channel.posted]
        shown = [json.dumps([m.text, m.blocks], ensure_ascii=False) for m in (*answered, *posted)]
        shown += [json.dumps(view, ensure_ascii=False) for view in h.world.chat.views.values()]
    mentions = [m for text in shown for m in mentions_in(text, text)]
    assert {mention.verb for mention in mentions} >= {command.name for command in COMMANDS}
    assert [mention.verb for mention in unknown(mentions)] == []


@pytest.mark.parametrize(
    "written",
    [
        'say("Type `frobnicate` now")',
        'say("Please type frobnicate.")',
        'could_not("a", "b", f"Type {request.name} frobnicate @somebody.")',
        'say("{help} shows all", help=code(f"{command} frobnicate"))',
        'say("Use {command} frobnicate", command=command)',
        '"""See ``/inc frobnicate``."""',
        '"/incident-response frobnicate <code>"',
        'x = code(f"{request.name} role frobnicate")',
        'say("Type `role frobnicate`")',
    ],
)
def test_it_finds_a_verb_that_does_not_exist_however_it_is_written(
    written: str, tmp_path: Path
) -> None:
    path = tmp_path / "text.py"
    path.write_text(written, encoding="utf-8")
    assert len(unknown(mentions_in_source([path]))) == 1, written


@pytest.mark.parametrize(
    "written",
    [
        'say("Type {request.name} status, or one of {words}.")',
        'f"Type one of {WORDS}."',
        'code(f"{command} role ic")',
        'say("Type `role ic`")',
        'f"{request.name} list shows them"',
        '"a type of thing"',
    ],
)
def test_it_leaves_alone_what_can_be_typed_and_what_is_plain_english(
    written: str, tmp_path: Path
) -> None:
    path = tmp_path / "text.py"
    path.write_text(written, encoding="utf-8")
    assert unknown(mentions_in_source([path])) == [], written
