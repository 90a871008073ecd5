"""The methods of a model that show what the engine does with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from swiftconv.models.inspection import Plan, Report


class Inspected:
    """`plan`, `explain` and `profile` of a model whose steps are compiled."""

    name: str
    _steps: Any

    def plan(self, kind: str | None = None) -> Plan:
        """How the engine runs the last compiled step: nodes with algorithms and what was fused, buffers with offsets, the arena
        and its peak.

        Args:
            kind: `"train"`, `"test"` or `"predict"`; the first of them that there is, by default.

        Returns:
            A dict that prints as text.

        Raises:
            ValueError: no such step was run yet.

        Example:
            >>> import numpy as np
            >>> from swiftconv import layers, models
            >>> model = models.Sequential([layers.Input((4,)), layers.Dense(2, activation="relu")])
            >>> y = model.predict(np.ones((1, 4), "float32"), verbose=0)
            >>> [node["op"] for node in model.plan()["nodes"]]
            ['matmul']
        """
        from swiftconv.models.inspection.plan import Plan

        for one in (kind,) if kind else ("train", "test", "predict"):
            for key, step in reversed(list((self._steps or {}).items())):
                if key[0] == one:
                    return Plan(step.compiled.plan())
        raise ValueError(f"model {self.name!r}: plan: nothing was compiled yet: run fit, evaluate or predict first")

    def explain(self, x: Any, y: Any = None, sample_weight: Any = None, kind: str | None = None) -> Report:
        """What the engine does for a batch, by layers: algorithm, FLOP, bytes, scratch, the least time that the machine allows.

        Nothing is run or changed, but the step for batches of this form is compiled. The machine's limits are measured
        (`config.roofline`), which takes about a quarter of a second.

        Args:
            x: a batch.
            y, sample_weight: labels and weights, for training and evaluation.
            kind: `"train"`, `"test"` or `"predict"`; by default training where there are labels, else prediction.

        Returns:
            A `Report`: `print` it, or use `to_json()`, `to_html()`, `save("name.html")`.

        Raises:
            ValueError: data that does not fit, or a model that is run op by op.
        """
        from swiftconv.models.inspection.measuring import report

        return report(self, x, y, sample_weight, kind, None)

    def profile(self, x: Any, y: Any = None, sample_weight: Any = None, kind: str | None = None, repeats: int = 10) -> Report:
        """`explain` with times: how long each layer takes, and what part of the roofline that is.

        The step is run some times; weights, optimizer and metrics are put back as they were.

        Args:
            x, y, sample_weight, kind: as in `explain`.
            repeats: how many runs are measured; medians are reported.

        Returns:
            A `Report`: `print` it, or use `to_json()`, `to_html()`, `save("name.html")`.

        Raises:
            ValueError: data that does not fit, or a model that is run op by op.

        Example:
            >>> import numpy as np
            >>> from swiftconv import layers, models
            >>> model = models.Sequential([layers.Input((4,)), layers.Dense(2, name="last")])
            >>> model.profile(np.ones((1, 4), "float32"), repeats=3).layers[0]["layer"]
            'last'
        """
        from swiftconv.models.inspection.measuring import report

        return report(self, x, y, sample_weight, kind, repeats)
