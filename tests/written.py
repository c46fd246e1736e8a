"""What the tables in tests/answers are written with: answers as the bodies of functions, and as edited texts."""


def whole(name, arguments, body):
    """A cell that defines a function.

    arguments: as they stand in its first line, "X, y, reg=0.0".
    body: its lines, not indented.
    """
    return f"def {name}({arguments}):\n" + "".join(f"    {line}\n" for line in body.strip("\n").split("\n"))


def stubs(signatures):
    """{exercise: what is handed out}; signatures: {exercise: its arguments}."""
    return {name: whole(name, arguments, "...  # your code here").rstrip() for name, arguments in signatures.items()}


def enter(tables, name, right, wrong):
    """Put the answers to an exercise into the tables of its lab.

    tables: (signatures, RIGHT, WRONG) of the lab.
    right: {title: body, or edits of the right answer}.
    wrong: {title: (body or edits, points lost, words of the verdict)}.
    """
    signatures, rights, wrongs = tables

    def written(answer):
        return whole(name, signatures[name], answer) if isinstance(answer, str) else answer

    rights[name] = {title: written(answer) for title, answer in right.items()}
    wrongs[name] = {title: (written(answer), {name: lost}, says) for title, (answer, lost, says) in wrong.items()}


def but(source, *edits):
    """A text with other words, which have to be in it; edits: (old, new)."""
    for old, new in edits:
        assert old in source, old
        source = source.replace(old, new)
    return source
