"""The metrics over HTTP: what promtool says of them, and that alerts and dashboard use what is there."""
import contextlib
import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import checks
import daemon

RULES = checks.SOURCE / "contrib" / "prometheus" / "obpub.rules.yml"
RULES_TEST = checks.SOURCE / "tests" / "cli" / "obpub.rules.test.yml"
DASHBOARD = checks.SOURCE / "contrib" / "grafana" / "obpub.json"


def promtool(*arguments, text=None):
    return subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True, timeout=60)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(connection, method="GET", path="/metrics", body=None):
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer, answer.read().decode()


def check_expressions(name, expressions, text):
    """Every metric and label that an expression uses is one that the daemon serves."""
    types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M))
    served = set(types) | {metric + suffix for metric, type_ in types.items() if type_ == "histogram"
                           for suffix in ("_bucket", "_sum", "_count")}
    labels = set(re.findall(r'[{,](\w+)="', text)) | {"job", "instance"}
    used = set()
    for expression in expressions:
        used |= set(re.findall(r"\bobpub_\w+", expression))
        for selector in re.findall(r"\{([^}]*)\}", expression):
            strange = set(re.findall(r"(\w+)\s*[=!]", selector)) - labels
            checks.check(f"{name}: the labels of {{{selector}}} exist", not strange, strange)
    checks.check(f"{name} uses metrics", len(used) > 5, used)
    checks.check(f"{name} uses only metrics that are served", used <= served, used - served)


def dashboard_expressions(dashboard):
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def check_rules(text):
    result = promtool("check", "rules", RULES)
    checks.check("promtool check rules", result.returncode == 0, result.stdout + result.stderr)
    result = promtool("test", "rules", RULES_TEST)
    checks.check("promtool test rules", result.returncode == 0, result.stdout + result.stderr)
    rules = RULES.read_text()
    expressions = re.findall(r"expr: (?:>-\n)?((?:.|\n)*?)\n        for:", rules)
    checks.check("every alert has an expression", len(expressions) == rules.count("- alert:"), expressions)
    check_expressions("the alert file", expressions, text)
    tested = RULES_TEST.read_text()
    for alert in re.findall(r"- alert: (\w+)", rules):
        checks.check(f"a test has {alert} fire", f'alertname="{alert}"' in tested)


