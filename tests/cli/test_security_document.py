"""SECURITY.md: every test and source file it names is there and is run, each claim names a test and has its row in the
table, and it is installed."""
import re

import checks

DOCUMENT = (checks.SOURCE / "SECURITY.md").read_text()
# Whose files are all run as tests: see tests/CMakeLists.txt. The rest are scripts for people.
RUN = ("tests/unit/test_", "tests/cli/test_", "tests/net/test_", "tests/fuzz/fuzz_")
SCRIPTS = ("tests/run.sh", "tests/fuzz.sh", "tests/coverage.sh")

named = re.findall(r"`((?:tests|src)/[^`\s]+)`", DOCUMENT)
checks.check("it names tests", len(named) > 20, named)
for path in sorted(set(named)):
    is_known = path.startswith(RUN + ("src/",)) or path in SCRIPTS
    checks.check(f"{path} is there", (checks.SOURCE / path).is_file() and is_known)

protected, _, rest = DOCUMENT.partition("## What is protected\n")[2].partition("## What is not\n")
claims = re.split(r"\n\n(?=\*\*)", protected.strip())
checks.check("there are claims, and it says what is not protected", len(claims) >= 8 and rest.count("\n- ") >= 5)
for claim in claims:
    checks.check(f"\"{claim[2:60]}...\" names a test", re.search(r"`tests/", claim) is not None)

# The table is the same claims in short: their names, processes that there are, and some of their tests.
rows = [[cell.strip() for cell in line.strip("|").split("|")]
        for line in DOCUMENT.partition("## What is protected\n")[0].splitlines() if line.startswith("|")][2:]
names = [re.match(r"\*\*(.*?)\.\*\*", claim, re.S)[1].replace("\n", " ") for claim in claims]
checks.check("the table has each claim, in the same order", [row[0] for row in rows] == names, rows)
for (name, processes, shown), claim in zip(rows, claims):
    known = {"engine", "signer", "reader", "agent", "gate", "keeper", "inspector"}
    checks.check(f"row \"{name}\" names processes", set(processes.split(", ")) <= known, processes)
    tests = re.findall(r"`(tests/[^`]*)`", shown)
    rest_of_it = re.sub(r"`tests/[^`]*`|[, ]", "", shown)
    checks.check(f"row \"{name}\" names tests of its claim",
                 tests and not rest_of_it and all((checks.SOURCE / test).is_file() and f"`{test}`" in claim for test in tests),
                 shown)
checks.check("the table comes after ten lines or so", DOCUMENT.partition("\n|")[0].count("\n") <= 15)

# A sentence about numbers has to stay true.
broken = (checks.SOURCE / "tests/cli/test_key_recovery.py").read_text().partition("BROKEN = {")[2].partition("\n}\n")[0]
lies = (checks.SOURCE / "tests/attack/hostile.py").read_text().partition("LIES = {")[2].partition("\n}\n")[0]
behind_agents = re.findall(r"^(?:PASSED_ON|KEPT) = \((.*?)\)$",
                           (checks.SOURCE / "tests/cli/test_hostile_agents.py").read_text(), re.M | re.S)
gatecrashers = (checks.SOURCE / "tests/attack/gatecrashers.py").read_text().partition("\nSTRANGERS = (")[2].partition(")")[0]
for count, what in ((len(re.findall(r'^    "', broken, re.M)), "kinds of broken signers"),
                    (len(re.findall(r"^    '", lies, re.M)), "lies at once"),
                    (len(re.findall(r'"[^"]+"', " ".join(behind_agents))), "of these lies, an agent before each"),
                    (len(gatecrashers.split(",")), "kinds of strangers at once")):
    checks.check(f"it says truly: {count} {what}", f"{count} {what}" in " ".join(DOCUMENT.split()))

checks.check("it is installed beside the README",
             re.search(r"install\(FILES [^)]*SECURITY\.md", (checks.SOURCE / "cmake/Install.cmake").read_text()))
checks.finish()
