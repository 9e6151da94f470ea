"""Every operation we send to Linear, against Linear's published schema and the stand-in's."""

from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate

from incident_response.adapters.linear import operations
from incident_response.sandbox.vendors.linear.resolvers import load_schema

CONTRACT = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "linear"
TEXTS = [
    text
    for name, text in vars(operations).items()
    if isinstance(text, str) and name.isupper() and not name.startswith("_")
]


@pytest.fixture(scope="module")
def linear() -> GraphQLSchema:
    if not CONTRACT.is_dir():
        pytest.skip(f"did not run: no contract at {CONTRACT}")
    text = (CONTRACT / "schema.graphql").read_text()
    return build_schema(text, assume_valid=True, assume_valid_sdl=True)


def test_every_operation_is_listed() -> None:
    assert set(TEXTS) == set(operations.ALL)
    assert len(TEXTS) == 7


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.split("(")[0].strip())
def test_every_operation_is_one_that_linear_answers(linear: GraphQLSchema, text: str) -> None:
    assert validate(linear, parse(text)) == []


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.split("(")[0].strip())
def test_every_operation_is_one_that_the_stand_in_answers(text: str) -> None:
    assert validate(load_schema(), parse(text)) == []


def test_the_check_would_notice_a_field_that_does_not_exist(linear: GraphQLSchema) -> None:
    broken = operations.ISSUE.replace("identifier", "identifyer")
    assert validate(linear, parse(broken))


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.split("(")[0].strip())
def test_an_operation_is_one_root_field_so_that_it_happens_wholly_or_not(text: str) -> None:
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    is_mutation = operation.operation.value == "mutation"
    assert not is_mutation or len(operation.selection_set.selections) == 1
