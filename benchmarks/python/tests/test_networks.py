"""The networks of the benchmark: as many weights as their papers' models have in Keras, and shapes that fit."""

import pytest
from sidebyside.networks import NETWORKS

# as Keras's `summary` counts them
PARAMETERS = {"demo": 1199882, "mobilenet-v2": 3538984, "mobilenet-v2-96": 3538984, "resnet50": 25636712}


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters(name):
    net = NETWORKS[name]()
    assert sum(weight.size for node in net.nodes for weight in node.weights) == PARAMETERS[name]


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "vgg16"])
def test_shapes_and_numbers(name):
    net = NETWORKS[name]()
    assert net.nodes[-1].attributes["activation"] == "softmax"
    for node in net.nodes[1:]:
        assert all(size > 0 for size in node.shape)
        if node.op == "add":
            assert {net.nodes[k].shape for k in node.inputs} == {node.shape}
    # the same weights in every process
    again = NETWORKS[name]()
    for ours, theirs in zip(net.nodes, again.nodes):
        assert all((a == b).all() for a, b in zip(ours.weights, theirs.weights))
