"""`Adam` and `AdamW`."""

from __future__ import annotations

from typing import Any

from swiftconv import ops
from swiftconv._core import Variable, apply
from swiftconv.optimizers.optimizer import OPTIMIZER_ARGS, Optimizer
from swiftconv.utils.registry import builtin


@builtin("keras.optimizers")
class Adam(Optimizer):
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        self.amsgrad = amsgrad

    def _build_slots(self, variables: list[Variable]) -> None:
        self._momentums, self._velocities = self.add_optimizer_variables(variables, ["momentum", "velocity"])
        self._hats = self.add_optimizer_variables(variables, "velocity_hat") if self.amsgrad else []

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """The rule."""
        dtype = str(variable.dtype)
        gradient = ops.cast(gradient, dtype)
        at = self._slot(variable)
        m, v = self._momentums[at], self._velocities[at]
        step = ops.add(self.iterations, 1)
        settings = {"beta_1": float(self.beta_1), "beta_2": float(self.beta_2), "epsilon": float(self.epsilon)}
        if not self.amsgrad:
            new, m_new, v_new = apply("adam_update", [variable, m, v, gradient, learning_rate, step], **settings)
            variable.assign(new)
            m.assign(m_new)
            v.assign(v_new)
            return
        hat = self._hats[at]
        t = ops.cast(step, dtype)
        rate = learning_rate * ops.sqrt(1.0 - ops.power(self.beta_2, t)) / (1.0 - ops.power(self.beta_1, t))
        m_new = m + (gradient - m) * (1.0 - self.beta_1)
        v_new = v + (ops.square(gradient) - v) * (1.0 - self.beta_2)
        hat_new = ops.maximum(hat, v_new)
        m.assign(m_new)
        v.assign(v_new)
        hat.assign(hat_new)
        variable.assign(variable - m_new * rate / (ops.sqrt(hat_new) + self.epsilon))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


Adam.__doc__ = f"""Adam (Kingma and Ba 2014), AMSGrad (Reddi et al. 2018) if wanted.

    Args:
        learning_rate: a number, a schedule, or a callable.
        beta_1, beta_2: decay of the first and second moment.
        epsilon: added to the root of the second moment.
        amsgrad: whether the greatest second moment so far counts.{OPTIMIZER_ARGS}"""


@builtin("keras.optimizers")
class AdamW(Adam):
    def __init__(self, learning_rate: Any = 0.001, weight_decay: float = 0.004, *args: Any, **kwargs: Any) -> None:
        if weight_decay is None:
            raise ValueError("AdamW: weight_decay: expected a number, received None")
        names = ("beta_1", "beta_2", "epsilon", "amsgrad")
        super().__init__(learning_rate, **dict(zip(names, args, strict=False)), weight_decay=weight_decay, **kwargs)


AdamW.__doc__ = f"""Adam with decoupled weight decay (Loshchilov and Hutter 2019).

    Args:
        learning_rate: a number, a schedule, or a callable.
        beta_1, beta_2, epsilon, amsgrad: as in `Adam`.{OPTIMIZER_ARGS}"""
