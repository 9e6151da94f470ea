"""Enough of PromQL to know what a dashboard query is asking about.

What belongs here: reading a query into the one question it asks (which measure, of whom, when).
What does not: the answer's numbers and the HTTP API (`mimir.py`). This is no evaluator: it
recognises the shapes that ask for an error ratio, a latency quantile or a rate, refuses broken
syntax, and finds nothing for metrics the company does not have, as a real server would.
"""

import re
from dataclasses import dataclass
from typing import Literal

from incident_response.sandbox.vendors.grafana_cloud import seconds_of_duration
from incident_response.sandbox.vendors.matchers import (
    Matcher,
    SyntaxRefusedError,
    read_matchers,
)

Measure = Literal["error_ratio", "errors", "quantile", "requests", "up", "number", "nothing"]

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|\'(?:[^\'\\]|\\.)*\'')
_SELECTOR = re.compile(r'\{((?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^{}"`])*)\}')
_QUANTILE = re.compile(r"\bhistogram_quantile\s*\(\s*(\d+(?:\.\d+)?)")
_BY = re.compile(r"\bby\s*\(([^)]*)\)")
_OFFSET = re.compile(r"\boffset\s+([0-9a-z]+)")
_AGGREGATION = re.compile(r"\b(sum|avg|max|min|count|histogram_quantile)\b")
_ERRORS = re.compile(r'5\.\.|5\\d|"5|error', re.IGNORECASE)
_REQUESTS = re.compile(r"request|http_|rpc_|traces_spanmetrics", re.IGNORECASE)
_NUMBER = re.compile(r"(?:vector\s*\(\s*)?(-?\d+(?:\.\d+)?)\s*\)?")
_CLOSES = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Question:
    """What a query asks: a measure of the services its matchers accept, `offset` seconds earlier.

    `group_by` None: one series per service with all labels; an empty tuple: all services in one.
    """

    measure: Measure
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] | None = None
    quantile: float = 0.99
    milliseconds: bool = False
    offset: float = 0.0
    number: float = 0.0
    is_vector: bool = True
    zero_when_empty: bool = False


def read_query(query: str) -> Question:
    """Read a query. Raises `SyntaxRefusedError` with Prometheus' wording for broken ones."""
    if not query.strip():
        raise SyntaxRefusedError("1:1: parse error: no expression found in input")
    _refuse_unbalanced(query)
    if number := _NUMBER.fullmatch(query.strip()):
        is_vector = query.lstrip().startswith("vector")
        return Question("number", number=float(number[1]), is_vector=is_vector)
    return Question(
        measure=_measure(query),
        matchers=tuple(m for text in _SELECTOR.findall(query) for m in read_matchers(text)),
        group_by=_group_by(query),
        quantile=_quantile(query),
        milliseconds="milliseconds" in query or "_ms_" in query,
        offset=_offset(query),
        zero_when_empty=re.search(r"\bor\s+vector\s*\(\s*0\s*\)", query) is not None,
    )


def _measure(query: str) -> Measure:
    if _QUANTILE.search(query):
        return "quantile"
    if re.match(r"\s*up\b", query):
        return "up"
    if not _REQUESTS.search(_STRING.sub("", query)):
        return "nothing"
    if not _ERRORS.search(query):
        return "requests"
    return "error_ratio" if "/" in _STRING.sub("", query) else "errors"


def _quantile(query: str) -> float:
    found = _QUANTILE.search(query)
    return float(found[1]) if found else 0.99


def _offset(query: str) -> float:
    found = _OFFSET.search(query)
    try:
        return seconds_of_duration(found[1]) if found else 0.0
    except ValueError as error:
        raise SyntaxRefusedError(f"parse error: bad duration in offset: {error}") from None


def _group_by(query: str) -> tuple[str, ...] | None:
    labels = {name.strip() for group in _BY.findall(query) for name in group.split(",")}
    labels -= {"le", ""}  # a histogram's own label is consumed by the quantile
    if labels:
        return tuple(sorted(labels))
    return () if _AGGREGATION.search(query) else None


def _refuse_unbalanced(query: str) -> None:
    bare = _STRING.sub('""', query)
    if bare.replace('""', "").count('"'):
        raise SyntaxRefusedError("parse error: unterminated quoted string")
    opened: list[str] = []
    for character in bare:
        if character in _CLOSES.values():
            opened.append(character)
        elif character in _CLOSES and (not opened or opened.pop() != _CLOSES[character]):
            raise SyntaxRefusedError(f"parse error: unexpected {character!r}")
    if opened:
        names = {"(": "parenthesis", "[": "bracket", "{": "brace"}
        raise SyntaxRefusedError(f"parse error: unclosed left {names[opened[-1]]}")
