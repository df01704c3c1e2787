"""One query key as SQL, in two steps: what to test (with the values taken out), and the SQL of such a test.

The first step runs for every query and is cheap; the second only when a statement of a new shape is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Dialect, FromClause, String, and_, bindparam, literal_column, or_, select

from leadglass.store.index.attributes import Attribute, Kind
from leadglass.store.index.fuzzy import asked_words
from leadglass.store.index.matching import AnyOf, Empty, Fuzzy, Items, Match, Range, Single, Universal, Wildcard
from leadglass.store.index.normal import normal_name, normal_name_groups
from leadglass.store.index.statement import is_any_of, list_value
from leadglass.store.index.tables import INDEXED, INDEXED_IF_FILLED, studies
from leadglass.store.index.tidy import tidy_text

__all__ = ["Form", "Predicate", "Term", "render_term", "term_for", "term_values"]

_LAST_CHARACTER = "\U0010ffff"
_NAME_COLUMNS = ("patient_name_search", "patient_name_ideographic_search", "patient_name_phonetic_search")


class Form(Enum):
    """The SQL shapes a comparison can take; beside each, its values."""

    EQUAL = "value"
    ANY = "list"
    PATTERN = "pattern"
    PREFIXED_PATTERN = "pattern, lowest and highest text with its literal prefix: lets an index be used"
    NAME_PATTERN = "pattern, to be matched also with the trailing separators that the normal form drops"
    PREFIXED_NAME_PATTERN = "as NAME_PATTERN, lowest, highest"
    SINCE = "first"
    UNTIL = "last"
    BETWEEN = "first, last"
    EMPTY = "no values"
    WORD = "pattern of how a word begins, pattern of how it sounds"
    WRITTEN_WORD = "pattern of how a word begins"


@dataclass(frozen=True, slots=True)
class Predicate:
    """One comparison of one column, without its values."""

    column: str
    form: Form


@dataclass(frozen=True, slots=True)
class Term:
    """One key: its predicates joined by OR (`any_`) or by AND."""

    any_: bool
    predicates: tuple[Predicate, ...]


Comparison = tuple[Form, tuple[Any, ...]]


def term_for(attribute: Attribute, match: Match) -> tuple[Term, tuple[tuple[Any, ...], ...]] | None:
    """What to test for this key and the values of each test, or None if everything matches."""
    if _is_universal(match) or (attribute.kind in _NAMES and _says_no_name(match)):
        return None
    if isinstance(match, Empty):
        return Term(False, (Predicate(attribute.column, Form.EMPTY),)), ((),)
    if isinstance(match, Fuzzy):
        return _fuzzy_name(_WORDS[attribute.kind], match)
    if attribute.kind is Kind.PATIENT_NAME:
        return _patient_name(match)
    column = "referring_physician_search" if attribute.kind is Kind.NAME else attribute.column
    form, values = _comparison(attribute.kind, match)
    return Term(False, (Predicate(column, form),)), (values,)


def term_values(name: str, values: tuple[tuple[Any, ...], ...], dialect: Dialect) -> Iterator[tuple[str, Any]]:
    """The parameters of a term called `name`."""
    for number, of_one in enumerate(values):
        for place, value in enumerate(of_one):
            if isinstance(value, _Pattern):
                value = value.for_(dialect)
            elif isinstance(value, tuple):
                value = list_value(dialect, value)
            yield f"{name}_{number}_{place}", value


def render_term(name: str, term: Term, table: FromClause, dialect: Dialect) -> ColumnElement[bool]:
    """The SQL of a term called `name` on the columns of `table`."""
    rendered = [
        _render(f"{name}_{place}", predicate, table, dialect) for place, predicate in enumerate(term.predicates)
    ]
    return or_(*rendered) if term.any_ else and_(*rendered)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A DICOM wild card pattern, whose spelling in SQL differs."""

    text: str

    def for_(self, dialect: Dialect) -> str:
        if dialect.name == "sqlite":  # GLOB knows * and ? as DICOM does, and [ ] besides
            return self.text.replace("[", "[[]")
        return re.sub(r"([%_\\])", r"\\\1", self.text).replace("*", "%").replace("?", "_")


