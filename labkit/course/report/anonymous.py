"""The contact sheet without names: whoever marks by it does not know whom."""

import re


def hide_names(labs, code_of):
    """Put codes in the place of names, and leave out what may give a name away.

    labs: what the sheet shows, changed in place.
    code_of: {student: code}.
    What is written in a plot, or by a student in an answer other than the folder's name, stays.
    """
    for lab in labs:
        for line in lab["lines"]:
            name, line["student"] = line["student"], code_of[line["student"]]
            line |= {"message": "", "notes": [], "feedback": ""}
            hide = _hider(name, line["student"])
            line["answers"], line["words"] = [hide(t) for t in line["answers"]], [hide(t) for t in line["words"]]
            for row in filter(None, line["auto"]):
                row["text"] = hide(row["text"])
            for plot, column in zip(line["plots"], lab["columns"]):
                if plot:
                    plot["alt"] = column["row"]
        lab["lines"].sort(key=lambda line: line["student"])


def _hider(name, code):
    if len(name) < 3:
        return lambda text: text
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.I)
    return lambda text: pattern.sub(code, text)
