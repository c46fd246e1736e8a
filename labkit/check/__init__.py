"""The verdict on each exercise: `check.score(score)` says what is right and what is not, and gives the points."""

from labkit.check.exercise import EXERCISES, use
from labkit.check.labs.lab01 import nearest_labels, scale_pixels, squared_distances
from labkit.check.labs.lab01_features import add_bias_column, center_images, pca_whiten, standardize_features
from labkit.check.labs.lab01_neighbours import cross_validate, distances_one_loop, distances_two_loops, vote_labels
from labkit.check.labs.lab01_plot import k_plot
from labkit.check.labs.lab01_questions import bright_row, cube_gigabytes, on_training, standard_error, widest_direction
from labkit.check.labs.lab02 import bias_trick, hinge_loss, ray_scores, regularised_loss, without_loops
from labkit.check.labs.lab02_more import hinge_loss_loops, logistic_loss, mean_cross_entropy, prototype_classifier
from labkit.check.labs.lab02_plot import ray_plot
from labkit.check.labs.lab02_questions import (
    hinge_with_margin_two,
    kinks_on_a_ray,
    mean_with_one_more,
    stays_exactly,
    twice_the_weights,
    why_two_thirty,
)
from labkit.check.labs.lab02_softmax import log_probabilities, softmax_probabilities
from labkit.check.labs.lab03 import accuracy, accuracy_plot, cost_plot, log_softmax_loss, score, vectorised
from labkit.check.labs.lab03_descent import gradient_descent, numerical_gradient
from labkit.check.labs.lab03_questions import (
    evaluations_needed,
    loss_of_nothing,
    on_new_images,
    raw_first_loss,
    smaller_h,
)
from labkit.check.labs.lab04 import gradients_vectorised, softmax_gradient, svm_gradient
from labkit.check.labs.lab04_loops import (
    batch_plot,
    hinge_at_zero,
    hinge_unmoved,
    longer_step,
    more_images,
    softmax_gradient_loops,
)
from labkit.check.labs.lab04_more import confusion_matrix, minibatch_sgd, template_images
from labkit.check.labs.lab05 import momentum_step, rmsprop_step, two_layer_gradients, two_layer_scores
from labkit.check.labs.lab05_plot import cured_plot
from labkit.check.labs.lab05_training import all_zero, dropout_factor, numbers_learned, through_relu, train_by_batches
from labkit.check.labs.lab06 import (
    affine_backward,
    conv_backward,
    conv_forward,
    max_pool_backward,
    max_pool_forward,
    output_size,
)
from labkit.check.labs.lab06_filters import filter_bank, filter_plot
from labkit.check.labs.lab06_more import (
    batchnorm_forward,
    conv_from_rows,
    dropout_forward,
    fold,
    normalize_backward,
    unfold,
)
from labkit.check.labs.lab06_questions import (
    bias_before_norm,
    conv_parameters,
    mean_of_classes,
    mirror_harms,
    most_windows,
    penalty_rise,
)
from labkit.check.labs.lab07 import class_accuracies, convnet_gradients, most_exciting, occlusion_drops
from labkit.check.labs.lab07_plots import class_plot, learned_filters_plot, overfitting_plot
from labkit.check.labs.lab07_training import mirror_and_shift, warm_cosine
from labkit.check.labs.lab08 import dual_divide, dual_multiply, dual_sigmoid, dual_sin, reverse_pass, topological_order
from labkit.check.labs.lab08_arrays import matmul_backward, passes_plot, take_backward, train_automatically, unbroadcast
from labkit.check.labs.lab08_questions import (
    forgotten_sum,
    half_the_bound,
    hessian_gigabytes,
    million_steps,
    passes_needed,
    tenth_of_a_step,
)
from labkit.check.labs.lab09 import (
    best_momentum,
    best_step,
    error_plot,
    lemma_sides,
    proximal_minimum,
    proximal_model,
    rate_bound,
    subgradient_descent,
    worst_case,
)
from labkit.check.labs.lab09_sgd import sgd_path, spread_plot, stationary_variance
from labkit.check.labs.lab10 import images_to_tensor, torch_gradients, two_layer_module
from labkit.check.labs.lab10_networks import make_mlp, parameter_groups
from labkit.check.labs.lab10_plots import depth_plot
from labkit.check.labs.lab10_training import evaluate, train_epoch
from labkit.check.labs.lab11 import moved_images, smooth_loss
from labkit.check.labs.lab11_plots import ablation_plot, own_idea_plot
from labkit.check.labs.lab11_weights import averaged_weights, mirrored_mean, one_cycle_factor
from labkit.check.so_far import score_so_far

