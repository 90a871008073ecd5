"""Which class a name in a config stands for: the library's own classes and the user's registered ones."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

#: (Keras's module, name) → class or function of this library.
_builtins: dict[tuple[str, str], Any] = {}
#: Any of the library's names → class or function (class names are unique over the modules that configs name).
_registered: dict[str, Any] = {}
_registered_names: dict[Any, str] = {}


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.stack: list[dict[str, Any]] = []


_scopes = _Scopes()


def builtin(module: str, *aliases: str) -> Callable[[T], T]:
    """Marks a class or function as the one that Keras's files call `module`.`__name__`."""

    def mark(thing: T) -> T:
        name = thing.__name__  # type: ignore[attr-defined]
        for key in (name, *aliases):
            _builtins[(module, key)] = thing
        thing._keras_module = module  # type: ignore[attr-defined]
        return thing

    return mark


def find_builtin(module: str | None, name: str) -> Any | None:
    """The library's class for a config's module and class name; None when there is none."""
    if module is not None and (module, name) in _builtins:
        return _builtins[(module, name)]
    for (_, key), thing in _builtins.items():
        if key == name and isinstance(thing, type):
            return thing
    return None


def names_of(module: str) -> dict[str, Any]:
    """What is known under `module`, by name."""
    return {name: thing for (owner, name), thing in _builtins.items() if owner == module}


class CustomObjectScope:
    """Inside `with`, names in configs may stand for the given objects.

    Args:
        custom_objects: name → class or function.

    Example:
        >>> class Mine: pass
        >>> with CustomObjectScope({"Mine": Mine}):
        ...     get_registered_object("Mine") is Mine
        True
    """

    def __init__(self, custom_objects: dict[str, Any]) -> None:
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> CustomObjectScope:
        _scopes.stack.append(self.custom_objects)
        return self

    def __exit__(self, *exception: object) -> None:
        _scopes.stack.pop()


custom_object_scope = CustomObjectScope


def get_custom_objects() -> dict[str, Any]:
    """The registered custom objects, by registered name (a live dict)."""
    return _registered


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Registers a user's class or function, so that files that hold it can be read without `custom_objects`.

    Args:
        package: prefix of the registered name.
        name: the name within the package; the class's own by default.

    Raises:
        ValueError: a class without `get_config`.
    """

    def register(thing: T) -> T:
        own = name if name is not None else thing.__name__  # type: ignore[attr-defined]
        registered = f"{package}>{own}"
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ValueError(f"register_keras_serializable: {own} has no get_config() method")
        _registered[registered] = thing
        _registered_names[thing] = registered
        return thing

    return register


def get_registered_name(thing: Any) -> str:
    """The registered name of an object, or its `__name__`."""
    try:
        return _registered_names.get(thing) or thing.__name__
    except TypeError:
        return str(thing.__name__)


def is_registered(thing: Any) -> bool:
    """Whether a class or function was registered by the user."""
    try:
        return thing in _registered_names
    except TypeError:
        return False


def get_registered_object(name: str, custom_objects: dict[str, Any] | None = None, module_objects: Any = None) -> Any:
    """What `name` stands for: in the scopes, the registered objects, `custom_objects`, `module_objects`; else None."""
    for scope in reversed(_scopes.stack):
        if name in scope:
            return scope[name]
    if name in _registered:
        return _registered[name]
    if custom_objects and name in custom_objects:
        return custom_objects[name]
    if module_objects and name in module_objects:
        return module_objects[name]
    return None
