#!/usr/bin/env python3
"""Turns a Python function that builds a prompt into a PML schema, and a call of it into a prompt.

    function_to_pml.py FILE.py FUNCTION                              prints the schema
    function_to_pml.py FILE.py 'FUNCTION(name="Ann", brief=True)'    prints the prompt

Constant text becomes text of the schema, `if` a module, `if` with `else` and `match` a union of modules, what an
f-string puts in a parameter; an `if` inside another one is a module inside a module. A parameter's length is the width of its
format (`{name:12}`), or that of --length, or --default-length. The text may be built with `+`, `+=`, f-strings, lists
that are joined, and conditional expressions; branches may return. The file is read and not run. The schema keeps
whitespace as it is, so the prompt's text is what the function returns, to the character.
"""
from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

ELEMENTS = {"schema", "module", "union", "pool", "parameter", "scaffold", "slot", "system", "user", "assistant",
            "include", "prompt", "use"}
RESERVED_PARAMETERS = {"module", "schema", "space"}
MOST_PIECES, MOST_STEPS = 10_000, 100_000
Arguments = dict[str, object]


class Mistake(Exception):
    """What is not understood, and where."""

    def __init__(self, node: ast.AST | None, message: str) -> None:
        super().__init__(message)
        self.line = getattr(node, "lineno", None)


@dataclass(frozen=True)
class Hole:
    name: str  # of the function's argument
    conversion: int
    spec: str

    def fill(self, arguments: Arguments) -> str:
        value = arguments[self.name]
        convert: dict[int, Callable[[object], str]] = {ord("s"): str, ord("r"): repr, ord("a"): ascii}
        try:
            return format(convert[self.conversion](value) if self.conversion in convert else value, self.spec)
        except (TypeError, ValueError) as problem:
            raise Mistake(None, f"`{self.name}` cannot be written as `{self.spec}`: {problem}") from None


@dataclass(frozen=True)
class Test:
    """A condition, and what a module is called that is there if it holds."""
    name: str
    holds: Callable[[Arguments], bool]


@dataclass(frozen=True)
class Item:
    """An item of a list: one text."""
    text: Text


@dataclass(frozen=True)
class Choice:
    """What follows from the first test that holds."""
    subject: str  # what the tests ask for, if they all ask for the same
    cases: tuple[tuple[Test, tuple], ...]


Text = tuple  # of str, Hole, Choice of texts
Parts = list  # of Item, Choice of parts


def always(_: Arguments) -> bool:
    return True


def as_name(text: str) -> str:
    name = re.sub(r"[^\w.-]+", "-", text).strip("-")
    return name if name.strip(".") else "other"


def merge(subject: str, cases: list[tuple[Test, Text | Parts]]) -> Text | Parts:
    """One value from those of the cases: what they all begin with, then what differs."""
    values = [value for _, value in cases]
    size = 0
    while all(len(value) > size and value[size] == values[0][size] for value in values):
        size += 1
    common, rests = values[0][:size], [tuple(value[size:]) for value in values]
    if not any(rests):
        return common
    return common + type(common)([Choice(subject, tuple((test, rest) for (test, _), rest in zip(cases, rests)))])


