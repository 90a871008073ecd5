"""`SGD`."""

from __future__ import annotations

from typing import Any

from swiftconv import ops
from swiftconv._core import Variable, apply
from swiftconv.optimizers.optimizer import OPTIMIZER_ARGS, Optimizer
from swiftconv.utils.registry import builtin


@builtin("keras.optimizers")
class SGD(Optimizer):
    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        if not isinstance(momentum, (int, float)) or not 0 <= momentum <= 1:
            raise ValueError(f"SGD: momentum: expected a number in [0, 1], received {momentum!r}")
        self.momentum = momentum
        self.nesterov = nesterov

    def _build_slots(self, variables: list[Variable]) -> None:
        self.momentums = self.add_optimizer_variables(variables, "momentum") if self.momentum else []

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """The rule."""
        gradient = ops.cast(gradient, str(variable.dtype))
        if not self.momentum:
            variable.assign(apply("sgd_update", [variable, gradient, learning_rate]))
            return
        slot = self.momentums[self._slot(variable)]
        inputs = [variable, slot, gradient, learning_rate]
        new, moved = apply("momentum_update", inputs, momentum=float(self.momentum), nesterov=int(bool(self.nesterov)))
        variable.assign(new)
        slot.assign(moved)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }


SGD.__doc__ = f"""Gradient descent, with momentum if wanted.

    Args:
        learning_rate: a number, a schedule, or a callable.
        momentum: how much of the last step is kept.
        nesterov: whether the gradient counts twice (Nesterov).{OPTIMIZER_ARGS}"""
