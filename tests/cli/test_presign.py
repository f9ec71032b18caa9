"""obpub presign: what it makes, judged by other cryptography, and what it refuses."""
import hashlib
import calendar
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import time

import bundle_reader
import checks
from daemon import limit_locked

BUILD = pathlib.Path(os.environ.get("OBPUB_BUILD", "build")).resolve()
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
    checks.check("it is for so many days", 0 <= bundle.last_hour * HOUR - (began + 3 * DAY) <= HOUR + 60)
    checks.check("no certificate outlives the days",
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


def check_without_network(folder, config):
    """On a machine with no network: in a network namespace of its own, where not even the loopback is up."""
    unshare = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    look = subprocess.run([*unshare, "cat", "/proc/net/route"], capture_output=True, text=True)
    if look.returncode != 0:
        print(f"NOT CHECKED here, as no network namespace can be made ({look.stderr.strip()}): presign without a network")
        return
    checks.check("there is no network: no route to anywhere", len(look.stdout.splitlines()) <= 1, look.stdout)
    result = subprocess.run([*unshare, os.path.abspath(checks.OBPUB), "presign", "-c", config, "--days", "3", "-o",
                             folder / "offline.bundle"], capture_output=True, text=True, timeout=60, cwd=folder)
    checks.check("a bundle is made without a network", result.returncode == 0 and not result.stderr, result.stderr)
    one, other = (bundle_reader.Bundle((folder / name).read_bytes()) for name in ("offline.bundle", "good.bundle"))
    checks.check("it is as good as one made with it", one.identity_key == other.identity_key
                 and len(one.periods) >= 4, len(one.periods))


def check_owner(folder, config, path):
    """Root may sign with a key of the user that the daemon becomes: the config may be the daemon's."""
    if os.geteuid() != 0:
        return
    shared = folder / "daemon.yaml"
    checks.write(shared, f"user: nobody\n{config.read_text()}")
    for key in folder.glob("*.key"):
        shutil.chown(key, "nobody")
    result = presign(folder, shared, "of_daemon.bundle")
    for key in folder.glob("*.key"):
        shutil.chown(key, 0)
    checks.check("root signs with the daemon's keys", result.returncode == 0 and bundle_reader.Bundle(
        (folder / "of_daemon.bundle").read_bytes()).identity_key == bundle_reader.Bundle(path.read_bytes()).identity_key,
        result.stderr)


def check_lock_limit(folder, config):
    """Where no memory can be locked, it says so, and goes on: nobody but it has the keys."""
    result = subprocess.run([os.path.abspath(checks.OBPUB), "presign", "-c", config, "--days", "3", "-o",
                             folder / "swapped.bundle"], capture_output=True, text=True, timeout=60, cwd=folder,
                            preexec_fn=lambda: limit_locked(0))
    checks.check("a limit on locked memory is said", result.returncode == 0 and re.search(
        r"^obpub: warning: keys can't be locked into memory here, .*: the limit is 0 bytes", result.stderr),
        result.stderr)


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
            ("periods shorter than its voting interval", presign(folder, one, "x", "--period-minutes", 30,
                                                                 "--voting-interval", 3600), 2, "no bundle can be made"),
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


def check_offline_config(folder):
    """The publisher's config will do, though the files that open control ports are not on this machine."""
    control = "        control: 127.0.0.1:1\n        control-password-file: elsewhere.password\n"
    config = write_config(folder, "elsewhere.yaml", ["pem.key"], control)
    result = presign(folder, config, "elsewhere.bundle")
    checks.check("password files need not be there", result.returncode == 0, result.stderr)
    config = write_config(folder, "from-bundle.yaml", ["elsewhere.bundle"])
    result = presign(folder, config, "x")
    checks.check("refused: a bundle from a bundle", result.returncode == 2 and "is a bundle itself" in result.stderr,
                 result.stderr)


def make_bundle(folder, key, name, made_at, days=1):
    """A bundle as of another time."""
    subprocess.run([BUILD / "tests" / "make_bundle", key.seed.hex(), str(int(made_at)), str(days), "1440", "3600",
                    folder / name], check=True, timeout=60)
    return folder / name


def with_bad_signature(bundle, name):
    """A copy of a bundle with a checksum that fits and a bad signature in a certificate that is not the first one of its
    time period: the first ones are looked at by whatever reads a bundle."""
    data = bytearray(bundle.read_bytes())
    read = bundle_reader.Bundle(bytes(data))
    counts = [period.count for period in read.periods]
    middle = len(counts) // 2
    assert counts[middle] > 1, counts
    data[bundle_reader.HEADER.size + len(counts) * bundle_reader.PERIOD.size + (sum(counts[:middle]) + 1) * 64] ^= 1
    data[-32:] = hashlib.sha3_256(data[:-32]).digest()
    return checks.write(bundle.parent / name, bytes(data))


def check_check(folder):
    """obpub --check on bundles."""
    key, now = checks.Key(), time.time()
    good = make_bundle(folder, key, "month.bundle", now, 30)
    damaged = bytearray(good.read_bytes())
    damaged[200] ^= 4
    for name, status, words in (
            (good.name, 0, ""),
            (make_bundle(folder, key, "week.bundle", now, 6).name, 0, "runs out at"),
            (make_bundle(folder, key, "old.bundle", now - 3 * DAY, 1).name, 2, "ran out at"),
            (make_bundle(folder, key, "early.bundle", now + 3 * DAY, 30).name, 2, "good only from"),
            (checks.write(folder / "damaged.bundle", bytes(damaged)).name, 2, "its checksum does not fit"),
            (checks.write(folder / "short.bundle", good.read_bytes()[:-1]).name, 2, "cut short"),
            (with_bad_signature(good, "signature.bundle").name, 2, "bad signature"),
            (checks.write(folder / "open.bundle", good.read_bytes(), 0o644).name, 2, "chmod 600"),
    ):
        config = write_config(folder, "check.yaml", [name])
        result = checks.run("--check", "-c", config)
        checks.check(f"--check of {name}", result.returncode == status and words in result.stderr
                     and bool(words) == bool(result.stderr), f"{result.returncode}: {result.stderr}")
        as_json = json.loads(checks.run("--check", "--json", "-c", config).stdout)
        checks.check(f"--check --json of {name}", bool(as_json["errors"]) == (status == 2)
                     and (status == 2 or as_json["services"][0]["keyFormat"] == "bundle"), as_json)
    config = write_config(folder, "check.yaml", [good.name])
    result = checks.run("--check", "-c", config)
    checks.check("--check says until when it is good", "(presigned bundle)" in result.stdout
                 and re.search(r"good until \d{4}-\d\d-\d\d \d\d:00 UTC", result.stdout) is not None, result.stdout)
    bundle = json.loads(checks.run("--check", "--json", "-c", config).stdout)["services"][0]["bundle"]
    begins, expires = (calendar.timegm(time.strptime(bundle[key], "%Y-%m-%d %H:%M:%S")) for key in ("begins", "expires"))
    checks.check("--check --json says until when it is good", bundle["state"] == "good" and bundle["error"] is None
                 and begins <= now and 30 * DAY <= expires - now <= 30 * DAY + HOUR, bundle)


def main():
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        one, two, path = check_made(folder)
        check_without_network(folder, one)
        check_owner(folder, one, path)
        check_lock_limit(folder, one)
        check_overwriting(folder, one, two, path)
        check_refused(folder, one, two)
        check_offline_config(folder)
        check_check(folder)
    checks.finish()


sys.exit(main())
