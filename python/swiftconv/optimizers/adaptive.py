"""`Adagrad`, `Adadelta`, `Adamax`, `Nadam`: made of ordinary ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv._core import Variable
from swiftconv.optimizers.optimizer import OPTIMIZER_ARGS, Optimizer
from swiftconv.utils.registry import builtin


@builtin("keras.optimizers")
class Adagrad(Optimizer):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **kwargs,
        )
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def _build_slots(self, variables: list[Variable]) -> None:
        from swiftconv.initializers import Constant

        start = Constant(self.initial_accumulator_value)
        self._accumulators = [self.add_variable_from_reference(v, "accumulator", start) for v in variables]

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """The rule."""
        slot = self._accumulators[self._slot(variable)]
        total = slot + ops.square(gradient)
        slot.assign(total)
        variable.assign(variable - learning_rate * gradient / ops.sqrt(total + self.epsilon))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }


Adagrad.__doc__ = f"""Steps divided by the root of the sum of squared gradients (Duchi et al. 2011).

    Args:
        learning_rate: a number, a schedule, or a callable.
        initial_accumulator_value: of the sums.
        epsilon: added under the root.{OPTIMIZER_ARGS}"""


@builtin("keras.optimizers")
class Adadelta(Optimizer):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **kwargs,
        )
        self.rho = rho
        self.epsilon = epsilon

    def _build_slots(self, variables: list[Variable]) -> None:
        names = ["accumulated_grad", "accumulated_delta_var"]
        self._accumulated_grads, self._accumulated_deltas = self.add_optimizer_variables(variables, names)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """The rule."""
        at = self._slot(variable)
        grads, deltas = self._accumulated_grads[at], self._accumulated_deltas[at]
        squared = self.rho * grads + (1.0 - self.rho) * ops.square(gradient)
        delta = ops.negative(ops.sqrt(deltas + self.epsilon) * gradient / ops.sqrt(squared + self.epsilon))
        grads.assign(squared)
        deltas.assign(self.rho * deltas + (1.0 - self.rho) * ops.square(delta))
        variable.assign(variable + learning_rate * delta)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "rho": self.rho,
            "epsilon": self.epsilon,
        }


Adadelta.__doc__ = f"""Adagrad with decaying sums and steps in the weights' own unit (Zeiler 2012).

    Args:
        learning_rate: a number, a schedule, or a callable.
        rho: decay of the sums.
        epsilon: added under the roots.{OPTIMIZER_ARGS}"""


class _WithMoments(Optimizer):
    """What rules with two moments take and write down alike."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **kwargs,
        )
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


@builtin("keras.optimizers")
class Adamax(_WithMoments):
    def _build_slots(self, variables: list[Variable]) -> None:
        self._m, self._u = self.add_optimizer_variables(variables, ["momentum", "norm"])

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """The rule."""
        at = self._slot(variable)
        m, u = self._m[at], self._u[at]
        power = ops.power(self.beta_1, ops.cast(ops.add(self.iterations, 1), str(variable.dtype)))
        m_new = m + (gradient - m) * (1.0 - self.beta_1)
        u_new = ops.maximum(self.beta_2 * u, ops.abs(gradient))
        m.assign(m_new)
        u.assign(u_new)
        variable.assign(variable - learning_rate * m_new / ((1.0 - power) * (u_new + self.epsilon)))


Adamax.__doc__ = f"""Adam with the greatest gradient in place of the second moment (Kingma and Ba 2014).

    Args:
        learning_rate: a number, a schedule, or a callable.
        beta_1, beta_2: decay of the moments.
        epsilon: added to the divisor.{OPTIMIZER_ARGS}"""


@builtin("keras.optimizers")
class Nadam(_WithMoments):
    def _build_slots(self, variables: list[Variable]) -> None:
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        self._u_product = self._track(Variable(np.float32(1), trainable=False, name="u_product", path=f"{self.name}/u_product"))

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """One step."""
        grads = list(grads)
        if grads and not self.built and trainable_variables is not None:
            self.build(trainable_variables)
        if grads and self.built:
            t = ops.cast(ops.add(self.iterations, 1), "float32")
            self._u_now = self.beta_1 * (1.0 - 0.5 * ops.power(0.96, t))
            self._u_next = self.beta_1 * (1.0 - 0.5 * ops.power(0.96, t + 1.0))
            self._u_before = self._u_product.value
        super().apply(grads, trainable_variables)
        if grads:
            self._u_product.assign(self._u_before * self._u_now)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """The rule."""
        at = self._slot(variable)
        dtype = str(variable.dtype)
        m, v = self._momentums[at], self._velocities[at]
        u_now, u_next = ops.cast(self._u_now, dtype), ops.cast(self._u_next, dtype)
        product = ops.cast(self._u_before, dtype) * u_now
        t = ops.cast(ops.add(self.iterations, 1), dtype)
        m_new = m + (gradient - m) * (1.0 - self.beta_1)
        v_new = v + (ops.square(gradient) - v) * (1.0 - self.beta_2)
        m.assign(m_new)
        v.assign(v_new)
        m_hat = u_next * m_new / (1.0 - product * u_next) + (1.0 - u_now) * gradient / (1.0 - product)
        v_hat = v_new / (1.0 - ops.power(self.beta_2, t))
        variable.assign(variable - m_hat * learning_rate / (ops.sqrt(v_hat) + self.epsilon))


Nadam.__doc__ = f"""Adam with Nesterov's momentum (Dozat 2015).

    Args:
        learning_rate: a number, a schedule, or a callable.
        beta_1, beta_2: decay of the moments.
        epsilon: added to the root of the second moment.{OPTIMIZER_ARGS}"""
