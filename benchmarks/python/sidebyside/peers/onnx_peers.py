"""ONNX Runtime and OpenVINO: the same model, inference alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sidebyside.networks import NETWORKS
from sidebyside.peers import onnx_model, onnx_network
from sidebyside.peers.base import Arrays, Job, Peer, Unsupported
from sidebyside.rows import Row


def channels_first(array: np.ndarray) -> np.ndarray:
    """An image batch as these libraries want it."""
    return np.ascontiguousarray(array.transpose(0, 3, 1, 2)) if array.ndim == 4 else array


def channels_last(array: np.ndarray) -> np.ndarray:
    """An image batch as everybody else here has it."""
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


class OnnxPeer(Peer):
    """What both share."""

    def takes(self, row: Row) -> bool:
        return row.op != "batchnorm_training" and row.direction in ("forward", "call", "predict")

    def predict(self, row: Row, start: Callable[[bytes], Callable[[np.ndarray], Any]]) -> Job:
        """A network, from NumPy to NumPy; `start` makes a function of a model.

        Raises:
            Unsupported: there is no network of this name.
        """
        if row.name not in NETWORKS:
            raise Unsupported(f"no network {row.name!r}")
        net = NETWORKS[row.name]()
        run = start(onnx_network.model(net, row.batch))
        x = channels_first(np.random.default_rng(1).random((row.batch, *net.nodes[0].shape), "float32"))
        return Job(lambda: run(x), lambda: [run(x)])


class OnnxRuntime(OnnxPeer):
    """Input and output bound to buffers of its own, so that no copy is timed; `call` rows go through `run`."""

    runtime: Any

    def start(self, threads: int) -> str:
        import onnx  # noqa: F401
        import onnxruntime

        self.runtime = onnxruntime
        self.threads = threads
        return f"ONNX Runtime {onnxruntime.__version__}"

    def prepare(self, row: Row, arrays: Arrays) -> Job:
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3

        def start(model: bytes) -> Any:
            return self.runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

        if row.op == "network":

            def network(model: bytes) -> Callable[[np.ndarray], Any]:
                session = start(model)
                return lambda x: session.run(None, {"x": x})[0]

            return self.predict(row, network)
        session = start(onnx_model.model(row, arrays))
        if row.direction == "call":

            def call() -> Any:
                return channels_last(session.run(None, {"x": channels_first(arrays["x"])})[0])

            return Job(call, lambda: [call()])
        binding = session.io_binding()
        binding.bind_ortvalue_input("x", self.runtime.OrtValue.ortvalue_from_numpy(channels_first(arrays["x"])))
        place = channels_first(np.empty((row.batch, *row.output), np.float32))
        output = self.runtime.OrtValue.ortvalue_from_numpy(place)
        binding.bind_ortvalue_output("y", output)
        return Job(lambda: session.run_with_iobinding(binding), lambda: [channels_last(output.numpy())])


class OpenVino(OnnxPeer):
    """One request on a shared input tensor, held to float32 (its default may be bfloat16)."""

    core: Any

    def start(self, threads: int) -> str:
        import onnx  # noqa: F401
        import openvino

        self.openvino = openvino
        self.core = openvino.Core()
        self.settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        return f"OpenVINO {openvino.__version__.split('-')[0]}"

    def prepare(self, row: Row, arrays: Arrays) -> Job:
        if row.op == "network":

            def network(model: bytes) -> Callable[[np.ndarray], Any]:
                compiled = self.core.compile_model(self.core.read_model(model), "CPU", self.settings)
                return lambda x, _keep=model: np.array(compiled([x])[0])

            return self.predict(row, network)
        text = onnx_model.model(row, arrays)
        compiled = self.core.compile_model(self.core.read_model(text), "CPU", self.settings)
        if row.direction == "call":

            def call() -> Any:
                return channels_last(compiled([channels_first(arrays["x"])])[0])

            return Job(call, lambda: [call()])
        request = compiled.create_infer_request()
        x = channels_first(arrays["x"])
        request.set_input_tensor(self.openvino.Tensor(x, shared_memory=True))

        def results(keep: Any = (text, x)) -> list[np.ndarray]:  # it reads the model's constants and x where they lie
            request.infer()
            return [channels_last(np.array(request.get_output_tensor().data))]

        return Job(request.infer, results)
