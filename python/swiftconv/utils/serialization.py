"""Objects ↔ JSON-able configs, in the form of Keras 3's files. Reading never imports and never runs anything from a config."""

from __future__ import annotations

import json
import types
from typing import Any

import numpy as np

from swiftconv.utils import registry

_PLAIN = (str, bool, int, float, type(None))


class SerializableDict(dict[str, Any]):
    """A config that is serialized already."""


def serialize_keras_object(obj: Any) -> Any:
    """The JSON-able form of a layer, loss, function, array, tuple, list, dict or plain value.

    Raises:
        TypeError: the object has no `get_config`.
    """
    if isinstance(obj, bool) or obj is None or type(obj) in (str, int, float):
        return obj
    if isinstance(obj, str):
        return str(obj)
    if isinstance(obj, (np.integer, np.floating, np.bool_)):
        return obj.item()
    if isinstance(obj, tuple):
        return tuple(serialize_keras_object(item) for item in obj)
    if isinstance(obj, list):
        return [serialize_keras_object(item) for item in obj]
    if isinstance(obj, dict):
        return {key: serialize_keras_object(value) for key, value in obj.items()}
    if isinstance(obj, np.ndarray):
        return {"class_name": "__numpy__", "config": {"value": obj.tolist(), "dtype": obj.dtype.name}}
    if isinstance(obj, slice):
        return {"class_name": "__slice__", "config": {"start": obj.start, "stop": obj.stop, "step": obj.step}}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, np.dtype) or (isinstance(obj, type) and issubclass(obj, np.generic)):
        return np.dtype(obj).name
    if hasattr(obj, "_serialize_keras_tensor"):
        return obj._serialize_keras_tensor()
    if type(obj).__name__ in ("Tensor", "Variable") and hasattr(obj, "numpy"):
        value = np.asarray(obj.numpy())
        return {"class_name": "__tensor__", "config": {"value": value.tolist(), "dtype": value.dtype.name}}
    if type(obj).__name__ == "KerasTensor":
        config = {"shape": list(obj.shape), "dtype": str(obj.dtype)}
        config["keras_history"] = _history(obj)
        if config["keras_history"] is None:
            del config["keras_history"]
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(obj, (types.FunctionType, types.BuiltinFunctionType)):
        return _serialize_function(obj)
    if isinstance(obj, type):
        return {
            "module": getattr(obj, "_keras_module", None) or obj.__module__,
            "class_name": obj.__name__,
            "config": {},
            "registered_name": registry.get_registered_name(obj) if registry.is_registered(obj) else None,
        }
    if not hasattr(obj, "get_config"):
        raise TypeError(f"serialize_keras_object: expected an object with get_config(), received {obj!r}")
    return _serialize_instance(obj)


def _history(tensor: Any) -> Any:
    history = getattr(tensor, "_history", None)
    if history is None or not hasattr(history[0], "serialize_history"):
        return None
    return history[0].serialize_history(history[1])


def _serialize_function(obj: Any) -> Any:
    module = getattr(obj, "_keras_module", None)
    if module is not None and not registry.is_registered(obj):
        return {"module": "builtins", "class_name": "function", "config": obj.__name__, "registered_name": "function"}
    return {
        "module": "builtins",
        "class_name": "function",
        "config": registry.get_registered_name(obj),
        "registered_name": registry.get_registered_name(obj),
    }


def _serialize_instance(obj: Any) -> dict[str, Any]:
    cls = type(obj)
    own = "_keras_module" in cls.__dict__ and not registry.is_registered(cls)
    config = obj.get_config()
    if not isinstance(config, SerializableDict):
        config = {key: serialize_keras_object(value) for key, value in config.items()}
    result: dict[str, Any] = {
        "module": cls._keras_module if own else cls.__module__,
        "class_name": getattr(cls, "_keras_class_name", cls.__name__) if own else cls.__name__,
        "config": dict(config),
        "registered_name": cls.__name__
        if own and ".src." in cls._keras_module
        else None
        if own
        else registry.get_registered_name(cls),
    }
    build = getattr(obj, "get_build_config", None)
    if build is not None:
        build_config = build()
        if build_config is not None:
            result["build_config"] = serialize_keras_object_plain(build_config)
    compile_config = getattr(obj, "get_compile_config", None)
    if compile_config is not None and getattr(obj, "compiled", False):
        compiled = compile_config()
        if compiled is not None:
            result["compile_config"] = compiled
    return result


