"""Small wrong changes of a module's source, one at a time: what its tests have to notice.

Why not mutmut: it puts a trampoline in place of every function, which is then no longer the one
coroutine, ``__init__`` or ``__slots__`` class that the gate's proof rests on. Not changed are
docstrings, annotations, assertions (they tell the type checker) and what is only logged. Not here:
running tests on them (mutants).
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Mutant:
    """A module with one change."""

    line: int
    what: str
    source: str


Change = Callable[[ast.AST], None]
"""Changes a node in place."""

_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
}


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module."""
    tree = ast.parse(source)
    untouched = set(_untouched(tree))
    for index, node in enumerate(ast.walk(tree)):
        if node in untouched:
            continue
        for what, change in _changes(node):
            changed = copy.deepcopy(tree)
            target = next(n for i, n in enumerate(ast.walk(changed)) if i == index)
            change(target)
            text = ast.unparse(ast.fix_missing_locations(changed))
            if text != ast.unparse(tree):
                yield Mutant(getattr(node, "lineno", 0), what, text)


def _untouched(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        for part in _left_alone(node):
            yield from ast.walk(part)


def _left_alone(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Assert() | ast.Import() | ast.ImportFrom():
            yield node
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "logger")))):
            yield node
        case ast.Assign(targets=[ast.Name(id="__all__" | "log" | "Mint" | "Judge" | "T")]):
            yield node
        case ast.AnnAssign(annotation=annotation):
            yield annotation
        case ast.arg(annotation=ast.AST() as annotation):
            yield annotation
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield from node.decorator_list
            if not isinstance(node, ast.ClassDef) and node.returns is not None:
                yield node.returns
        case _:
            pass


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    yield from _logic(node)
    yield from _values(node)
    yield from _parts(node)
    yield from _statements(node)


def _logic(node: ast.AST) -> Iterator[tuple[str, Change]]:
    match node:
        case ast.Compare(ops=operators):
            for number, operator in enumerate(operators):
                other = _COMPARISONS[type(operator)]
                yield (
                    f"{type(operator).__name__} -> {other.__name__}",
                    _setting_item("ops", number, other()),
                )
        case ast.BoolOp(op=ast.And()):
            yield "and -> or", _setting("op", ast.Or())
        case ast.BoolOp(op=ast.Or()):
            yield "or -> and", _setting("op", ast.And())
        case ast.UnaryOp(op=ast.Not()):
            yield "not x -> x", _unnegated
        case ast.If() | ast.IfExp() | ast.While():
            yield "negated condition", _negated
        case ast.BinOp(op=operator) if type(operator) in _OPERATORS:
            other_operator = _OPERATORS[type(operator)]
            yield f"-> {other_operator.__name__}", _setting("op", other_operator())
        case ast.match_case(guard=ast.AST()):
            yield "no guard", _setting("guard", None)
        case _:
            pass


def _values(node: ast.AST) -> Iterator[tuple[str, Change]]:
    match node:
        case ast.Constant(value=bool(value)):
            yield f"{value} -> {not value}", _setting("value", not value)
        case ast.Constant(value=int(value) | float(value)):
            yield f"{value} -> {value + 1}", _setting("value", value + 1)
        case ast.Constant(value=str(text)):
            yield f"{text!r} changed", _setting("value", f"{text}XX" if text else "XX")
        case ast.Return(value=ast.AST() as value) if not _is_none(value):
            yield "returns None", _setting("value", ast.Constant(None))
        case _:
            pass


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _parts(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """One part fewer of what has several."""
    match node:
        case ast.Call(keywords=keywords):
            for number, keyword in enumerate(keywords):
                yield f"without {keyword.arg}=", _dropping(number, "keywords")
        case ast.Dict(keys=keys):
            for number in range(len(keys)):
                yield f"without item {number}", _dropping(number, "keys", "values")
        case ast.Set(elts=elements) | ast.Tuple(elts=elements, ctx=ast.Load()):
            for number in range(len(elements) if len(elements) > 1 else 0):
                yield f"without element {number}", _dropping(number, "elts")
        case ast.comprehension(ifs=conditions):
            for number in range(len(conditions)):
                yield "without its condition", _dropping(number, "ifs")
        case _:
            pass


def _statements(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """One statement fewer, in every block."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(node, (ast.Module, ast.ClassDef)) or not isinstance(block, list):
            continue
        for number, statement in enumerate(block):
            is_done = isinstance(statement, (ast.Raise, ast.Continue, ast.AugAssign))
            is_call = isinstance(statement, ast.Expr) and not _is_left(statement)
            if is_done or is_call:
                yield (
                    f"without line {statement.lineno}",
                    _setting_item(name, number, ast.Pass()),
                )


def _is_left(statement: ast.Expr) -> bool:
    return next(_left_alone(statement), None) is not None


def _setting(name: str, value: object) -> Change:
    return lambda node: setattr(node, name, value)


def _setting_item(name: str, number: int, value: object) -> Change:
    def change(node: ast.AST) -> None:
        getattr(node, name)[number] = value

    return change


def _dropping(number: int, *names: str) -> Change:
    def change(node: ast.AST) -> None:
        for name in names:
            del getattr(node, name)[number]

    return change


def _negated(node: ast.AST) -> None:
    assert isinstance(node, (ast.If, ast.IfExp, ast.While))
    node.test = ast.UnaryOp(op=ast.Not(), operand=node.test)


def _unnegated(node: ast.AST) -> None:
    assert isinstance(node, ast.UnaryOp)
    node.operand = ast.UnaryOp(op=ast.Not(), operand=node.operand)
