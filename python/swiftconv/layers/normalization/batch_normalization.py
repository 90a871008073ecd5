"""`BatchNormalization`."""

from __future__ import annotations

from typing import Any

from swiftconv import constraints, initializers, ops, regularizers
from swiftconv._core import apply
from swiftconv.layers.input_spec import InputSpec
from swiftconv.layers.layer import Layer
from swiftconv.utils.registry import builtin


@builtin("keras.layers")
class BatchNormalization(Layer):
    """Normalizes with the mean and variance of the batch in training, with their moving averages else (Ioffe and Szegedy 2015).

    Args:
        axis: the channels' axis.
        momentum: of the moving averages.
        epsilon: added to the variance.
        center, scale: whether there are an offset `beta` and a factor `gamma`.
        beta_…, gamma_…, moving_mean_initializer, moving_variance_initializer: names or objects.
        renorm, renorm_clipping, renorm_momentum: batch renormalization (Ioffe 2017).
        synchronized: accepted; there is one process.

    Input shape:
        Any.

    Output shape:
        That of the input.

    Raises:
        ValueError: an axis out of range or of unknown size.

    Example:
        >>> import numpy as np
        >>> from swiftconv import layers
        >>> layers.BatchNormalization()(np.ones((2, 3), "float32"), training=True).shape
        (2, 3)
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        synchronized: bool = False,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.axis = int(axis)
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.synchronized = synchronized
        self.renorm = renorm
        self.renorm_clipping = renorm_clipping
        self.renorm_momentum = renorm_momentum
        if renorm:
            unknown = set(renorm_clipping or {}) - {"rmax", "rmin", "dmax"}
            if unknown:
                raise ValueError(f"BatchNormalization: renorm_clipping: expected rmin, rmax, dmax, received {sorted(unknown)}")
        self.supports_masking = True
        self.gamma: Any = None
        self.beta: Any = None
        self.moving_mean: Any = None
        self.moving_variance: Any = None

    def build(self, input_shape: Any) -> None:
        """Makes the weights."""
        rank = len(input_shape)
        if not -rank <= self.axis < rank:
            raise ValueError(f"layer {self.name!r}: axis={self.axis} is out of range for input shape {tuple(input_shape)}")
        size = input_shape[self.axis]
        if size is None:
            raise ValueError(f"layer {self.name!r}: axis={self.axis}: expected a known size, received {tuple(input_shape)}")
        if self.scale:
            self.gamma = self.add_weight(
                (size,),
                name="gamma",
                initializer=self.gamma_initializer,
                regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )
        if self.center:
            self.beta = self.add_weight(
                (size,),
                name="beta",
                initializer=self.beta_initializer,
                regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )
        self.moving_mean = self.add_weight((size,), name="moving_mean", initializer=self.moving_mean_initializer, trainable=False)
        self.moving_variance = self.add_weight(
            (size,), name="moving_variance", initializer=self.moving_variance_initializer, trainable=False
        )
        if self.renorm:
            self.renorm_mean = self.add_weight((size,), name="renorm_mean", initializer="zeros", trainable=False)
            self.renorm_stddev = self.add_weight((size,), name="renorm_stddev", initializer="ones", trainable=False)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: size})

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """The shape of the output."""
        rank = len(input_shape)
        if not -rank <= self.axis < rank:
            raise ValueError(f"layer {self.name!r}: axis={self.axis} is out of range for input shape {tuple(input_shape)}")
        return tuple(input_shape)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """The normalized input."""
        x = self._floats(inputs)
        rank = len(x.shape)
        axis = self.axis % rank
        order = [i for i in range(rank) if i != axis] + [axis]
        moved = x if axis == rank - 1 else apply("transpose", [x], perm=tuple(order))
        size = self.moving_mean.shape[0]
        gamma = self.gamma if self.gamma is not None else ops.ones((size,), dtype=self.compute_dtype)
        beta = self.beta if self.beta is not None else ops.zeros((size,), dtype=self.compute_dtype)
        if training and self.trainable:
            y = self._train(moved, gamma, beta, mask)
        else:
            y = self._infer(moved, gamma, beta)
        return y if axis == rank - 1 else apply("transpose", [y], perm=tuple(order.index(i) for i in range(rank)))

    def _infer(self, x: Any, gamma: Any, beta: Any) -> Any:
        inputs = [x, gamma, beta, self.moving_mean, self.moving_variance]
        return apply("batch_norm_inference", inputs, epsilon=float(self.epsilon))

    def _train(self, x: Any, gamma: Any, beta: Any, mask: Any) -> Any:
        if mask is None and not self.renorm:
            y, mean, variance = apply("batch_norm_training", [x, gamma, beta], epsilon=float(self.epsilon))
            self._move(mean, variance)
            return y
        axes = tuple(range(len(x.shape) - 1))
        if mask is None:
            mean = ops.mean(x, axis=axes)
            variance = ops.mean(ops.square(x - mean), axis=axes)
        else:
            mean, variance = self._masked_moments(x, mask, axes)
        if self.renorm:
            gamma, beta = self._renormalized(mean, variance, gamma, beta)
        self._move(mean, variance)
        return (x - mean) * (ops.rsqrt(variance + self.epsilon) * gamma) + beta

    def _masked_moments(self, x: Any, mask: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
        """Mean and variance over the positions where the mask is true."""
        weights = ops.cast(mask, self.compute_dtype)
        weights = ops.reshape(weights, (*mask.shape, *([1] * (len(x.shape) - len(mask.shape)))))
        weights = ops.broadcast_to(weights, (*x.shape[:-1], 1))
        total = ops.sum(weights, axis=axes) + 1e-7
        mean = ops.sum(weights * x, axis=axes) / total
        variance = ops.sum(weights * ops.square(x - mean), axis=axes) / total
        return mean, variance

    def _renormalized(self, mean: Any, variance: Any, gamma: Any, beta: Any) -> tuple[Any, Any]:
        clipping = self.renorm_clipping or {}
        stddev = ops.sqrt(variance + self.epsilon)
        r = stddev / self.renorm_stddev
        d = (mean - self.renorm_mean) / self.renorm_stddev
        if clipping.get("rmax") is not None or clipping.get("rmin") is not None:
            r = ops.clip(r, clipping.get("rmin", 0.0) or 0.0, clipping.get("rmax") or 3.4e38)
        if clipping.get("dmax") is not None:
            d = ops.clip(d, -clipping["dmax"], clipping["dmax"])
        r, d = ops.stop_gradient(r), ops.stop_gradient(d)
        keep = self.renorm_momentum
        self.renorm_mean.assign(self.renorm_mean * keep + ops.stop_gradient(mean) * (1.0 - keep))
        self.renorm_stddev.assign(self.renorm_stddev * keep + ops.stop_gradient(stddev) * (1.0 - keep))
        return r * gamma, d * gamma + beta

    def _move(self, mean: Any, variance: Any) -> None:
        keep = float(self.momentum)
        mean, variance = ops.stop_gradient(mean), ops.stop_gradient(variance)
        self.moving_mean.assign(self.moving_mean * keep + mean * (1.0 - keep))
        self.moving_variance.assign(self.moving_variance * keep + variance * (1.0 - keep))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
            "synchronized": self.synchronized,
            "renorm": self.renorm,
            "renorm_clipping": self.renorm_clipping,
            "renorm_momentum": self.renorm_momentum,
        }
