"""Random numbers by a counter (Philox): the same for every number of threads; TensorFlow's and Keras's names."""

from swiftconv.random.draws import (
    categorical,
    dropout,
    normal,
    randint,
    shuffle,
    truncated_normal,
    uniform,
)
from swiftconv.random.seed import SeedGenerator, set_random_seed, set_seed

__all__ = [
    "SeedGenerator",
    "categorical",
    "dropout",
    "normal",
    "randint",
    "set_random_seed",
    "set_seed",
    "shuffle",
    "truncated_normal",
    "uniform",
]
