"""The command line: `labkit run`, `data`, `student`, `grade`, `sheet`, each imported only when it is called."""

import argparse
import importlib
import os
import signal
import sys
import threading

from labkit import __version__

INTERRUPTED = 130


def main(argv=None):
    """Run one command of `labkit`.

    argv: the arguments after the program's name; None takes those of the process.
    Returns the exit status: 0 all well, 1 something failed, 2 wrong usage, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a character gets a `?`, not a traceback
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    parser = _parser()
    arguments = vars(parser.parse_args(argv))
    command = arguments.pop("command", None)
    if command is None:
        parser.print_help()
        return 0
    try:
        status = command(**arguments)
        if status == INTERRUPTED:
            _deaf_to_interrupts()
        return status
    except KeyboardInterrupt:
        _deaf_to_interrupts()
        print("\nStopped.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, such as head, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _deaf_to_interrupts():
    """An impatient second Ctrl-C, while Python shuts down, does not change the exit status."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _parser():
    parser = argparse.ArgumentParser(
        prog="labkit",
        description="Neural networks from first principles: run the labs, get their data.",
        epilog="`labkit COMMAND --help` says what a command can do.",
    )
    parser.add_argument("--version", action="version", version=f"labkit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_run(commands)
    _add_data(commands)
    _add_sheet(commands)
    _add_student(commands)
    _add_grade(commands)
    return parser


def _add_run(commands):
    parser = commands.add_parser(
        "run",
        help="execute the labs and write the rendered series",
        description="Execute the labs, each in a fresh Python, and write a page for each and an index. "
        "The notebooks themselves are not changed, unless --inplace is given.",
    )
    parser.add_argument("labs", nargs="*", metavar="LAB", help="a lab's number, file name or path (default: all labs)")
    parser.add_argument("--out", metavar="FOLDER", help="where the pages go (default: build/site)")
    parser.add_argument("--notebooks", metavar="FOLDER", help="where the labs are (default: notebooks)")
    data = parser.add_mutually_exclusive_group()
    data.add_argument("--standin", action="store_true", help="use the stand-in instead of CIFAR-10")
    data.add_argument("--data", metavar="FOLDER", help="the folder that holds CIFAR-10")
    parser.add_argument(
        "--timeout",
        type=_seconds,
        default=1800,
        metavar="SECONDS",
        help="longest time for one cell, 0 for no limit (default: %(default)s)",
    )
    parser.add_argument(
        "--inplace",
        action="store_true",
        help="also store the outputs in the notebooks (for authors); a lab that fails is left as it is",
    )
    parser.set_defaults(command=_run)


def _add_data(commands):
    parser = commands.add_parser(
        "data",
        help="fetch and verify CIFAR-10, or make the stand-in",
        description="Find, download and verify CIFAR-10, and say what is there.",
    )
    parser.add_argument("--standin", action="store_true", help="make the stand-in data set, without network")
    parser.add_argument("--folder", metavar="FOLDER", help="where to look, and where a download goes")
    parser.add_argument("--check", action="store_true", help="only look, never download")
    parser.set_defaults(command=_data)


def _add_sheet(commands):
    parser = commands.add_parser(
        "sheet",
        help="bring points given by hand into a report",
        description="Take over the points and comments given since in the contact sheet (REPORT/eye.csv) and in "
        "formgrader, and write the grades, the feedback pages, the statistics and the contact sheet anew. Nothing is "
        "marked again.",
    )
    parser.add_argument("report", metavar="REPORT", help="the folder that `labkit grade` wrote")
    parser.add_argument(
        "--anonymous",
        action="store_true",
        help="also write REPORT/anonymous.html, a contact sheet with codes in the place of names",
    )
    parser.set_defaults(command=_sheet)


def _add_student(commands):
    parser = commands.add_parser(
        "student",
        help="write the edition that students get (for instructors)",
        description="Write the student edition: solutions replaced by stubs, outputs cleared, checks in place, and "
        "what students need to install and start. OUT can be zipped or be a repository for nbgitpuller.",
    )
    parser.add_argument("out", metavar="OUT", nargs="?", help="the folder to write")
    parser.add_argument("labs", nargs="*", metavar="LAB", help="a lab's number, file name or path (default: all labs)")
    parser.add_argument("--notebooks", metavar="FOLDER", help="where the solved labs are (default: notebooks)")
    parser.add_argument("--force", action="store_true", help="replace what OUT holds")
    parser.add_argument(
        "--check", action="store_true", help="also execute each notebook as it is handed out; none may raise an error"
    )
    parser.add_argument(
        "--nbgrader",
        metavar="COURSE",
        help="write nbgrader's source/, release/ and gradebook.db into this folder; then what else is "
        "named are labs, and there is no OUT",
    )
    parser.set_defaults(command=_student)


def _add_grade(commands):
    parser = commands.add_parser(
        "grade",
        help="mark a folder of submissions (for instructors)",
        description="Mark submissions: each is executed by nbgrader in a process of its own, with limits. The report "
        "holds grades.csv, a feedback page for each student and lab, the contact sheet of the plots "
        "(index.html), and nbgrader's gradebook. The same command goes on where it was interrupted.",
    )
    parser.add_argument(
        "submissions",
        metavar="SUBMISSIONS",
        help="folder of <student>/<lab>.ipynb, an nbgrader course, or what Canvas or Moodle let you download; a zip "
        "archive of one of these will do",
    )
    parser.add_argument("--out", metavar="REPORT", required=True, help="the folder of the report")
    parser.add_argument(
        "--labs",
        nargs="+",
        default=(),
        metavar="LAB",
        help="labs to mark, by number or file name (default: those that were handed in)",
    )
    parser.add_argument("--jobs", type=int, metavar="N", help="submissions at a time (default: one more than cores)")
    parser.add_argument(
        "--timeout",
        type=_positive_seconds,
        default=600,
        metavar="SECONDS",
        help="longest time for one submission (default: %(default)s)",
    )
    parser.add_argument(
        "--cell-timeout",
        type=_positive_seconds,
        default=120,
        metavar="SECONDS",
        help="longest time for one cell; the cells after it are run (default: %(default)s)",
    )
    parser.add_argument(
        "--memory",
        type=_bytes,
        default=2 << 30,
        metavar="SIZE",
        help="most memory for one submission, such as 2G or 800M (default: 2G)",
    )
    data = parser.add_mutually_exclusive_group()
    data.add_argument("--standin", action="store_true", help="use the stand-in instead of CIFAR-10")
    data.add_argument("--data", metavar="FOLDER", help="the folder that holds CIFAR-10")
    again = parser.add_mutually_exclusive_group()
    again.add_argument(
        "--fresh", action="store_true", help="mark again what is marked already; points given by hand stay"
    )
    again.add_argument(
        "--regrade", nargs="+", default=(), metavar="STUDENT", help="mark these students again, and no others"
    )
    parser.add_argument(
        "--course", metavar="FILE", help="deadlines, roster and groups (default: course.toml beside the submissions)"
    )
    parser.add_argument(
        "--seed", type=int, metavar="N", help="seed of the checks' cases (default: that of REPORT, or a new one)"
    )
    parser.add_argument("--notebooks", metavar="FOLDER", help="where the solved labs are (default: notebooks)")
    parser.add_argument(
        "--whole",
        action="store_true",
        help="run every cell as it is; by default cells that no points depend on are left out",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="hand the submissions to the workers of this Dask scheduler, such as tcp://host:8786",
    )
    parser.set_defaults(command=_grade)


def _positive_seconds(text):
    seconds = _seconds(text)
    if not seconds:
        raise argparse.ArgumentTypeError("the time must be longer than 0 seconds")
    return seconds


def _bytes(text):
    units = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    number, unit = text.strip().rstrip("KkMmGgBbIi"), text.strip().upper().lstrip("0123456789.").removesuffix("B")
    try:
        return int(float(number) * units[unit.removesuffix("I")])
    except (KeyError, ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 2G or 800M") from None


def _seconds(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _run(**arguments):
    return _called("run", "series.run:run_labs", arguments)


def _data(**arguments):
    return _called("data", "labkit.data.command:run", arguments)


def _sheet(**arguments):
    return _called("sheet", "report.settle:bring_in", arguments)


def _student(**arguments):
    if arguments["nbgrader"] is not None and arguments["out"] is not None:
        arguments["labs"] = [arguments["out"], *arguments["labs"]]
        arguments["out"] = None
    return _called("student", "edition.student:hand_out", arguments)


def _grade(**arguments):
    return _called("grade", "marking.grade:command", arguments)


def _called(command, place, arguments):
    """The command's function, imported only now: a student's copy of labkit has not all of them."""
    module, _, function = place.partition(":")
    module = module if module.startswith("labkit.") else f"labkit.course.{module}"
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        root = (error.name or "").split(".")[0]
        if root == "nbgrader":
            needed = "this needs nbgrader, for instructors only: python -m pip install 'labkit[instructor]'"
        elif root == "labkit":
            needed = "this copy of labkit is for students; the command is part of the instructors' copy."
        else:
            raise
        print(f"labkit {command}: {needed}", file=sys.stderr)
        return 1
    return getattr(found, function)(**arguments)