class Function:
    """Follows a function through its statements, with values that are texts whose parts may depend on arguments."""

    def __init__(self, module: ast.Module, name: str) -> None:
        functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
        if name not in functions:
            raise Mistake(None, f"there is no function `{name}`; there are: {', '.join(functions) or 'none'}")
        self.node = functions[name]
        if self.node.decorator_list:
            raise Mistake(self.node, "a decorator may change what the function returns; it is not understood")
        arguments = self.node.args
        if arguments.vararg or arguments.kwarg:
            raise Mistake(self.node, "`*` and `**` arguments are not understood")
        positional = [*arguments.posonlyargs, *arguments.args]
        self.positional = [argument.arg for argument in positional]
        self.names = self.positional + [argument.arg for argument in arguments.kwonlyargs]
        defaults = [*zip(reversed(self.positional), reversed(arguments.defaults)),
                    *((argument.arg, node) for argument, node in zip(arguments.kwonlyargs, arguments.kw_defaults))]
        self.defaults: Arguments = {name: self.literal(node) for name, node in defaults if node is not None}
        self.num_steps = 0
        text = self.run(self.node.body, self.constants_of(module))
        if text is None:
            raise Mistake(self.node, f"`{name}` returns no text")
        self.text: Text = text

    def constants_of(self, module: ast.Module) -> dict[str, Text | Parts]:
        """Texts that the file gives a name once."""
        stored = [node.id for node in ast.walk(module)
                  if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        return {target.id: (node.value.value,) for node in module.body if isinstance(node, ast.Assign)
                for target in node.targets if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str) and stored.count(target.id) == 1 and target.id not in self.names}

    @staticmethod
    def literal(node: ast.expr) -> object:
        try:
            return ast.literal_eval(node)
        except ValueError:
            raise Mistake(node, f"`{ast.unparse(node)}` is no literal") from None

    def bind(self, call: ast.Call) -> Arguments:
        if len(call.args) > len(self.positional):
            raise Mistake(None, f"`{self.node.name}` takes {len(self.positional)} positional arguments at most")
        given = {name: self.literal(node) for name, node in zip(self.positional, call.args)}
        for keyword in call.keywords:
            if keyword.arg not in self.names:
                raise Mistake(None, f"`{self.node.name}` has no argument `{keyword.arg}`")
            if keyword.arg in given:
                raise Mistake(None, f"the argument `{keyword.arg}` is given twice")
            given[keyword.arg] = self.literal(keyword.value)
        missing = [name for name in self.names if name not in given and name not in self.defaults]
        if missing:
            raise Mistake(None, f"`{self.node.name}` needs the argument `{missing[0]}`")
        return {**self.defaults, **given}

    # Statements.

    def run(self, statements: list[ast.stmt], values: dict[str, Text | Parts]) -> Text | None:
        """What is returned; None if nothing is. `values` then holds what the names stand for."""
        for i, node in enumerate(statements):
            self.num_steps += 1
            if self.num_steps > MOST_STEPS:
                raise Mistake(node, "there are too many ways through the function")
            if isinstance(node, ast.Return):
                if node.value is None:
                    raise Mistake(node, "a `return` needs a text")
                return self.text_of(node.value, values)
            if isinstance(node, (ast.If, ast.Match)):
                subject, branches = self.branches_of(node)
                if any(isinstance(inner, ast.Return) for inner in ast.walk(node)):
                    ends = [(test, self.run([*body, *statements[i + 1:]], dict(values))) for test, body in branches]
                    if any(text is None for _, text in ends):
                        raise Mistake(node, "not every way through the function returns a text")
                    return merge(subject, ends)
                self.join(subject, branches, values)
            else:
                self.assign(node, values)
            if sum(map(len, values.values())) > MOST_PIECES:
                raise Mistake(node, "the text has too many pieces")
        return None

    def join(self, subject: str, branches: list[tuple[Test, list[ast.stmt]]], values: dict) -> None:
        """The branches one beside the other; a name that only some of them know is known no more."""
        results = []
        for test, body in branches:
            own = dict(values)
            self.run(body, own)
            results.append((test, own))
        known = [name for name in results[0][1] if all(type(own.get(name)) is type(results[0][1][name])
                                                          for _, own in results)]
        values.clear()
        for name in known:
            values[name] = merge(subject, [(test, own[name]) for test, own in results])

    def assign(self, node: ast.stmt, values: dict) -> None:
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                pass
            case ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(
                    target=ast.Name(id=name), value=ast.expr() as value):
                if name in self.names:
                    raise Mistake(node, f"the argument `{name}` is changed; use another name")
                if isinstance(value, ast.Name) and isinstance(values.get(value.id), list):
                    raise Mistake(node, "a list with two names is not understood")
                values[name] = self.value_of(value, values)
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value) if name in values:
                added = self.value_of(value, values)
                if type(added) is not type(values[name]):
                    raise Mistake(node, "a text and a list cannot be added")
                values[name] = values[name] + added
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append"), args=[item],
                                         keywords=[])) if isinstance(values.get(name), list):
                values[name] = values[name] + [Item(self.text_of(item, values))]
            case _:
                raise Mistake(node, f"this statement is not understood: {ast.unparse(node).splitlines()[0]}")

    def branches_of(self, node: ast.If | ast.Match) -> tuple[str, list[tuple[Test, list[ast.stmt]]]]:
        branches: list[tuple[Test, list[ast.stmt]]] = []
        rest: list[ast.stmt] = []
        if isinstance(node, ast.Match):
            subject = self.argument(node.subject)
            for case in node.cases:
                if case.guard:
                    raise Mistake(case.guard, "a `case` with an `if` is not understood")
                if isinstance(case.pattern, ast.MatchAs) and case.pattern.name is None:
                    rest = case.body
                    break
                branches.append((self.pattern(subject, case.pattern), case.body))
            return subject, [*branches, (Test("other", always), rest)]
        subject = ast.unparse(node.test.left) if isinstance(node.test, ast.Compare) else ""
        while True:
            branches.append((self.test(node.test), node.body))
            rest = node.orelse
            if len(rest) != 1 or not isinstance(rest[0], ast.If):
                break
            node = rest[0]
        name = negated(branches[0][0].name) if len(branches) == 1 else "other"
        return subject, [*branches, (Test(name, always), rest)]

    def pattern(self, subject: str, pattern: ast.pattern) -> Test:
        match pattern:
            case ast.MatchValue(value=ast.Constant(value=value)) | ast.MatchSingleton(value=value):
                if isinstance(pattern, ast.MatchSingleton):
                    return Test(as_name(str(value)), lambda arguments: arguments[subject] is value)
                return Test(as_name(str(value)), lambda arguments: arguments[subject] == value)
            case ast.MatchOr(patterns=patterns):
                tests = [self.pattern(subject, inner) for inner in patterns]
                return Test(tests[0].name, lambda arguments: any(test.holds(arguments) for test in tests))
        raise Mistake(pattern, f"`case {ast.unparse(pattern)}` is not understood; a case names constants, or is `_`")

    def argument(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name) and node.id in self.names:
            return node.id
        raise Mistake(node, f"`{ast.unparse(node)}` is no argument of the function")

    def test(self, node: ast.expr) -> Test:
        match node:
            case ast.Name():
                name = self.argument(node)
                return Test(name, lambda arguments: bool(arguments[name]))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.test(operand)
                return Test(negated(inner.name), lambda arguments: not inner.holds(arguments))
            case ast.BoolOp(op=operator, values=terms):
                tests = [self.test(term) for term in terms]
                both = isinstance(operator, ast.And)
                hold = all if both else any
                return Test((("-and-" if both else "-or-").join(test.name for test in tests)),
                            lambda arguments: hold(test.holds(arguments) for test in tests))
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                name, value = self.argument(left), self.literal(right)
                if isinstance(operator, (ast.In, ast.NotIn)) and not isinstance(value, (tuple, list)):
                    raise Mistake(node, "`in` is understood with a tuple or a list")
                compare: dict[type, Callable[[object], bool]] = {
                    ast.Eq: lambda given: given == value, ast.NotEq: lambda given: given != value,
                    ast.Is: lambda given: given is value, ast.IsNot: lambda given: given is not value,
                    ast.In: lambda given: given in value, ast.NotIn: lambda given: given not in value}
                if type(operator) in compare:
                    holds = compare[type(operator)]
                    label = negated(name) if value is None else as_name(
                        value if isinstance(value, str) else f"{name}-{value}")
                    if isinstance(operator, (ast.NotEq, ast.IsNot, ast.NotIn)):
                        label = negated(label)
                    return Test(label, lambda arguments: holds(arguments[name]))
        raise Mistake(node, f"the condition `{ast.unparse(node)}` is not understood")

    # Expressions.

    def value_of(self, node: ast.expr, values: dict) -> Text | Parts:
        match node:
            case ast.List(elts=items):
                return [Item(self.text_of(item, values)) for item in items]
            case ast.Constant(value=str(text)):
                return (text,) if text else ()
            case ast.Name(id=name) if name in values:
                return values[name]
            case ast.Name(id=name) if name in self.names:
                return (Hole(name, -1, ""),)
            case ast.Name(id=name):
                raise Mistake(node, f"`{name}` is no argument, and no text in every branch before this")
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                first, second = self.value_of(left, values), self.value_of(right, values)
                if type(first) is not type(second):
                    raise Mistake(node, "a text and a list cannot be added")
                return first + second
            case ast.JoinedStr(values=pieces):
                return tuple(part for piece in pieces for part in self.text_of(piece, values))
            case ast.FormattedValue(value=inner, conversion=conversion, format_spec=spec):
                return self.formatted(node, inner, conversion, spec, values)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                positive = self.test(test)
                return merge("", [(positive, self.value_of(body, values)),
                                  (Test(negated(positive.name), always), self.value_of(orelse, values))])
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(between)), attr="join"), args=[inner]):
                parts = self.value_of(inner, values)
                if isinstance(parts, list):
                    return joined(node, between, parts)
        raise Mistake(node, f"`{ast.unparse(node)}` is not understood; only texts, arguments and their sums are")

    def text_of(self, node: ast.expr, values: dict) -> Text:
        value = self.value_of(node, values)
        if isinstance(value, list):
            raise Mistake(node, f"`{ast.unparse(node)}` is a list, where a text is needed")
        return value

    def formatted(self, node: ast.expr, inner: ast.expr, conversion: int, spec: ast.expr | None, values: dict) -> Text:
        shape = self.text_of(spec, values) if spec else ()
        if not all(isinstance(part, str) for part in shape):
            raise Mistake(node, "a format that depends on arguments is not understood")
        if isinstance(inner, ast.Name) and inner.id in self.names and inner.id not in values:
            return (Hole(inner.id, conversion, "".join(shape)),)
        if shape or conversion not in (-1, ord("s")):
            raise Mistake(node, f"only an argument can have a format, unlike `{ast.unparse(inner)}`")
        return self.text_of(inner, values)


