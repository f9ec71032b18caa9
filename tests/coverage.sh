#!/bin/sh
# Shows how much of each parser the corpora of tests/fuzz run: sh tests/coverage.sh. The exit status is 1 when it is less
# than 90 % of any parser's lines.

cd "$(dirname "$0")/.." || exit 1
. tests/setup.sh

minimum=90
# Not among them is what opens files and sockets (plain_file.c, credential_file.c, key_file.c, socket_client.c, status_socket.c,
# command_socket.c), leaves the parsing to libevent (metrics_server.c), or keeps connections and looks at replies that were
# parsed (src/engine): targets run that, too, but much of it is for what no input brings about.
parsers='src/agent/client_line.c src/agent/command_filter.c src/agent/relay.c src/agent/stranger.c
    src/config/config.c src/config/config_health.c src/config/config_loader.c src/config/config_services.c src/config/config_instances.c src/config/config_client_keys.c src/config/key_decode.c
    src/address/listen_address.c src/base/calendar_parse.c src/base/printable.c src/base/text.c
    src/config/yaml_file.c src/config/yaml_mapping.c src/config/yaml_reader.c
    src/control/authentication.c src/address/endpoint.c src/control/event_words.c src/control/hs_desc_event.c
    src/control/name_files.c src/control/name_servers.c src/control/protocol_info.c src/control/quoted_string.c
    src/control/reply.c src/control/reply_parser.c src/control/stream_event.c src/crypto/certificate.c
    src/crypto/descriptor_layer.c src/engine/http_answer.c src/onion/base64.c src/onion/bundle_encoding.c src/onion/consensus.c
    src/onion/consensus_relay.c src/onion/descriptor.c src/onion/descriptor_age.c src/onion/descriptor_inner.c
    src/onion/directory_address.c src/onion/directory_text.c src/onion/document.c src/onion/flow_control.c src/onion/introduction_point.c
    src/onion/item_rules.c src/onion/link_specifiers.c src/onion/microdescriptor.c src/onion/network.c src/onion/onion_address.c
    src/onion/version_ranges.c src/reader/config_delivery.c src/reader/reader_client.c src/reader/reader_process.c
    src/report/drain_request.c src/report/status_document.c src/report/status_text.c src/report/status_printer.c src/report/status_hsdirs.c
    src/signer/bundle_request.c src/signer/key_request.c src/signer/request.c src/socks/handshake.c'

setup_packages "$build_packages" clang libclang-rt-dev libcmocka-dev llvm
step 'building in build/test-coverage'
setup_build_target=fuzz_targets
for_tests setup_build coverage || exit 1

step 'replaying the corpora'
folder=build/test-coverage/tests/fuzz
rm -f $folder/*.profraw
ctest --test-dir build/test-coverage -L fuzz -Q -j "$(nproc)" || {
    echo 'A target failed: ctest --test-dir build/test-coverage -L fuzz --output-on-failure shows how.'
    exit 1
}
llvm-profdata merge -o $folder/all.profdata $folder/*.profraw || exit 1

step 'lines of the parsers that the corpora run'
# shellcheck disable=SC2086 # a list of words
llvm-cov export -summary-only -instr-profile $folder/all.profdata $folder/replay $parsers >$folder/summary.json &&
    $python - $folder/summary.json $minimum $parsers <<'EOF'
import json
import os
import sys

files = {os.path.relpath(file["filename"]): file["summary"]["lines"]
         for file in json.load(open(sys.argv[1]))["data"][0]["files"]}
minimum, parsers = float(sys.argv[2]), sys.argv[3:]
bad = 0
for name in parsers:
    lines = files.get(name)
    percent = 100 * lines["covered"] / lines["count"] if lines else 0
    is_bad = percent < minimum
    bad += is_bad
    print("%-40s %4d of %4d lines %6.1f %%%s" % (name, lines["covered"] if lines else 0, lines["count"] if lines else 0,
                                               percent, "  too few" if is_bad else ""))
known = [files[name] for name in parsers if name in files]
print("%-40s %4d of %4d lines %6.1f %%" % ("all", sum(f["covered"] for f in known), sum(f["count"] for f in known),
                                         100 * sum(f["covered"] for f in known) / sum(f["count"] for f in known)))
sys.exit(1 if bad else 0)
EOF
