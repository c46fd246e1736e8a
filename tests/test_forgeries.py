"""Attempts to get points for answers that deserve none: they change what is in the notebook's process, not the verdict.

Each cell runs in a process of its own, forked from this one, and what it leaves is judged as marking does it.
"""

import os
import signal
import socket

import piped
import pytest

from labkit.course.marking.pipe.judge import call_in, judge
from labkit.course.marking.pipe.remote import Outside

WRONG = "import numpy as np\nfrom labkit import check\ndef score(X, W):\n    return 0 * (X @ W)\n"
LABKITS = "from labkit.check import EXERCISES\ndef score(X, W):\n    return EXERCISES['score'].answer(X, W)\n"
LOOPS = "def score(X, W):\n    return np.array([x @ W for x in X])\n"
EVERY = "import sys\nmodules = [m for n, m in list(sys.modules.items()) if n.startswith('labkit.')]\n"
HERE = "import labkit.check.calls as calls\n"

# What changes the process, and an answer that is wrong, borrowed, or a loop.
FORGERIES = {
    "the check is another function": WRONG + "check.score = lambda f: 20.0",
    "the check's module is another": WRONG + "import sys, types\nsys.modules['labkit.check'] = types.ModuleType('x')",
    "the verdict is always right": WRONG
    + "import labkit.check.verdict as v\nv.verdict = lambda n, p, *a, **k: v.Verdict(n, p, p, [])",
    "its bytecode": WRONG + "import labkit.check.verdict as v\nv.verdict.__code__ = (lambda *a, **k: 20.0).__code__",
    "everything is the same": WRONG + "import labkit.check.compare as c\nc.same = c.agree = lambda *a, **k: True",
    "by gc, no criteria": WRONG
    + "import gc\nfor o in gc.get_objects():\n    if isinstance(o, list) and o and isinstance(o[0], tuple) "
    "and len(o[0]) == 3 and callable(o[0][2]): o.clear()",
    "by gc, shares": WRONG + "import gc\nfrom labkit.check.criteria import Equals\nfor o in gc.get_objects():\n"
    "    if isinstance(o, Equals): o.units.clear()",
    "NumPy compares": WRONG + "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True",
    "np.testing": WRONG + "np.testing.assert_allclose = np.testing.assert_array_equal = lambda *a, **k: None",
    "np.random": WRONG + "np.random.default_rng = lambda *a: np.random.Generator(np.random.PCG64(0))",
    "builtins": WRONG + "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.all = builtins.any = lambda x: True",
    "isinstance": WRONG + "import builtins\nold = isinstance\nbuiltins.isinstance = lambda a, b: True",
    "json": WRONG + "import json\njson.dumps = lambda *a, **k: '[\"done\",20.0]'",
    "json of points": WRONG
    + "import json\nold = json.dumps\njson.dumps = lambda v, **k: old(v, **k).replace('0', '20')",
    "an array that is equal to all": WRONG
    + "class A(np.ndarray):\n    def __eq__(self, other): return np.ones(self.shape, bool)\n"
    "    __le__ = __sub__ = lambda self, other: np.zeros(self.shape)\n"
    "def score(X, W):\n    return np.zeros((len(X), W.shape[1])).view(A)",
    "a lying __array__": WRONG
    + "class L:\n    def __array__(self, *a, **k): return np.zeros(3)\n    __float__ = lambda self: 1.0\n"
    "def score(X, W):\n    return L()",
    "an object equal to all": WRONG
    + "class E:\n    __eq__ = lambda *a: True\n    __hash__ = lambda s: 1\n    shape = (5, 3)\n"
    "def score(X, W):\n    return E()",
    "__del__": WRONG
    + "class D:\n    def __del__(self):\n        import labkit.check.compare as c\n        c.agree = lambda *a: True\n"
    "def score(X, W):\n    return [D()]",
    "atexit": WRONG + "import atexit\natexit.register(print, '20.0')",
    "a timer": WRONG + "import signal, labkit.check.compare as c\ndef later(*a): c.agree = lambda *b: True\n"
    "signal.signal(signal.SIGALRM, later)\nsignal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)",
    "a thread that patches": WRONG
    + "import threading, labkit.check.compare as c\ndef work():\n    while True: c.agree = lambda *b: True\n"
    "threading.Thread(target=work, daemon=True).start()",
    "printing a number": WRONG + "def score(X, W):\n    print('20.0')\n    return 20.0",
    "the points themselves": WRONG
    + "def score(X, W):\n    from labkit.check.verdict import Points\n    return Points(20)",
    "the caller's variables": WRONG + "import sys\ndef score(X, W):\n    frame = sys._getframe(1)\n    while frame:\n"
    "        for value in list(frame.f_locals.values()):\n"
    "            if getattr(value, 'right', None): return value.right(X, W)\n"
    "        frame = frame.f_back",
    "the seed": WRONG
    + "import os, gc\ndef score(X, W):\n    found = [v for k, v in os.environ.items() if 'SEED' in k]\n"
    "    found += [o.seed for o in gc.get_objects() if type(o).__name__ == 'Answer']\n    return float(found[0])",
    "another call": WRONG
    + HERE
    + "calls.Here.call = lambda self, args, *a, **k: calls.Outcome(args[0], None, tuple(args), ())",
    "labkit's, called in the call": LABKITS + HERE + "answer = EXERCISES['score'].answer\n"
    "calls.Here.call = lambda self, args, *a, **k: calls.Outcome(answer(*args), None, tuple(args), ())",
    "labkit's, nothing matches": LABKITS + "import fnmatch\nfnmatch.fnmatchcase = lambda *a: False",
    "labkit's, the watch sees nothing": LABKITS
    + "import labkit.check.watch as w\nw.Watch._see = lambda self, *a: None",
    "labkit's, no watch": LABKITS + HERE + "import contextlib\ncalls.Watch = lambda *a: contextlib.nullcontext()",
    "labkit's, no profiler": LABKITS + "import sys\nsys.setprofile = lambda f: None",
    "labkit's, under another name": LABKITS
    + EVERY
    + "for m in modules:\n    for f in list(vars(m).values()):\n        if hasattr(f, '__globals__'): "
    "f.__globals__['__name__'] = 'mine'",
    "a way out of the pipe's end": WRONG
    + "import os\ndef score(X, W):\n    for d in range(3, 60):\n        try: os.write(d, b'20.0' * 100)\n"
    "        except OSError: pass\n    return X @ W",
    "a message of one's own": WRONG + 'import os, struct\ndef score(X, W):\n    text = b\'["done",{"value":20.0}]\'\n'
    "    for d in range(3, 60):\n        try: os.write(d, struct.pack('<4sQQ', b'lab\\x01', len(text), 0) + text)\n"
    "        except OSError: pass\n    return X @ W",
    "a message without end": WRONG + "import os, struct\ndef score(X, W):\n    for d in range(3, 60):\n"
    "        try: os.write(d, struct.pack('<4sQQ', b'lab\\x01', 2**60, 2**60))\n"
    "        except OSError: pass\n    return X @ W",
    "nested without end": WRONG
    + "def score(X, W):\n    value = []\n    for i in range(10**4): value = [value]\n    return value",
    "a huge answer": WRONG + "def score(X, W):\n    return np.zeros((200, 2**20))",
    "the process ends": WRONG + "import os\ndef score(X, W):\n    os._exit(0)",
    "another process answers": WRONG
    + "import os, time\ndef score(X, W):\n    if os.fork(): time.sleep(0.3)\n    return 0 * (X @ W)",
}
LOOPING = {
    "no tracing": "import sys\nsys.settrace = lambda f: None",
    "counts are 0": HERE + "calls.steps = calls.operations = lambda *a: 0",
    "counts are few": HERE + "calls.Here.steps = calls.Here.operations = lambda *a: 7",
    "the loop is in labkit": EVERY + "import labkit.check.counting as c\nc.is_students = lambda code: False",
}