def check_dashboard(text):
    dashboard = json.loads(DASHBOARD.read_text())
    expressions = dashboard_expressions(dashboard)
    check_expressions("the dashboard", expressions, text)
    variables = {variable["name"] for variable in dashboard["templating"]["list"]} | {"__rate_interval"}
    strange = set(re.findall(r"\$\{?(\w+)", " ".join(expressions))) - variables
    checks.check("the dashboard uses only its own variables", not strange, strange)
    checks.check("every panel has a number of its own",
                 len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"]))
    # promtool reads expressions in rules alone.
    groups = {"groups": [{"name": "dashboard", "rules": [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(expressions)]}]}
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        json.dump(groups, file)
        file.flush()
        result = promtool("check", "rules", file.name)
    checks.check("promtool reads every expression of the dashboard", result.returncode == 0,
                 result.stdout + result.stderr)


def check_http(connect):
    answer, text = ask(connect())
    checks.check("GET /metrics", answer.status == 200, answer.status)
    checks.check("its content type", answer.getheader("Content-Type") == "text/plain; version=0.0.4; charset=utf-8",
                 answer.getheader("Content-Type"))
    checks.check("one request a connection", answer.getheader("Connection") == "close")
    for path in ("/", "/metrics/", "/metricsx", "/../metrics", "/status"):
        answer, _ = ask(connect(), path=path)
        checks.check(f"GET {path} is not found", answer.status == 404, answer.status)
    answer, _ = ask(connect(), path="/metrics?name=x")
    checks.check("GET /metrics with a query", answer.status == 200, answer.status)
    for path, status in (("/metrics", 200), ("/", 404)):
        answer, nothing = ask(connect(), "HEAD", path)
        checks.check(f"HEAD {path}: what GET has, but for the body", answer.status == status and not nothing
                     and answer.getheader("Connection") == "close", (answer.status, nothing))
    answer, _ = ask(connect(), "HEAD")
    checks.check("... with its length and type", int(answer.getheader("Content-Length")) > 1000
                 and "version=" in answer.getheader("Content-Type"), answer.getheaders())
    with contextlib.closing(connect()) as connection:
        connection.connect()
        connection.sock.sendall(b"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        head = b"".join(iter(lambda: connection.sock.recv(65536), b""))
    checks.check("... and nothing after its headers", head.endswith(b"\r\n\r\n"), head[-100:])
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        answer, _ = ask(connect(), method)
        checks.check(f"{method} is refused", answer.status in (400, 405, 501), answer.status)
    answer, _ = ask(connect(), body="x" * 100)
    checks.check("a request with a body is refused", answer.status == 413, answer.status)
    return text


def check_abuse(port):
    """Those who misbehave get nothing, and are not kept for ever."""
    for request in (b"GET /" + b"a" * 20000, b"\0\xff\r\n\r\n", b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 3000):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            try:
                connection.sendall(request)
                answer = connection.recv(100)
            except OSError:
                answer = b""
        checks.check(f"{request[:20]}... is refused", not answer or b" 400 " in answer, answer)
    slow = socket.create_connection(("127.0.0.1", port), timeout=30)
    began = time.monotonic()
    slow.sendall(b"G")
    while time.monotonic() - began < 30:
        try:
            slow.sendall(b"E")
        except OSError:
            break
        time.sleep(0.1)
    seconds = time.monotonic() - began
    checks.check("those who dawdle are cut off after ten seconds", 5 < seconds < 15, seconds)
    slow.close()


def occupy(kind, count, place):
    return subprocess.Popen([sys.executable, checks.SOURCE / "tests" / "attack" / "occupy.py", kind, str(count), str(place)],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def check_occupation(what, place, ask_once):
    """However many connections somebody keeps open, and whatever is done with them, others get their answers. Returns
    how many connections were closed, by what was done with them."""
    closed = {}
    for kind in ("idle", "drip", "unread"):
        with occupy(kind, 200, place) as occupier:
            checks.check(f"{what}: the attack {kind} begins", occupier.stdout.readline() == "occupied\n")
            answers = []
            for _ in range(4):
                try:
                    answers.append(ask_once())
                except OSError as error:
                    answers.append(error)
            checks.check(f"{what}: 4 of 4 who ask get answers besides {kind} connections",
                         all(answer is True for answer in answers), answers)
            occupier.stdin.close()
            closed[kind] = int(occupier.stdout.readline())
    return closed


def ask_status(path):
    """Whether the status socket gives a whole answer."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))  # waits for its turn, as obpub status does: with a time-out Python would not
        connection.settimeout(5)
        text = b""
        while piece := connection.recv(65536):
            text += piece
    return "services" in json.loads(text)


def main():
    if shutil.which("promtool") is None:
        checks.check("promtool is there (Debian: apt-get install prometheus)", False)
        checks.finish()
    process = daemon.Daemon()
    port = free_port()
    process.write_config(f"metrics-listen: 127.0.0.1:{port}")
    checks.check("it starts", process.start() is None, process.log_text())
    text = check_http(lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=30))
    result = promtool("check", "metrics", text=text)
    checks.check("promtool check metrics has nothing to say",
                 (result.returncode, result.stdout, result.stderr) == (0, "", ""), result.stdout + result.stderr)
    for line in (f'obpub_frontend_published{{frontend="{process.frontend.address}.onion"}} 0',
                 f'obpub_backend_up{{backend="{process.backends[1].address}.onion",name="node \\"2\\""}} 0',
                 "obpub_tor_connected 0"):
        checks.check(f"there is {line}", line in text.splitlines())
    check_rules(text)
    check_dashboard(text)
    check_abuse(port)
    closed = check_occupation("metrics", f"127.0.0.1:{port}",
                              lambda: ask(http.client.HTTPConnection("127.0.0.1", port, timeout=5))[0].status == 200)
    checks.check("most of those that did not ask were closed for others", min(closed["idle"], closed["drip"]) > 100, closed)
    check_occupation("status", process.status, lambda: ask_status(process.status))
    checks.check("it ends", process.stop() == 0, process.log_text())

    process.write_config(f"metrics-listen: unix:{process.folder}/metrics")
    checks.check("it starts with a unix socket", process.start(process.folder / "metrics") is None, process.log_text())
    answer, text = ask(daemon.UnixConnection(process.folder / "metrics", 30))
    checks.check("GET over a unix socket", answer.status == 200 and "obpub_build_info" in text, answer.status)
    mode = (process.folder / "metrics").stat().st_mode & 0o7777
    checks.check("only its owner and group may ask", mode == 0o660, oct(mode))
    # A client that has bound its end to a long path.
    client = socket.socket(socket.AF_UNIX)
    client.bind(str(process.folder / "c").ljust(100, "c"))
    client.settimeout(10)
    client.connect(str(process.folder / "metrics"))
    client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
    checks.check("a client with a long address gets its answer", client.recv(12) == b"HTTP/1.0 200")
    checks.check("it ends with a client in its midst", process.stop() == 0, process.log_text())
    checks.check("its socket file is gone", not (process.folder / "metrics").exists())

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        process.write_config(f"metrics-listen: 127.0.0.1:{other.getsockname()[1]}")
        checks.check("a port in use is an error at the start", process.start() == 3, process.log_text())
        checks.check("which says where", f"metrics-listen 127.0.0.1:{other.getsockname()[1]}: another process" in
                     process.log_text(), process.log_text())
    checks.finish()


sys.exit(main())
