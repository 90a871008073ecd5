"""The mask of `GlobalAveragePooling1D`."""

import numpy as np
import pytest
from swiftconv import layers


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_masked_steps_do_not_count(data_format, keepdims):
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    mask = np.array([[True, False, True, True, False], [False, False, False, True, False]])
    expected = np.stack([x[i, mask[i]].mean(0) for i in range(2)])
    layer = layers.GlobalAveragePooling1D(data_format=data_format, keepdims=keepdims)
    first = data_format == "channels_first"
    y = np.asarray(layer(np.swapaxes(x, 1, 2) if first else x, mask=mask))
    assert y.shape == (((2, 3, 1) if first else (2, 1, 3)) if keepdims else (2, 3))
    np.testing.assert_allclose(y.reshape(2, 3), expected, rtol=1e-6)
