"""Single faults of a source text: every comparison, constant, sign, call, bound and guard, and what may stand there.

A place is a span of the text with the replacements that are tried in it.  Annotations, texts and docstrings are left
alone: they hold no arithmetic.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

SWAPS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: (r"is\s+not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: (r"not\s+in", "in"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "//"),
    ast.Pow: ("**", "*"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "&"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
}
#: Fields of a syntax tree that hold no arithmetic.
LEFT_ALONE = ("annotation", "returns", "decorator_list", "exc", "cause")
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}


@dataclass(frozen=True)
class Fault:
    """One replacement in one file: bytes begin to end become ``new``."""

    file: str
    line: int
    text: str
    begin: int
    end: int
    old: str
    new: str

    @property
    def change(self) -> str:
        """What was replaced by what, on one line."""
        old, new = (" ".join(text.split()) or "nothing" for text in (self.old, self.new))
        return f"{old} → {new}"

    def planted(self, source: bytes) -> bytes:
        """Return the source with the fault in it."""
        return source[: self.begin] + self.new.encode() + source[self.end :]


def differs(fault: Fault, source: bytes) -> bool:
    """Whether the planted source is Python, and another program."""
    try:
        planted = ast.parse(fault.planted(source))
    except (SyntaxError, ValueError):
        return False
    return ast.dump(planted) != ast.dump(ast.parse(source))


class Places:
    """The places of one source text; iterating gives the list of faults of each place."""

    def __init__(self, file: str, source: bytes) -> None:
        self.file, self.source = file, source
        self.lines = source.decode().splitlines()
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def __iter__(self) -> Iterator[list[Fault]]:
        for node in code(ast.parse(self.source)):
            for begin, end, *texts in self.spans(node):
                yield [self.fault(begin, end, new) for new in texts]

    def fault(self, begin: int, end: int, new: str) -> Fault:
        line = self.source[:begin].count(b"\n") + 1
        old = self.source[begin:end].decode()
        return Fault(self.file, line, self.lines[line - 1].strip(), begin, end, old, new)

    def begin(self, node: ast.AST) -> int:
        return self.starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        return self.starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def of(self, node: ast.AST) -> str:
        return self.source[self.begin(node) : self.end(node)].decode()

    def spans(self, node: ast.AST) -> Iterator[tuple]:
        """Yield (begin, end, replacement, …) for what may go wrong at a node itself."""
        match node:
            case ast.Compare(left=left, ops=ops, comparators=right):
                for first, op, second in zip([left, *right], ops, right, strict=False):
                    yield from self.operator(first, op, second)
            case ast.BinOp(left=left, op=op, right=right) | ast.AugAssign(target=left, op=op, value=right):
                yield from self.operator(left, op, right)
            case ast.BoolOp(op=op, values=values):
                for first, second in pairwise(values):
                    yield from self.operator(first, op, second)
            case ast.UnaryOp(operand=operand):
                yield self.begin(node), self.end(node), f"({self.of(operand)})"
            case ast.Constant(value=value) if isinstance(value, bool | int | float):
                yield self.begin(node), self.end(node), *numbers(value)
            case ast.Expr(value=ast.Call()) | ast.Continue() | ast.Break() | ast.Raise():
                yield self.begin(node), self.end(node), "pass"
            case ast.Call():
                yield from self.call(node)
            case ast.If(test=test) | ast.IfExp(test=test):
                yield self.begin(test), self.end(test), "False", "True"
            case ast.comprehension(ifs=ifs):
                yield from ((self.begin(test), self.end(test), "True") for test in ifs)
            case ast.FunctionDef(body=[*_, _]):
                yield from self.early(node)

    def operator(self, left: ast.AST, op: ast.AST, right: ast.AST) -> Iterator[tuple]:
        """Find the operator between two operands."""
        begin, end = self.end(left), self.begin(right)
        symbol, new = SWAPS.get(type(op), ("", ""))
        pattern = symbol if "\\" in symbol else re.escape(symbol)
        found = re.search(pattern, between := self.source[begin:end].decode())
        if symbol and found and "#" not in between:
            yield begin + found.start(), begin + found.end(), new

    def call(self, node: ast.Call) -> Iterator[tuple]:
        """A call is replaced by its first argument, or by what the method belongs to."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else self.of(node.func)
        if name in NAMES:
            stop = self.end(node.func)
            yield stop - len(name), stop, NAMES[name]
        if node.args and not isinstance(node.args[0], ast.Starred | ast.GeneratorExp):
            yield self.begin(node), self.end(node), f"({self.of(node.args[0])})"
        elif isinstance(node.func, ast.Attribute):
            yield self.begin(node), self.end(node), f"({self.of(node.func.value)})"

    def early(self, node: ast.FunctionDef) -> Iterator[tuple]:
        """A function returns before it does anything."""
        body = [statement for statement in node.body if not is_text(statement)]
        if body and not isinstance(body[0], ast.Return):
            begin = self.begin(body[0])
            yield begin, begin, "return\n" + " " * body[0].col_offset


def numbers(value: float) -> list[str]:
    """Replacements of a constant, next to it and by a factor."""
    if isinstance(value, bool):
        return [str(not value)]
    if isinstance(value, int):
        return [str(value + 1), str(value - 1) if value > 0 else "(-1)", *([str(2 * value)] if value > 2 else [])]
    return [repr(value * factor) for factor in (1.1, 2.0, 0.5)] if value else ["1e-9", "1.0"]


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def code(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without annotations, texts and what is only raised."""
    yield node
    for name, value in ast.iter_fields(node):
        children = value if isinstance(value, list) else [value]
        checked = isinstance(node, ast.keyword) and node.arg == "strict"  # zip checks lengths that agree
        if name in LEFT_ALONE or isinstance(node, ast.JoinedStr) or checked:
            continue
        for child in children:
            if isinstance(node, ast.Expr) and isinstance(child, ast.Call):  # the statement as a whole is a place
                yield from (deeper for part in ast.iter_child_nodes(child) for deeper in code(part))
            elif isinstance(child, ast.AST) and not is_text(child):
                yield from code(child)
