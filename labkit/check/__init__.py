"""The verdict on each exercise: `check.score(score)` says what is right and what is not, and gives the points."""

from labkit.check.exercise import EXERCISES, use
from labkit.check.labs.lab01 import (
    add_bias_column,
    center_images,
    nearest_labels,
    scale_pixels,
    squared_distances,
    standardize_features,
)
from labkit.check.labs.lab02 import (
    bias_trick,
    hinge_loss,
    log_probabilities,
    ray_scores,
    regularised_loss,
    softmax_probabilities,
    without_loops,
)
from labkit.check.labs.lab03 import (
    accuracy,
    accuracy_plot,
    cost_plot,
    gradient_descent,
    log_softmax_loss,
    numerical_gradient,
    score,
    vectorised,
)
from labkit.check.labs.lab04 import (
    confusion_matrix,
    gradients_vectorised,
    minibatch_sgd,
    softmax_gradient,
    svm_gradient,
    template_images,
)
from labkit.check.labs.lab05 import momentum_step, rmsprop_step, two_layer_gradients, two_layer_scores

__all__ = [
    "EXERCISES",
    "accuracy",
    "accuracy_plot",
    "add_bias_column",
    "bias_trick",
    "center_images",
    "confusion_matrix",
    "cost_plot",
    "gradient_descent",
    "gradients_vectorised",
    "hinge_loss",
    "log_probabilities",
    "log_softmax_loss",
    "minibatch_sgd",
    "momentum_step",
    "nearest_labels",
    "numerical_gradient",
    "ray_scores",
    "regularised_loss",
    "rmsprop_step",
    "scale_pixels",
    "score",
    "softmax_gradient",
    "softmax_probabilities",
    "squared_distances",
    "standardize_features",
    "svm_gradient",
    "template_images",
    "two_layer_gradients",
    "two_layer_scores",
    "use",
    "vectorised",
    "without_loops",
]