# --- from matches to comparisons -----------------------------------------------------------------------------


def _is_universal(match: Match) -> bool:
    match match:
        case Universal() | Items() | Range("", "") | Single("") | AnyOf(()):
            return True
        case Wildcard(pattern):
            return not pattern.strip("* ")
    return False


_NAMES = {Kind.NAME, Kind.PATIENT_NAME}


def _says_no_name(match: Match) -> bool:
    """True for a name of separators only, which is as good as none."""
    return isinstance(match, Single) and not normal_name(tidy_text(match.value))


def _patient_name(match: Match) -> tuple[Term, tuple[tuple[Any, ...], ...]] | None:
    """A name with "=" says which component group is meant; one without may be any of the three."""
    if isinstance(match, Single | Wildcard):
        text = match.value if isinstance(match, Single) else match.pattern
        if "=" in text.rstrip("= "):
            return _grouped_name(normal_name_groups(tidy_text(text)))
    form, values = _comparison(Kind.NAME, match)
    return Term(True, tuple(Predicate(column, form) for column in _NAME_COLUMNS)), (values,) * 3


def _grouped_name(groups: tuple[str, str, str]) -> tuple[Term, tuple[tuple[Any, ...], ...]] | None:
    predicates: list[Predicate] = []
    values: list[tuple[Any, ...]] = []
    for column, group in zip(_NAME_COLUMNS, groups, strict=True):
        if group.strip("*"):
            form, of_group = _name_text(group)
            predicates.append(Predicate(column, form))
            values.append(of_group)
    return (Term(False, tuple(predicates)), tuple(values)) if predicates else None


_WORDS = {Kind.PATIENT_NAME: "patient_name_words", Kind.NAME: "referring_physician_words"}


def _fuzzy_name(column: str, match: Fuzzy) -> tuple[Term, tuple[tuple[Any, ...], ...]] | None:
    """Each word asked for must be found."""
    predicates: list[Predicate] = []
    values: list[tuple[Any, ...]] = []
    for begins, sounds in asked_words(match.name):
        predicates.append(Predicate(column, Form.WORD if sounds else Form.WRITTEN_WORD))
        values.append((_Pattern(begins), _Pattern(sounds)) if sounds else (_Pattern(begins),))
    return (Term(False, tuple(predicates)), tuple(values)) if predicates else None


def _comparison(kind: Kind, match: Match) -> Comparison:
    match match:
        case Single(value) if kind is Kind.NAME:
            return Form.EQUAL, (normal_name(tidy_text(value)),)
        case Single(value) if kind is Kind.TIME:
            return _time_range(value, value)
        case Single(value):
            return Form.EQUAL, (tidy_text(value.strip()),)
        case AnyOf(values) if kind is Kind.NAME:
            return Form.ANY, (tuple(normal_name(tidy_text(value)) for value in values),)
        case AnyOf(values):
            return Form.ANY, (tuple(tidy_text(value) for value in values),)
        case Wildcard(pattern) if kind is Kind.NAME:
            return _name_text(normal_name(tidy_text(pattern)))
        case Wildcard(pattern):
            return _pattern(tidy_text(pattern.strip()))
        case Range(first, last):
            first, last = tidy_text(first.strip()), tidy_text(last.strip())
            return _time_range(first, last) if kind is Kind.TIME else _range(first, last)
    raise AssertionError("universal, sequence, empty and fuzzy matching have no comparison")


def _pattern(pattern: str) -> Comparison:
    prefix = re.split(r"[*?]", pattern, maxsplit=1)[0]
    if prefix:
        return Form.PREFIXED_PATTERN, (_Pattern(pattern), prefix, prefix + _LAST_CHARACTER)
    return Form.PATTERN, (_Pattern(pattern),)


