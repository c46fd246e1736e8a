"""Answers to the questions of one sentence, for any lab: what a table of answers holds of them, by name."""

from labkit.check.question import QUESTIONS

_NONSENSE = {
    "a guess in words": '"maybe"',
    "nothing in quotes": '""',
    "a list": "[1, 2]",
    "not a number": "float('nan')",
    "endless": "float('inf')",
    "far off": "-987654321",
    "a dict": "{}",
    "complex": "1j",
}


def rows(*names):
    """CHECKS, STUBS, RIGHT and WRONG of these questions, each a dict by name."""
    table = {"CHECKS": {}, "STUBS": {}, "RIGHT": {}, "WRONG": {}}
    for name in names:
        right, wrong = QUESTIONS[name]
        points = _points(name)
        table["CHECKS"][name] = f"check.{name}({name})"
        table["STUBS"][name] = f"{name} = None"
        table["RIGHT"][name] = {text: f"{name} = {text}" for text in _spellings(right)}
        table["WRONG"][name] = {
            **{str(value): (f"{name} = {value!r}", {name: points}, text) for value, text in wrong.items()},
            **{kind: (f"{name} = {value}", {name: points}, "") for kind, value in _NONSENSE.items()},
        }
    return table


def _points(name):
    from labkit.check.labs.contents import CONTENTS

    return next(float(points) for lab in CONTENTS.values() for row, points, _ in lab if row == name)


def _spellings(right):
    if isinstance(right, str):
        return [repr(text) for text in (right, right.upper(), f" {right} ", f"({right})", f"{right})", f"{right}.")]
    as_float = [f"{right!r} + 0.0", f"np.float64({right!r})", f"np.array({right!r})", repr(str(right))]
    return [repr(right), *as_float]
