"""The command line: `labkit run`, `labkit data`. Every command is imported only when it is called."""

import argparse
import os
import sys

from labkit import __version__


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
        return command(**arguments)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of a pipe, such as head, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser():
    parser = argparse.ArgumentParser(
        prog="labkit", description="Neural networks from first principles: run the labs, get their data.",
        epilog="`labkit COMMAND --help` says what a command can do.")
    parser.add_argument("--version", action="version", version=f"labkit {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_run(commands)
    _add_data(commands)
    _add_sheet(commands)
    return parser


def _add_run(commands):
    parser = commands.add_parser(
        "run", help="execute the labs and write the rendered series",
        description="Execute the labs, each in a fresh Python, and write a page for each and an index. "
                    "The notebooks themselves are not changed, unless --inplace is given.")
    parser.add_argument("labs", nargs="*", metavar="LAB",
                        help="a lab's number, file name or path (default: all labs)")
    parser.add_argument("--out", metavar="FOLDER", help="where the pages go (default: build/site)")
    parser.add_argument("--notebooks", metavar="FOLDER", help="where the labs are (default: notebooks)")
    data = parser.add_mutually_exclusive_group()
    data.add_argument("--standin", action="store_true", help="use the stand-in instead of CIFAR-10")
    data.add_argument("--data", metavar="FOLDER", help="the folder that holds CIFAR-10")
    parser.add_argument("--timeout", type=_seconds, default=1800, metavar="SECONDS",
                        help="longest time for one cell, 0 for no limit (default: %(default)s)")
    parser.add_argument("--inplace", action="store_true",
                        help="also store the outputs in the notebooks (for authors); a lab that fails is "
                             "left as it is")
    parser.set_defaults(command=_run)


def _add_data(commands):
    parser = commands.add_parser(
        "data", help="fetch and verify CIFAR-10, or make the stand-in",
        description="Find, download and verify CIFAR-10, and say what is there.")
    parser.add_argument("--standin", action="store_true", help="make the stand-in data set, without network")
    parser.add_argument("--folder", metavar="FOLDER", help="where to look, and where a download goes")
    parser.add_argument("--check", action="store_true", help="only look, never download")
    parser.set_defaults(command=_data)


def _add_sheet(commands):
    parser = commands.add_parser(
        "sheet", help="write the contact sheet of a marked class",
        description="Write the page that shows the plots of all students beside the reference, with fields for the "
                    "points given by eye.")
    parser.add_argument("report", metavar="REPORT", help="the folder that `labkit grade` wrote")
    parser.add_argument("--eye", metavar="FILE", help="points given by eye so far (default: REPORT/eye.csv, if there)")
    parser.add_argument("--out", metavar="FILE", help="the page's file (default: REPORT/index.html)")
    parser.set_defaults(command=_sheet)


def _seconds(text):
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return seconds


def _run(**arguments):
    from labkit.course.run import run
    return run(**arguments)


def _data(**arguments):
    from labkit.data.command import run
    return run(**arguments)


def _sheet(**arguments):
    from labkit.course.sheet import run
    return run(**arguments)
