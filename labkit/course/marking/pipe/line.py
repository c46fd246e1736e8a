"""One end of the pipe: requests go out, and while the answer is not there the other end may ask something itself.

So a function that a check hands over is called where it is, while the student's function that calls it waits.
"""

import builtins
import contextlib
import importlib
import socket
import struct
import sys
import threading
import time

import numpy as np

from labkit.check.calls import Misuse, is_tensor, one_line
from labkit.course.marking.pipe.wire import HEAD, Malformed, foreign, head, pack, unpack

_GRACE, _TICK = 5.0, 0.2  # seconds
_MOST_KEPT = 20_000  # objects of one check that the other end may ask for


class Lost(Exception):
    """The other end is gone, does not answer, or breaks the format: the message is the diagnosis."""


class Line:
    """One end of a connection.

    connection: a connected socket.
    seconds: how long the other end may take for an answer, what it asks meanwhile included; None for ever.
    late: called when that time is over, to make the other end stop; it then has `_GRACE` seconds to say so.
    """

    trusts = False  # whether what the other end says may name functions of labkit and generators

    def __init__(self, connection, seconds=None, late=None):
        self._socket, self.seconds, self._late = connection, seconds, late
        self._until, self.was_late, self.gave_up = None, False, False
        self._lock, self._kept, self._ids, self._shown, self._theirs = threading.RLock(), {}, {}, {}, {}
        self._read = bytearray()
        connection.setblocking(True)
        # The system's own time limit: with Python's, every read asks the system twice.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 0, int(_TICK * 1e6)))
        if not self.trusts:  # it may never read
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 30, 0))
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            connection.setsockopt(socket.SOL_SOCKET, option, 1 << 20)

    def ask(self, kind, *parts):
        """What the other end answers to a request; its own requests meanwhile are answered.

        Raises Lost, or what the other end raises: a builtin exception or Misuse.
        """
        with self._lock:
            outermost, self.was_late = self._until is None, False
            if outermost and self.seconds is not None:
                self._until = time.monotonic() + self.seconds
            try:
                self._send([kind, *parts])
                while True:
                    kind, *found = self._receive()
                    self._look_at_the_clock()
                    if kind == "done" and len(found) == 1:
                        return found[0]
                    if kind == "raised" and len(found) == 2:
                        raise _exception(*found)
                    self._reply(kind, found)
            except KeyboardInterrupt:  # what the other end says next would be taken for something else
                self._socket.close()
                raise
            finally:
                if outermost:
                    self._until = None

    def answer(self, kind, parts):
        """What is answered to a request of the other end."""
        raise Malformed(f"nothing is known of {kind[:20]!r}")

    def serve(self):
        """Answer requests until the other end says goodbye or is gone."""
        while True:
            try:
                with self._lock:
                    kind, *parts = self._receive()
                if kind == "goodbye":
                    return
                self._reply(kind, parts)
            except KeyboardInterrupt:  # meant for a call that was just over
                continue
            except Lost:
                return

    def goodbye(self):
        """Let the other end go on with what it does."""
        self._send(["goodbye"])

    def close(self):
        """End the connection, and forget what was kept for the other end."""
        self.forget()
        self._socket.close()

    def forget(self):
        """Forget the objects that the other end was told of."""
        self._kept.clear(), self._ids.clear(), self._shown.clear(), self._theirs.clear()

    def _reply(self, kind, parts):
        try:
            answer = ["done", self.answer(kind, parts)]
        except (Lost, KeyboardInterrupt):
            raise
        except Malformed as problem:
            answer = ["raised", "ValueError", str(problem)]
        except BaseException as problem:
            kinds = [kind.__name__ for kind in type(problem).__mro__ if kind is Misuse or _is_builtin(kind)]
            answer = ["raised", kinds[0], one_line(problem, 1000)]
        try:
            self._send(answer)
        except Malformed as problem:
            self._send(["raised", "ValueError", f"what is returned cannot be judged: {problem}"])

    def _send(self, message):
        pieces = pack(message, self._describe)
        with self._lock:
            try:
                self._socket.sendall(pieces[0] if len(pieces) == 1 else b"".join(pieces))
            except OSError as problem:
                raise Lost("its process ended") from problem

    def _receive(self):
        try:
            self._fill(HEAD)
            header, size = head(self._read[:HEAD])
            self._fill(HEAD + header + size)
            arrays = np.frombuffer(self._read[HEAD + header : HEAD + header + size], np.uint8)
            message = unpack(bytes(self._read[HEAD : HEAD + header]), arrays, self._known)
        except Malformed as problem:
            raise Lost(f"the process that runs it writes into the checks' pipe: {problem}") from problem
        del self._read[: HEAD + header + size]
        if not isinstance(message, list) or not message or not isinstance(message[0], str):
            raise Lost("the process that runs it writes into the checks' pipe")
        return message

    def _fill(self, size):
        """Read until there are so many bytes."""
        while len(self._read) < size:
            try:
                read = self._socket.recv(max(1 << 16, size - len(self._read)))
            except BlockingIOError:  # nothing for `_TICK` seconds
                self._look_at_the_clock()
                continue
            except OSError as problem:
                raise Lost("its process ended") from problem
            if not read:
                raise Lost("its process ended")
            self._read += read

    def _look_at_the_clock(self):
        if self._until is None or time.monotonic() < self._until:
            return
        if self.was_late or self._late is None:  # an answer that came now would be taken for one to another request
            self.was_late = self.gave_up = True
            self._socket.close()
            raise Lost("it does not end")
        self.was_late, self._until = True, time.monotonic() + _GRACE
        self._late()

    # --- what is not plain

    def _describe(self, value):
        """A description of an object for the other end: a name that it knows, or what can be asked of it there."""
        if id(value) in self._theirs:
            return ["yours", self._theirs[id(value)]]
        if not self.trusts:
            if type(value) is np.random.Generator and type(value.bit_generator) is np.random.PCG64:
                return ["generator", value.bit_generator.state]
            module, name = str(getattr(value, "__module__", None)), str(getattr(value, "__name__", None))
            if module.startswith("labkit.") and getattr(sys.modules.get(module), name, None) is value:
                return ["named", module, name]
        if is_tensor(value):
            with contextlib.suppress(TypeError, RuntimeError):  # a kind that NumPy does not know, such as bfloat16
                return ["tensor", value.detach().cpu().numpy(), bool(value.requires_grad)]
        handle = self._handle(value) if callable(value) and not isinstance(value, type) else None
        number = None
        if hasattr(type(value), "__float__"):
            try:
                number = float(value)
            except Exception:
                number = None
        return ["foreign", type(value).__name__[:60], number, handle]

    def _handle(self, value):
        key = id(getattr(value, "__func__", value)), id(getattr(value, "__self__", None))
        if key not in self._ids:
            if len(self._kept) >= _MOST_KEPT:
                raise Malformed("it hands over too many functions")
            self._ids[key] = len(self._kept)
            self._kept[self._ids[key]] = value
        return self._ids[key]

    def kept(self, handle):
        """The object of this end that the other one asks for."""
        if handle not in self._kept:
            raise Malformed("a function that was not handed over")
        return self._kept[handle]

    def _known(self, sort, *parts):
        if sort == "yours":
            return self.kept(*parts)
        if sort == "generator" and self.trusts:
            made = np.random.Generator(np.random.PCG64())
            made.bit_generator.state = parts[0]
            return made
        if sort == "named" and self.trusts:
            return getattr(importlib.import_module(parts[0]), parts[1])
        if sort == "tensor":
            return _tensor(*parts)
        if sort != "foreign":
            raise Malformed("a message breaks the format")
        name, number, handle = parts
        if handle is None:
            return foreign(name, number)
        if handle not in self._shown:
            if len(self._shown) >= _MOST_KEPT:
                raise Malformed("it hands over too many functions")
            self._shown[handle] = self.stand_in(name, number, handle)
            self._theirs[id(self._shown[handle])] = handle
        return self._shown[handle]

    def stand_in(self, name, number, handle):
        """What stands here for a function of the other end."""
        return foreign(name, number, handle, lambda handle, *args, **keywords: self.back(handle, args, keywords))

    def back(self, handle, args, keywords):
        """What a function of the other end returns."""
        place, value = self.ask("back", handle, args, keywords)
        return value if place is None else args[place]

    def called_back(self, handle, args, keywords):
        """The answer to `back`: (None, what it returns), or the place of the argument that it hands back."""
        value = self.kept(handle)(*args, **keywords)
        return next(((i, None) for i, arg in enumerate(args) if arg is value), (None, value))


def _tensor(array, learns):
    """A tensor of PyTorch, where it is installed."""
    try:
        made = importlib.import_module("torch").from_numpy(np.ascontiguousarray(array).reshape(array.shape))
    except (ImportError, TypeError):
        return foreign("Tensor")
    return made.requires_grad_(learns is True) if made.is_floating_point() else made


def _is_builtin(kind):
    return getattr(builtins, kind.__name__, None) is kind


def _exception(name, text):
    if name == "Misuse":
        return Misuse(text)
    kind = getattr(builtins, name, None) if isinstance(name, str) else None
    kind = kind if isinstance(kind, type) and issubclass(kind, Exception) else RuntimeError
    try:
        return kind(text)
    except TypeError:  # some need more than a text
        return RuntimeError(text)
