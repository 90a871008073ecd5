"""Data sets, read from disk; nothing is fetched at import."""

from swiftconv.datasets import mnist, mnist_5k

__all__ = ["mnist", "mnist_5k"]
