"""Keras's global settings: the default float type, the fuzz number, the layout of images."""

from __future__ import annotations

_settings: dict[str, object] = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}


def floatx() -> str:
    """The default float type, `"float32"` unless `set_floatx` changed it."""
    return str(_settings["floatx"])


def set_floatx(value: str) -> None:
    """Sets the default float type.

    Args:
        value: `"float32"` or `"float64"`.

    Raises:
        ValueError: another type.
    """
    if value not in ("float32", "float64"):
        raise ValueError(f"set_floatx: value: expected 'float32' or 'float64', received {value!r}")
    _settings["floatx"] = str(value)


def epsilon() -> float:
    """The fuzz number of losses and metrics, 1e-7 unless `set_epsilon` changed it."""
    return float(_settings["epsilon"])  # type: ignore[arg-type]


def set_epsilon(value: float) -> None:
    """Sets the fuzz number."""
    _settings["epsilon"] = float(value)


def image_data_format() -> str:
    """The default layout of images, `"channels_last"` unless `set_image_data_format` changed it."""
    return str(_settings["image_data_format"])


def set_image_data_format(data_format: str) -> None:
    """Sets the default layout of images.

    Args:
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: another word.
    """
    word = str(data_format).lower()
    if word not in ("channels_last", "channels_first"):
        raise ValueError(
            f"set_image_data_format: data_format: expected 'channels_last' or 'channels_first', received {data_format!r}"
        )
    _settings["image_data_format"] = word
