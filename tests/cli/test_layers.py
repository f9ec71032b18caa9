"""The house stands: no file includes a header of a layer above its own, and the lower layers know of no sockets, files,
clocks or randomness."""
import pathlib
import re
import sys

import checks

# From the lowest to the highest. Those of one row stand side by side.
LAYERS = (("base",), ("crypto",), ("onion",), ("publish",), ("address", "files"), ("confine",), ("process", "socks"),
          ("control", "config", "signer"), ("report", "reader"), ("engine", "agent"), ("command",), ("main",))
RANK = {layer: rank for rank, row in enumerate(LAYERS) for layer in row}
# What the layers up to publish are given by their callers, and so must not get for themselves.
PURE = RANK["publish"]
IMPURE = re.compile(r"event2?[./].*|fcntl\.h|unistd\.h|poll\.h|dirent\.h|time\.h|netdb\.h|netinet/.*|arpa/.*"
                    r"|sys/(socket|stat|time|random|un|uio|epoll|select)\.h|openssl/rand\.h|yaml\.h|jansson\.h")
# What of base gets them, for the layers above publish alone.
TOOLS = {"base/clock", "base/log", "base/timeval"}
# These reckon with a moment that their caller names.
RECKONERS = {"base/calendar"}
# Rooms with files that are two halves of one conversation, and include each other.
CIRCLES = ("config", "control", "signer")
# Which files call libsodium or lib25519 for points and scalars: all others have that from crypto/curve.h.
CURVE = ("crypto/curve_scalar.c", "crypto/curve_sodium.c", "crypto/curve_lib25519.c")
CURVE_CALL = re.compile(r"\b(crypto_(sign|scalarmult|core_ed25519|core_ristretto255|box|kx)\w*|lib25519_\w+"
                        r"|EVP_PKEY_(X|ED)25519)\b|<lib25519\.h>")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)


def layer_of(path):
    """The layer of a path below src/, or None when it has none."""
    parts = pathlib.PurePosixPath(path).parts
    if len(parts) > 1:
        return parts[0] if parts[0] in RANK else None
    return "main" if parts[0] == "main.c" else None


def is_tool(path):
    return path.rsplit(".", 1)[0] in TOOLS


def is_pure(path):
    """Whether a file gets what has to do with the world from its caller."""
    return RANK[layer_of(path)] <= PURE and path.rsplit(".", 1)[0] not in TOOLS | RECKONERS


def find_faults(path, text, siblings=()):
    """What is wrong with the includes of a file, given as its path below src/ and its text."""
    layer = layer_of(path)
    if layer is None:
        return [f"{path} is in no layer"]
    faults = []
    call = CURVE_CALL.search(text)
    if call and path not in CURVE:
        faults.append(f"{path} has {call.group()}: that comes through crypto/curve.h")
    for quote, header in INCLUDE.findall(text):
        if quote == "<":
            if is_pure(path) and IMPURE.fullmatch(header):
                faults.append(f"{path} includes <{header}>: {layer} gets such things from its caller")
            continue
        if is_pure(path) and is_tool(header):
            faults.append(f"{path} includes \"{header}\": {layer} gets such things from its caller")
        if "/" not in header and "/" in path:
            if header not in siblings:
                faults.append(f"{path} includes \"{header}\", which is not beside it")
            continue
        other = layer_of(header)
        if other is None:
            faults.append(f"{path} includes \"{header}\", which is in no layer")
        elif RANK[other] > RANK[layer]:
            faults.append(f"{path} includes \"{header}\": {other} is above {layer}")
        elif RANK[other] == RANK[layer] and other != layer:
            faults.append(f"{path} includes \"{header}\": {other} stands beside {layer}")
    return faults


def neighbours_of(files, root):
    """Which files of its room each file of a room includes; a source and its header are one file."""
    graph = {}
    for file in files:
        name = file.relative_to(root).with_suffix("").as_posix()
        included = {header.rsplit(".", 1)[0] for quote, header in INCLUDE.findall(file.read_text()) if quote == '"'}
        room = name.split("/")[0] + "/"
        graph.setdefault(name, set()).update(other for other in included - {name} if other.startswith(room))
    return graph


def find_circle(graph):
    """Files of which each includes the next one and the last the first, or None."""
    done = set()

    def follow(name, path):
        if name in path:
            return path[path.index(name):] + [name]
        if name in done:
            return None
        for other in sorted(graph.get(name, ())):
            circle = follow(other, path + [name])
            if circle:
                return circle
        done.add(name)
        return None

    return next((circle for circle in (follow(name, []) for name in sorted(graph)) if circle), None)


