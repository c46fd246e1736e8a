"""Networks: `network(X, params, y=None, reg=0.0)` gives scores, or the loss and a dict of gradients.

Parameters are a plain dict of arrays. Weights `W…` are penalised by ½·reg·Σw²; biases, gamma and beta are not.
"""

from .convnets import convnet, describe_convnet, init_convnet, init_two_layer_convnet, two_layer_convnet
from .dense import init_linear, init_mlp, init_two_layer_net, linear_classifier, mlp, two_layer_net

__all__ = [
    "convnet",
    "describe_convnet",
    "init_convnet",
    "init_linear",
    "init_mlp",
    "init_two_layer_convnet",
    "init_two_layer_net",
    "linear_classifier",
    "mlp",
    "two_layer_convnet",
    "two_layer_net",
]
