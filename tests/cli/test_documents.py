"""The documents: the README is short, links lead somewhere, and the files and functions that they name are there."""
import pathlib
import re
import sys

import checks
from links import find_broken_links

README_LINES_MAX = 180
# Paths of the source in a document's text, with "*" for any name.
PATH = re.compile(r"`((?:src|tests|cmake|packaging|contrib|vectors|man|doc)/[^`\s:]*)`")
# Functions, by which HACKING.md leads through the source.
FUNCTION = re.compile(r"`([a-z_0-9]+)\(\)`")


def find_documents():
    """Every Markdown file of the source; builds lie in folders whose names begin with "build"."""
    return [path for path in sorted(checks.SOURCE.rglob("*.md"))
            if not path.relative_to(checks.SOURCE).parts[0].startswith((".", "build"))]


def find_missing_files(text):
    """The paths in a document's text that no file or folder has."""
    return [path for path in sorted(set(PATH.findall(text))) if not any(checks.SOURCE.glob(path.rstrip("/")))]


def find_missing_functions(text, source):
    """The functions in a document's text that are not in the source's."""
    return [name for name in sorted(set(FUNCTION.findall(text))) if not re.search(rf"\b{name}\(", source)]


def check_that_it_can_fail():
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        checks.write(folder / "other.md", "# A heading, with `code`\n")
        for text, broken in (("[a](other.md), [b](other.md#a-heading-with-code), [c](https://example.org/x)", []),
                             ("[a](#its-own)\n\n## Its own\n", []),
                             ("    [a](nowhere.md) is code, and `[so](is-this.md)`", []),
                             ("[a](nowhere.md)", ["nowhere.md"]),
                             ("[a](other.md#nothing) [b](#nothing)", ["other.md#nothing", "#nothing"])):
            found = find_broken_links(checks.write(folder / "document.md", text + "\n"))
            checks.check(f"the check of links {'finds' if broken else 'passes'}: {text!a}", found == broken, found)
    for text, missing in (("`src/main.c`, `src/base/` and `tests/unit/test_*.c`", []),
                          ("`src/nothing.c` and `tests/cli/nothing_*.py`", ["src/nothing.c", "tests/cli/nothing_*.py"])):
        found = find_missing_files(text)
        checks.check(f"the check of paths {'finds' if missing else 'passes'}: {text}", sorted(found) == missing, found)
    found = find_missing_functions("`here()` calls `there()` and `nowhere()`", "void here(void)\n{\n    there();\n}\n")
    checks.check("the check of functions finds one that is not there", found == ["nowhere"], found)


def main():
    check_that_it_can_fail()
    documents = find_documents()
    source = "".join(path.read_text() for path in sorted((checks.SOURCE / "src").rglob("*.[ch]")))
    names = {str(path.relative_to(checks.SOURCE)) for path in documents}
    checks.check("there are documents", {"README.md", "SECURITY.md", "NEWS.md", "doc/HACKING.md"} <= names, names)
    for document in documents:
        name = document.relative_to(checks.SOURCE)
        broken = find_broken_links(document)
        checks.check(f"the links of {name} lead to files and headings", not broken, broken)
        missing = find_missing_files(document.read_text())
        checks.check(f"the files that {name} names are there", not missing, missing)
        missing = find_missing_functions(document.read_text(), source)
        checks.check(f"the functions that {name} names are there", not missing, missing)
    lines = (checks.SOURCE / "README.md").read_text().count("\n")
    checks.check(f"README.md has at most {README_LINES_MAX} lines", lines <= README_LINES_MAX, lines)
    checks.finish()


sys.exit(main())