def _name_text(group: str) -> Comparison:
    if not re.search(r"[*?]", group):
        return Form.EQUAL, (group,)
    prefix = re.split(r"[*?]", group, maxsplit=1)[0].rstrip("^")
    if prefix:
        return Form.PREFIXED_NAME_PATTERN, (_Pattern(group), prefix, prefix + _LAST_CHARACTER)
    return Form.NAME_PATTERN, (_Pattern(group),)


def _range(first: str, last: str) -> Comparison:
    if first and last:
        return Form.BETWEEN, (first, last)
    return (Form.SINCE, (first,)) if first else (Form.UNTIL, (last,))


def _time_range(first: str, last: str) -> Comparison:
    """Times of any precision compare as text if the lower end drops its zeros and the upper end takes in all that its
    precision leaves open: 10 is every time from 10:00 on and until 10:59:59.999999 (PS3.5 §6.2, TM)."""
    lower = re.sub(r"^((?:..)*?)(?:00)*$", r"\1", re.sub(r"\.0*$", "", first))
    return _range(lower or first[:1], last + "~" if last else "")


# --- from comparisons to SQL ---------------------------------------------------------------------------------


def _render(name: str, predicate: Predicate, table: FromClause, dialect: Dialect) -> ColumnElement[bool]:
    column = table.c[predicate.column]
    if predicate.column in INDEXED and predicate.form in _READ_THROUGH:
        # every value must be looked at: cheaper in the index, which is small, than in the table
        through = studies.alias()
        return table.c.id.in_(
            select(through.c.id).where(_filled(name, predicate, through.c[predicate.column], dialect))
        )
    return _filled(name, predicate, column, dialect)


_READ_THROUGH = {Form.PATTERN, Form.NAME_PATTERN}


def _filled(name: str, predicate: Predicate, column: ColumnElement[str], dialect: Dialect) -> ColumnElement[bool]:
    condition = _compared(name, predicate, column, dialect)
    if predicate.form is Form.EMPTY:
        return condition
    return and_(column != literal_column("''"), condition) if predicate.column in INDEXED_IF_FILLED else condition


def _compared(name: str, predicate: Predicate, column: ColumnElement[str], dialect: Dialect) -> ColumnElement[bool]:
    value = [bindparam(f"{name}_{place}", type_=String) for place in range(3)]
    match predicate.form:
        case Form.EQUAL:
            return column == value[0]
        case Form.ANY:
            return is_any_of(dialect, column, f"{name}_0")
        case Form.PATTERN:
            return _like(column, value[0], dialect)
        case Form.PREFIXED_PATTERN:
            return and_(column >= value[1], column <= value[2], _like(column, value[0], dialect))
        case Form.NAME_PATTERN:
            return _like_name(column, value[0], dialect)
        case Form.PREFIXED_NAME_PATTERN:
            return and_(column >= value[1], column <= value[2], _like_name(column, value[0], dialect))
        case Form.SINCE:
            return column >= value[0]
        case Form.UNTIL:
            return and_(column > literal_column("''"), column <= value[0])
        case Form.BETWEEN:
            return and_(column >= value[0], column <= value[1])
        case Form.EMPTY:
            return column == literal_column("''")
        case Form.WORD:
            return or_(_like(column, value[0], dialect), _like(column, value[1], dialect))
        case Form.WRITTEN_WORD:
            return _like(column, value[0], dialect)


def _like(text: ColumnElement[str], pattern: ColumnElement[str], dialect: Dialect) -> ColumnElement[bool]:
    return text.bool_op("GLOB")(pattern) if dialect.name == "sqlite" else text.like(pattern)


def _like_name(text: ColumnElement[str], pattern: ColumnElement[str], dialect: Dialect) -> ColumnElement[bool]:
    return or_(_like(text, pattern, dialect), _like(text + literal_column("'^^^^'"), pattern, dialect))
