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


# All commands that tor's control ports take (control-spec.txt), and those that are authentication.
KEYWORDS = """SETCONF RESETCONF GETCONF SETEVENTS AUTHENTICATE SAVECONF SIGNAL MAPADDRESS GETINFO EXTENDCIRCUIT
    SETCIRCUITPURPOSE SETROUTERPURPOSE ATTACHSTREAM POSTDESCRIPTOR REDIRECTSTREAM CLOSESTREAM CLOSECIRCUIT QUIT USEFEATURE
    RESOLVE PROTOCOLINFO LOADCONF TAKEOWNERSHIP AUTHCHALLENGE DROPGUARDS HSFETCH ADD_ONION DEL_ONION HSPOST
    ONION_CLIENT_AUTH_ADD ONION_CLIENT_AUTH_REMOVE ONION_CLIENT_AUTH_VIEW DROPOWNERSHIP DROPTIMEOUTS""".split()
AUTHENTICATION = {"PROTOCOLINFO", "AUTHCHALLENGE", "AUTHENTICATE"}
COMMAND = rf"\+?(?:{'|'.join(KEYWORDS)})\b"
# A call that sends one, with the text of that where it stands there.
SENDING = re.compile(r'control_connection_send\w*\([^,;]+,\s*"([^"]*)"')


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


def find_commands(text):
    """The commands in C source, as far as they are always the same; of others, the keyword."""
    found = {re.sub(r"( |%s).*=.*|%s.*", "", command).strip() for command in re.findall(rf'"({COMMAND}[^"]*)', text)}
    return {command.split()[0] if command.split()[0].lstrip("+") in ("HSFETCH", "HSPOST", "CLOSESTREAM") else command
            for command in found}


def find_sent_commands():
    """What the engine sends to backends, and what to the local tors, after authentication."""
    texts = {path.name: path.read_text() for path in (checks.SOURCE / "src" / "engine").glob("*.c")}
    checks.check("every command that is sent is one of those that there are", all(
        re.match(COMMAND, command) for text in texts.values() for command in SENDING.findall(text)))
    own = {command for command in find_commands(texts["fetch.c"]) if command.startswith("GETINFO hs/service/")}
    backends = find_commands(texts["backend_link.c"] + texts["fetch.c"])
    local_tors = find_commands("".join(text for name, text in texts.items() if name != "backend_link.c")) - own
    return backends, local_tors


def find_listed_commands(text):
    """The commands in a document's list, which is mdoc or Markdown."""
    text = re.sub(r" Ns Ar \w+|\.\.\.", "", text)
    quoted = re.findall(rf"(?:\.Ql |`)({COMMAND}[^`\n]*?)(?:`| ?[,.]?(?=\n|$))", text)
    return {command.strip() for command in quoted} | {word for word in AUTHENTICATION if re.search(rf"\b{word}\b", text)}


def check_lists_of_commands():
    """A filter before a control port lets through what the documents list, so these are exactly what is sent."""
    backends, local_tors = find_sent_commands()
    checks.check("some are found", len(backends) >= 4 and len(local_tors) >= 8, (backends, local_tors))
    authentication = {word for word in AUTHENTICATION
                      if any(f'"{word}' in path.read_text() for path in (checks.SOURCE / "src" / "control").glob("*.[ch]"))}
    checks.check("all of authentication is found", authentication == AUTHENTICATION, authentication)
    manual = (checks.SOURCE / "man" / "obpub.yaml.5").read_text()
    guide = (checks.SOURCE / "doc" / "operators-guide.md").read_text()
    for name, text, sent in (
            ("obpub.yaml(5), for a backend", manual.partition("sends to a backend is")[2].partition("\n.It ")[0],
             backends | AUTHENTICATION),
            ("the guide, for a backend", guide.partition("obpub itself sends a backend")[2].partition("\n\n")[0],
             backends | AUTHENTICATION),
            ("obpub.yaml(5), for a local tor", manual.partition("Who has a filter before it")[2].partition("\n.It ")[0],
             # A tor that does not have the one events gets the others.
             {command for command in local_tors if command + " STREAM" not in local_tors})):
        listed = find_listed_commands(text)
        checks.check(f"the commands in {name} are those that are sent", listed == sent,
                     f"not listed: {sent - listed}, not sent: {listed - sent}")


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
    check_lists_of_commands()
    lines = (checks.SOURCE / "README.md").read_text().count("\n")
    checks.check(f"README.md has at most {README_LINES_MAX} lines", lines <= README_LINES_MAX, lines)
    checks.finish()


sys.exit(main())