def negated(name: str) -> str:
    return name.removeprefix("not-") if name.startswith("not-") else "not-" + name


def joined(node: ast.expr, between: str, parts: list | tuple, is_first: bool = True) -> Text:
    text: Text = ()
    for part in parts:
        if isinstance(part, Item):
            text += part.text if is_first or not between else (between, *part.text)
        elif is_first and between:
            raise Mistake(node, "the first item of a joined list has to be there always")
        else:
            text += (Choice(part.subject, tuple((test, joined(node, between, inner, False))
                                                for test, inner in part.cases)),)
        is_first = False
    return text


# What the function's text is in PML.


@dataclass
class Scope:
    """A module, or the schema: its content, with names that are legal and its own."""
    name: str = ""
    content: list[str | tuple[str, Hole] | tuple[str, list[tuple[Test, Scope]]]] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)
    parameters: set[str] = field(default_factory=lambda: set(RESERVED_PARAMETERS))


def unique(taken: set[str], *wanted: str) -> str:
    candidates = [*wanted, *(f"{wanted[-1]}-{i}" for i in range(2, len(taken) + 3))]
    name = next(candidate for candidate in candidates if candidate not in taken)
    taken.add(name)
    return name


def build(scope: Scope, text: Text) -> Scope:
    for part in text:
        if isinstance(part, str):
            scope.content.append(part)
        elif isinstance(part, Hole):
            scope.content.append((unique(scope.parameters, part.name), part))
        else:
            members = []
            for test, inner in part.cases:
                names = [test.name, f"{part.subject}-{test.name}"] if part.subject.isidentifier() else [test.name]
                name = unique(scope.modules, *names) if inner else ""
                members.append((test, build(Scope(name), inner)))
            is_union = sum(bool(inner) for _, inner in part.cases) > 1
            has_name = is_union and part.subject.isidentifier() and part.subject not in scope.modules
            scope.content.append((unique(scope.modules, part.subject) if has_name else "", members))
    return scope


