"""Edges by hand: three classic filters and one call of `nn.conv2d`.

python examples/edge_detection.py [--output demo-output]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import swiftconv as tf

# How brightness changes from left to right (Sobel), from top to bottom, and in all directions (Laplace)
SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], "float32")
LAPLACE = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], "float32")
FILTERS = {"vertical edges": SOBEL, "horizontal edges": SOBEL.T, "all edges": LAPLACE}


def picture(size: int = 128) -> np.ndarray:
    """A disc, a square and a slope, float32 in 0…1."""
    y, x = np.mgrid[0:size, 0:size] / size
    image = 0.25 * x
    image[(x - 0.35) ** 2 + (y - 0.4) ** 2 < 0.05] = 0.9
    image[(np.abs(x - 0.7) < 0.15) & (np.abs(y - 0.7) < 0.15)] = 0.6
    return image.astype("float32")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("demo-output"))
    arguments = parser.parse_args()

    image = picture()
    filters = np.stack(list(FILTERS.values()), axis=-1)[:, :, np.newaxis, :]  # height, width, input channels, output channels
    edges = tf.nn.conv2d(image[np.newaxis, :, :, np.newaxis], filters, strides=1, padding="SAME")
    for k, name in enumerate(FILTERS):
        print(f"{name:17} strongest response {np.abs(edges[0, 1:-1, 1:-1, k]).max():.3f}")

    try:
        import matplotlib
    except ImportError:
        print("No picture: matplotlib is not installed (pip install 'swiftconv[plot]')")
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(11, 3), layout="constrained")
    axes[0].imshow(image, cmap="gray", vmin=0, vmax=1)
    axes[0].set_title("picture")
    for k, name in enumerate(FILTERS):
        axes[k + 1].imshow(edges[0, ..., k], cmap="RdBu", vmin=-3, vmax=3)
        axes[k + 1].set_title(name)
    for axis in axes:
        axis.axis("off")
    arguments.output.mkdir(parents=True, exist_ok=True)
    figure.savefig(arguments.output / "edges.png", dpi=120)
    print(f"Picture: {arguments.output / 'edges.png'}")


if __name__ == "__main__":
    main()
