"""Every block and element, drawn; and that none of them lets text become anything else."""

import json
from typing import Any

import pytest

from incident_response.sandbox.page.blocks import BLOCKS, ELEMENTS, Frame, render_block
from incident_response.sandbox.page.markdown import markdown
from tests.sandbox.page.test_mrkdwn import VIEWER, Inventory

FRAME = Frame(VIEWER, "C1/1.1")
EVIL = "<img src=x onerror=alert(1)>\"'"
Json = dict[str, Any]


def words(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str, value: str) -> Json:
    return {"text": words(text), "value": value}


OPTIONS = [option(f"One {EVIL}", "1"), option("Two", EVIL)]
OF_EVERY_KIND: dict[str, Json] = {
    "button": {"text": words(EVIL), "value": EVIL, "confirm": {"title": words(EVIL)}},
    "overflow": {"options": OPTIONS},
    "static_select": {"options": OPTIONS, "initial_option": OPTIONS[1]},
    "users_select": {"initial_user": "U2"},
    "channels_select": {"initial_channel": "C1"},
    "conversations_select": {},
    "checkboxes": {"options": OPTIONS, "initial_options": [OPTIONS[0]]},
    "radio_buttons": {"options": OPTIONS, "initial_option": OPTIONS[1]},
    "plain_text_input": {"initial_value": EVIL, "placeholder": words(EVIL)},
    "rich_text_input": {"placeholder": words(EVIL)},
    "number_input": {"initial_value": "3"},
    "email_text_input": {"initial_value": EVIL},
    "url_text_input": {"initial_value": EVIL},
    "datepicker": {"initial_date": "2026-11-21"},
    "timepicker": {"initial_time": "09:30"},
    "datetimepicker": {"initial_date_time": 1_763_726_400},
    "file_input": {},
    "multi_static_select": {"options": OPTIONS, "initial_options": OPTIONS},
    "multi_users_select": {"initial_users": ["U2"]},
    "multi_channels_select": {"initial_channels": ["C1"]},
    "multi_conversations_select": {},
    "external_select": {"initial_option": OPTIONS[0]},
    "multi_external_select": {"initial_options": OPTIONS, "min_query_length": 0},
}
SECTION: Json = {"type": "rich_text_section", "elements": [{"type": "text", "text": EVIL}]}
BLOCKS_OF_EVERY_KIND: dict[str, Json] = {
    "header": {"text": words(EVIL)},
    "section": {"text": words(EVIL), "fields": [words(EVIL)]},
    "divider": {},
    "context": {"elements": [words(EVIL), {"type": "image", "image_url": EVIL, "alt_text": EVIL}]},
    "actions": {"elements": [{"type": EVIL}]},
    "image": {"image_url": "https://a.example/x.png", "alt_text": EVIL, "title": words(EVIL)},
    "input": {"label": words(EVIL), "hint": words(EVIL), "element": {"type": EVIL}},
    "rich_text": {"elements": [SECTION]},
    "markdown": {"text": EVIL},
    "table": {"rows": [[words(EVIL)], [{"type": "rich_text", "elements": [SECTION]}]]},
    "file": {"external_id": EVIL},
    "alert": {"text": words(EVIL)},
}


def in_actions(kind: str, **more: Any) -> str:
    element = {"type": kind, "action_id": "do", **OF_EVERY_KIND[kind], **more}
    return render_block({"type": "actions", "block_id": "b", "elements": [element]}, FRAME)


def test_the_samples_cover_every_kind() -> None:
    assert set(OF_EVERY_KIND) == set(ELEMENTS)
    assert set(BLOCKS_OF_EVERY_KIND) == set(BLOCKS)


@pytest.mark.parametrize("kind", sorted(OF_EVERY_KIND))
def test_no_element_lets_text_become_markup(kind: str) -> None:
    shown = Inventory(in_actions(kind))
    assert not {"img", "script"} & set(shown.elements)


@pytest.mark.parametrize("kind", sorted(BLOCKS_OF_EVERY_KIND))
def test_no_block_lets_text_become_markup(kind: str) -> None:
    block = {"type": kind, "block_id": EVIL, **BLOCKS_OF_EVERY_KIND[kind]}
    shown = Inventory(render_block(block, FRAME))
    assert not {"img", "script"} & set(shown.elements)
    assert kind == "divider" or EVIL in shown.text


@pytest.mark.parametrize("kind", sorted(set(OF_EVERY_KIND) - {"file_input"}))
def test_a_control_says_what_to_send_for_it(kind: str) -> None:
    shown = in_actions(kind)
    assert f'data-control="{kind}"' in shown
    assert 'data-block="b"' in shown
    assert 'data-action="do"' in shown
    assert " data-acts" in shown


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("static_select", 'value="&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;" selected'),
        ("users_select", 'value="U2" selected'),
        ("channels_select", 'value="C1" selected'),
        ("checkboxes", 'value="1" checked'),
        ("datepicker", 'value="2026-11-21"'),
        ("timepicker", 'value="09:30"'),
        ("datetimepicker", 'value="2025-11-21T12:00"'),
        ("multi_users_select", 'class="chip" data-option="&quot;U2&quot;" data-key="U2"'),
        ("external_select", 'data-limit="1" data-ask-from="3"'),
        ("multi_external_select", 'data-ask-from="0"'),
    ],
)
def test_what_the_app_chose_beforehand_is_chosen(kind: str, expected: str) -> None:
    assert expected in in_actions(kind)


