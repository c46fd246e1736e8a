"""The verdict on each exercise: `check.score(score)` prints what is right and what is not, and gives the points."""

from labkit.check.lab03 import (accuracy, accuracy_plot, cost_plot, gradient_descent, log_softmax_loss,
                                numerical_gradient, score, vectorised)
from labkit.check.verdict import EXERCISES, use

__all__ = ["EXERCISES", "accuracy", "accuracy_plot", "cost_plot", "gradient_descent", "log_softmax_loss",
           "numerical_gradient", "score", "use", "vectorised"]
