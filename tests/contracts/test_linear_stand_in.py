"""The stand-in's small GraphQL schema against Linear's published one."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    is_required_argument,
    is_required_input_field,
)

from incident_response.sandbox.vendors.linear.resolvers import load_schema

CONTRACT = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "linear"

if not CONTRACT.is_dir():
    pytest.skip(f"did not run: no contract at {CONTRACT}", allow_module_level=True)

OURS = load_schema()
NAMES = sorted(name for name in OURS.type_map if not name.startswith("__"))


@pytest.fixture(scope="module")
def linear() -> GraphQLSchema:
    text = (CONTRACT / "schema.graphql").read_text()
    return build_schema(text, assume_valid=True, assume_valid_sdl=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_type_is_linears_with_the_same_fields_arguments_and_nulls(
    linear: GraphQLSchema, name: str
) -> None:
    ours, theirs = OURS.type_map[name], linear.type_map[name]
    assert type(ours) is type(theirs)
    if isinstance(ours, GraphQLObjectType) and isinstance(theirs, GraphQLObjectType):
        for field_name, field in ours.fields.items():
            agree(f"{name}.{field_name}", field, theirs.fields[field_name])
    elif isinstance(ours, GraphQLInputObjectType) and isinstance(theirs, GraphQLInputObjectType):
        for field_name, given in ours.fields.items():
            assert str(given.type) == str(theirs.fields[field_name].type), field_name
        required = {n for n, field in theirs.fields.items() if is_required_input_field(field)}
        assert required <= set(ours.fields)
    else:
        assert isinstance(ours, GraphQLScalarType | GraphQLEnumType)


def agree(name: str, ours: GraphQLField, theirs: GraphQLField) -> None:
    assert str(ours.type) == str(theirs.type), name
    for argument_name, argument in ours.args.items():
        assert str(argument.type) == str(theirs.args[argument_name].type), (name, argument_name)
    required = {n for n, argument in theirs.args.items() if is_required_argument(argument)}
    assert required <= set(ours.args), name
