"""`nn` functions in both layouts. A case names the function, its inputs (the first arguments, in order) and its further keywords.

TensorFlow's CPU kernels refuse most NCHW; there its NHWC result, transposed, is the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from . import plain
from .record import as_list, record
from .writer import Family, draw, generator

nn = tf.nn
TO_NCHW, TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]


def both(
    family: Family, name: str, function: str, inputs: Sequence[np.ndarray], keywords: dict[str, Any], channels_last: Callable[..., Any],
    images: Sequence[bool] = (True,), flipped: dict[str, Any] | None = None, per_channel: bool = False, **more: Any,
) -> None:  # fmt: skip
    """The case in NHWC and in NCHW. `images` says which outputs are; `flipped` are the keywords that change with the layout."""
    record(family, f"{name}/nhwc", function, inputs, {**keywords, "data_format": "NHWC"}, channels_last, **more)

    def channels_first(x: tf.Tensor, *others: tf.Tensor) -> Any:
        outputs = as_list(channels_last(tf.transpose(x, TO_NHWC), *others))
        outputs = [tf.transpose(y, TO_NCHW) if image else y for y, image in zip(outputs, images, strict=True)]
        return outputs if len(outputs) > 1 else outputs[0]

    x = np.ascontiguousarray(np.transpose(inputs[0], TO_NCHW))
    more = {k: v for k, v in more.items() if not k.startswith("plain")}
    record(
        family,
        f"{name}/nchw",
        function,
        [x, *inputs[1:]],
        {**keywords, **(flipped or {}), "data_format": "NCHW"},
        channels_first,
        **more,
    )


def build(family: Family) -> None:
    convolutions(family)
    depthwise(family)
    separable(family)
    transposed(family)
    pools(family)
    normalization(family)


def convolutions(family: Family) -> None:
    for label, x, w, s, p in (
        ("same", (2, 6, 7, 3), (3, 3, 3, 4), 1, "SAME"), ("valid-strides", (1, 9, 8, 5), (3, 2, 5, 7), [2, 1], "VALID"),
        ("pointwise", (2, 5, 6, 8), (1, 1, 8, 3), 1, "VALID"), ("strides-of-four", (1, 9, 8, 3), (3, 3, 3, 4), [1, 2, 2, 1], "SAME"),
    ):  # fmt: skip
        random = generator("layout conv" + label)
        strides = s if isinstance(s, int) or len(s) == 2 else s[1:3]
        both(
            family, f"conv2d/{label}", "conv2d", [draw(random, x), draw(random, w)], {"strides": s, "padding": p},
            lambda x, w, s=strides, p=p: nn.conv2d(x, w, s, p), flipped={"strides": [1, 1, *s[1:3]]} if isinstance(s, list) and len(s) == 4 else None,
        )  # fmt: skip
    random = generator("layout conv explicit")
    x, w = draw(random, (1, 6, 7, 3)), draw(random, (3, 3, 3, 5))
    pads = [[1, 0], [2, 1]]
    both(
        family, "conv2d/explicit", "conv2d", [x, w], {"strides": 1, "padding": [[0, 0], *pads, [0, 0]]},
        lambda x, w: nn.conv2d(x, w, 1, [[0, 0], *pads, [0, 0]]), flipped={"padding": [[0, 0], [0, 0], *pads]},
    )  # fmt: skip
    x, w = draw(random, (1, 8, 7, 4)), draw(random, (3, 3, 4, 5))
    both(
        family, "conv2d/dilated", "conv2d", [x, w], {"strides": 1, "padding": "SAME", "dilations": [2, 1]},
        lambda x, w: nn.conv2d(x, w, 1, "SAME", dilations=[2, 1]), gradients=False,
    )  # fmt: skip


def depthwise(family: Family) -> None:
    for label, x, w, s, p in (
        ("same", (2, 6, 7, 3), (3, 3, 3, 1), 1, "SAME"), ("multiplier", (1, 8, 7, 5), (3, 3, 5, 2), 1, "VALID"), ("strides", (1, 9, 8, 4), (3, 3, 4, 3), 2, "SAME"),
    ):  # fmt: skip
        random = generator("layout depthwise" + label)
        both(
            family, f"depthwise_conv2d/{label}", "depthwise_conv2d", [draw(random, x), draw(random, w)], {"strides": [1, s, s, 1], "padding": p},
            lambda x, w, s=s, p=p: nn.depthwise_conv2d(x, w, [1, s, s, 1], p), flipped={"strides": [1, 1, s, s]},
        )  # fmt: skip
    random = generator("layout depthwise dilated")
    x, w = draw(random, (1, 9, 8, 3)), draw(random, (3, 3, 3, 2))
    record(
        family, "depthwise_conv2d/dilated", "depthwise_conv2d", [x, w], {"strides": [1, 1, 1, 1], "padding": "VALID", "dilations": [2, 2]},
        lambda x, w: nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "VALID", dilations=[2, 2]),
    )  # fmt: skip
    x, w = draw(random, (1, 9, 8, 3)), draw(random, (3, 3, 3, 2))
    record(  # TensorFlow refuses different row and column strides
        family, "depthwise_conv2d/strides-differ", "depthwise_conv2d", [x, w], {"strides": [1, 2, 1, 1], "padding": "SAME"}, None,
        lambda x, w: plain.conv2d(x, w.reshape(3, 3, 1, 6), (2, 1), (1, 1), "SAME"), gradients=False,
    )  # fmt: skip


def separable(family: Family) -> None:
    for label, m, s, p in (("same", 1, 1, "SAME"), ("multiplier-strides", 2, 2, "VALID")):
        random = generator("layout separable" + label)
        inputs = [draw(random, (2, 7, 8, 3)), draw(random, (3, 3, 3, m)), draw(random, (1, 1, 3 * m, 5))]
        both(
            family, f"separable_conv2d/{label}", "separable_conv2d", inputs, {"strides": [1, s, s, 1], "padding": p},
            lambda x, d, q, s=s, p=p: nn.separable_conv2d(x, d, q, [1, s, s, 1], p), flipped={"strides": [1, 1, s, s]},
        )  # fmt: skip


def transposed(family: Family) -> None:
    for label, x, w, out, s, p in (
        ("same-strides", (2, 4, 5, 3), (3, 3, 4, 3), (2, 8, 10, 4), 2, "SAME"), ("odd-output", (2, 4, 5, 3), (3, 3, 4, 3), (2, 7, 9, 4), 2, "SAME"),
        ("valid", (1, 3, 4, 5), (3, 2, 2, 5), (1, 5, 5, 2), 1, "VALID"), ("wide-strides", (1, 3, 3, 2), (2, 2, 3, 2), (1, 8, 8, 3), 3, "VALID"),
    ):  # fmt: skip
        random = generator("layout transpose" + label)
        first = [out[i] for i in TO_NCHW]
        both(
            family, f"conv2d_transpose/{label}", "conv2d_transpose", [draw(random, x), draw(random, w)],
            {"output_shape": list(out), "strides": s, "padding": p},
            lambda x, w, out=out, s=s, p=p: nn.conv2d_transpose(x, w, out, s, p), flipped={"output_shape": first},
        )  # fmt: skip


def pools(family: Family) -> None:
    for label, shape, k, s, p in (("same", (2, 7, 9, 3), 2, 2, "SAME"), ("valid", (1, 8, 7, 5), [3, 2], [2, 1], "VALID")):
        x = draw(generator("layout pool" + label), shape, step=0.5)
        for kind in ("max", "avg"):
            both(
                family, f"{kind}_pool2d/{label}", f"{kind}_pool2d", [x], {"ksize": k, "strides": s, "padding": p},
                lambda x, f=getattr(nn, f"{kind}_pool2d"), k=k, s=s, p=p: f(x, k, s, p),
            )  # fmt: skip
    x, bias = draw(generator("layout bias"), (2, 3, 4, 5)), draw(generator("layout bias 2"), (5,))
    both(family, "bias_add", "bias_add", [x, bias], {}, nn.bias_add)


def normalization(family: Family) -> None:
    random = generator("layout batch norm")
    x = draw(random, (3, 4, 5, 6)) * 2 + 1
    scale, offset, mean = (draw(random, (6,)) for _ in range(3))
    variance = draw(random, (6,)) ** 2 + 0.25
    both(
        family, "fused_batch_norm/training", "fused_batch_norm", [x, scale, offset], {"epsilon": 1e-3, "is_training": True},
        lambda x, s, o: list(tf.compat.v1.nn.fused_batch_norm(x, s, o, epsilon=1e-3, is_training=True)), images=(True, False, False),
        flowing=[True, False, False],
    )  # fmt: skip
    both(
        family, "fused_batch_norm/inference", "fused_batch_norm", [x, scale, offset, mean, variance], {"epsilon": 1e-2, "is_training": False},
        lambda x, s, o, m, v: list(tf.compat.v1.nn.fused_batch_norm(x, s, o, m, v, epsilon=1e-2, is_training=False)),
        images=(True, False, False), gradients=False,
    )  # fmt: skip
    record(
        family, "batch_normalization", "batch_normalization", [x, mean, variance, offset, scale], {"variance_epsilon": 1e-3},
        lambda *a: nn.batch_normalization(*a, variance_epsilon=1e-3),
    )  # fmt: skip
    record(family, "moments", "moments", [x], {"axes": [0, 1, 2]}, lambda x: list(nn.moments(x, [0, 1, 2])))
    record(
        family,
        "moments/keepdims",
        "moments",
        [x],
        {"axes": [1], "keepdims": True},
        lambda x: list(nn.moments(x, [1], keepdims=True)),
    )
    record(family, "l2_loss", "l2_loss", [x], {}, nn.l2_loss)
