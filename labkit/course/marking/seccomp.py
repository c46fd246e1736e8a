"""System calls that a submission cannot make: memory that no limit counts, and ways out of its namespaces.

Linux on x86-64 and 64-bit ARM; on others nothing is refused.
"""

import ctypes
import os
import struct

# By name, the numbers on (x86-64, ARM).
_REFUSED = {
    # memory that belongs to no address space
    **{"memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "io_uring_setup": (425, 425)},
    # other namespaces and mounts, with `clone` below
    **{"unshare": (272, 97), "setns": (308, 268), "clone3": (435, 435), "mount": (165, 40), "umount2": (166, 39)},
    **{"pivot_root": (155, 41), "move_mount": (429, 429), "open_tree": (428, 428), "fsopen": (430, 430)},
    **{"mount_setattr": (442, 442), "open_by_handle_at": (304, 265)},
    # other processes, keys of the account, programs in the kernel
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "keyctl": (250, 219)},
    **{"add_key": (248, 217), "request_key": (249, 218), "bpf": (321, 280), "perf_event_open": (298, 241)},
    "userfaultfd": (323, 282),
}
_MACHINES = {"x86_64": (0, 0xC000003E, 56), "aarch64": (1, 0xC00000B7, 220)}  # column, name in the kernel, `clone`
_NEW_NAMESPACES = 0x7E020000 | 0x80  # CLONE_NEWNS and the like, CLONE_NEWTIME
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _NO_SUCH_CALL = 0x7FFF0000, 0x00050000 | 38  # as if the kernel were too old for it: libraries do without
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2


def refuse():
    """Refuse the calls for this process and all that it starts; returns whether the kernel of Linux agreed."""
    program = _program(os.uname().machine)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if not program:
        return False
    text = ctypes.create_string_buffer(b"".join(program))
    whole = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(text)))
    return libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, whole, 0, 0) == 0


def _program(machine):
    """The filter, one instruction an entry: code, steps ahead if true and if not, operand."""
    if machine not in _MACHINES:
        return []
    column, architecture, clone = _MACHINES[machine]
    numbers = [pair[column] for pair in _REFUSED.values()]
    last = len(numbers) + 3  # steps from the first test to the instruction that refuses
    tests = [(_EQUAL, last - i, 0, number) for i, number in enumerate(numbers)]
    lines = [
        (_LOAD, 0, 0, 4),  # the architecture: a call of another one, such as 32-bit, is refused
        (_EQUAL, 0, last + 3, architecture),
        (_LOAD, 0, 0, 0),  # the number of the call; those from 0x40000000 are a second way to make each
        (_AT_LEAST, last + 1, 0, 0x40000000),
        *tests,
        (_EQUAL, 0, 2, clone),
        (_LOAD, 0, 0, 16),  # the lower half of its first argument
        (_ANY_BIT, 1, 0, _NEW_NAMESPACES),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _NO_SUCH_CALL),
    ]
    return [struct.pack("HBBI", *line) for line in lines]
