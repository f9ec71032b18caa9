"""The image of packaging/Containerfile, built by buildah on a new Debian, and run as packaging/container/kubernetes.yaml says:
as its user, without capabilities, on a root that is read-only, with a key that is root's and a group's, beside the tor of the
other image. There is no network, so nothing is published. What Kubernetes itself makes of the examples isn't tried: there is
no API server here. They are read by what knows their format, docker-compose and the client of Kubernetes' API, and what they
say is what is run. Needs root."""
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "cli"))
import checks  # noqa: E402
import yaml  # noqa: E402
from kubernetes.client import ApiClient  # noqa: E402

from harness.blocks import Reader  # noqa: E402
from harness.process import children  # noqa: E402

SKIPPED = 77
BUILDING = 900
PAGE, GUIDE, CONTAINERFILE = "doc/kubernetes.md", "doc/operators-guide.md", "packaging/Containerfile"
PACKAGING = checks.SOURCE / "packaging"
SUITES = {"12": "bookworm", "13": "trixie"}
reader = Reader(__file__)
IMAGES = {"obpub": "obpub:latest", "tor": "obpub-tor:latest"}
# Runs a command in an image's files as the kubelet would have it: $1 is the folder of these, $2 and $3 user and group, $4 a
# group that volumes have, and then come volumes, as "ro" or "rw", the folder and the place, until "--".
CONTAINER = r"""
root=$1 user=$2 group=$3 more=$4
shift 4
mount --make-rprivate / && mount --bind "$root" "$root" && cd "$root" || exit 99
while [ "$1" != -- ]; do
    mkdir -p "$(dirname ".$3")" && if [ -d "$2" ]; then mkdir -p ".$3"; else touch ".$3"; fi
    mount --bind "$2" ".$3" || exit 99
    [ "$1" = rw ] || mount -o remount,bind,ro ".$3" || exit 99
    shift 3
done
shift
mount --rbind /dev dev && mount -t proc proc proc && mount -o remount,bind,ro . || exit 99
exec chroot . setpriv --reuid "$user" --regid "$group" --groups "$more" --bounding-set=-all --inh-caps=-all \
    --no-new-privs "$@"
"""


def run(*command, **keywords):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=BUILDING,
                          stdin=subprocess.DEVNULL, **keywords)


class Store:
    """buildah, with images in a folder of its own."""

    def __init__(self, folder):
        self.command = ["buildah", "--storage-driver", "vfs", "--root", folder / "images", "--runroot", folder / "run"]

    def run(self, *command):
        # Whatever a build starts ends with it.
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "nice"]
        result = run(*apart, *self.command, *command, env={**os.environ, "BUILDAH_ISOLATION": "chroot"}, cwd=checks.SOURCE)
        if result.returncode != 0:
            checks.check(f"buildah {command[0]}", False, result.stdout[-2000:] + result.stderr[-3000:])
            checks.finish()
        return result.stdout.strip()

    def run_in(self, tag, *command):
        """Runs a command in the image, as buildah does it; returns what it prints."""
        container = self.run("from", "--pull-never", tag)
        return self.run("run", container, "--", *command)

    def import_base(self, archive):
        container = self.run("from", "scratch")
        self.run("add", container, archive, "/")
        self.run("commit", "-q", "--rm", container, "localhost/base")

    def build(self, command):
        """What a page has, in the source's folder, with the Debian that is here."""
        buildah, bud, *words = shlex.split(command)
        checks.check(f"it is such a command: {command}", (buildah, bud) == ("buildah", "bud"))
        self.run(bud, "--pull-never", "--build-arg", "BASE=localhost/base", *words)

    def unpack(self, tag, folder):
        """The image's files, in a folder."""
        container = self.run("from", "--pull-never", tag)
        folder.mkdir()
        archive = f'cd "$(buildah "$@" mount {container})" && tar -c . | tar -x -C {shlex.quote(str(folder))}'
        result = run("unshare", "--mount", "sh", "-c", archive, "sh", *self.command[1:])
        checks.check(f"the files of {tag} are had", result.returncode == 0, result.stderr)
        return folder