def attribute(name: str, value: str) -> str:
    return f' {name}="' + escape(value, {'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}) + '"'


class Printer:
    def __init__(self, function: Function, lengths: dict[str, int], default_length: int) -> None:
        self.function, self.lengths, self.default_length = function, lengths, default_length
        self.root = build(Scope(), function.text)

    def parameter(self, name: str, hole: Hole) -> str:
        width = re.search(r"(?<!\.)\b[1-9]\d*", hole.spec)
        length = self.lengths.get(hole.name, int(width.group()) if width else self.default_length)
        text = "<parameter" + attribute("name", name) + attribute("length", str(length))
        if self.function.defaults.get(hole.name) is not None:
            if default := hole.fill(self.function.defaults):
                text += attribute("default", default)
        return text + "/>"

    def contents(self, scope: Scope) -> Iterator[str]:
        for part in scope.content:
            if isinstance(part, str):
                yield escape(part, {"\r": "&#13;"})
            elif isinstance(part[1], Hole):
                yield self.parameter(part[0], part[1])
            else:
                modules = ["<module" + attribute("name", member.name) + ">" + "".join(self.contents(member)) +
                           "</module>" for _, member in part[1] if member.content]
                if len(modules) == 1:
                    yield modules[0]
                else:
                    group = attribute("name", part[0]) if part[0] else ""
                    # Blanks between the members would be theirs; those inside tags are nobody's.
                    yield f"<union{group}\n  >" + "\n  >".join(module.removesuffix(">") for module in modules)
                    yield "\n></union>"

    def schema(self) -> str:
        return ("<schema" + attribute("name", self.function.node.name) + ' space="preserve">' +
                "".join(self.contents(self.root)) + "</schema>\n")

    def prompt(self, arguments: Arguments) -> str:
        return "\n".join(self.selection("prompt", attribute("schema", self.function.node.name), self.root, arguments,
                                        "")) + "\n"

    def selection(self, element: str, attributes: str, scope: Scope, arguments: Arguments, indent: str) -> list[str]:
        lines: list[str] = []
        for part in scope.content:
            if isinstance(part, str):
                continue
            if isinstance(part[1], Hole):
                attributes += attribute(part[0], part[1].fill(arguments))
                continue
            member = next(member for test, member in part[1] if test.holds(arguments))
            if not member.content:
                continue
            is_element = member.name not in ELEMENTS and re.match(r"[^\W\d]", member.name)
            lines += self.selection(member.name if is_element else "use",
                                    "" if is_element else attribute("module", member.name), member, arguments,
                                    indent + "  ")
        if not lines:
            return [f"{indent}<{element}{attributes}/>"]
        return [f"{indent}<{element}{attributes}>", *lines, f"{indent}</{element}>"]


def read_length(text: str) -> tuple[str, int]:
    name, _, length = text.partition("=")
    if not name or not length.isdecimal() or int(length) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is not NAME=N")
    return name, int(length)


def read_default_length(text: str) -> int:
    return read_length("default=" + text)[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="a Python file")
    parser.add_argument("function", help="the name of a function in it, or a call of one")
    parser.add_argument("--length", type=read_length, action="append", default=[], metavar="NAME=N",
                        help="slots of the parameter for an argument; may be given several times")
    parser.add_argument("--default-length", type=read_default_length, default=16, metavar="N",
                        help="slots of other parameters (16)")
    options = parser.parse_args()
    try:
        wanted = ast.parse(options.function, "the call", mode="eval").body
        call = wanted if isinstance(wanted, ast.Call) else None
        name = call.func if call else wanted
        if not isinstance(name, ast.Name):
            raise Mistake(None, f"`{options.function}` is neither the name of a function nor a call")
        function = Function(ast.parse(options.file.read_text(encoding="utf-8"), str(options.file)), name.id)
        printer = Printer(function, dict(options.length), options.default_length)
        print(printer.prompt(function.bind(call)) if call else printer.schema(), end="")
    except Mistake as mistake:
        place = f"{options.file}:{mistake.line}: " if mistake.line else f"{options.file}: "
        print(f"{place}{mistake}", file=sys.stderr)
        return 1
    except RecursionError:
        print(f"{options.file}: the function is nested too deeply", file=sys.stderr)
        return 1
    except SyntaxError as mistake:
        print(f"{mistake.filename}:{mistake.lineno}: {mistake.msg}", file=sys.stderr)
        return 1
    except (OSError, UnicodeDecodeError) as problem:
        print(f"{options.file}: cannot be read: {problem}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
