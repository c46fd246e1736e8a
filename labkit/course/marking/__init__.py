"""Marking a class: submissions are read, run in a sandbox, and put into a report. For instructors."""

import sys

# jsonschema would compile a grammar for addresses that no notebook has, for a second or two in every process.
sys.modules.setdefault("rfc3987_syntax", None)
