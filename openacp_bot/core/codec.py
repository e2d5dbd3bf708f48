"""Frozen values to JSON and back: the only place that knows how.

A dataclass becomes an object of its fields, those at their default left out; in a union it carries its class name
as `type`. Unknown fields are ignored when reading, so that an older row can be read by a newer program.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache as _cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints, overload

T = TypeVar("T")
Reader = Callable[[Any], Any]
R = TypeVar("R")


def _remembered(function: Callable[[Any], R]) -> Callable[[Any], R]:
    """`functools.cache`, for types as arguments (which mypy does not know to be hashable)."""
    return _cache(function)


def dumps(value: object) -> str:
    """Compact JSON text of a value."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))


@overload
def loads(text: str, into: type[T]) -> T: ...
@overload
def loads(text: str, into: Any) -> Any: ...
def loads(text: str, into: Any) -> Any:
    """The value of type `into` that `dumps` wrote; raises ValueError, KeyError or TypeError on other text."""
    return _reader(into)(json.loads(text))


def plain(value: object) -> Any:
    """The value as dicts, lists, strings, numbers, booleans and None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {"type": type(value).__name__, **_fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [plain(item) for item in value]
    return value


@overload
def read(data: Any, into: type[T]) -> T: ...
@overload
def read(data: Any, into: Any) -> Any: ...
def read(data: Any, into: Any) -> Any:
    """The value of type `into` behind `plain` data."""
    return _reader(into)(data)


def _fields(value: Any) -> dict[str, Any]:
    found = {}
    for name, default in _defaults(type(value)):
        item = getattr(value, name)
        if item is not default and item != default:
            found[name] = plain(item)
    return found


@_remembered
def _defaults(cls: Any) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, _default(field)) for field in dataclasses.fields(cls))


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


@_remembered
def _reader(into: Any) -> Reader:
    origin = get_origin(into)
    if origin in (Union, types.UnionType):
        return _union_reader(get_args(into))
    if origin is tuple:
        return _tuple_reader(get_args(into))
    if origin is not None and issubclass(origin, Mapping):
        item = _reader(get_args(into)[1])
        return lambda data: {key: item(value) for key, value in data.items()}
    if isinstance(into, type) and dataclasses.is_dataclass(into):
        return _dataclass_reader(into)
    if isinstance(into, type) and issubclass(into, Enum):
        return into
    return lambda data: data


def _tuple_reader(args: tuple[Any, ...]) -> Reader:
    if len(args) == 2 and args[1] is Ellipsis:
        item = _reader(args[0])
        return lambda data: tuple(item(value) for value in data)
    items = tuple(_reader(arg) for arg in args)
    return lambda data: tuple(one(value) for one, value in zip(items, data, strict=True))


def _union_reader(args: tuple[Any, ...]) -> Reader:
    classes = {arg.__name__: arg for arg in args if isinstance(arg, type) and dataclasses.is_dataclass(arg)}
    others = [arg for arg in args if arg is not type(None) and not dataclasses.is_dataclass(arg)]
    other: Reader | None = _reader(others[0]) if others else None

    def reader(data: Any) -> Any:
        if data is None and type(None) in args:
            return None
        if isinstance(data, dict) and "type" in data and classes:
            return _reader(classes[data["type"]])(data)
        if other is None:
            raise TypeError(f"none of {', '.join(classes)}")
        return other(data)

    return reader


def _dataclass_reader(cls: type[Any]) -> Reader:
    hints = get_type_hints(cls)
    readers = {field.name: hints[field.name] for field in dataclasses.fields(cls)}

    def reader(data: Any) -> Any:
        if not isinstance(data, dict):
            raise TypeError(f"no {cls.__name__}")
        return cls(**{name: _reader(readers[name])(value) for name, value in data.items() if name in readers})

    return reader
