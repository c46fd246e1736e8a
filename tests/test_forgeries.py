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
from labkit.course.marking.pipe.written import Written

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
OWN = (
    "import numpy as np\nfrom labkit import check\nfrom labkit.check import EXERCISES\n"
    "answer = EXERCISES['score'].answer\n"
)
# Its process sees nothing of what these do; the text of the notebook says it.
IN_THE_TEXT = {
    "targeted call": OWN
    + (
        "def score(X, W):\n"
        "    return answer(X, W)\n"
        "import labkit.check.calls as c\n"
        "old = c.Here.call\n"
        "def call(self, args, *a, **k):\n"
        "    found = old(self, args, *a, **k)\n"
        "    return found._replace(foul=None) if self._function is score else found\n"
        "c.Here.call = call"
    ),
    "labkit's code, another file and name": OWN
    + (
        "import types\n"
        "code = answer.__code__.replace(co_filename='<mine>', co_name='mine')\n"
        "score = types.FunctionType(code, {'np': np, '__name__': '__main__'}, 'score')"
    ),
    "profiler off by ctypes": OWN
    + (
        "import ctypes, sys\n"
        "def score(X, W):\n"
        "    hook = sys.getprofile()\n"
        "    ctypes.pythonapi.PyEval_SetProfile(None, None)\n"
        "    try:\n"
        "        return answer(X, W)\n"
        "    finally:\n"
        "        sys.setprofile(hook)"
    ),
    "labkit's, called by the pipe's end": OWN
    + (
        "from labkit.course.marking.pipe.serve import Served\n"
        "old = Served._call\n"
        "def _call(self, text, args, keywords, about):\n"
        "    found = old(self, text, args, keywords, about)\n"
        "    found['value'] = answer(*args)\n"
        "    return found\n"
        "Served._call = _call\n"
        "def score(X, W):\n"
        "    return 0 * (X @ W)"
    ),
}
# Here the right answers are computed, by labkit's own: whoever marks is told where to look.
HINTED = {
    "labkit's, in a thread made before": OWN
    + (
        "import threading, queue\n"
        "q, r = queue.Queue(), queue.Queue()\n"
        "def work():\n"
        "    while True:\n"
        "        r.put(answer(*q.get()))\n"
        "threading.Thread(target=work, daemon=True).start()\n"
        "def score(X, W):\n"
        "    q.put((X, W))\n"
        "    return r.get()"
    ),
    "labkit's, in a process made before": OWN
    + (
        "import multiprocessing as mp\n"
        "a, b = mp.Pipe()\n"
        "import os\n"
        "if os.fork() == 0:\n"
        "    while True:\n"
        "        try: b.send(answer(*b.recv()))\n"
        "        except BaseException: os._exit(0)\n"
        "def score(X, W):\n"
        "    a.send((X, W))\n"
        "    return a.recv()"
    ),
    "labkit's text, without its docstring": (
        "import numpy as np\n"
        "from labkit import check\n"
        "import inspect, labkit.check.labs.lab03 as m\n"
        "text = inspect.getsource(check.EXERCISES['score'].answer)\n"
        "import re\n"
        "text = re.sub(r'\"\"\".*?\"\"\"', '0', text, flags=re.S).replace('def score_', 'def score')\n"
        "exec(text)"
    ),
}
FORGERIES |= {
    "labkit's code, another module's name": OWN
    + ("import types\nscore = types.FunctionType(answer.__code__, {'np': np, '__name__': 'mine'}, 'score')"),
    "labkit's code put into a function of one's own": OWN
    + ("def score(X, W):\n    return 0\nscore.__code__ = answer.__code__"),
    "labkit's own itself": OWN + ("score = answer"),
    "labkit's, by a generator's frame": OWN
    + (
        "def gen():\n"
        "    value = None\n"
        "    while True:\n"
        "        X, W = yield value\n"
        "        value = answer(X, W)\n"
        "g = gen(); next(g)\n"
        "def score(X, W):\n"
        "    return g.send((X, W))"
    ),
    "labkit's, by an operator": OWN
    + (
        "import operator, functools\n"
        "score = functools.partial(operator.call if hasattr(operator,'call') else (lambda f,*a: f(*a)), answer)"
    ),
    "lines run in a weakref callback": OWN
    + (
        "import weakref\n"
        "class A: pass\n"
        "out = []\n"
        "def score(X, W):\n"
        "    a = A()\n"
        "    ref = weakref.ref(a, lambda r: out.append(answer(X, W)))\n"
        "    del a\n"
        "    return out.pop()"
    ),
    "array_function": WRONG
    + (
        "class A(np.ndarray):\n"
        "    def __array_function__(self, *a, **k): return True\n"
        "    def __array_ufunc__(self, *a, **k): return np.bool_(True)\n"
        "def score(X, W):\n"
        "    return np.zeros((len(X), W.shape[1])).view(A)"
    ),
    "array_interface": WRONG
    + (
        "class A:\n"
        "    @property\n"
        "    def __array_interface__(self): return np.zeros((5, 3)).__array_interface__\n"
        "    shape = property(lambda s: (5, 3))\n"
        "    dtype = property(lambda s: np.dtype(float))\n"
        "def score(X, W):\n"
        "    return A()"
    ),
    "array priority": WRONG
    + (
        "class A(np.ndarray):\n"
        "    __array_priority__ = 1e9\n"
        "    def __rsub__(self, o): return 0\n"
        "    def tobytes(self): return b''\n"
        "    def copy(self, *a): return self\n"
        "def score(X, W):\n"
        "    return np.zeros((len(X), W.shape[1])).view(A)"
    ),
    "ufuncs overridden": WRONG
    + (
        "np.subtract = np.abs = np.maximum = lambda *a, **k: np.zeros(1)\n"
        "np.ascontiguousarray = lambda a: np.zeros(a.shape)"
    ),
    "NaN equal": WRONG + ("def score(X, W):\n    return np.full((len(X), W.shape[1]), np.nan)"),
    "inf": WRONG + ("def score(X, W):\n    return np.full((len(X), W.shape[1]), np.inf)"),
    "object array": WRONG
    + (
        "class E:\n"
        "    __eq__ = __le__ = lambda *a: True\n"
        "    __sub__ = __rsub__ = __abs__ = lambda s, *a: 0.0\n"
        "def score(X, W):\n"
        "    a = np.empty((len(X), W.shape[1]), object); a[:] = E()\n"
        "    return a"
    ),
    "pack replaced": WRONG
    + (
        "import labkit.course.marking.pipe.line as l\n"
        "old = l.pack\n"
        "def pack(v, o):\n"
        "    if v[0] == 'done' and isinstance(v[1], dict): v[1]['value'] = v[1].get('changed', {}).get(0)\n"
        "    return old(v, o)\n"
        "l.pack = pack"
    ),
    "asks the marker": WRONG
    + (
        "import gc\n"
        "from labkit.course.marking.pipe.line import Line\n"
        "def score(X, W):\n"
        "    for o in gc.get_objects():\n"
        "        if isinstance(o, Line):\n"
        "            for handle in range(5):\n"
        "                for kind in ('back', 'call', 'look', 'data'):\n"
        "                    try: return o.ask(kind, handle, [X, W], {})\n"
        "                    except Exception: pass\n"
        "    return 0 * (X @ W)"
    ),
    "fork in the cell": OWN + ("import os\npid = os.fork()\ndef score(X, W):\n    return 0 * (X @ W)"),
    "trace of the pipe": WRONG
    + (
        "import sys\n"
        "def trace(frame, event, arg):\n"
        "    if event == 'return' and frame.f_code.co_name == '_call' and isinstance(arg, dict): arg['value'] = 20.0\n"
        "    return trace\n"
        "sys.settrace(trace)\n"
        "import threading\n"
        "threading.settrace(trace)"
    ),
}
LOOPING = {
    "no tracing": "import sys\nsys.settrace = lambda f: None",
    "counts are 0": HERE + "calls.steps = calls.operations = lambda *a: 0",
    "counts are few": HERE + "calls.Here.steps = calls.Here.operations = lambda *a: 7",
    "the source is another": "import linecache\n"
    "linecache.getlines = lambda *a, **k: ['def score(X, W):\\n', '  return X @ W']",
    "counts are few, of this one": HERE + "old = calls.Here.steps, calls.Here.operations\n"
    "calls.Here.steps = lambda self, args: 7 if self._function is score else old[0](self, args)\n"
    "calls.Here.operations = lambda self, args: 7 if self._function is score else old[1](self, args)",
    "the loop is in labkit": EVERY + "import labkit.check.counting as c\nc.is_students = lambda code: False",
}