def serialize_keras_object_plain(value: Any) -> Any:
    """Shapes in build configs: tuples become lists."""
    if isinstance(value, (list, tuple)):
        return [serialize_keras_object_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: serialize_keras_object_plain(item) for key, item in value.items()}
    return serialize_keras_object(value)


def deserialize_keras_object(config: Any, custom_objects: dict[str, Any] | None = None, safe_mode: bool = True) -> Any:
    """The object of a config made by `serialize_keras_object` here or in Keras.

    Args:
        config: the JSON-able form.
        custom_objects: name → class or function, for what is not the library's own.
        safe_mode: accepted for compatibility; code in configs (lambdas) is never run either way.

    Raises:
        ValueError: an unknown class, or a config that holds code.
        TypeError: no config at all.
    """
    if custom_objects:
        with registry.CustomObjectScope(custom_objects):
            return deserialize_keras_object(config)
    if isinstance(config, _PLAIN):
        return config
    if isinstance(config, list):
        return [deserialize_keras_object(item) for item in config]
    if not isinstance(config, dict):
        raise TypeError(f"deserialize_keras_object: expected a config, received {config!r}")
    if "class_name" not in config or ("config" not in config and config["class_name"] != "__tuple__"):
        return {key: deserialize_keras_object(value) for key, value in config.items()}
    name = config["class_name"]
    inner: Any = config.get("config")
    if name == "__tuple__":
        return tuple(deserialize_keras_object(item) for item in config.get("items", ()))
    if name == "function":
        return _find_function(inner)
    if name in ("__numpy__", "__tensor__", "__slice__", "__keras_tensor__") and not isinstance(inner, dict):
        raise ValueError(f"config: {name}: expected a dict as config, received {inner!r}")
    if name in ("__numpy__", "__tensor__"):
        value = np.asarray(inner["value"], dtype=_safe_dtype(inner["dtype"]))
        return value
    if name == "__slice__":
        return slice(inner.get("start"), inner.get("stop"), inner.get("step"))
    if name == "__ellipsis__":
        return Ellipsis
    if name == "__lambda__":
        raise ValueError("the config holds a Python lambda; code in files is never run: register a named function instead")
    if name == "__keras_tensor__":
        return find_class("keras", "KerasTensor")(tuple(inner["shape"]), dtype=inner["dtype"])
    return _deserialize_instance(config)


