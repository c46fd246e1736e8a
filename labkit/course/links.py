"""The lines of the labs that lead to Colab, to Binder and to labkit itself: to which repository they lead.

`make links` in a fork: `python -m labkit.course.links` takes the address of its remote `origin`.
"""

import re
import subprocess
import sys
from pathlib import Path

_LEADS = re.compile(
    r"(colab\.research\.google\.com/github/|mybinder\.org/v2/gh/|git\+https://github\.com/)[\w.-]+/[\w.-]+"
)
_ORIGIN = re.compile(r"github\.com[:/]([\w-]+)/([\w.-]+?)(?:\.git)?/?$")


def link(notebooks, repository):
    """Let the lines of all labs in a folder lead to a repository.

    notebooks: the folder.
    repository: OWNER/NAME on GitHub.
    Returns the files that changed.
    """
    changed = []
    for path in sorted(Path(notebooks).glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        new = _LEADS.sub(lambda found: found[1] + repository, text)
        if new != text:
            path.write_text(new, encoding="utf-8")
            changed.append(path)
    return changed


def repository_of(remote):
    """OWNER/NAME of a remote on GitHub; ValueError for any other."""
    found = _ORIGIN.search(remote.strip())
    if not found:
        raise ValueError(f"the remote {remote.strip()!r} is no repository on GitHub: name one, OWNER/NAME")
    return f"{found[1]}/{found[2]}"


def main(argv):
    """Link the labs of the course in this folder to the repository named, else to its remote `origin`."""
    try:
        remote = subprocess.run(["git", "remote", "get-url", "origin"], capture_output=True, text=True).stdout
        repository = argv[0] if argv else repository_of(remote)
    except (ValueError, OSError) as error:
        print(f"links: {error}", file=sys.stderr)
        return 2
    print(f"{len(link('notebooks', repository))} labs changed: they lead to {repository}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
