"""The commented configuration file, drawn from the declarations themselves so that it cannot lie."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import msgspec

from leadglass.app import configuration
from leadglass.app.configuration import Configuration

__all__ = ["commented_defaults"]


def commented_defaults() -> str:
    """A leadglass.toml in which every option stands with its default and its meaning, all commented out."""
    meanings = _meanings()
    lines = ["# leadglass.toml: every option with its default. Unknown keys are errors."]
    for section in msgspec.structs.fields(Configuration):
        table = section.type
        lines += ["", f"[{section.encode_name}]"]
        for option in msgspec.structs.fields(table):
            lines += [f"# {line}" for line in meanings[table.__name__, option.name].splitlines()]
            lines.append(f"# {option.encode_name} = {_toml(_default(option))}")
    return "\n".join(lines)


def _default(option: msgspec.structs.FieldInfo) -> Any:
    if option.default is not msgspec.NODEFAULT:
        return option.default
    assert callable(option.default_factory)
    return option.default_factory()


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return msgspec.json.encode(value).decode()
        case dict():
            return "{ }"
        case _:
            return str(value)


def _meanings() -> dict[tuple[str, str], str]:
    """(table, option) → the text that stands below the option's declaration."""
    return dict(_read(ast.parse(inspect.getsource(configuration))))


def _read(module: ast.Module) -> Iterator[tuple[tuple[str, str], str]]:
    for table in module.body:
        if not isinstance(table, ast.ClassDef):
            continue
        for option, text in zip(table.body, table.body[1:], strict=False):
            if (
                isinstance(option, ast.AnnAssign)
                and isinstance(option.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                yield (table.name, option.target.id), inspect.cleandoc(str(text.value.value))
