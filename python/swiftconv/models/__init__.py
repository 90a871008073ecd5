"""Models: `Sequential`, functional and subclassed."""

from swiftconv.layers import Input
from swiftconv.models.functional import Functional
from swiftconv.models.model import Model, model_from_json
from swiftconv.models.pickling import clone_model
from swiftconv.models.sequential import Sequential
from swiftconv.models.training.trainer import Trainer

__all__ = [
    "Functional",
    "Input",
    "Model",
    "Sequential",
    "Trainer",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]


def load_model(filepath: object, custom_objects: object = None, compile: bool = True, safe_mode: bool = True) -> object:
    """See `swiftconv.saving.load_model`."""
    from swiftconv import saving

    return saving.load_model(filepath, custom_objects=custom_objects, compile=compile, safe_mode=safe_mode)


def save_model(model: object, filepath: object, overwrite: bool = True, **kwargs: object) -> None:
    """See `swiftconv.saving.save_model`."""
    from swiftconv import saving

    saving.save_model(model, filepath, overwrite=overwrite, **kwargs)