class Pod:
    """The containers of the Deployment, with volumes that are folders."""

    def __init__(self, folder, roots):
        documents = list(yaml.safe_load_all((PACKAGING / "container/kubernetes.yaml").read_text()))
        self.spec = documents[0]["spec"]["template"]["spec"]
        self.containers = {each["name"]: each for each in self.spec["containers"]}
        self.roots, self.folder = roots, folder
        self.processes = []
        self.volumes = {each["name"]: each for each in self.spec["volumes"]}
        for name, volume in self.volumes.items():
            self._make_volume(name, volume)

    def _make_volume(self, name, volume):
        """As a kubelet makes it: root's, and the group's of fsGroup."""
        group = self.spec["securityContext"]["fsGroup"]
        place = self.folder / name
        place.mkdir()
        os.chown(place, 0, group)
        place.chmod(0o2777)
        if "secret" in volume:
            mode = volume["secret"]["defaultMode"]
            key = checks.write(place / "frontend.key", checks.Key().pem())
            os.chown(key, 0, group)
            key.chmod(mode | 0o040)
        if "configMap" in volume:
            self.write_config((PACKAGING / "container/config.yaml").read_text(), 0)
            (place / "config.yaml").symlink_to("..data/config.yaml")

    def write_config(self, text, number):
        """As a kubelet puts a ConfigMap that has changed in the place of the one before."""
        place = self.folder / "config"
        (place / f"..{number}").mkdir(mode=0o755)
        checks.write(place / f"..{number}/config.yaml", text, 0o644)
        (place / "..data_tmp").symlink_to(f"..{number}")
        (place / "..data_tmp").rename(place / "..data")

    def command(self, name, *words):
        context = self.spec["securityContext"]
        container = self.containers[name]
        volumes = []
        for mount in container["volumeMounts"]:
            place = self.folder / mount["name"] / mount.get("subPath", "")
            volumes += ["ro" if mount.get("readOnly") else "rw", place, mount["mountPath"]]
        return [str(word) for word in ("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-c", CONTAINER,
                                       "sh", self.roots[name], context["runAsUser"], context["runAsGroup"],
                                       context["fsGroup"], *volumes, "--", *words)]

    def start(self, name, *words):
        log = open(self.folder / f"{name}.log", "w+")
        process = subprocess.Popen(self.command(name, *words), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def run(self, name, *words):
        return run(*self.command(name, *words))

    def execute(self, process, *words):
        """Runs something in a container that runs already."""
        return run("nsenter", "-t", children(process.pid)[0], "--mount", "--pid", "--root", "--wd", *words)

    def probe(self, kind):
        """What a probe's command ends with."""
        return self.run("obpub", *self.containers["obpub"][f"{kind}Probe"]["exec"]["command"]).returncode

    def end(self):
        for process in self.processes:
            process.kill()
            process.wait()


class Response:
    """What the client of the API takes an object out of."""

    def __init__(self, content):
        self.data = json.dumps(content)


def knows_kubernetes(deployment):
    """Whether the API has each key of a Deployment, at its place and with such a value: what it does not know gets lost."""
    client = ApiClient()
    try:
        return client.sanitize_for_serialization(client.deserialize(Response(deployment), "V1Deployment")) == deployment
    except (TypeError, ValueError, AttributeError):
        return False


def check_formats():
    """The examples by what knows their formats; and that a mistyped key would be seen."""
    text = (PACKAGING / "container/kubernetes.yaml").read_text()
    deployment, = yaml.safe_load_all(text)
    checks.check("Kubernetes' API knows all keys of the Deployment", knows_kubernetes(deployment))
    mistyped, = yaml.safe_load_all(text.replace("readOnlyRootFilesystem", "readOnlyRoot"))
    checks.check("... and none that is mistyped", not knows_kubernetes(mistyped))
    compose = PACKAGING / "container/compose.yaml"
    result = run("docker-compose", "-f", compose, "config", "--quiet")
    checks.check("docker-compose takes its example", result.returncode == 0, result.stderr)
    with checks.temporary_folder() as name:
        mistyped = checks.write(pathlib.Path(name) / "compose.yaml", compose.read_text().replace("read_only:", "read_onl:"))
        result = run("docker-compose", "-f", mistyped, "config", "--quiet")
        checks.check("... and not with a mistyped key", result.returncode != 0 and "read_onl" in result.stderr, result.stderr)


def check_examples():
    """What one part of the examples names another has."""
    deployment, = yaml.safe_load_all((PACKAGING / "container/kubernetes.yaml").read_text())
    spec = deployment["spec"]["template"]["spec"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    checks.check("the Deployment's selector finds its pods", deployment["spec"]["selector"]["matchLabels"] == labels)
    checks.check("its pod is nobody's with powers", spec["securityContext"]["runAsNonRoot"] is True
                 and spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"})
    names = {volume["name"] for volume in spec["volumes"]}
    used = {mount["name"] for each in spec["containers"] for mount in each["volumeMounts"]}
    checks.check("the volumes are those that are used", names == used, names ^ used)
    for each in spec["containers"]:
        checks.check(f"{each['name']} has no capability and a root that is read-only", each["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}})
        checks.check(f"the image of {each['name']} is one of these", each["image"] == IMAGES[each["name"]])
    keys = [each["name"] for each in spec["containers"] if "keys" in {mount["name"] for mount in each["volumeMounts"]}]
    checks.check("obpub alone has the keys", keys == ["obpub"], keys)
    compose = yaml.safe_load((PACKAGING / "container/compose.yaml").read_text())
    for name, service in compose["services"].items():
        checks.check(f"compose: {name} has no capability and a root that is read-only", service["cap_drop"] == ["ALL"]
                     and "cap_add" not in service and service["read_only"] is True and service["user"] == "1500:1500"
                     and service["security_opt"] == ["no-new-privileges"])
        volumes = {volume.split(":")[0] for volume in service["volumes"] if not volume.startswith(".")}
        checks.check(f"compose: the volumes of {name} are there", volumes <= set(compose["volumes"]), volumes)
        checks.check(f"compose: {name} is built of a target that there is",
                     f" AS {service['build']['target']}\n" in (PACKAGING / "Containerfile").read_text())
        checks.check(f"compose: what {name} waits for is there", set(service.get("depends_on", {})) <= set(compose["services"]))


def is_part(part, whole):
    """Whether all that one piece of YAML says another says as well."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and is_part(value, whole[key]) for key, value in part.items())
    if isinstance(part, list) and all(isinstance(each, dict) for each in part):
        return all(any(is_part(each, other) for other in whole) for each in part)
    return part == whole


def check_page():
    """The page about pods: its pod is a part of the Deployment, which is run here, but for the Secret's name; and its
    init container's command copies a key as it says."""
    deployment, = yaml.safe_load_all((PACKAGING / "container/kubernetes.yaml").read_text())
    spec = yaml.safe_load(reader.take(PAGE, "spec:"))["spec"]
    whole = deployment["spec"]["template"]["spec"]
    checks.check("the comparison can fail", is_part({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]})
                 and not is_part({"a": [{"b": 1}]}, {"a": [{"b": 2}]}))
    secret, = [volume["secret"] for volume in spec["volumes"]]
    names = secret.pop("secretName"), [volume["secret"]["secretName"] for volume in whole["volumes"] if "secret" in volume]
    checks.check(f"the page's pod is a part of the Deployment, with another Secret: {names}", is_part(spec, whole), spec)
    copying = yaml.safe_load(reader.take(PAGE, "initContainers:"))
    container, = copying["initContainers"]
    volumes = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    checks.check("the init container's volumes are there", set(volumes) == {each["name"] for each in copying["volumes"]},
                 volumes)
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        places = {path: folder / volume for volume, path in volumes.items()}
        for place in places.values():
            place.mkdir()
        checks.write(folder / "secret" / "frontend.key", checks.Key().pem(), 0o440)
        command = [next((f"{place}{word[len(path):]}" for path, place in places.items() if word.startswith(f"{path}/")), word)
                   for word in container["command"]]
        result = run(*command)
        copy = folder / "keys" / "frontend.key"
        checks.check("it copies the key, for nobody else to read", result.returncode == 0
                     and copy.stat().st_mode & 0o777 == 0o400
                     and copy.read_bytes() == (folder / "secret" / "frontend.key").read_bytes(), result.stderr)


def read_settings(store, tag):
    """What an image says of how to run it."""
    return json.loads(store.run("inspect", "--type", "image", tag))["OCIv1"]["config"]


def check_image(settings):
    checks.check("the image's user is a number without powers", settings["User"] == "1500:1500", settings)
    checks.check("it runs obpub with its config", (settings["Entrypoint"], settings["Cmd"], settings["WorkingDir"])
                 == (["obpub"], ["-c", "/etc/obpub/config.yaml"], "/etc/obpub"), settings)


def check_pod(pod, settings):
    checks.check("before it runs it is not alive", pod.probe("liveness") != 0)
    arguments = pod.containers["obpub"]["args"]
    result = pod.run("obpub", "obpub", "--check", *arguments)
    checks.check("the config and the Secret's key are good", result.returncode == 0 and "frontend " in result.stdout,
                 result.stdout + result.stderr)
    result = pod.run("obpub", "sh", "-c", "id -u; touch /etc/x; grep -E 'Cap|NoNew' /proc/self/status")
    checks.check("the container is as it is to be", result.stdout.split()[0] == "1500" and "Read-only" in result.stderr
                 and result.stdout.count("\t0000000000000000\n") == 5 and "NoNewPrivs:\t1" in result.stdout,
                 result.stdout + result.stderr)
    # There is no way to the directory authorities.
    tor = pod.start("tor", *settings["tor"]["Entrypoint"], "--DisableNetwork", "1")
    checks.check("its tor opens the control socket",
                 checks.wait_for((pod.folder / "tor-run/own/control").exists, 60), pod.log("tor"))
    obpub = pod.start("obpub", *settings["obpub"]["Entrypoint"], *arguments)
    checks.check("it has started, and is alive", checks.wait_for(lambda: pod.probe("startup") == 0, 60), pod.log("obpub"))
    checks.check("and stays so", pod.probe("liveness") == 0, pod.log("obpub"))
    checks.check("it is not ready: nothing is published", pod.probe("readiness") == 1)
    status = pod.run("obpub", "obpub", "status", *arguments)
    checks.check("it got through to the tor beside it, cookie and all", checks.wait_for(
        lambda: "its tor is connected" in pod.run("obpub", "obpub", "status", *arguments).stdout),
        status.stdout + pod.log("obpub"))
    check_reload(pod, obpub)
    checks.check("both go on", tor.poll() is None and obpub.poll() is None)
    began = time.monotonic()
    for pid in children(obpub.pid):
        os.kill(pid, signal.SIGTERM)
    checks.check("SIGTERM ends it well", obpub.wait(30) == 0, pod.log("obpub"))
    checks.check("within the time that the pod gives it",
                 time.monotonic() - began < pod.spec["terminationGracePeriodSeconds"])
    log = pod.log("obpub")
    checks.check("no process blames another", "has ended" not in log, log)


def check_reload(pod, obpub):
    """The ConfigMap changes, and obpub is told so as the page about pods says."""
    kubectl, _, command = reader.take(PAGE, "kubectl exec").partition(" -- ")
    checks.check("the page's command is for this container", kubectl == "kubectl exec <pod> -c obpub", kubectl)
    config = (PACKAGING / "container/config.yaml").read_text()
    pod.write_config(config.replace("node1", "another"), 1)
    result = pod.execute(obpub, *shlex.split(command))
    checks.check("it is told of another config", result.returncode == 0, result.stdout + result.stderr)
    checks.check("and reads it", checks.wait_for(lambda: "backend another has another name" in pod.log("obpub")),
                 pod.log("obpub"))


def main():
    if os.geteuid() != 0 or run("unshare", "--mount", "--pid", "--net", "--fork", "true").returncode != 0:
        print("left out: only root can make namespaces, and containers in them")
        return SKIPPED
    check_formats()
    check_examples()
    check_page()
    with checks.temporary_folder() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        store = Store(folder)
        base = re.search(r"^ARG BASE=docker.io/library/debian:(\d+)-slim$", (PACKAGING / "Containerfile").read_text(), re.M)[1]
        result = run("nice", "sh", checks.SOURCE / "tests/debian.sh", "--suite", SUITES[base], folder / "base.tar")
        checks.check("a new Debian is made", result.returncode == 0, result.stderr)
        store.import_base(folder / "base.tar")
        roots = {}
        commands = reader.take(GUIDE, "buildah bud")
        checks.check("the Containerfile says the same", reader.take(CONTAINERFILE, "buildah bud") == commands, commands)
        for command in commands.strip().split("\n"):
            store.build(command)
        for target, tag in IMAGES.items():
            roots[target] = store.unpack(tag, folder / target)
        settings = {target: read_settings(store, tag) for target, tag in IMAGES.items()}
        check_image(settings["obpub"])
        version = store.run_in(IMAGES["obpub"], "obpub", "--version")
        checks.check("buildah runs obpub in its image", version.startswith("obpub "), version)
        version = store.run_in(IMAGES["tor"], "tor", "--version")
        checks.check("and tor in the other", version.startswith("Tor version "), version)
        (folder / "volumes").mkdir()
        pod = Pod(folder / "volumes", roots)
        try:
            check_pod(pod, settings)
        finally:
            pod.end()
    reader.finish()
    checks.finish()


if __name__ == "__main__":
    sys.exit(main())
