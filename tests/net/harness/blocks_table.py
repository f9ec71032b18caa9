# Who runs which block of the documents: for each document, by the beginning of a block, the test, named by its folder and its
# file, or why none does. '*' are all of the document's other blocks. A test that is named here takes its blocks by a Reader
# (blocks.py), which lets it take no others and leave out none.


class NotRun(str):
    """Why no test runs a block."""


PICTURE = NotRun('it is no command, but a picture')
LIST = NotRun('it is no command, but a list')
STAGES = NotRun('whole stages are run by .ci/run, and on a new Debian by tests/anywhere.sh')
CLUSTER = NotRun('it needs a cluster of Kubernetes')
EOTK = NotRun('it needs EOTK, with which tests/soak/eotk.py does these steps for a project of its own')

TABLE = {
    'README.md': {
        " visitor's tor": PICTURE,
        'sh tests/demo.sh': 'soak-commands',
        'sh tests/run.sh': STAGES,
        'apt-get install gcc': 'net-handbook',
        'adduser': 'net-handbook',
        'obpub init': 'net-handbook',
        'install -d': 'net-handbook',
        'runuser -u obpub -- obpub --once': 'net-handbook',
        'chown onionbalance': 'net-handbook',
        'runuser -u onionbalance -- obpub --check': 'net-handbook',
        'systemctl disable --now onionbalance': 'net-handbook',
    },
    'doc/HACKING.md': {
        'src/base/': LIST,
        'sh tests/run.sh': ('soak-commands', STAGES),
    },
    'doc/debian.md': {
        'apt-get install build-essential': 'soak-commands',
        '*': 'net-package',
    },
    'doc/gobalance.md': {
        'services:': 'cli-document_configs',
        'chmod 600': 'cli-document_configs',
    },
    'doc/hardmap.md': {
        'MasterOnionAddress': 'cli-document_configs',
        'HiddenServiceDir': 'cli-document_configs',
        'services:': 'cli-document_configs',
    },
    'doc/kubernetes.md': {
        'group-readable: true': 'cli-document_configs',
        'spec:': 'package-container',
        'initContainers:': 'package-container',
        'wait-for-backends: true': 'cli-document_configs',
        'kubectl exec': 'package-container',
    },
    'doc/onionbalance.md': {
        'obpub init': 'cli-document_configs',
        '[Service]': 'net-handbook',
        'ln -s': EOTK,
        './eotk genkey': EOTK,
        'for worker': EOTK,
        './eotk ob-start': EOTK,
        '- address:': EOTK,
    },
    'doc/onionprobe.md': {
        '---': 'net-onionprobe',
        'scrape_configs:': 'cli-document_configs',
        'onion_service_reachable': 'net-onionprobe',
    },
    'doc/operators-guide.md': {
        'adduser obpub': 'net-handbook',
        'install -d': 'net-handbook',
        "- address: <the first backend's address>": 'net-handbook',
        'ssh-keygen': 'net-handbook',
        'adduser --system': 'net-handbook',
        '[Service]': 'net-handbook',
        'openssl rand': 'net-handbook',
        'HiddenServiceDir': 'net-handbook',
        "- address: <the second backend's address>": 'net-handbook',
        'obpub client new publisher': 'net-handbook',
        "- address: <the backend's address>": 'net-handbook',
        'systemd-sysusers': 'net-handbook',
        'systemctl daemon-reload': 'net-handbook',
        'systemctl reload': 'net-handbook',
        'buildah bud': 'package-container',
        'obpub drain': 'net-handbook',
        'services:': 'cli-document_configs',
        'obpub inspect': 'net-handbook',
        'obpub presign': 'net-handbook',
    },
    'doc/topologies/softmap-1.md': {' shop': PICTURE, '*': 'net-topologies'},
    'doc/topologies/softmap-2.md': {' web1': PICTURE, '*': 'net-topologies'},
    'doc/topologies/softmap-3.md': {' web1': PICTURE, '*': 'net-topologies'},
    'doc/topologies/softmap-4.md': {' publisher': PICTURE, '*': 'net-topologies'},
    'doc/vanguards.md': {
        'Circ 7': 'net-vanguards',
        'services:': 'cli-document_configs',
        '[Bandguards]': 'net-vanguards',
    },
    'man/obpub-agent.8': {
        'openssl rand': 'net-handbook',
        'HiddenServiceDir': 'net-handbook',
        "echo '/run/obpub-agent": NotRun('it needs a kernel that has AppArmor in force'),
        'control: AGENT': 'net-handbook',
    },
    'man/obpub.8': {
        'install -m 600': 'net-handbook',
        'obpub presign': 'net-handbook',
        'obpub client new alice --folder /var': 'net-handbook',
        'obpub client new alice --folder /etc': 'net-handbook',
        '@default': LIST,
        '@memlock': LIST,
        'adduser': 'net-handbook',
        'obpub init': 'net-handbook',
        'obpub --check': 'net-handbook',
        'obpub --once -c /etc/obpub': 'net-handbook',
        'obpub --once -c /etc/onionbalance': 'net-handbook',
        'obpub status': 'net-handbook',
        'obpub drain': 'net-handbook',
        'obpub inspect ADDRESS': 'net-handbook',
        'obpub inspect descriptor.txt': 'net-handbook',
        'obpub: obpub.yaml:7': LIST,
    },
    'man/obpub.yaml.5': {
        '*': 'cli-document_configs',
    },
    'packaging/Containerfile': {
        'buildah bud': 'package-container',
    },
    'packaging/container/kubernetes.yaml': {
        'kubectl create': CLUSTER,
    },
    'packaging/debian/obpub.README.Debian': {
        'openssl': 'net-package',
        'status-socket-location': 'net-package',
        'systemctl start': 'net-package',
        '[Service]': 'net-package',
    },
    'tests/README.md': {
        'sh tests/run.sh': ('soak-commands', STAGES),
        'build/test-gcc': 'cli-document_configs',
        'git clone': EOTK,
    },
    'tests/bench/README.md': {
        'OBPUB_BUILD': NotRun('it writes what the test bench-instructions compares with; that one runs the same program'),
        '{"row"': LIST,
    },
}
