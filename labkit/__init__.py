"""Neural networks from first principles, on CIFAR-10, in plain NumPy."""

__version__ = "0.1.0"
