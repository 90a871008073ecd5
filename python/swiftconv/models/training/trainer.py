"""`Trainer`: the steps that users may override; fit, evaluate, predict."""

from __future__ import annotations

from typing import Any

from swiftconv.models.inspection.inspected import Inspected
from swiftconv.models.training import loop, steps
from swiftconv.models.training.arrays import as_batch, class_weights, count_samples, triple
from swiftconv.models.training.compile_losses import add_up
from swiftconv.models.training.compiling import Compiling


class Trainer(Compiling, Inspected):
    """The methods of training; mixed with a `Layer` in `Model`."""

    history: Any = None
    _initial_epoch: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args or kwargs:
            super().__init__(*args, **kwargs)

    # ---- what users override ----------------------------------------------------------------------------------------------

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The loss of a batch: the compiled one, and what layers added.

        Raises:
            ValueError: there is none.
        """
        parts: list[Any] = []
        if self._compile_loss is not None:
            found = self._compile_loss(y, y_pred, sample_weight)
            if found is not None:
                parts.append(found)
        parts.extend(self.losses)  # type: ignore[attr-defined]
        if not parts:
            raise ValueError(f"model {self.name!r}: no loss to compute: pass loss= to compile(), or add one with add_loss()")
        return add_up(parts)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the compiled metrics and returns all values by name."""
        if y is not None or self._compile_metrics.entries or self._compile_metrics.user_metrics:
            self._compile_metrics.update_state(y, y_pred, sample_weight, skip=self._eager_metrics)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """The values of all metrics by name."""
        found: dict[str, Any] = {"loss": self._loss_tracker.result()}
        if self._compile_loss is not None:
            found.update({m.name: m.result() for m in self._compile_loss.metrics})
        found.update(self._compile_metrics.results(skip=self._eager_metrics))
        known = [self._loss_tracker, *(self._compile_loss.metrics if self._compile_loss else ()), *self._compile_metrics.metrics]
        for metric in self.metrics:
            if all(metric is not one for one in known):
                value = metric.result()
                found.update(value if isinstance(value, dict) else {metric.name: value})
        return found

    def train_step(self, data: Any) -> dict[str, Any]:
        """One training step, op by op; override it for a step of your own."""
        return steps.eager_train(self, triple(data))

    def test_step(self, data: Any) -> dict[str, Any]:
        """One evaluation step, op by op; override it for a step of your own."""
        return steps.eager_test(self, triple(data))

    def predict_step(self, data: Any) -> Any:
        """The prediction of a batch; override it for a step of your own."""
        return self(triple(data)[0], training=False)  # type: ignore[operator]

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
        try:
            return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        except TypeError as error:
            if "training" in str(error) and "unexpected keyword" in str(error):
                return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
            raise

    def _is_overridden(self, kind: str) -> bool:
        name = f"{kind}_step"
        return getattr(type(self), name) is not getattr(Trainer, name) or name in self.__dict__

    # ---- loops ------------------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Trains the model.

        Args:
            x: arrays (nested as the model's inputs; never copied as a whole, whatever their type, so that a `np.memmap` is read
                batch by batch), a generator of `(x, y)` or `(x, y, sample_weight)`, another iterable, or a `PyDataset`.
            y: labels.
            batch_size: 32 by default.
            epochs: until which epoch.
            verbose: 0 silent, 1 a progress bar, 2 one line an epoch, "auto" 1 on a terminal.
            callbacks: see `swiftconv.callbacks`.
            validation_split: the last part of the arrays that is kept for validation.
            validation_data: `(x, y)` or `(x, y, sample_weight)`, a generator or a `PyDataset`.
            shuffle: whether samples are drawn in a new order each epoch; "batch" keeps batches together.
            class_weight: weight of each class.
            sample_weight: weight of each sample.
            initial_epoch: from which epoch.
            steps_per_epoch: how many batches make an epoch; the next epoch goes on behind them, from the start when the data has
                ended.
            validation_steps: how many batches, where fewer than all; always the first ones of arrays.
            validation_batch_size: as `batch_size` by default.
            validation_freq: every how many epochs, or after which ones, to validate.

        Returns:
            A `History`; it is `model.history` too, also after an interruption by Ctrl-C.

        Raises:
            ValueError: the model is not compiled, or data that does not fit.
        """
        self._require_compiled("fit")
        return loop.fit(
            self,
            x,
            y,
            batch_size,
            epochs,
            verbose,
            callbacks,
            validation_split,
            validation_data,
            shuffle,
            class_weight,
            sample_weight,
            initial_epoch,
            steps_per_epoch,
            validation_steps,
            validation_batch_size,
            validation_freq,
        )

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and metrics over data.

        Args:
            x, y, batch_size, sample_weight, verbose, callbacks: as in `fit`.
            steps: how many batches, where fewer than all.
            return_dict: whether a dict is returned.

        Returns:
            The loss alone, or a list `[loss, metric, …]`, or a dict.

        Raises:
            ValueError: the model is not compiled, or data that does not fit.
        """
        self._require_compiled("evaluate")
        return loop.evaluate(self, x, y, batch_size, verbose, sample_weight, steps, callbacks, return_dict, **kwargs)

    def predict(
        self, x: Any, batch_size: int | None = None, verbose: Any = "auto", steps: int | None = None, callbacks: Any = None
    ) -> Any:
        """The outputs for data, batch by batch.

        Args:
            x, batch_size, verbose, callbacks: as in `fit`.
            steps: how many batches, where fewer than all.

        Returns:
            Arrays in the structure of the model's outputs.
        """
        return loop.predict(self, x, batch_size, verbose, steps, callbacks)

    def train_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step; the loss and metrics of this batch."""
        self._require_compiled("train_on_batch")
        data = (as_batch(x, "x"), as_batch(y, "y"), as_batch(sample_weight, "sample_weight"))
        data = (data[0], data[1], class_weights(data[1], data[2], class_weight))
        count_samples(*data)
        self.reset_metrics()
        return loop.packed(self._run_step("train", data), return_dict)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """The loss and metrics of this batch."""
        self._require_compiled("test_on_batch")
        data = (as_batch(x, "x"), as_batch(y, "y"), as_batch(sample_weight, "sample_weight"))
        self.reset_metrics()
        return loop.packed(self._run_step("test", data), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch."""
        return self._run_step("predict", (as_batch(x, "x"), None, None))