def _judged(source, check, seed=11):
    """What marking says of a check after a cell has run in a process of its own."""
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in range(null):  # what is written anywhere but into the pipe is lost
                if descriptor != there.fileno():
                    os.dup2(null, descriptor)
            names = {"__name__": "__main__"}
            try:
                exec(compile(source, "<cell>", "exec"), names)
            except BaseException:
                pass
            piped.Cells(there, names).serve()
        finally:
            os._exit(0)
    there.close()
    line = Outside(here, 60.0)
    try:
        return judge(call_in(check), line, seed)
    finally:
        line.close()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.parametrize("source", FORGERIES.values(), ids=list(FORGERIES))
def test_a_forgery_earns_nothing(source):
    said = _judged(source, "check.score(score)")
    assert said.points == 0.0, said.text


@pytest.mark.parametrize("source", LOOPING.values(), ids=list(LOOPING))
def test_a_loop_stays_one(source):
    said = _judged(f"import numpy as np\n{LOOPS}{source}", "check.vectorised(score, None)")
    assert said.points == 0.0, said.text


def test_who_looks_away_is_found_by_looking(monkeypatch):
    forgery = FORGERIES["labkit's, nothing matches"]
    monkeypatch.setattr("labkit.course.marking.pipe.judge.looks_away", lambda line: False)
    assert _judged(forgery, "check.score(score)").points == 20.0
    monkeypatch.undo()
    assert "looks on with was taken away" in _judged(forgery, "check.score(score)").text


def test_without_a_forgery_a_right_answer_has_its_points():
    assert _judged("def score(X, W):\n    return X @ W", "check.score(score)").points == 20.0
    assert _judged("def score(X, W):\n    return X @ W", "check.vectorised(score, None)").points == 10.0