__all__ = [
    "EXERCISES",
    "ablation_plot",
    "accuracy",
    "accuracy_plot",
    "add_bias_column",
    "affine_backward",
    "all_zero",
    "averaged_weights",
    "batch_plot",
    "batchnorm_forward",
    "best_momentum",
    "best_step",
    "bias_before_norm",
    "bias_trick",
    "bright_row",
    "center_images",
    "class_accuracies",
    "class_plot",
    "confusion_matrix",
    "conv_backward",
    "conv_forward",
    "conv_from_rows",
    "conv_parameters",
    "convnet_gradients",
    "cost_plot",
    "cross_validate",
    "cube_gigabytes",
    "cured_plot",
    "depth_plot",
    "distances_one_loop",
    "distances_two_loops",
    "dropout_factor",
    "dropout_forward",
    "dual_divide",
    "dual_multiply",
    "dual_sigmoid",
    "dual_sin",
    "error_plot",
    "evaluate",
    "evaluations_needed",
    "filter_bank",
    "filter_plot",
    "fold",
    "forgotten_sum",
    "gradient_descent",
    "gradients_vectorised",
    "half_the_bound",
    "hessian_gigabytes",
    "hinge_at_zero",
    "hinge_loss",
    "hinge_loss_loops",
    "hinge_unmoved",
    "hinge_with_margin_two",
    "images_to_tensor",
    "k_plot",
    "kinks_on_a_ray",
    "learned_filters_plot",
    "lemma_sides",
    "log_probabilities",
    "log_softmax_loss",
    "logistic_loss",
    "longer_step",
    "loss_of_nothing",
    "make_mlp",
    "matmul_backward",
    "max_pool_backward",
    "max_pool_forward",
    "mean_cross_entropy",
    "mean_of_classes",
    "mean_with_one_more",
    "million_steps",
    "minibatch_sgd",
    "mirror_and_shift",
    "mirror_harms",
    "mirrored_mean",
    "momentum_step",
    "more_images",
    "most_exciting",
    "most_windows",
    "moved_images",
    "nearest_labels",
    "normalize_backward",
    "numbers_learned",
    "numerical_gradient",
    "occlusion_drops",
    "on_new_images",
    "on_training",
    "one_cycle_factor",
    "output_size",
    "overfitting_plot",
    "own_idea_plot",
    "parameter_groups",
    "passes_needed",
    "passes_plot",
    "pca_whiten",
    "penalty_rise",
    "prototype_classifier",
    "proximal_minimum",
    "proximal_model",
    "rate_bound",
    "raw_first_loss",
    "ray_plot",
    "ray_scores",
    "regularised_loss",
    "reverse_pass",
    "rmsprop_step",
    "scale_pixels",
    "score",
    "score_so_far",
    "sgd_path",
    "smaller_h",
    "smooth_loss",
    "softmax_gradient",
    "softmax_gradient_loops",
    "softmax_probabilities",
    "spread_plot",
    "squared_distances",
    "standard_error",
    "standardize_features",
    "stationary_variance",
    "stays_exactly",
    "subgradient_descent",
    "svm_gradient",
    "take_backward",
    "template_images",
    "tenth_of_a_step",
    "through_relu",
    "topological_order",
    "torch_gradients",
    "train_automatically",
    "train_by_batches",
    "train_epoch",
    "twice_the_weights",
    "two_layer_gradients",
    "two_layer_module",
    "two_layer_scores",
    "unbroadcast",
    "unfold",
    "use",
    "vectorised",
    "vote_labels",
    "warm_cosine",
    "why_two_thirty",
    "widest_direction",
    "without_loops",
    "worst_case",
]
