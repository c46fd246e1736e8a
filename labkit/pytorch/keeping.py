"""Checkpoints of PyTorch: written at once or not at all, and read without running any code."""

import hashlib
import io

import torch

from labkit.files import whole_file

FORMAT = b"labkit PyTorch checkpoint 1\n"


def keep(path, state):
    """Write a state to a file; what was there stays until the new one is complete and on the disk.

    path: the file's name, used as it is.
    state: dicts, lists, words, numbers and tensors, in any nesting.
    Raises OSError if the file cannot be written.
    """
    content = io.BytesIO()
    torch.save(state, content)
    with whole_file(path) as file:
        file.write(FORMAT + hashlib.sha256(content.getbuffer()).digest())
        file.write(content.getbuffer())


def found(path):
    """The state that `keep` wrote to a file, its tensors in memory of the CPU; None if there is no file.

    Raises ValueError naming the file if it is truncated, damaged, or something else. Nothing in it is run: a file
    that was made by another is read as tensors, words and numbers, or refused.
    """
    try:
        with open(path, "rb") as file:
            first = file.read(len(FORMAT))
            if first != FORMAT:
                raise ValueError(_refusal(path, "it does not begin as one"))
            digest, content = file.read(32), file.read()
    except FileNotFoundError:
        return None
    if hashlib.sha256(content).digest() != digest:
        raise ValueError(_refusal(path, "it is damaged or not complete"))
    try:
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as problem:  # what torch raises is of several kinds, and long
        raise ValueError(_refusal(path, f"it holds what is not loaded ({type(problem).__name__})")) from None


def _refusal(path, why):
    return f"{path} is no checkpoint of lab 11, {why}: delete it, or give another name"
