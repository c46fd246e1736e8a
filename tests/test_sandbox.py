"""The sandbox: what a program in it reaches, what it can fill, and what is counted."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.course.marking import sandbox, seccomp
from labkit.course.marking.cgroup import group

LINUX = sys.platform.startswith("linux")
LEVEL = sandbox.best_level()
FULL = pytest.mark.skipif(LEVEL != sandbox.FULL, reason="this platform has no namespaces to spare")
REFUSING = pytest.mark.skipif(
    not LINUX or os.uname().machine not in ("x86_64", "aarch64"), reason="calls are refused on Linux only"
)


def run(folder, code, level=LEVEL, **limits):
    """Run Python code in a sandbox of its own: (exit status, what it printed, the folder)."""
    (folder / "work").mkdir(parents=True), (folder / "io").mkdir()
    want = sandbox.spec(level, folder / "work", folder / "io", sandbox.python_folders(), **limits)
    (folder / "spec.json").write_text(json.dumps(want))
    command = [sys.executable, "-m", "labkit.course.marking.sandbox", str(folder / "spec.json"), sys.executable, "-c"]
    root = Path(sandbox.__file__).resolve().parents[3]
    env = sandbox.private_environment(folder / "work" / "home") | {"PYTHONPATH": str(root)}
    done = subprocess.run([*command, code], capture_output=True, text=True, timeout=100, env=env)
    return done.returncode, done.stdout + done.stderr


def tries(lines):
    """Code that prints the line's number and what came of it, for each of the lines."""
    return "\n".join(
        f"try:\n    {line}\n    print({number}, 'done')\nexcept OSError as error: print({number}, error.errno)"
        for number, line in enumerate(lines)
    )


@FULL
def test_the_computer_s_settings_cannot_be_written_even_by_root(tmp_path):
    places = ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/irq/0/x"]
    places += ["/proc/self/oom_score_adj", "/etc/passwd", "/usr/x", "/dev/null/../x", "/x", str(tmp_path / "io" / "x")]
    status, said = run(tmp_path, tries([f"open({place!r}, 'w').write('x')" for place in places]))
    assert status == 0 and "done" not in said and said.count("\n") == len(places), said