def deserialize_model(text: str | bytes, source: str, custom_objects: dict[str, Any] | None = None, compile: bool = True) -> Any:
    """The model that a configuration in JSON describes, without its weights.

    Args:
        text: the JSON.
        source: what errors call the place that it was read from.
        custom_objects: name → class or function, for what is not the library's own.
        compile: whether the model is compiled as its configuration says.

    Raises:
        ValueError: not JSON, or not the configuration of a model.
    """
    try:
        config = json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{source}: expected JSON, received {text[:80]!r}: {error}") from error
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"{source} describes no model")
    if not compile:
        config.pop("compile_config", None)
    try:
        model = deserialize_keras_object(config, custom_objects)
    except (LookupError, AttributeError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise ValueError(f"{source} does not describe a model: {error!r}") from error
    if not hasattr(model, "layers"):
        raise ValueError(f"{source} describes {type(model).__name__}, which is no model")
    return model


def _safe_dtype(name: Any) -> np.dtype:
    try:
        dtype = np.dtype(str(name))
    except TypeError as error:
        raise ValueError(f"config: unknown dtype {name!r}") from error
    if dtype.hasobject:
        raise ValueError(f"config: dtype {name!r} is not allowed")
    return dtype


def _find_function(name: Any) -> Any:
    if not isinstance(name, str):
        raise ValueError(f"config: expected the name of a function, received {name!r}")
    found = registry.get_registered_object(name)
    if found is None:
        for module in ("keras.activations", "keras.losses", "keras.metrics"):
            found = registry.names_of(module).get(name)
            if found is not None:
                break
    if found is None:
        raise ValueError(f"unknown function {name!r}: register it or pass it in custom_objects")
    return found


def _deserialize_instance(config: dict[str, Any]) -> Any:
    name, inner = config["class_name"], config["config"]
    cls = find_class(config.get("module"), name, config.get("registered_name"))
    if isinstance(cls, types.FunctionType):
        return cls
    if name == "DTypePolicy" and isinstance(inner, dict) and not hasattr(cls, "from_config"):
        return inner.get("name")
    if not hasattr(cls, "from_config"):
        raise ValueError(f"{name}: the class has no from_config()")
    graph = getattr(cls, "_reads_layers", False) and isinstance(inner, dict) and "layers" in inner
    obj = cls.from_config(inner) if graph else _from_config(cls, inner)
    build_config = config.get("build_config")
    if build_config and hasattr(obj, "build_from_config") and not getattr(obj, "built", False):
        obj.build_from_config(build_config)
    compile_config = config.get("compile_config")
    if compile_config and hasattr(obj, "compile_from_config"):
        obj.compile_from_config(compile_config)
    return obj


def _from_config(cls: Any, inner: Any) -> Any:
    if not isinstance(inner, dict):
        raise ValueError(f"{cls.__name__}: expected a dict as config, received {inner!r}")
    inner = {key: _inner_value(value) for key, value in inner.items()}
    known = _parameters(cls)
    if known is not None:  # newer files may name arguments that are not known here; harmless while they say nothing
        inner = {key: value for key, value in inner.items() if value is not None or key in known}
    try:
        return cls.from_config(inner)
    except TypeError as error:
        raise ValueError(f"{cls.__name__}: the config {sorted(inner)} does not fit: {error}") from error


def _parameters(cls: Any) -> set[str] | None:
    """Names that a class's constructor and those above it take; None where anything goes."""
    if not isinstance(cls, type):
        return None
    names: set[str] = set()
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if isinstance(init, types.FunctionType):
            code = init.__code__
            names.update(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    return names


def _inner_value(value: Any) -> Any:
    """Tuples and the like in a constructor's arguments; objects stay configs, the `get` functions read them."""
    if isinstance(value, dict) and str(value.get("class_name", "")).startswith("__"):
        return deserialize_keras_object(value)
    if isinstance(value, dict) and value.get("class_name") == "DTypePolicy":
        return (value.get("config") or {}).get("name", "float32")
    if isinstance(value, dict) and "class_name" in value and "config" in value:
        return deserialize_keras_object(value)
    if isinstance(value, dict):
        return {key: _inner_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_inner_value(item) for item in value]
    return value


def find_class(module: str | None, name: str, registered_name: str | None = None) -> Any:
    """The class of a config.

    Raises:
        ValueError: there is none of this name.
    """
    for candidate in (registered_name, name):
        found = registry.get_registered_object(candidate) if candidate else None
        if found is not None:
            return found
    if module is None or str(module).startswith(("keras", "swiftconv", "tf_keras", "builtins", "tensorflow")):
        found = registry.find_builtin(module, name)
        if found is not None:
            return found
    raise ValueError(f"unknown class {module or ''}{'.' if module else ''}{name}: register it or pass it in custom_objects")


def get_from(identifier: Any, module: str, kind: str, base: type | tuple[type, ...] = (), *, instantiate: bool = True) -> Any:
    """What `get(name | config | object | callable)` of a module returns.

    Raises:
        ValueError: an unknown name or an object of the wrong kind.
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        if "class_name" not in identifier:
            raise ValueError(f"{kind}: expected a config with 'class_name', received {identifier!r}")
        thing = deserialize_keras_object(identifier)
    elif isinstance(identifier, str):
        table = names_in(module)
        thing = registry.get_registered_object(identifier) or table.get(identifier) or table.get(identifier.lower())
        if thing is None:
            raise ValueError(f"unknown {kind}: {identifier!r}")
    else:
        thing = identifier
    if instantiate and isinstance(thing, type):
        thing = thing()
    if callable(thing) or (base and isinstance(thing, base)):
        return thing
    raise ValueError(f"{kind}: expected a name, a config, an object or a callable, received {identifier!r}")


def names_in(module: str) -> dict[str, Any]:
    """The names that `get` understands: classes also in snake case."""
    from swiftconv.utils.naming import to_snake_case

    table = dict(registry.names_of(module))
    for name, thing in list(table.items()):
        table.setdefault(to_snake_case(name), thing)
    return table
