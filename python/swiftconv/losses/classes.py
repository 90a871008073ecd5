"""Losses as classes."""

from __future__ import annotations

from typing import Any

from swiftconv.losses import crossentropy, functions
from swiftconv.losses.loss import LossFunctionWrapper
from swiftconv.utils.registry import builtin

_export = builtin("keras.losses")


@_export
class MeanSquaredError(LossFunctionWrapper):
    """The mean squared error (see `losses.mean_squared_error`).

    Args:
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(
        self, reduction: Any = "sum_over_batch_size", name: str | None = "mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(functions.mean_squared_error, reduction=reduction, name=name, dtype=dtype)


@_export
class MeanAbsoluteError(LossFunctionWrapper):
    """The mean absolute error (see `losses.mean_absolute_error`).

    Args:
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(
        self, reduction: Any = "sum_over_batch_size", name: str | None = "mean_absolute_error", dtype: Any = None
    ) -> None:
        super().__init__(functions.mean_absolute_error, reduction=reduction, name=name, dtype=dtype)


@_export
class MeanAbsolutePercentageError(LossFunctionWrapper):
    """The mean absolute error in percent of the truth (see `losses.mean_absolute_percentage_error`).

    Args:
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(
        self, reduction: Any = "sum_over_batch_size", name: str | None = "mean_absolute_percentage_error", dtype: Any = None
    ) -> None:
        super().__init__(functions.mean_absolute_percentage_error, reduction=reduction, name=name, dtype=dtype)


@_export
class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """The mean squared error of the logarithms (see `losses.mean_squared_logarithmic_error`).

    Args:
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(
        self, reduction: Any = "sum_over_batch_size", name: str | None = "mean_squared_logarithmic_error", dtype: Any = None
    ) -> None:
        super().__init__(functions.mean_squared_logarithmic_error, reduction=reduction, name=name, dtype=dtype)


@_export
class LogCosh(LossFunctionWrapper):
    """The logarithm of the hyperbolic cosine of the error (see `losses.log_cosh`).

    Args:
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(self, reduction: Any = "sum_over_batch_size", name: str | None = "log_cosh", dtype: Any = None) -> None:
        super().__init__(functions.log_cosh, reduction=reduction, name=name, dtype=dtype)


@_export
class KLDivergence(LossFunctionWrapper):
    """The Kullback-Leibler divergence (see `losses.kl_divergence`).

    Args:
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(self, reduction: Any = "sum_over_batch_size", name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(functions.kl_divergence, reduction=reduction, name=name, dtype=dtype)


@_export
class Poisson(LossFunctionWrapper):
    """The Poisson loss (see `losses.poisson`).

    Args:
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(self, reduction: Any = "sum_over_batch_size", name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(functions.poisson, reduction=reduction, name=name, dtype=dtype)


@_export
class Hinge(LossFunctionWrapper):
    """The hinge loss (see `losses.hinge`).

    Args:
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(self, reduction: Any = "sum_over_batch_size", name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(functions.hinge, reduction=reduction, name=name, dtype=dtype)


@_export
class SquaredHinge(LossFunctionWrapper):
    """The squared hinge loss (see `losses.squared_hinge`).

    Args:
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(self, reduction: Any = "sum_over_batch_size", name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(functions.squared_hinge, reduction=reduction, name=name, dtype=dtype)


@_export
class CategoricalHinge(LossFunctionWrapper):
    """The hinge loss of several classes (see `losses.categorical_hinge`).

    Args:
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(self, reduction: Any = "sum_over_batch_size", name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(functions.categorical_hinge, reduction=reduction, name=name, dtype=dtype)


@_export
class Huber(LossFunctionWrapper):
    """Quadratic for small errors, linear for large ones (see `losses.huber`).

    Args:
        delta: as in the function.
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: Any = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            functions.huber,
            reduction=reduction,
            name=name,
            dtype=dtype,
            delta=delta,
        )


@_export
class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine between truth and prediction (see `losses.cosine_similarity`).

    Args:
        axis: as in the function.
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: Any = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            functions.cosine_similarity,
            reduction=reduction,
            name=name,
            dtype=dtype,
            axis=axis,
        )


@_export
class BinaryCrossentropy(LossFunctionWrapper):
    """The cross-entropy of yes-or-no labels (see `losses.binary_crossentropy`).

    Args:
        from_logits, label_smoothing, axis: as in the function.
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Any = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            crossentropy.binary_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@_export
class CategoricalCrossentropy(LossFunctionWrapper):
    """The cross-entropy of one-hot labels (see `losses.categorical_crossentropy`).

    Args:
        from_logits, label_smoothing, axis: as in the function.
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Any = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            crossentropy.categorical_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@_export
class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """The cross-entropy of class numbers (see `losses.sparse_categorical_crossentropy`).

    Args:
        from_logits, ignore_class, axis: as in the function.
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
        reduction: Any = "sum_over_batch_size",
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            crossentropy.sparse_categorical_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )


@_export
class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Binary cross-entropy that counts easy samples less (see `losses.binary_focal_crossentropy`).

    Args:
        apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis: as in the function.
        reduction, name, dtype: as in `Loss`.
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: Any = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            crossentropy.binary_focal_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
