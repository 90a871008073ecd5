"""`RMSprop`."""

from __future__ import annotations

from typing import Any

from swiftconv import ops
from swiftconv._core import Variable, apply
from swiftconv.optimizers.optimizer import OPTIMIZER_ARGS, Optimizer
from swiftconv.utils.registry import builtin


@builtin("keras.optimizers")
class RMSprop(Optimizer):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def _build_slots(self, variables: list[Variable]) -> None:
        self._velocities = self.add_optimizer_variables(variables, "velocity")
        self._momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []
        self._averages_of_gradients = self.add_optimizer_variables(variables, "average_gradient") if self.centered else []

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """The rule."""
        at = self._slot(variable)
        gradient = ops.cast(gradient, str(variable.dtype))
        unused = ops.zeros((), dtype=str(variable.dtype))
        velocity = self._velocities[at]
        momentum = self._momentums[at] if self.momentum else None
        average = self._averages_of_gradients[at] if self.centered else None
        inputs = [
            variable,
            velocity,
            unused if momentum is None else momentum,
            unused if average is None else average,
            gradient,
            learning_rate,
        ]
        settings = {"rho": float(self.rho), "momentum": float(self.momentum), "epsilon": float(self.epsilon)}
        new = apply("rmsprop_update", inputs, centered=int(bool(self.centered)), **settings)
        variable.assign(new[0])
        velocity.assign(new[1])
        if momentum is not None:
            momentum.assign(new[2])
        if average is not None:
            average.assign(new[3])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }


RMSprop.__doc__ = f"""Steps divided by the root of a moving average of squared gradients (Hinton 2012).

    Args:
        learning_rate: a number, a schedule, or a callable.
        rho: decay of the average.
        momentum: how much of the last step is kept.
        epsilon: added under the root.
        centered: whether the mean gradient is subtracted.{OPTIMIZER_ARGS}"""
