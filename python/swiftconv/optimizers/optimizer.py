"""`Optimizer`: variables, a step with accumulation, weight decay and moving averages.

The rule itself is the subclass's `update_step`. The learning rate is in `_learning_rate.py`, the limits of gradients are in
`_clipping.py`.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np

from swiftconv import ops
from swiftconv._core import Variable, convert_to_tensor, in_trace
from swiftconv.optimizers._clipping import clipped
from swiftconv.optimizers._learning_rate import LearningRate
from swiftconv.optimizers.schedules import deserialize as deserialize_schedule
from swiftconv.utils import naming

OPTIMIZER_ARGS = """
        weight_decay: share of the rate by which weights shrink each step.
        clipnorm, clipvalue, global_clipnorm: limits of the gradients; at most one of them.
        use_ema, ema_momentum, ema_overwrite_frequency: moving averages of the weights.
        loss_scale_factor: the factor by which the loss was scaled.
        gradient_accumulation_steps: how many gradients make one step.
        name: of the optimizer.
"""


class Optimizer(LearningRate):
    """Base class.

    `variables[0]` counts the steps, `variables[1]` is the learning rate, then come the slots.

    Args:
        learning_rate: a number, a schedule, or a callable without arguments.
    """

    def __init__(
        self,
        learning_rate: Any,
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
        who = type(self).__name__
        if kwargs.pop("jit_compile", None) is not None or kwargs.pop("decay", None) is not None:
            pass
        if kwargs:
            raise ValueError(f"{who}: unknown keyword arguments {sorted(kwargs)}")
        if sum(c is not None for c in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError(
                f"{who}: clipnorm, clipvalue, global_clipnorm: expected at most one of them, received {clipnorm}, {clipvalue}, "
                f"{global_clipnorm}"
            )
        if clipnorm is not None and clipnorm <= 0:
            raise ValueError(f"{who}: clipnorm: expected a positive number, received {clipnorm}")
        if use_ema:
            if not 0 <= ema_momentum <= 1:
                raise ValueError(f"{who}: ema_momentum: expected a number in [0, 1], received {ema_momentum}")
            if ema_overwrite_frequency and (not isinstance(ema_overwrite_frequency, int) or ema_overwrite_frequency < 1):
                raise ValueError(f"{who}: ema_overwrite_frequency: expected an integer > 0, received {ema_overwrite_frequency}")
        if gradient_accumulation_steps is not None and gradient_accumulation_steps < 2:
            raise ValueError(
                f"{who}: gradient_accumulation_steps: expected an integer >= 2, received {gradient_accumulation_steps}"
            )
        self.name = name or naming.auto_name(who)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.built = False
        self._variables: list[Variable] = []
        self._trainable_variables: list[Variable] = []
        self._built_variables: list[Variable] = []
        #: (slot's name, weight, variable)
        self._slots: list[tuple[str, Variable, Variable]] = []
        self._index: dict[int, int] = {}
        self._excluded: list[Any] = []
        self._excluded_ids: set[int] = set()
        self._is_update_step: bool | None = None
        self.iterations = self._track(
            Variable(np.int64(0), trainable=False, name="iteration", path=f"{self.name}/iteration", dtype="int64")
        )
        self._set_up_rate(learning_rate)

    def _track(self, variable: Variable) -> Variable:
        variable._made_trainable = False
        self._variables.append(variable)
        return variable

    @property
    def variables(self) -> list[Variable]:
        """The state."""
        return list(self._variables)

    # ---- building ---------------------------------------------------------------------------------------------------------

    def build(self, variables: Any) -> None:
        """Makes the slots; a second time all of them anew.

        Args:
            variables: the weights that will be updated.
        """
        old = {id(v) for v in self._built_variables}
        self._variables = [v for v in self._variables if id(v) not in old]
        self._slots = []
        before = len(self._variables)
        self._trainable_variables = list(variables)
        self._index = {id(v): i for i, v in enumerate(self._trainable_variables)}
        if self.use_ema:
            self._averages = [self.add_variable_from_reference(v, "average") for v in self._trainable_variables]
        if self.gradient_accumulation_steps:
            self._accumulated = [self.add_variable_from_reference(v, "gradient_accumulator") for v in self._trainable_variables]
        self._excluded_ids = {id(v) for v in self._trainable_variables if self._is_excluded(v)}
        self._build_slots(self._trainable_variables)
        self._built_variables = self._variables[before:]
        self.built = True

    def _build_slots(self, variables: list[Variable]) -> None:
        """Makes the slots of the rule."""

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A slot of the shape and type of a weight."""
        from swiftconv import initializers

        path = getattr(reference_variable, "path", reference_variable.name).replace("/", "_")
        dtype = str(reference_variable.dtype)
        value = np.asarray(initializers.get(initializer)(tuple(reference_variable.shape), dtype=dtype))
        full = f"{path}_{name}"
        slot = self._track(Variable(value, dtype=dtype, trainable=False, name=full, path=f"{self.name}/{full}"))
        self._slots.append((name or "slot", reference_variable, slot))
        return slot

    def add_optimizer_variables(self, variables: Any, names: Any) -> Any:
        """One slot (or several, by name) for each weight."""
        single = isinstance(names, str)
        names = [names] if single else list(names)
        found: list[list[Variable]] = [[] for _ in names]
        for variable in variables:
            for slots, name in zip(found, names, strict=True):
                slots.append(self.add_variable_from_reference(variable, name))
        return found[0] if single else found

    def _slot(self, variable: Variable) -> int:
        return self._index[id(variable)]

    # ---- a step -----------------------------------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Any) -> Any:
        """One step for pairs of gradient and weight."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self.iterations

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """One step.

        Args:
            grads: gradients.
            trainable_variables: the weights in the same order; those of `build` by default.

        Raises:
            ValueError: no gradients, another number of weights, or weights that the optimizer was not built for.
        """
        grads = list(grads)
        if not grads:
            return
        if trainable_variables is None:
            if not self.built:
                raise ValueError(f"{self.name}: apply: expected trainable_variables: the optimizer is not built yet")
            trainable_variables = self._trainable_variables
        variables = list(trainable_variables)
        if len(grads) != len(variables):
            raise ValueError(f"{self.name}: apply: expected {len(variables)} gradients, received {len(grads)}")
        if not self.built:
            self.build(variables)
        for variable in variables:
            if id(variable) not in self._index:
                raise ValueError(
                    f"{self.name}: unknown variable {variable.path}: the optimizer was built for other weights; compile the "
                    "model again"
                )
        kept = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        if not kept:
            raise ValueError(f"{self.name}: apply: no gradients for any variable")
        if len(kept) < len(grads):
            missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
            warnings.warn(f"{self.name}: no gradient for {missing}: the loss does not depend on them", stacklevel=2)
        grads = [g if hasattr(g, "dtype") else convert_to_tensor(g) for g, _ in kept]
        variables = [v for _, v in kept]
        if self.loss_scale_factor is not None:
            grads = [g / float(self.loss_scale_factor) for g in grads]
        if self.gradient_accumulation_steps and not self._accumulate(grads, variables):
            self.iterations.assign(ops.add(self.iterations, 1))
            return
        if self.gradient_accumulation_steps:
            steps = float(self.gradient_accumulation_steps)
            slots = [self._accumulated[self._slot(v)] for v in variables]
            grads = [ops.add(s, g) / steps for s, g in zip(slots, grads, strict=True)]
            for slot in slots:
                slot.assign(ops.zeros_like(slot))
        grads = self._clip_gradients(grads)
        self._apply_weight_decay(variables)
        for gradient, variable in zip(grads, variables, strict=True):
            self.update_step(gradient, variable, self._rate(str(variable.dtype)))
        if self.use_ema:
            self._update_averages(self._trainable_variables)
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))
        self.iterations.assign(ops.add(self.iterations, 1))

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """The rule."""
        raise NotImplementedError(f"{type(self).__name__} has no update_step() method")

    def accumulation_phase(self) -> bool:
        """Whether the next gradient completes a step (always, without accumulation)."""
        steps = self.gradient_accumulation_steps
        return not steps or (int(self.iterations.numpy()) + 1) % steps == 0

    def _accumulate(self, grads: list[Any], variables: list[Variable]) -> bool:
        """Adds up gradients; whether they now make a step. A trace is made for one phase, which the trainer sets."""
        full = bool(self._is_update_step) if in_trace() and self._is_update_step is not None else self.accumulation_phase()
        if not full:
            for gradient, variable in zip(grads, variables, strict=True):
                slot = self._accumulated[self._slot(variable)]
                slot.assign(ops.add(slot, gradient))
        return full

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        return clipped(grads, self.clipnorm, self.global_clipnorm, self.clipvalue)

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        """Weights that do not shrink.

        Args:
            var_list: the weights.
            var_names: parts of their names.

        Raises:
            ValueError: the optimizer is built already.
        """
        if self.built:
            raise ValueError(f"{self.name}: exclude_from_weight_decay: expected to be called before the optimizer is built")
        self._excluded_ids |= {id(v) for v in var_list or ()}
        self._excluded += list(var_names or ())

    def _is_excluded(self, variable: Variable) -> bool:
        return id(variable) in self._excluded_ids or any(re.search(name, variable.path) for name in self._excluded)

    def _use_weight_decay(self, variable: Variable) -> bool:
        return not self._is_excluded(variable)

    def _apply_weight_decay(self, variables: list[Variable]) -> None:
        if self.weight_decay is None:
            return
        for variable in variables:
            if self._use_weight_decay(variable):
                rate = self._rate(str(variable.dtype))
                variable.assign(ops.subtract(variable, ops.multiply(variable, rate * float(self.weight_decay))))

    def _update_averages(self, variables: list[Variable]) -> None:
        momentum = float(self.ema_momentum)
        first = ops.cast(ops.equal(self.iterations, 0), "float32")
        for variable in variables:
            slot = self._averages[self._slot(variable)]
            m = ops.cast((1.0 - first) * momentum, str(variable.dtype))
            slot.assign(m * slot.value + (1.0 - m) * variable.value)
        if self.ema_overwrite_frequency:
            due = ops.equal(ops.mod(ops.add(self.iterations, 1), int(self.ema_overwrite_frequency)), 0)
            for variable in variables:
                slot = self._averages[self._slot(variable)]
                variable.assign(ops.where(due, slot.value, variable.value))

    def finalize_variable_values(self, var_list: Any) -> None:
        """At the end of training: the moving averages become the weights."""
        if self.use_ema and self.built:
            for variable in var_list:
                if id(variable) in self._index:
                    variable.assign(self._averages[self._slot(variable)].numpy())

    # ---- files and configuration ------------------------------------------------------------------------------------------

    def save_own_variables(self, store: Any) -> None:
        """Puts the state into `store` under "0", "1" …"""
        for index, variable in enumerate(self._variables):
            store[str(index)] = variable

    def load_own_variables(self, store: Any) -> None:
        """Takes the state out of `store`; warns where its size differs."""
        if len(store) != len(self._variables):
            warnings.warn(
                f"{self.name}: expected {len(self._variables)} saved variables, received {len(store)}: the state was not read",
                stacklevel=2,
            )
            return
        for index, variable in enumerate(self._variables):
            variable.assign(store[str(index)])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        names = ("weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum")
        more = ("ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps")
        return {
            "name": self.name,
            "learning_rate": self._rate_config(),
            **{name: getattr(self, name) for name in (*names, *more)},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Optimizer:
        """An optimizer from its configuration."""
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = deserialize_schedule(config["learning_rate"], custom_objects)
        return cls(**config)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_index": [id(v) for v in self._trainable_variables]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._index = {id(v): i for i, v in enumerate(self._trainable_variables)}
