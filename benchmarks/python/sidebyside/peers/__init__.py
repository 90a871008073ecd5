"""The peers by name. To add one: a module with a subclass of `Peer`, and a line here."""

from __future__ import annotations

import importlib
from typing import Any

from sidebyside.peers.base import Job, Peer, Unsupported

__all__ = ["OURS", "PEERS", "VARIANTS", "Job", "Peer", "Unsupported", "create"]

OURS = "swiftconv"
#: name: (module, class, its arguments)
PEERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "swiftconv": ("swiftconv_peer", "SwiftConv", {}),
    "swiftconv-numpy": ("swiftconv_peer", "SwiftConv", {"constant": False}),
    "swiftconv-openblas": ("swiftconv_peer", "SwiftConv", {"gemm": "openblas"}),
    "tensorflow": ("tensorflow_peer", "TensorFlow", {}),
    "tensorflow-xla": ("tensorflow_peer", "TensorFlow", {"xla": True}),
    "torch": ("torch_peer", "Torch", {}),
    "torch-channels-last": ("torch_peer", "Torch", {"channels_last": True}),
    "torch-compiled": ("torch_peer", "Torch", {"channels_last": True, "compiled": True}),
    "jax": ("jax_peer", "Jax", {}),
    "onnxruntime": ("onnx_peers", "OnnxRuntime", {}),
    "openvino": ("onnx_peers", "OpenVino", {}),
    "keras-tf": ("keras_peer", "Keras", {}),
}
#: Our own, in settings that are shown beside the first: they are no competition.
VARIANTS = [name for name in PEERS if name.startswith("swiftconv-")]


def create(name: str) -> Peer:
    """The peer of that name, not started."""
    module, cls, arguments = PEERS[name]
    peer: Peer = getattr(importlib.import_module(f"sidebyside.peers.{module}"), cls)(**arguments)
    return peer
