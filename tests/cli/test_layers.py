"""The house stands: no file includes a header of a layer above its own, and the lower layers know of no sockets, files,
clocks or randomness."""
import pathlib
import re
import sys

import checks

# From the lowest to the highest. Those of one row stand side by side.
LAYERS = (("base",), ("crypto",), ("onion",), ("publish",), ("confine",), ("process",),
          ("control", "config", "report", "signer"), ("reader",), ("engine",), ("command",), ("main",))
RANK = {layer: rank for rank, row in enumerate(LAYERS) for layer in row}
# Who may look at whom in the same row.
NEIGHBOURS = {("config", "control/endpoint.h"), ("report", "config/config.h"), ("report", "config/listen_address.h"),
              ("report", "config/options.h"), ("report", "config/printable.h")}
# What the layers up to publish are given by their callers, and so must not get for themselves.
PURE = RANK["publish"]
IMPURE = re.compile(r"event2?[./].*|fcntl\.h|unistd\.h|poll\.h|dirent\.h|time\.h|netdb\.h|netinet/.*|arpa/.*"
                    r"|sys/(socket|stat|time|random|un|uio|epoll|select)\.h|openssl/rand\.h|yaml\.h|jansson\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)


def layer_of(path):
    """The layer of a path below src/ or include/, or None when it has none."""
    parts = pathlib.PurePosixPath(path).parts
    if parts[0] == "obpub":
        parts = parts[1:]
        return "base" if len(parts) == 1 else parts[0] if parts[0] in RANK else None
    if len(parts) > 1:
        return parts[0] if parts[0] in RANK else None
    if parts[0] == "main.c":
        return "main"
    return "command" if re.match(r"(cmd_|command)", parts[0]) else None


def find_faults(path, text, siblings=()):
    """What is wrong with the includes of a file, given as its path below src/ or include/ and its text."""
    layer = layer_of(path)
    if layer is None:
        return [f"{path} is in no layer"]
    faults = []
    for quote, header in INCLUDE.findall(text):
        if quote == "<":
            if RANK[layer] <= PURE and IMPURE.fullmatch(header):
                faults.append(f"{path} includes <{header}>: {layer} gets such things from its caller")
            continue
        if "/" not in header and "/" in path:
            if header not in siblings:
                faults.append(f"{path} includes \"{header}\", which is not beside it")
            continue
        other = layer_of(header)
        if other is None:
            faults.append(f"{path} includes \"{header}\", which is in no layer")
        elif RANK[other] > RANK[layer]:
            faults.append(f"{path} includes \"{header}\": {other} is above {layer}")
        elif RANK[other] == RANK[layer] and other != layer and (layer, header) not in NEIGHBOURS:
            faults.append(f"{path} includes \"{header}\": {other} stands beside {layer}")
    return faults


def check_that_it_can_fail():
    """Bad examples have to be found, good ones not."""
    for path, text, bad in (
            ("crypto/hash.c", '#include "obpub/crypto/hash.h"\n#include "obpub/memory.h"\n', False),
            ("crypto/hash.c", '#include "obpub/onion/network.h"\n', True),
            ("base/memory.c", '#include "obpub/crypto/hash.h"\n', True),
            ("obpub/error.h", '#include "obpub/crypto/hash.h"\n', True),
            ("obpub/crypto/hash.h", '#  include "engine/engine.h"\n', True),
            ("onion/network.c", '#include <string.h>\n', False),
            ("onion/network.c", '#include <time.h>\n', True),
            ("publish/publisher.c", '#include <event2/event.h>\n', True),
            ("publish/publisher.c", '#include "control/reply.h"\n', True),
            ("control/connection.c", '#include <event2/event.h>\n', False),
            ("control/connection.c", '#include "config/config.h"\n', True),
            ("config/config.h", '#include "control/endpoint.h"\n', False),
            ("config/config.h", '#include "control/connection.h"\n', True),
            ("engine/engine.c", '#include "control/connection.h"\n', False),
            ("engine/engine.c", '#include "commands.h"\n', True),
            ("cmd_once.c", '#include "engine/engine.h"\n#include "commands.h"\n', False),
            ("main.c", '#include "commands.h"\n', False),
            ("crypto/hash.c", '#include "hash_parts.h"\n', True),
            ("nowhere/x.c", '', True)):
        checks.check(f"the check {'finds' if bad else 'passes'}: {path} with {text.split(chr(10))[0]}",
                     bool(find_faults(path, text)) == bad, find_faults(path, text))


def main():
    check_that_it_can_fail()
    count = 0
    for root in (checks.SOURCE / "src", checks.SOURCE / "include"):
        for file in sorted(root.rglob("*.[ch]")):
            count += 1
            siblings = {sibling.name for sibling in file.parent.iterdir()}
            faults = find_faults(file.relative_to(root).as_posix(), file.read_text(), siblings)
            if faults:
                checks.check(str(file.relative_to(checks.SOURCE)), False, "; ".join(faults))
    checks.check(f"{count} files include nothing of a layer above their own", checks.failures == 0 and count > 0)
    checks.finish()


sys.exit(main())
