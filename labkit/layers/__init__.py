"""Layers: `*_forward(x, ...) -> out, cache` and `*_backward(dout, cache) -> gradients`, in plain NumPy.

Images are (N, C, H, W): N images of C channels, H high and W wide. What a forward pass keeps for its backward pass is
its cache: hand it on and do not look inside. float32 is computed in float32, float64 in float64.
"""

from .basic import affine_backward, affine_forward, dropout_backward, dropout_forward, relu_backward, relu_forward
from .conv import conv_backward, conv_forward
from .naive import conv_backward_naive, conv_forward_naive, max_pool_backward_naive, max_pool_forward_naive
from .normalisation import (
    batchnorm_backward,
    batchnorm_forward,
    groupnorm_backward,
    groupnorm_forward,
    layernorm_backward,
    layernorm_forward,
)
from .pool import avg_pool_backward, avg_pool_forward, max_pool_backward, max_pool_forward
from .sandwiches import (
    affine_relu_backward,
    affine_relu_forward,
    conv_relu_backward,
    conv_relu_forward,
    conv_relu_pool_backward,
    conv_relu_pool_forward,
)

__all__ = [
    "affine_backward",
    "affine_forward",
    "affine_relu_backward",
    "affine_relu_forward",
    "avg_pool_backward",
    "avg_pool_forward",
    "batchnorm_backward",
    "batchnorm_forward",
    "conv_backward",
    "conv_backward_naive",
    "conv_forward",
    "conv_forward_naive",
    "conv_relu_backward",
    "conv_relu_forward",
    "conv_relu_pool_backward",
    "conv_relu_pool_forward",
    "dropout_backward",
    "dropout_forward",
    "groupnorm_backward",
    "groupnorm_forward",
    "layernorm_backward",
    "layernorm_forward",
    "max_pool_backward",
    "max_pool_backward_naive",
    "max_pool_forward",
    "max_pool_forward_naive",
    "relu_backward",
    "relu_forward",
]
