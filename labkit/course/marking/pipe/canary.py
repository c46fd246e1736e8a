"""Whether the notebook's process still looks on: functions of the marker's own with a known fault have to be found.

Who hides a ready-made function or a loop by taking away what looks on hides the one in these as well.
"""

import random

import numpy as np

from labkit.check.criteria import Equals
from labkit.check.mistakes import named
from labkit.check.probed import Probed, together
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
_IMPORTS = "import numpy as np\nimport torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n\n"
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


def looks_past(line, exercise, seed):
    """Whether a probe takes a known mistake of an exercise, which differs on the cases of a seed, for the right answer.

    line: the `Outside` end.
    exercise: the `Exercise`.
    """
    rng, known = random.SystemRandom(), exercise.known
    units = [unit for _, _, criterion in exercise.criteria if isinstance(criterion, Equals) for unit in criterion.units]
    for unit in [unit for unit in units if isinstance(unit, Probed)]:
        order = rng.sample(range(len(known)), len(known))
        slip = next((i for i in order if unit.differs(known, (i,), seed)), None)
        if slip is None:
            continue
        source = _IMPORTS + named(known.source(slip), exercise.name)
        cases = list(unit.cases(np.random.default_rng(seed)))
        seen = [line.ask("canary", "probe", source, exercise.name, [unit.probe, *case], []) for case in cases]
        if None not in seen and unit.is_right(together(seen), known, seed):
            return True
    return False
