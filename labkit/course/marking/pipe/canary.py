"""Whether the notebook's process still looks on: functions of the marker's own with a known fault have to be found.

Who hides a ready-made function or a loop by taking away what looks on hides the one in these as well.
"""

import random

import numpy as np

from labkit.check.watch import READY_MADE

TAMPERED = "what the check looks on with was taken away, or got around, somewhere in the notebook: leave that out"

_BORROWS = """
def {name}({x}):
    from labkit import {module}
    return {module}.{function}({x})
"""
_BORROWED = (("losses", "softmax"), ("losses", "log_softmax"), ("layers", "relu_forward"))
_LOOPS = """
def {name}({x}):
    total = 0.0
    for row in {x}:
        total = total + row
    return total
"""
_NAMES = ("score", "answer", "compute", "result", "helper", "values")


def looks_away(line):
    """Whether a ready-made function, or a loop, of the marker's goes unnoticed in the notebook's process.

    line: the `Outside` end.
    Raises Lost where that process is gone.
    """
    rng = random.SystemRandom()
    words = {"name": rng.choice(_NAMES), "x": rng.choice("xXvsz")}
    module, function = rng.choice(_BORROWED)
    source = _BORROWS.format(module=module, function=function, **words)
    rows = np.full((rng.randint(3, 9), 4), rng.random())
    if function not in str(line.ask("canary", "call", source, words["name"], rows, list(READY_MADE))):
        return True
    source, few, many = _LOOPS.format(**words), rng.randint(3, 9), rng.randint(40, 70)
    for what in ("steps", "operations"):
        counts = [line.ask("canary", what, source, words["name"], np.ones((n, 3)), []) for n in (few, many)]
        if not all(type(count) is int for count in counts) or counts[1] - counts[0] < 0.9 * (many - few):
            return True
    return False