def check_that_it_can_fail():
    """Bad examples have to be found, good ones not."""
    for path, text, bad in (
            ("crypto/hash.c", '#include "crypto/hash.h"\n#include "base/memory.h"\n', False),
            ("crypto/hash.c", '#include "onion/network.h"\n', True),
            ("base/memory.c", '#include "crypto/hash.h"\n', True),
            ("base/error.h", '#include "crypto/hash.h"\n', True),
            ("crypto/hash.h", '#  include "engine/engine.h"\n', True),
            ("onion/network.c", '#include <string.h>\n', False),
            ("onion/network.c", '#include <time.h>\n', True),
            ("base/memory.c", '#include <time.h>\n', True),
            ("base/clock.c", '#include <time.h>\n', False),
            ("base/log.c", '#include "base/clock.h"\n', False),
            ("publish/publisher.c", '#include <event2/event.h>\n', True),
            ("publish/publisher.c", '#include "control/reply.h"\n', True),
            ("publish/publisher.c", '#include "address/endpoint.h"\n', True),
            ("publish/publisher.c", '#include "base/clock.h"\n', True),
            ("control/connection.c", '#include <event2/event.h>\n', False),
            ("control/connection.c", '#include "base/clock.h"\n', False),
            ("control/connection.c", '#include "config/config.h"\n', True),
            ("config/config.h", '#include "address/endpoint.h"\n', False),
            ("config/config.h", '#include "control/connection.h"\n', True),
            ("config/config.h", '#include "report/view.h"\n', True),
            ("report/view.h", '#include "config/config.h"\n', False),
            ("report/view.h", '#include "reader/reader_client.h"\n', True),
            ("engine/engine.c", '#include "control/connection.h"\n', False),
            ("engine/engine.c", '#include "command/commands.h"\n', True),
            ("command/once.c", '#include "engine/engine.h"\n#include "command/commands.h"\n', False),
            ("main.c", '#include "command/commands.h"\n', False),
            ("crypto/hash.c", '#include "hash_parts.h"\n', True),
            ("crypto/hash.c", 'crypto_hash_sha512();', False),
            ("crypto/curve_sodium.c", 'crypto_sign_verify_detached();', False),
            ("crypto/ed25519.c", 'curve_verify();', False),
            ("crypto/ed25519.c", 'crypto_sign_verify_detached();', True),
            ("onion/descriptor.c", 'crypto_scalarmult_curve25519_base();', True),
            ("onion/descriptor.c", '#include <lib25519.h>\n', True),
            ("crypto/x25519.c", 'EVP_PKEY_new_raw_public_key_ex(NULL, EVP_PKEY_X25519);', True),
            ("commands.c", '', True),
            ("nowhere/x.c", '', True)):
        checks.check(f"the check {'finds' if bad else 'passes'}: {path} with {text.split(chr(10))[0]}",
                     bool(find_faults(path, text)) == bad, find_faults(path, text))


def check_circles():
    """No room's files include each other in a circle."""
    checks.check("the check finds: a circle", find_circle({"a/x": {"a/y"}, "a/y": {"a/z"}, "a/z": {"a/x"}}) is not None)
    checks.check("the check passes: no circle", find_circle({"a/x": {"a/y", "a/z"}, "a/y": {"a/z"}}) is None)
    root = checks.SOURCE / "src"
    for room in sorted(path.name for path in root.iterdir() if path.is_dir() and path.name not in CIRCLES):
        graph = neighbours_of(sorted((root / room).rglob("*.[ch]")), root)
        circle = find_circle(graph)
        checks.check(f"of the {len(graph)} files in {room}/ none include each other in a circle", graph and not circle,
                     circle)


def main():
    check_that_it_can_fail()
    check_circles()
    count = 0
    root = checks.SOURCE / "src"
    for file in sorted(root.rglob("*.[ch]")):
        count += 1
        siblings = {sibling.name for sibling in file.parent.iterdir()}
        faults = find_faults(file.relative_to(root).as_posix(), file.read_text(), siblings)
        if faults:
            checks.check(str(file.relative_to(checks.SOURCE)), False, "; ".join(faults))
    checks.check(f"{count} files include nothing of a layer above their own", checks.failures == 0 and count > 0)
    checks.finish()


sys.exit(main())
