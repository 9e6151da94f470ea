import pytest

from incident_response.blocks import kit, limits, rich
from incident_response.blocks.text import Safe, escape, say
from incident_response.domain.model import Json
from tests.blocks import slack_limits


def boxes(number: int) -> list[Json]:
    return [kit.option(f"option {n}", str(n)) for n in range(number)]


def test_mrkdwn_takes_no_text_that_is_not_safe() -> None:
    unsafe: str = f"{escape('a')}<!here>"
    with pytest.raises(TypeError, match="Safe"):
        kit.mrkdwn(unsafe, 100)  # type: ignore[arg-type]  # the mistake under test


def test_plain_text_is_as_written_and_never_empty() -> None:
    assert kit.plain("<!here> *x*", 75) == {
        "type": "plain_text",
        "text": "<!here> *x*",
        "emoji": False,
    }
    assert kit.plain("\u200b ", 75)["text"] == kit.mrkdwn(Safe(), 75)["text"] == "—"


def test_a_header_is_cut_rather_than_refused() -> None:
    text = kit.header("x" * 151, block_id="b")["text"]
    assert isinstance(text, dict)
    assert text["text"] == "x" * 149 + "…"


def test_more_fields_and_context_than_slack_takes_are_left_out() -> None:
    message = kit.message(
        say("x"),
        [kit.fields([say("f")] * 11, block_id="f"), kit.context(*[say("c")] * 11, block_id="c")],
    )
    assert slack_limits.violations(message) == []


def test_a_value_that_cannot_be_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="2000"):
        kit.button("b", action_id="a", value="x" * 2001)
    with pytest.raises(ValueError, match="150"):
        kit.option("o", "x" * 151)


@pytest.mark.parametrize("number", [0, 11])
def test_a_group_of_no_or_too_many_boxes_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="1 to 10"):
        kit.checkboxes(boxes(number), [], action_id="a")


def test_no_ticked_box_means_no_list_of_ticked_boxes() -> None:
    options = boxes(2)
    assert "initial_options" not in kit.checkboxes(options, [], action_id="a")
    assert kit.checkboxes(options, options[:1], action_id="a")["initial_options"] == options[:1]


def test_too_many_blocks_are_cut_and_the_message_says_so() -> None:
    message = kit.message(say("x"), [kit.divider(block_id=str(n)) for n in range(60)])
    assert len(message.blocks) == limits.MESSAGE_BLOCKS
    assert message.blocks[-1]["block_id"] == "more"


def test_blocks_that_repeat_an_id_get_different_ones() -> None:
    long = "x" * 255
    given = ["a", "a", "a.2", "a", long, long]
    message = kit.message(say("x"), [kit.divider(block_id=name) for name in given])
    shown = [block["block_id"] for block in message.blocks]
    assert shown == ["a", "a.2", "a.2.2", "a.3", long, "x" * 253 + ".2"]


def test_the_blocks_that_can_be_spared_go_first() -> None:
    def large(name: str) -> Json:
        return kit.rich_text(rich.preformatted("x" * 4000, 4000), block_id=name)

    message = kit.message(say("x"), map(large, "abc"), spare=("b", "a"))
    assert [block["block_id"] for block in message.blocks] == ["a", "c", "more"]
    assert slack_limits.violations(message) == []


def test_a_message_within_limits_is_left_alone() -> None:
    blocks = [kit.section(say("a"), block_id="a")]
    assert kit.message(say("x"), blocks, spare=("a",)).blocks == blocks
