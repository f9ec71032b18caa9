"""obpub presign: what it makes, judged by other cryptography, and what it refuses."""
import os
import pathlib
import re
import stat
import sys
import time

import bundle_reader
import checks

HOUR, DAY = 3600, 86400


def write_config(folder, name, keys, extra=""):
    backend = checks.Key().address
    lines = [f"  - key: {key}\n    instances:\n      - address: {backend}.onion\n{extra}" for key in keys]
    return checks.write(folder / name, "services:\n" + "".join(lines))


def presign(folder, config, output, *arguments, days=3):
    return checks.run("presign", "-c", config, "--days", days, "-o", output, *arguments, folder=folder)


def check_made(folder):
    key, other = checks.Key(), checks.Key()
    checks.write(folder / "pem.key", key.pem())
    checks.write(folder / "tor.key", other.tor())
    one, two = write_config(folder, "one.yaml", ["pem.key"]), write_config(folder, "two.yaml", ["pem.key", "tor.key"])

    began = time.time()
    result = presign(folder, one, "good.bundle")
    checks.check("a bundle is made", result.returncode == 0 and not result.stderr
                 and f"{key.address}.onion" in result.stdout, f"{result.returncode}: {result.stderr}")
    path = folder / "good.bundle"
    checks.check("only its owner can read it", stat.S_IMODE(path.stat().st_mode) == 0o600, oct(path.stat().st_mode))
    data = path.read_bytes()
    bundle = bundle_reader.Bundle(data)
    checks.check("its keys, certificates and checksum are good, by other cryptography", True)
    checks.check("it is the frontend's", bundle.identity_key == key.public)
    checks.check("it says when it was made", began - 1 <= bundle.created <= time.time())
    checks.check("it is for the public network", (bundle.voting_interval, bundle.period_length) == (3600, 1440))
    checks.check("it is for so many days", 0 <= (bundle.last_hour - 54) * HOUR - (began + 3 * DAY) <= HOUR + 60)
    checks.check("nothing outlives the days by more than a certificate does",
                 all(period.first_hour + period.count - 1 <= bundle.last_hour for period in bundle.periods))
    today = int(began // 60 - 720) // 1440
    numbers = [period.number for period in bundle.periods]
    checks.check("it has the periods before and after", numbers[0] in (today - 1, today)
                 and numbers == list(range(numbers[0], numbers[-1] + 1)) and numbers[-1] in (today + 3, today + 4),
                 f"{today}: {numbers}")
    checks.check("no master key is in it", not any(secret in data for secret in (
        key.seed, key.expanded()[:32], key.expanded()[32:])))
    checks.check("it says until when it is good", re.search(r"until \d{4}-\d\d-\d\d \d\d:00 UTC", result.stdout)
                 is not None, result.stdout)
    checks.check("each run draws its own signing keys", presign(folder, one, "again.bundle").returncode == 0 and
                 not {period.signing_key for period in bundle.periods}
                 & {period.signing_key for period in bundle_reader.Bundle((folder / "again.bundle").read_bytes()).periods})

    result = presign(folder, two, "all")
    files = sorted(file.name for file in (folder / "all").iterdir())
    checks.check("several frontends: a folder with a file of each", result.returncode == 0
                 and files == sorted([f"{key.address}.bundle", f"{other.address}.bundle"])
                 and stat.S_IMODE((folder / "all").stat().st_mode) == 0o700, f"{files} {result.stderr}")
    checks.check("of a key in tor's form, too", bundle_reader.Bundle(
        (folder / "all" / f"{other.address}.bundle").read_bytes()).identity_key == other.public)
    result = presign(folder, one, "all", "--force")
    checks.check("one frontend, and a folder that is there", result.returncode == 0
                 and sorted(file.name for file in (folder / "all").iterdir()) == files, result.stderr)

    result = presign(folder, one, "testing.bundle", "--period-minutes", 4, days=1)
    testing = bundle_reader.Bundle((folder / "testing.bundle").read_bytes())
    now = int(time.time())
    checks.check("another network's time periods", result.returncode == 0
                 and (testing.voting_interval, testing.period_length) == (10, 4)
                 and {(now // 60 - 2) // 4 - 1, (now // 60 - 2 + 1440) // 4} <= {period.number for period in testing.periods},
                 result.stderr)
    result = presign(folder, one, "other.bundle", "--period-minutes", 601, "--voting-interval", 3600, days=1)
    other_bundle = bundle_reader.Bundle((folder / "other.bundle").read_bytes())
    checks.check("time periods that are no shared-random run", result.returncode == 0
                 and (other_bundle.voting_interval, other_bundle.period_length) == (3600, 601), result.stderr)
    return one, two, path


def check_overwriting(folder, one, two, path):
    before = path.read_bytes()
    result = presign(folder, one, path.name)
    checks.check("a file that is there is not replaced", result.returncode == 2 and "--force" in result.stderr
                 and path.read_bytes() == before, f"{result.returncode}: {result.stderr}")
    result = presign(folder, two, "all")
    checks.check("nor is one of several", result.returncode == 2 and "--force" in result.stderr, result.stderr)
    link = folder / "link.bundle"
    link.symlink_to("nothing")
    result = presign(folder, one, link.name)
    checks.check("nor a link that leads nowhere", result.returncode == 2 and link.is_symlink(), result.stderr)
    result = presign(folder, one, path.name, "--force")
    checks.check("with --force it is", result.returncode == 0 and path.read_bytes() != before
                 and bundle_reader.Bundle(path.read_bytes()), result.stderr)
    checks.check("nothing else is left behind", not [name for name in os.listdir(folder) if ".bundle." in name],
                 os.listdir(folder))


def check_refused(folder, one, two):
    bad_key = write_config(folder, "bad.yaml", ["missing.key"])
    for what, result, status, words in (
            ("no days", checks.run("presign", "-c", one, "-o", "x"), 2, "--days"),
            ("no file", checks.run("presign", "-c", one, "--days", "3"), 2, "-o FILE"),
            ("0 days", presign(folder, one, "x", days=0), 2, "1 to 366"),
            ("367 days", presign(folder, one, "x", days=367), 2, "1 to 366"),
            ("days that are none", presign(folder, one, "x", days="3d"), 2, "no number of days"),
            ("too many short periods", presign(folder, one, "x", "--period-minutes", 4, days=60), 2, "fewer days"),
            ("an odd period alone", presign(folder, one, "x", "--period-minutes", 601), 2, "--voting-interval"),
            ("periods of no network", presign(folder, one, "x", "--period-minutes", 2), 2, "no network"),
            ("a voting interval of no network", presign(folder, one, "x", "--voting-interval", 5), 2, "no network"),
            ("a file for two", presign(folder, two, "one.yaml", "--force"), 2, "need a folder"),
            ("a folder that is not there", presign(folder, one, "nowhere/x"), 2, "nowhere/x"),
            ("a key that is not there", presign(folder, bad_key, "x"), 2, "missing.key"),
            ("a config that is not there", presign(folder, "no.yaml", "x"), 2, "no.yaml"),
            ("--once", presign(folder, one, "x", "--once"), 2, "of \"obpub presign\""),
            ("a folder that is a file", presign(folder, one, "one.yaml/x"), 2, "one.yaml/x"),
    ):
        checks.check(f"refused: {what}", result.returncode == status and words in result.stderr and not result.stdout,
                     f"{result.returncode}: {result.stderr}{result.stdout}")
    checks.check("what was refused left nothing", not (folder / "x").exists())
    help_text = checks.run("presign", "--help")
    checks.check("presign --help", help_text.returncode == 0 and "--days" in help_text.stdout, help_text.stderr)


def main():
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        one, two, path = check_made(folder)
        check_overwriting(folder, one, two, path)
        check_refused(folder, one, two)
    checks.finish()


sys.exit(main())
