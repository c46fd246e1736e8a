"""Made-up labs and pages: cells, outputs, results, the command line in a process of its own, and a parsed page."""

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import labkit
from labkit.course import cli

ROOT = Path(labkit.__file__).resolve().parents[1]


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def text(*lines):
    return new_markdown_cell("\n".join(lines))


def code(*lines, tags=(), **metadata):
    return new_code_cell("\n".join(lines), metadata={**({"tags": list(tags)} if tags else {}), **metadata})


def save(path, *cells, **metadata):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)
    return path


def labkit_command(*arguments, **environment):
    env = {key: value for key, value in os.environ.items() if not key.startswith("LABKIT_")}
    env |= {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default"} | environment
    return subprocess.run(
        [sys.executable, "-m", "labkit", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=env,
        timeout=120,
    )


def run_in(folder, *arguments):
    """`labkit run` in this process, on folder/notebooks, into folder/site."""
    folders = ["--notebooks", str(folder / "notebooks"), "--out", str(folder / "site")]
    return cli.main(["run", *arguments, *folders])


class Page(HTMLParser):
    """What a test asks of a page: its elements with their attributes, and its text."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.text, self.silent = [], "", 0
        self.source = Path(path).read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.silent += tag in ("style", "script")

    def handle_endtag(self, tag):
        self.silent -= tag in ("style", "script")

    def handle_data(self, data):
        self.text += "" if self.silent else data

    def all(self, tag, **attributes):
        return [a for t, a in self.elements if t == tag and all(a.get(k) == v for k, v in attributes.items())]


def result(name, **more):
    return {
        "name": name,
        "status": "ok",
        "seconds": 41.0,
        "memory": 3 * 2**29,
        "failure": None,
        "data": "stand-in",
        "date": "2026-01-02T03:04:05",
        "python": "3.11.0",
        "numpy": "2.0.0",
        "labkit": "0",
    } | more


def image(kind="image/png", data=PIXEL):
    return new_output("display_data", data={kind: data, "text/plain": "<Figure>"})


def notebook(*cells):
    return new_notebook(cells=list(cells))


def pictured(source, *outputs, **metadata):
    cell = code(source, **metadata)
    cell.outputs = list(outputs)
    return cell
