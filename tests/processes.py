"""For the tests that start a process and interrupt it."""

import os
import signal


def hears_interrupts():
    """Popen's arguments for a process that an interrupt reaches, however the tests themselves were started.

    What a shell without job control starts in the background, `make test &` in a script, ignores SIGINT, and so do
    all of its children. That is for the shell to say, and labkit's commands leave it so; but these tests send one.
    """
    if os.name == "nt":
        return {}
    return {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