def _judged(source, check, seed=11, written=True):
    """What marking says of a check after a cell has run in a process of its own."""
    here, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        os.setsid()  # so that what it starts can be ended with it
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
        return judge(call_in(check), line, seed, *([Written([(1, source, True)])] if written else []))
    finally:
        line.close()
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.parametrize("source", FORGERIES.values(), ids=list(FORGERIES))
def test_a_forgery_earns_nothing(source):
    said = _judged(source, "check.score(score)")
    assert said.points == 0.0, said.text


@pytest.mark.parametrize("source", IN_THE_TEXT.values(), ids=list(IN_THE_TEXT))
def test_what_the_text_says_counts(source):
    assert _judged(source, "check.score(score)").points == 0.0
    assert _judged(source, "check.score(score)", written=False).points == 20.0


@pytest.mark.parametrize("source", HINTED.values(), ids=list(HINTED))
def test_who_marks_is_told(source):
    said = _judged(source, "check.score(score)")
    assert said.points == 0.0 or said.hints, said.text


@pytest.mark.parametrize("source", LOOPING.values(), ids=list(LOOPING))
def test_a_loop_stays_one(source):
    said = _judged(f"import numpy as np\n{LOOPS}{source}", "check.vectorised(score, None)")
    assert said.points == 0.0, said.text


def test_who_looks_away_is_found_by_looking(monkeypatch):
    forgery = FORGERIES["labkit's, nothing matches"]
    monkeypatch.setattr("labkit.course.marking.pipe.judge.looks_away", lambda line: False)
    assert _judged(forgery, "check.score(score)", written=False).points == 20.0
    monkeypatch.undo()
    assert "looks on with was taken away" in _judged(forgery, "check.score(score)", written=False).text


def test_without_a_forgery_a_right_answer_has_its_points():
    assert _judged("def score(X, W):\n    return X @ W", "check.score(score)").points == 20.0
    assert _judged("def score(X, W):\n    return X @ W", "check.vectorised(score, None)").points == 10.0
