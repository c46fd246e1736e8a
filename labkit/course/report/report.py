"""Where `labkit grade` puts what a submission came to: its mark, plots, feedback page and executed notebook."""

from pathlib import Path

from labkit.course.report.result import REFERENCE, mark_path, write_mark
from labkit.files import write


def store(out, mark, files):
    """Put a marked submission into the report, its JSON last.

    files: the bytes of what was made with it: plots by their name, `feedback.html`, `autograded.ipynb`.
    """
    out, student, lab = Path(out), mark.student, mark.lab
    for plot in mark.plots:
        name = plot.image
        if name and name in files:
            place = Path("reference", lab) if student == REFERENCE else Path("plots", student, lab)
            write(out / place / name, files[name])
            plot.image = (place / name).as_posix()
        else:
            plot.image = ""
    if student != REFERENCE and "feedback.html" in files:
        write(out / "feedback" / student / f"{lab}.html", files["feedback.html"])
        mark.feedback = f"feedback/{student}/{lab}.html"
    if student != REFERENCE and "autograded.ipynb" in files:
        write(out / "autograded" / student / lab / f"{lab}.ipynb", files["autograded.ipynb"])
    write_mark(mark_path(out, student, lab), mark)
