"""Every block of commands, config or anything else in the documents is run by a test that takes it from there, or the table
(tests/net/harness/blocks_table.py) says why not; and the tests that the table names do that."""
import pathlib
import re

import checks
from harness.blocks import REST, BlocksError, Reader, find_blocks, find_documents, find_entry, tests_of
from harness.blocks_table import TABLE, NotRun

FOLDERS = ("cli", "net", "package", "soak")


def find_problems(document, blocks, rows):
    """What the table has wrong of a document."""
    problems = []
    taken = [find_entry(block, rows) for block in blocks]
    for block, key in zip(blocks, taken):
        if key is None:
            problems.append(f"{document}:{block.line}: no test runs this, and no reason is given: {block.text.splitlines()[0]}")
    for key in rows:
        if taken.count(key) != 1 and (key != REST or key not in taken):
            problems.append(f"{document}: {taken.count(key)} blocks begin with \"{key}\"")
    return problems


def find_test(name):
    """The file of a test that the table names."""
    folder, _, stem = name.partition("-")
    return checks.SOURCE / "tests" / folder / (f"{stem}.py" if folder == "soak" else f"test_{stem}.py")


def find_fault(name, documents, path):
    """Why a test can't be what the table says, or None: it has to read these documents by a Reader, and to finish that."""
    if name.partition("-")[0] not in FOLDERS or not path.is_file():
        return "there is no such test"
    source = path.read_text()
    if not re.search(r"\bReader\(__file__\)", source) or not re.search(r"\.finish\(\)", source):
        return "it has no Reader, or does not finish it"
    missing = [document for document in documents if document not in source]
    return f"it does not read {missing}" if missing else None


def check_that_it_can_fail():
    text = "# A\n\nText.\n\n    one\n\n    still one\n\nmore\n    of the text\n\n- item\n\n      two\n```sh\nthree\n```\n"
    blocks = find_blocks("a.md", text)
    checks.check("blocks are found", [block.text for block in blocks] == ["one\n\nstill one\n", "two\n", "three\n"], blocks)
    checks.check("with their lines and headings", [(block.line, block.heading) for block in blocks]
                 == [(5, "A"), (14, "A"), (16, "A")], blocks)
    manual = ".Sh A\n.Dl # one \\(dqx\\(dq\n.Dl # two\ntext\n.Bd -literal\nthree\n.Ed\n"
    found = [block.text for block in find_blocks("a.8", manual)]
    checks.check("those of manuals, too, without their prompts", found == ["one \"x\"\ntwo\n", "three\n"], found)
    found = [block.text for block in find_blocks("a.yaml", "# Text:\n#\n#     one\n#\nkey:\n    - value\n")]
    checks.check("and those of comments", found == ["one\n"], found)
    for rows, problems in (({"one": "cli-x", "two": NotRun("no"), "three": "cli-x"}, 0), ({"one": "cli-x", REST: "cli-y"}, 0),
                           ({"one": "cli-x", "two": "cli-x"}, 1), ({REST: "cli-x", "four": "cli-x"}, 1),
                           ({"t": "cli-x", "one": "cli-x"}, 1), ({}, 3),
                           ({"one": "cli-x", "two": "cli-x", "three": "cli-x", REST: "cli-x"}, 1)):
        found = find_problems("a.md", blocks, rows)
        checks.check(f"{problems} problems of {rows}", len(found) == problems, found)
    with checks.temporary_folder() as name:
        path = pathlib.Path(name) / "test_x.py"
        good = "reader = Reader(__file__)\nreader.take('README.md', 'x')\nreader.finish()\n"
        for source, is_good in ((good, True), (good.replace("README", "OTHER"), False), (good.replace("finish", "end"), False),
                                (good.replace("Reader(", "open("), False)):
            checks.write(path, source)
            found = find_fault("cli-x", ["README.md"], path)
            checks.check(f"a test is {'good' if is_good else 'none'}: {source!a}", (found is None) == is_good, found)
    checks.check("so is one that is not there", find_fault("cli-x", [], path) and find_fault("x", [], pathlib.Path(__file__)))
    reader = Reader(checks.SOURCE / "tests/cli/test_command_blocks.py")
    for words, call in (("give", lambda: reader.take("README.md", "adduser")),
                        ("not say", lambda: reader.quote("README.md", "obpub --nothing"))):
        try:
            call()
            checks.check(f"a reader takes nothing else: {words}", False)
        except BlocksError as error:
            checks.check(f"a reader takes nothing else: {error}", words in str(error))
    reader = Reader(checks.SOURCE / "tests/net/test_topologies.py")
    try:
        reader.finish()
        checks.check("a reader leaves out none", False)
    except BlocksError as error:
        checks.check("a reader leaves out none", "softmap-1" in str(error), error)


def main():
    check_that_it_can_fail()
    documents = {document: find_blocks(document) for document in find_documents()}
    checks.check("there are documents with blocks", sum(map(bool, documents.values())) >= 15, list(documents))
    for document in sorted(set(TABLE) | {document for document, blocks in documents.items() if blocks}):
        problems = find_problems(document, documents.get(document, []), TABLE.get(document, {}))
        checks.check(f"each block of {document} is run, or it is said why not", not problems, "\n    ".join(problems))
    named = {}
    for document, rows in TABLE.items():
        for value in rows.values():
            for test in tests_of(value):
                named.setdefault(test, set()).add(document)
    for test, names in sorted(named.items()):
        fault = find_fault(test, sorted(names), find_test(test))
        checks.check(f"{test} takes what it runs from the documents", fault is None, fault)
    checks.finish()


main()