@FULL
def test_nothing_tells_who_has_accounts_here(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x")
    code = "import os, pwd, socket; print(open('/etc/passwd').read(), len(pwd.getpwall()), socket.gethostname())\n"
    code += f"print(os.path.exists({str(secret)!r}), os.path.exists('/etc/shadow'), os.path.exists('/sys'))\n"
    code += "print(open('/proc/kallsyms').read(), open('/proc/cmdline').read())"
    status, said = run(tmp_path, code)
    assert status == 0
    assert said.split() == [f"student:x:{os.getuid() or 1000}:{os.getgid() or 1000}::{tmp_path}/work/home:/bin/sh"] + [
        *("1", "lab", "False", "False", "False")
    ]


@FULL
def test_no_other_namespace_can_be_made(tmp_path):
    code = (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "for flags in (0x10000000, 0x20000, 0x40000000, 0x20000000): print(libc.unshare(flags))\n"
        "if os.uname().machine == 'x86_64':\n"
        "    child = libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)\n"
        "    print(child)\n"
        "else: print(-1)\n"
        "print(libc.mount(b'none', b'/proc', None, 32 | 4096, None))\n"
    )
    status, said = run(tmp_path, code)
    assert (status, said.split()) == (0, ["-1"] * 6)


@FULL
def test_what_it_writes_is_limited_and_reaches_no_disk(tmp_path):
    before = used(tmp_path)
    places = ["/tmp", "/dev/shm", ".", str(tmp_path / "io")]
    code = f"for place in {places!r}:\n    n = 0\n    try:\n        while n < 60:\n"
    code += "            open(f'{place}/{n}', 'wb').write(b'x' * (9 << 20)); n += 1\n"
    code += "    except OSError as error: print(n * 9)\n"
    code += "import os\nfor i in range(2_000): os.write(2, b'x' * 50_000)"
    status, said = run(tmp_path, code)
    sizes = [int(size) for size in said.split("x")[0].split()]
    assert status == 0 and len(sizes) == 4 and sizes[3] == 0 and all(size <= 130 for size in sizes), said[:200]
    assert len(said) < 100_000, "100 MB were printed past the notebook"
    assert used(tmp_path) - before < 100_000


def used(folder):
    return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


@FULL
def test_many_small_files_are_too_many(tmp_path):
    code = "n = 0\ntry:\n    while n < 60_000: open(f'{n}', 'w').close(); n += 1\nexcept OSError: print('full', n)"
    status, said = run(tmp_path, code)
    assert status == 0 and said.startswith("full")


@FULL
def test_the_folder_of_the_sockets_is_sealed_before_the_first_line_runs(tmp_path):
    folder = str(tmp_path / "io")
    code = (
        "import os, socket, time\nfrom labkit.course.marking import sandbox\n"
        f"made = [socket.socket(socket.AF_UNIX) for _ in range(2)]\nmade[0].bind({folder!r} + '/s-1')\n"
        f"time.sleep(0.2); open({folder!r} + '/early', 'w').close(); made[1].bind({folder!r} + '/s-2')\n"
        f"os.environ['LABKIT_SEALED'] = {folder!r}; sandbox.wait_until_sealed()\n"
        + tries([f"open({folder!r} + '/late', 'w').write('x')", f"open({folder!r} + '/early', 'w').write('x')"])
    )
    assert run(tmp_path, code, sockets=2) == (0, "0 30\n1 30\n")
    assert sorted(os.listdir(folder)) == [".root", "early", "s-1", "s-2"]


@REFUSING
@pytest.mark.parametrize("level", [LEVEL, sandbox.LIMITS])
def test_memory_that_no_limit_counts_is_refused(tmp_path, level):
    code = (
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "try: os.memfd_create('x'); print('memfd')\nexcept OSError as error: print(error.errno)\n"
        "print(libc.shmget(0, 1 << 20, 0o1600), ctypes.get_errno())"
    )
    assert run(tmp_path, code, level) == (0, "38\n-1 38\n")


@REFUSING
def test_what_programs_need_is_not_refused(tmp_path):
    code = (
        "import ctypes, multiprocessing, threading, tempfile, subprocess, sys\n"
        "import numpy as np\n"
        "if __name__ == '__main__':\n"
        "    print(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda x: x + 1)(2))\n"
        "    with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]))\n"
        "    threads = [threading.Thread(target=print, args=('thread',)) for _ in range(2)]\n"
        "    for t in threads: t.start(); t.join()\n"
        "    with tempfile.TemporaryFile() as file: np.save(file, np.eye(300) @ np.eye(300))\n"
        "    print(subprocess.run([sys.executable, '-c', 'print(4)'], capture_output=True, text=True).stdout)"
    )
    status, said = run(tmp_path, code)
    assert (status, said.split()) == (0, ["3", "[1,", "2]", "thread", "thread", "4"])


def _can_group():
    made = group(1 << 30) if LINUX else None
    if made:
        made.end()
    return made is not None


@FULL
@pytest.mark.skipif(not _can_group(), reason="this account may not make control groups")
def test_memory_of_any_kind_counts_together(tmp_path):
    """Shared memory and files in memory, of several processes: none of it is in the limit of one process."""
    before = groups()
    shared = "m = mmap.mmap(-1, 30 << 20); m.write(b'x' * (30 << 20)); held.append(m)"
    files = "open(f'/tmp/{n % 2}', 'wb').write(b'x' * (30 << 20))"
    for number, grab in enumerate((shared, files, "os.fork() or time.sleep(9)")):
        code = "import mmap, os, time\nheld = []\n"
        code += f"for n in range(3):\n    {grab}\nx = bytearray(90 << 20)\n" if number else ""
        code += f"for n in range(9):\n    {shared}\nprint('all of it')"
        folder = tmp_path / str(number)
        status, said = run(folder, code, memory=160 << 20)
        assert status != 0 and "all of it" not in said, grab
        assert sandbox.ran_out_of_memory(folder), grab
    folder = tmp_path / "fine"
    assert run(folder, "x = bytearray(60 << 20); print('fine')", memory=160 << 20) == (0, "fine\n")
    assert not sandbox.ran_out_of_memory(folder)
    assert groups() <= before, "the groups of what has ended are gone"


def groups():
    made = group(1 << 20)
    names = {name for name in os.listdir(made.parent) if name.startswith("labkit-")} - {made.name}
    made.end()
    return names


def test_the_filter_refuses_what_is_named_and_nothing_else():
    """The program, run by hand for each call on both machines."""
    import struct

    for machine, (column, architecture, clone) in seccomp._MACHINES.items():
        program = [struct.unpack("HBBI", line) for line in seccomp._program(machine)]

        def judged(arch, number, argument=0):
            place, value = 0, 0
            while program[place][0] != seccomp._RETURN:
                code, true, false, operand = program[place]
                if code == seccomp._LOAD:
                    value, true, false = {0: number, 4: arch, 16: argument}[operand], 0, 0
                met = {
                    seccomp._EQUAL: value == operand,
                    seccomp._AT_LEAST: value >= operand,
                    seccomp._ANY_BIT: bool(value & operand),
                }
                place += 1 + (true if met.get(code) else false)
            return program[place][3] == seccomp._ALLOW

        refused = {pair[column] for pair in seccomp._REFUSED.values()}
        assert {n for n in range(600) if not judged(architecture, n)} == refused
        assert not judged(1, 0) and not judged(architecture, 0x40000001)
        assert judged(architecture, clone, 0x3D0F00) and judged(architecture, clone, 17), "threads and processes"
        assert not judged(architecture, clone, 0x10000000 | 17)


def test_it_imports_nothing_that_is_slow():
    """It starts before each kernel: what it imports adds to every submission's time."""
    code = "import sys, labkit.course.marking.sandbox; print([m for m in sys.argv[1:] if m in sys.modules])"
    slow = ("numpy", "matplotlib", "nbformat", "jupyter_client", "psutil", "zmq", "IPython", "PIL", "jinja2", "asyncio")
    done = subprocess.run([sys.executable, "-c", code, *slow], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