def test_an_option_travels_whole() -> None:
    shown = in_actions("static_select")
    whole = json.dumps(OPTIONS[0], separators=(",", ":")).replace('"', "&quot;")
    assert whole.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;") in shown


def test_a_button_with_an_address_is_a_link_only_if_that_is_safe() -> None:
    assert Inventory(in_actions("button", url="https://a.example")).links == ["https://a.example"]
    assert Inventory(in_actions("button", url="javascript:alert(1)")).links == []


def test_an_overflow_option_leads_nowhere_unsafe() -> None:
    options = [{**OPTIONS[0], "url": "javascript:alert(1)"}, {**OPTIONS[1], "url": "https://a.b"}]
    shown = in_actions("overflow", options=options)
    assert 'data-href="https://a.b"' in shown
    assert 'data-href="javascript' not in shown


def test_an_input_waits_for_submit_unless_it_is_to_act_at_once() -> None:
    element = {"type": "plain_text_input", "action_id": "do", "max_length": 5, "min_length": 2}
    block = {"type": "input", "block_id": "b", "label": words("Name"), "element": element}
    waiting = render_block(block, FRAME)
    acting = render_block({**block, "dispatch_action": True}, FRAME)
    assert " data-acts" not in waiting
    assert " data-acts" in acting
    assert 'minlength="2" maxlength="5"' in waiting
    assert " data-required" in waiting
    assert " data-required" not in render_block({**block, "optional": True}, FRAME)


def test_an_input_is_named_by_its_label() -> None:
    element = {"type": "plain_text_input", "action_id": "do"}
    shown = render_block(
        {"type": "input", "block_id": "b", "label": words("Name"), "element": element}, FRAME
    )
    named = shown.split('for="')[1].split('"')[0]
    assert f'id="{named}"' in shown


def test_a_picture_from_elsewhere_is_not_loaded() -> None:
    block = {"type": "image", "alt_text": "graph"}
    away = Inventory(render_block({**block, "image_url": "https://a.example/x.png"}, FRAME))
    here = Inventory(render_block({**block, "image_url": "/files/x.png"}, FRAME))
    sly = Inventory(render_block({**block, "image_url": "//a.example/x.png"}, FRAME))
    assert ("img" in away.elements, away.links) == (False, ["https://a.example/x.png"])
    assert "img" in here.elements
    assert "img" not in sly.elements


def test_a_block_nobody_knows_says_that_there_was_something() -> None:
    shown = Inventory(render_block({"type": "hologram"}, FRAME))
    assert "hologram" in shown.text


def test_rich_text_is_a_tree() -> None:
    listed = {
        "type": "rich_text_list",
        "style": "ordered",
        "indent": 1,
        "offset": 2,
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "a", "style": {"bold": True, "italic": True}},
                    {"type": "user", "user_id": "U1"},
                    {"type": "link", "url": "javascript:x", "text": "l"},
                    {"type": "emoji", "name": "fire"},
                    {"type": "broadcast", "range": "here"},
                    {"type": "date", "timestamp": 1_763_726_400, "format": "{date_num}"},
                ],
            }
        ],
    }
    shown = render_block({"type": "rich_text", "elements": [listed]}, FRAME)
    assert '<ol class="indent-1" start="3" type="a">' in shown
    assert "<strong><em>a</em></strong>" in shown
    assert Inventory(shown).text == "a@Mayal🔥@here2025-11-21"
    assert Inventory(shown).links == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# Big\ntext", '<p class="md-heading md-h1">Big</p><p>text</p>'),
        (
            "**b** *i* ~~s~~ `c`",
            "<p><strong>b</strong> <em>i</em> <del>s</del> <code>c</code></p>",
        ),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("> q\n> r", "<blockquote>q<br>r</blockquote>"),
        ("a\n\n---\nb", "<p>a</p><hr><p>b</p>"),
        ("```py\n<x>\n```", '<pre class="code-block"><code>&lt;x&gt;</code></pre>'),
        ("[x](javascript:1) <@U1>", "<p>x &lt;@U1&gt;</p>"),
        ("````text\n``` x\n````", '<pre class="code-block"><code>``` x</code></pre>'),
        (r"a\_b\_c \*x\* \`y\` \<b\>", "<p>a_b_c *x* `y` &lt;b&gt;</p>"),
        (
            r"[x\]y](<https://a.test/c)d>)",
            '<p><a href="https://a.test/c)d" target="_blank" rel="noopener noreferrer">'
            "x]y</a></p>",
        ),
        ("```\nopen", '<pre class="code-block"><code>open</code></pre>'),
        ("#tag", "<p>#tag</p>"),
        ("# a\n\nb\n\n\nc", '<p class="md-heading md-h1">a</p><p>b</p><p>c</p>'),
    ],
)
def test_markdown_is_the_usual_one(text: str, shown: str) -> None:
    assert markdown(text) == shown


def test_a_markdown_table_has_a_head() -> None:
    shown = markdown("| a | b |\n|---|:-:|\n| 1 | 2 |")
    assert "<thead><tr><th>a</th><th>b</th></tr></thead>" in shown
    assert "<tbody><tr><td>1</td><td>2</td></tr></tbody>" in shown
