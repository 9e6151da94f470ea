import pytest

from incident_response.domain.unmasking import unmasked


@pytest.mark.parametrize(
    ("masked", "plain"),
    [
        ("\uff11\uff10.\uff11", "10.1"),
        ("\u0661\u0662\u0663", "123"),
        ("a\u200b@\u00adb\u2060.io", "a@b.io"),
        ("a%40b.io, a%2540b.io", "a@b.io, a@b.io"),
        ("Jos%C3%A9 and Jos\\u00e9", "José and José"),
        ("a&#64;b.io, a&#x40;b.io, a&commat;b.io", "a@b.io, a@b.io, a@b.io"),
        ('{\\"password\\":\\"x\\"}', '{"password":"x"}'),
        ("one\\ntwo\\tthree", "one\ntwo\tthree"),
        ("a\r\nb\u2028c", "a\nb\nc"),
        ("non\u2011breaking \u2013 dash", "non-breaking - dash"),
        ("10\u30021\u30022\u30023", "10.1.2.3"),
        ("e\u0301", "é"),
        ("\ud800 lone", " lone"),
    ],
)
def test_a_disguise_is_taken_off(masked: str, plain: str) -> None:
    assert unmasked(masked) == plain


@pytest.mark.parametrize(
    "ordinary",
    [
        "14.2 % of 100%",
        "50%ZZ",
        "%FF%FE",
        "%00%01",
        "a & b",
        "C:\\srv",
        "p99 \N{GREEK SMALL LETTER MU}s",
        "日本 語",
    ],
)
def test_ordinary_text_comes_back_as_it_was(ordinary: str) -> None:
    assert unmasked(ordinary) == ordinary


def test_doing_it_again_changes_nothing_more_in_plain_text() -> None:
    text = "GET /v1/orders?q=1 HTTP/1.1 took 12 ms, José said \u201cok\u201d"
    assert unmasked(unmasked(text)) == unmasked(text)
