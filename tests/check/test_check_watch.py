"""Attempts to get points without an answer: what is looked on with cannot be taken away unseen."""

import pytest
from cells import cell, said

from labkit import check
from labkit.check.answer import Answer

BORROWED = "from labkit.losses import cross_entropy\n"
HIDDEN = {
    "the profiler is taken away": "def f(s, y):\n    import sys\n    sys.setprofile(None)\n"
    "    return cross_entropy(s, y)",
    "and put back": "def f(s, y):\n    import sys\n    before = sys.getprofile()\n    sys.setprofile(None)\n"
    "    value = cross_entropy(s, y)\n    sys.setprofile(before)\n    return value",
    "under another name": "def f(s, y):\n    import sys\n    getattr(sys, 'set' + 'profile')(None)\n"
    "    return cross_entropy(s, y)",
    "a thread": "import threading\ndef f(s, y):\n    out = []\n"
    "    thread = threading.Thread(target=lambda: out.append(cross_entropy(s, y)))\n"
    "    thread.start()\n    thread.join()\n    return out[0]",
    "a pool": "from concurrent.futures import ThreadPoolExecutor\ndef f(s, y):\n"
    "    with ThreadPoolExecutor() as pool:\n        return pool.submit(cross_entropy, s, y).result()",
    "a bare thread": "import _thread, time\ndef f(s, y):\n    out = []\n"
    "    _thread.start_new_thread(lambda: out.append(cross_entropy(s, y)), ())\n"
    "    while not out: time.sleep(0.001)\n    return out[0]",
    "labkit's source": "import inspect, labkit.losses\nnames = {}\nexec(inspect.getsource(labkit.losses), names)\n"
    "f = names['cross_entropy']",
    "another process": "import subprocess, sys\ndef f(s, y):\n    subprocess.run([sys.executable, '-c', ''])\n"
    "    return 1.0",
    "the check itself": "def f(s, y):\n    import labkit.check.compare\n"
    "    labkit.check.compare.same = lambda *a: True\n    return 1.0",
    "the caller's variables": "import sys\ndef f(s, y):\n    frame = sys._getframe(1)\n    while frame:\n"
    "        if 'expected' in frame.f_locals: return frame.f_locals['expected'](s, y)\n        frame = frame.f_back",
}


@pytest.mark.parametrize("source", HIDDEN.values(), ids=list(HIDDEN))
def test_it_does_not_pay(source):
    for _ in range(2):
        points, text = said(check.log_softmax_loss, cell(BORROWED + source, "f"))
        assert points == 0.0 and "✘ written in NumPy" in text, text


def test_threads_of_ones_own_are_allowed():
    source = """
    from concurrent.futures import ThreadPoolExecutor
    def f(X, W):
        with ThreadPoolExecutor(2) as pool:
            left, right = pool.submit(np.matmul, X, W[:, :1]), pool.submit(np.matmul, X, W[:, 1:])
            return np.hstack([left.result(), right.result()])
    """
    assert said(check.score, cell(source, "f"))[0] == 20.0


def test_a_slow_answer_is_cut_off():
    function = cell("def f(n):\n    for i in range(n): pass\n    return n", "f")
    assert Answer(function).within(1000, 10).value == 10
    assert Answer(function).within(1000, 10**9) is None
