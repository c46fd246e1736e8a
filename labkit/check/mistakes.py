"""The known mistakes of an exercise: each is an edit of the source of its right answer.

    ("b1 is missing", (" + b1", ""))

is the right answer without ` + b1`. An edit is compiled when an answer is wrong, not before; where no single one gives
the student's answer, pairs are tried. The tests run every edit as a student's cell.
"""

import ast
import functools
import inspect
import itertools
import linecache
import textwrap

import numpy as np

# A known slip keeps half of the points of what it spoils, unless its entry says `{"keeps": …}`.
KEEPS = 0.5
MOST_PAIRS = 3000  # counted, not timed: a verdict is the same on every machine


class Mistakes:
    """The right answer of an exercise, and what it becomes by each known mistake.

    right: the right answer, a self-contained function.
    table: entries ("diagnosis", edits...); all edits of an entry are made together. An edit is (old, new), where old
        occurs once in the right answer, or (old, new, n), where it occurs n times. A list in the place of `new` holds
        alternatives, each a mistake of its own with this diagnosis. In the place of the edits may stand a function, or
        the source of one, for what no edit expresses. A dict at the end holds options: {"keeps": 0} takes all points.
    """

    def __init__(self, right, table=()):
        self.right = right
        self._table = [single for entry in table for single in _alternatives(entry)]
        self._spans_of, self._made = {}, {}

    def __len__(self):
        return len(self._table)

    def text(self, i):
        """The diagnosis of mistake i."""
        return self._table[i][0]

    def keeps(self, *which):
        """The share of the points that is kept with these mistakes."""
        return float(np.prod([self._table[i][2].get("keeps", KEEPS) for i in which]))

    def source(self, *which):
        """The source of the right answer with these mistakes made; None if their edits overlap."""
        if len(which) == 1 and not isinstance(self._table[which[0]][1], list):
            known = self._table[which[0]][1]
            return known if isinstance(known, str) else source_of(known)
        spans = []
        for i in which:
            if not isinstance(self._table[i][1], list):
                return None
            spans += self._spans(i)
        spans.sort()
        if any(after[0] < before[1] for before, after in zip(spans, spans[1:])):
            return None
        source = self._right_source
        for start, end, new in reversed(spans):
            source = source[:start] + new + source[end:]
        return source

    def function(self, *which):
        """The right answer with these mistakes made; None if their edits overlap or do not fit together."""
        if not which:
            return self.right
        if len(which) == 1 and callable(self._table[which[0]][1]):
            return self._table[which[0]][1]
        if len(which) > 1:
            return _compiled(self.source(*which), self.right)
        if which not in self._made:
            self._made[which] = _compiled(self.source(*which), self.right)
            if self._made[which] is None:
                raise ValueError(f"{self.text(*which)!r} does not compile:\n{self.source(*which)}")
        return self._made[which]

    def pairs(self, among, first=()):
        """Pairs to try of the mistakes `among`, those with what is known already (`first`) first."""
        pairs = itertools.combinations(among, 2)
        return sorted(pairs, key=lambda pair: -len(set(pair) & set(first)))[:MOST_PAIRS]

    @functools.cached_property
    def _right_source(self):
        return source_of(self.right)

    def _spans(self, i):
        """[(start, end, new)] of mistake i in the right answer's source."""
        if i not in self._spans_of:
            text, edits, _ = self._table[i]
            found = []
            for old, new, times in edits:
                count = self._right_source.count(old)
                if count != times or not old:
                    raise ValueError(f"{text!r}: {old!r} occurs {count} times in {self.right.__name__}, not {times}")
                start = 0
                for _ in range(times):
                    start = self._right_source.index(old, start)
                    found.append((start, start + len(old), new))
                    start += len(old)
            self._spans_of[i] = found
        return self._spans_of[i]


def source_of(function):
    """The source of a function without its docstring and decorators, its body indented by four."""
    source = textwrap.dedent(inspect.getsource(function))
    node = ast.parse(source).body[0]
    lines = source.splitlines(keepends=True)
    if ast.get_docstring(node) is not None and len(node.body) > 1:
        del lines[node.body[0].lineno - 1 : node.body[0].end_lineno]
    return "".join(lines[node.lineno - 1 :])


def named(source, name):
    """A cell that defines the function of a source under another name."""
    old = ast.parse(source).body[0].name
    return source.replace(f"def {old}(", f"def {name}(", 1)


def _alternatives(entry):
    text, *edits = entry
    options = edits.pop() if isinstance(edits[-1], dict) else {}
    if len(edits) == 1 and (callable(edits[0]) or isinstance(edits[0], str)):
        return [(text, edits[0], options)]
    edits = [(*edit, 1) if len(edit) == 2 else edit for edit in edits]
    choices = [[(old, n, times) for n in (new if isinstance(new, list) else [new])] for old, new, times in edits]
    return [(text, list(chosen), options) for chosen in itertools.product(*choices)]


def _compiled(source, right):
    """The function of a source, in the namespace of the right answer; None if it does not compile."""
    if source is None:
        return None
    names = dict(right.__globals__)
    file = f"<a mistake in {right.__name__}>"
    try:
        exec(compile(source, file, "exec"), names)
    except SyntaxError:
        return None
    linecache.cache.pop(file, None)
    return names[ast.parse(source).body[0].name]
