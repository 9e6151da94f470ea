import time

import pytest

from incident_response.adapters.github.codeowners import Rule, owners_of, parsed


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("*", "a", True),
        ("*", "deep/down/a.py", True),
        ("**", "deep/down/a.py", True),
        ("/*", "a", True),
        ("/*", "deep/a", False),
        ("*.js", "a.js", True),
        ("*.js", "deep/down/a.js", True),
        ("*.js", "a.jsx", False),
        ("*.js", "a.js/inside", True),
        ("docs/", "docs/a", True),
        ("docs/", "deep/docs/down/a", True),
        ("docs/", "docs", False),
        ("docs", "docs", True),
        ("docs", "deep/docs/a", True),
        ("docs", "mydocs/a", False),
        ("/docs/", "docs/deep/a", True),
        ("/docs/", "deep/docs/a", False),
        ("/docs", "docs", True),
        ("/docs", "docs/a", True),
        ("/docs", "docsy/a", False),
        ("docs/*", "docs/a", True),
        ("docs/*", "docs/deep/a", False),
        ("docs/*", "deep/docs/a", False),
        ("docs/*.md", "docs/a.md", True),
        ("docs/*.md", "docs/deep/a.md", False),
        ("src/app", "src/app/a", True),
        ("src/app", "deep/src/app/a", False),
        ("**/logs", "logs/a", True),
        ("**/logs", "deep/down/logs", True),
        ("**/logs", "deep/mylogs", False),
        ("/build/**", "build/deep/a", True),
        ("/build/**", "build", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b/c", True),
        ("a/**/b", "a/xb", False),
        ("a/*/b", "a/x/b", True),
        ("a/*/b", "a/b", False),
        ("a/*/b", "a/x/y/b", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a*b*c", "axbxbxc", True),
        ("a*b*c", "axbxbxd", False),
        ("a*bc", "abcbc", True),
        ("a.c", "abc", False),
        (r"my\ file", "my file", True),
        (r"a\*b", "a*b", True),
        (r"a\*b", "axb", False),
        ("(a|b)+", "a", False),
    ],
)
def test_a_pattern_matches_as_on_github(pattern: str, path: str, is_match: bool) -> None:
    assert Rule(pattern, ()).matches(path) is is_match


def test_comments_blanks_and_what_cannot_be_read_are_passed_over() -> None:
    text = """
    # all of it
    *        @t/all    # everything else
    \t
    !secret  @t/nobody
    [ab].py  @t/nobody
    a/***/b  @t/nobody
    /        @t/nobody
    /my\\ docs/\t@ann  bob@t.example
    /c#sharp @cy
    /free
    """
    assert parsed(text + "x" * 600 + " @t/nobody") == (
        Rule("*", ("@t/all",)),
        Rule("/my\\ docs/", ("@ann", "bob@t.example")),
        Rule("/c#sharp", ("@cy",)),
        Rule("/free", ()),
    )


def test_the_last_rule_that_matches_decides_even_for_nobody() -> None:
    rules = parsed("* @t/all\n/deploy/ @t/platform @t/all\n*.md\n/deploy/secret.md @ann\n")
    assert owners_of(["src/a"], rules) == ("@t/all",)
    assert owners_of(["deploy/a"], rules) == ("@t/platform", "@t/all")
    assert owners_of(["deploy/README.md"], rules) == ()
    assert owners_of(["deploy/secret.md"], rules) == ("@ann",)


def test_owners_of_many_paths_are_named_once_in_order() -> None:
    rules = parsed("* @t/all\n/b @bob @t/all\n")
    assert owners_of(["b", "a", "b"], rules) == ("@bob", "@t/all")
    assert owners_of([], rules) == ()
    assert owners_of(["a"], ()) == ()


@pytest.mark.parametrize("pattern", ["*a" * 250 + "z", "**/a/" * 4 + "z", "a?" * 200 + "*z"])
def test_no_pattern_takes_forever(pattern: str) -> None:
    begun = time.perf_counter()
    for path in ("a" * 400 + "b", "a/" * 60 + "b"):
        assert owners_of([path], parsed(f"{pattern} @ann")) == ()
    assert time.perf_counter() - begun < 1
