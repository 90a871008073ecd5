"""Keras on TensorFlow: whole networks through `train_on_batch`, `predict_on_batch` and `fit`."""

from __future__ import annotations

from typing import Any

from sidebyside.peers import keras_network
from sidebyside.peers.base import Arrays, Job, Peer
from sidebyside.rows import Row


class Keras(Peer):
    """Keras 3 with its TensorFlow backend, compiled as `compile` does by default."""

    keras: Any

    def environment(self, threads: int) -> dict[str, str]:
        return {
            "KERAS_BACKEND": "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "OMP_NUM_THREADS": str(threads),
            "CUDA_VISIBLE_DEVICES": "",
        }

    def start(self, threads: int) -> str:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        import keras

        self.keras = keras
        return f"Keras {keras.__version__} on TensorFlow {tf.__version__}"

    def takes(self, row: Row) -> bool:
        return row.op == "network"

    def prepare(self, row: Row, arrays: Arrays) -> Job:
        return keras_network.prepare(self.keras, row)
