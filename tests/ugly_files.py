"""Files as they are handed in: each as ugly as one was, or could be."""

import gzip
import io
import json
import os
import zipfile


def notebook(*cells, **more):
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **more}).encode()


def cell(source="x = 1", **more):
    return {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": [], **more}


def zipped(files, damage=None):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    content = memory.getvalue()
    return content if damage is None else content[:damage] + b"\xff" * 40 + content[damage + 40 :]


def nested(depth, inside="1"):
    return ('{"a":' * depth + inside + "}" * depth).encode()


BOMB = zipped({"x.ipynb": b"0" * (300 << 20)})

# name: (bytes, the status it gets, "" if it is read, words of the message)
BYTES = {
    "nothing": (b"", "not readable", "empty"),
    "zeros": (b"\0" * 99, "not readable", "empty"),
    "list": (b"[1]", "not readable", "no cells"),
    "number": (b"12", "not readable", "no cells"),
    "cut off": (b'{"cells": [', "not readable", "JSON"),
    "html": (b"<!DOCTYPE html>", "not readable", "HTML"),
    "pdf": (b"%PDF-1.4", "not readable", "PDF"),
    "deep list": (b"[" * 100_000, "not readable", "nest"),
    "no cells": (b'{"cells": []}', "not readable", "empty"),
    "cells are a dict": (b'{"cells": {"a": 1}}', "not readable", "no cells"),
    "cells are numbers": (b'{"cells": [1, null, {"cell_type": 3, "source": 4}]}', "not readable", "empty"),
    "merge conflict": (b"<<<<<<< HEAD\n{}", "not readable", "merge"),
    "no zip": (b"PK\x03\x04no", "not readable", "broken"),
    "no gzip": (b"\x1f\x8bno", "not readable", "broken"),
    "damaged zip": (zipped({"x.ipynb": os.urandom(2000)}, damage=300), "not readable", "broken"),
    "damaged gzip": (gzip.compress(os.urandom(2000))[:1000] + b"no", "not readable", "broken"),
    "zip of nothing": (zipped({"readme.md": b"hello"}), "not readable", "without a notebook"),
    "zip bomb": (BOMB, "not readable", "MB unpacked"),
    "gzip bomb": (gzip.compress(b"0" * (300 << 20)), "too large", "MB"),
    "many cells": (notebook(*[cell()] * 6000), "too large", "cells"),
    "type is a list": (notebook(cell(cell_type=[]), cell()), "", ""),
    "type is a dict": (notebook(cell(cell_type={"a": 1})), "", ""),
    "deep metadata": (notebook(cell(), metadata=json.loads(nested(900))), "", ""),
    "deep metadata of a cell": (notebook(cell(metadata={"nbgrader": json.loads(nested(900))})), "", ""),
    "deep output": (notebook(cell(outputs=[{"data": json.loads(nested(900))}])), "", ""),
    "outputs of any kind": (notebook(cell(outputs={"a": 1}), cell(outputs=[7, None]), cell(outputs="x")), "", ""),
    "source of all kinds": (notebook(cell(["a = 1\n", 7, None, ["x"]]), cell({"a": 1}), cell(None)), "", ""),
    "grade id is a list": (notebook(cell(metadata={"nbgrader": {"grade_id": ["x"], "grade": "yes"}})), "", ""),
    "not a number": (notebook(cell()).replace(b'"nbformat": 4', b'"nbformat": NaN'), "", ""),
    "endless number": (notebook(cell()).replace(b'"nbformat": 4', b'"nbformat": ' + b"9" * 100_000), "", ""),
    "minus infinity": (notebook(cell()).replace(b'"nbformat": 4', b'"nbformat": -1e999'), "", ""),
    "half a character": (notebook(cell()).replace(b"x = 1", b"x = '\\ud800'"), "", ""),
    "zero character": (notebook(cell("x = 1\0")), "", ""),
    "twice cells": (notebook(cell())[:-1] + b', "cells": []}', "", ""),
    "byte order mark": (b"\xef\xbb\xbf" + notebook(cell()), "", ""),
    "utf-16": (notebook(cell()).decode().encode("utf-16"), "", ""),
    "utf-16 without a mark": (notebook(cell()).decode().encode("utf-16-le"), "", ""),
    "latin-1": (notebook(cell("# 1")).replace(b"# 1", b"# \xe9"), "", ""),
    "gzipped": (gzip.compress(notebook(cell())), "", ""),
    "spaces in a heading": (notebook(cell("# a" + " " * 300_000 + "b", cell_type="markdown")), "", ""),
    "lambdas in lambdas": (notebook(cell("f = " + "lambda: " * 5000 + "0")), "", ""),
    "minus minus": (notebook(cell("-" * 200_000 + "1")), "", ""),
    "brackets": (notebook(cell("(" * 100_000)), "", ""),
    "attached": (notebook(cell("hello", cell_type="markdown", attachments={"a": [1], "b": {"image/png": 5}})), "", ""),
}
