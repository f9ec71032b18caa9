/* Writes the first inputs for the config: good ones, and some of each kind that is refused. */
#include <stdarg.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/memory.h"
#include "fuzz.h"
#include "onion/onion_address.h"
#include "seeds.h"

/* A config that uses all there is, with the files that the target has. */
void seeds_write_configs(void)
{
    struct forger one, two;
    char first[ONION_ADDRESS_SIZE], second[ONION_ADDRESS_SIZE];
    forger_init(&one, 2);
    forger_init(&two, 3);
    onion_address_encode(first, one.identity_key);
    onion_address_encode(second, two.identity_key);
    static const char *const formats[] = {
        "services:\n- instances:\n  - address: %s.onion\n    name: node1\n  - address: '%s'\n  key: "
        "key.pem\n",
        "REFRESH_INTERVAL: 600\nstatus-socket-location: /run/x\ntor-control: 127.0.0.1:9051\n"
        "tor-control-password-file: password\nservices:\n- key: tor\n  instances: &all\n"
        "  - {address: %s, control: '[::1]:9051', control-password-file: password}\n"
        "  - {address: %s, name: \"n\\x07\", control: 'unix:/c', control-cookie-file: none}\n"
        "- {key: key.pem, instances: *all}\n",
        "tor-control: [127.0.0.1:9051, 'unix:/run/tor/control']\nmetrics-listen: 0.0.0.0:9100\n"
        "backend-grace: 90\nother-publishers: true\nuser: nobody\nrequire-sandbox: "
        "Yes\ntor-control-password-file: "
        "credential:password\n"
        "services:\n- {key: 'credential:key.pem', instances: [{address: %s}, {address: %s}]}\n",
        "services:\n- {key: key.pem, instances: [{address: %s}, {address: %s}]}\n- {key: tor, instances: "
        "[]}\n",
        "services: [{key: empty, instances: [{address: %s, auth: x, nmae: y, <<: z, ? [a] : b},\n"
        "  {address: %s, control-cookie-file: x, control-password-file: y}, {address: <x>}, {address: "
        "[]}]},\n"
        "  {key: short, key: tor, instances: []}, {key: ~, instances: null}, x]\nlog-level: 1\n---\nsecond\n",
        "services:\n- {key: key.pem, instances: [{address: %s}, {address: %s}]}\n- key: tor\n  mode: "
        "hardmap\n"
        "  lead: 30\n  proof-of-work: off\n  instances:\n  - {name: a, control: 'unix:/a'}\n"
        "  - {name: b, control: '127.0.0.1:9051', control-password-file: password}\n",
        "services:\n- {key: key.pem, authorized-clients: clients, instances: [{address: %s}]}\n- {key: tor,\n"
        "  authorized-clients: empty, instances: [{address: %s}]}\n",
        "services:\n- {key: key.pem, authorized-clients: missing, instances: [{address: %s}]}\n- {key: tor,\n"
        "  authorized-clients: writable, instances: [{address: %s}]}\n",
        "services:\n- {key: key.pem, authorized-clients: clients, descriptors: same, "
        "max-introduction-points: 8, instances: [{address: %s}]}\n"
        "- {key: tor, authorized-clients: clients, descriptors: many, max-introduction-points: 0, instances: "
        "[{address: %s, weight: "
        "1}]}\n",
        "services:\n- {key: key.pem, authorized-clients: clients, mode: hardmap, instances: [{name: a, "
        "control: "
        "'unix:/a'}]}\n"
        "- {key: tor, mode: \xc3\xa4, instances: [{address: %s}, {address: %s}]}\n",
        "services:\n- key: key.pem\n  instances:\n\xc2\xa0 - {address: %s}\n  - {address: %s}\n",
        "services:\n- {key: key.pem, instances: [{address: %s, weight: 0}, {address: %s, weight: 100}]}\n",
        "services:\n- {key: key.pem, health: {port: 80, path: /up, expect: 200-204, host: a.example, "
        "timeout: "
        "5, interval: 10},\n  instances: [{address: %s, health: {fall: 1, rise: 10}}, {address: %s, health: "
        "off}]}\n",
        "group-readable: true\nwait-for-backends: true\nlog-level: 30\nservices:\n- {key: key.pem, "
        "instances: []}\n"
        "- {key: tor, ports: [80: %s], x: %s}\n",
        "LOG_LEVEL: warn\nTOR_PORT: 9055\nSTATUS_SOCKET_LOCATION: /run/x\nx: &a [{address: "
        "'http://%s.onion/', zone: "
        "a}]\nservices: [{key: key.pem, instances: *a}]\ninstances: [{address: %s}]\n",
    };
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        char *name = text_format("%zu", i);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        char *text = text_format(formats[i], first, second);
#pragma GCC diagnostic pop
        seeds_write_text("config", name, text);
        free(text);
        free(name);
    }
}

/* A text so many times between two others; release with free(). */
static char *repeat(const char *before, const char *text, size_t count, const char *behind)
{
    size_t length = strlen(text), start = strlen(before), room = start + count * length;
    char *whole = memory_allocate(room + 1, 1);
    memcpy(whole, before, start);
    for (size_t i = 0; i < count; i++)
        memcpy(whole + start + i * length, text, length);
    char *result = text_format("%s%s", whole, behind);
    free(whole);
    return result;
}

/* Configs that pass a limit, and ones with what is refused. */
void seeds_write_refused_configs(void)
{
    struct forger forger = fuzz_forger();
    char own[ONION_ADDRESS_SIZE];
    onion_address_encode(own, forger.identity_key);
    struct forger another;
    char other[ONION_ADDRESS_SIZE];
    forger_init(&another, 3);
    onion_address_encode(other, another.identity_key);
    struct {
        const char *name;
        char *text;
    } configs[] = {
        {"services", repeat("services: [", "x,", 1001, "x]\n")},
        {"instances", repeat("services: [{instances: [", "x,", 10001, "x]}]\n")},
        {"anchors", repeat("services: [", "&a x,", 1001, "x]\n")},
        {"depth", repeat("", "[", 33, "")},
        {"directives", repeat("", "%TAG !a! x\n", 101, "---\n")},
        {"pairs", repeat("{", "x: y, ", 101, "}\n")},
        {"path", repeat("tor-control-password-file: ", "x", 4096, "\n")},
        {"name", text_format("services: [{key: tor, instances: [{address: %s, name: %0129d}]}]\n", own, 0)},
        {"own", text_format("services: [{key: tor, instances: [{address: %s}, {address: %s}]},\n"
                            "  {key: key.pem, instances: [{address: %s}]}, {key: tor, instances: *x}]\n",
                            own, own, own)},
        {"twice", text_format("services: [{key: tor, instances: [{address: %s}, {address: %s}]},\n"
                              "  {key: key.pem, instances: [{address: %s}]}, {key: tor, instances: []}]\n",
                              own, own, own)},
        {"hardmap",
         text_format("services: [{key: key.pem, mode: hardmap, lead: 61, proof-of-work: on, instances: [\n"
                     "  {name: a, control: 'unix:/a', address: %s}, {name: a, control: 'unix:/a'}, {}]},\n"
                     "  {key: tor, lead: 0, proof-of-work: auto, mode: softmap, instances: [{name: a}]},\n"
                     "  {key: tor, mode: x, instances: [x]}]\n",
                     own)},
        {"weights",
         text_format("services: [{key: key.pem, instances: [{address: %s, weight: 0}]},\n"
                     "  {key: tor, mode: hardmap, instances: [{name: a, control: 'a:1', weight: 101}]}]\n",
                     own)},
        {"health",
         text_format(
             "services: [{key: key.pem, health: [], instances: [{address: %s, health: {port: 0,\n"
             "  path: x, expect: 1-2, host: '-', interval: 1, timeout: 601, fall: x, address: x}},\n"
             "  {health: yes}]}, {key: tor, mode: hardmap, health: {port: 80, host: a}, instances: [\n"
             "  {name: a, control: 'a:1', health: {address: %s}}, {name: b, control: 'a:2'}]}]\n",
             own, own)},
        {"health-more",
         text_format(
             "services: [{key: key.pem, instances: [{address: %s, health: {port: 80, path: '/a b', host:\n"
             "  a_b, interval: 5, timeout: 6}}]}, {key: tor, mode: hardmap, health: {port: 80}, instances: "
             "[\n"
             "  {name: a, control: 'a:1', health: {address: %s}},\n"
             "  {name: b, control: 'a:2', health: {address: %s}}]}]\n",
             other, other, other)},
        {"unseen-twins",
         text_format("services: [{key: tor, mode: hardmap, lead: 0, instances: [{name: a}, {name: b}]}]\n")},
        {"onion-cookie",
         text_format(
             "services: [{key: key.pem, instances: [{address: %s, control: '%s.onion:1',\n"
             "  control-cookie-file: tor}, {address: %s, control: 'a:1', control-client-key: tor}]}]\n",
             other, other, own)},
        {"onion-control",
         text_format(
             "tor-socks: ['unix:/a', '127.0.0.1:1', localhost:2]\ntor-control: '%s.onion:1'\nservices: "
             "[{key: "
             "key.pem, instances: [{address: %s, control: '%s.onion:9151', control-client-key: tor},\n"
             "  {address: %s, control: 'x.onion:1', control-client-key: tor}]}]\n",
             own, own, own, own)},
        {"client-keys",
         text_format("services: [{key: key.pem, instances: [{address: %s, client-key: client.key, control:\n"
                     "  '%s.onion:1', control-password-file: password, control-client-key: client.key}]},\n"
                     "  {key: tor, mode: hardmap, instances: [{name: a, control: 'a:1', client-key: "
                     "client.key}]}]\n",
                     other, other)},
        {"client-keys-bad",
         text_format("services: [{key: key.pem, instances: [{address: %s, client-key: writable},\n"
                     "  {address: %s, client-key: key.pem}, {address: x, client-key: none}]}]\n",
                     other, own)},
        {"client-key-twice",
         text_format("services: [{key: key.pem, instances: [{address: %s}]},\n"
                     "  {key: tor, instances: [{address: %s, client-key: 'credential:client.key'}]}]\n",
                     other, other)},
        {"sockets", text_format("status-socket-location: /a\ncommand-socket-location: /a\nservices: []\n")},
        {"own-as-hardmap",
         text_format("services: [{key: tor, mode: hardmap, lead: 0, instances: [{name: a, address: %s,\n"
                     "  control: 'a:1'}]}, {key: key.pem, instances: [{address: %s}]}]\n",
                     own, own)},
        {"nodes",
         text_format("services: [{key: [], instances: [{address: '', name: [], <<: {}, [x]: y, \"a\\0\": b,\n"
                     "  control: \"x\\0\"}, {address: <put>, ADDRESS: x}]}]\nservices: 1\nlog_level: 1\n")},
        {"not-utf-8", text_format("services: \n \xff\n")},
        {"second", text_format("a: b\n---\nc: d\n")},
        {"second-bad", text_format("a: b\n---\n[\n")},
        {"merged",
         text_format("a: &a {b: c}\nd: &d {<<: [*a, {e: f}], weight: 1}\nservices:\n- key: key.pem\n"
                     "  instances: [{<<: *d, address: %s}]\n<<: &l [*l]\n",
                     own)},
        {"empty", text_format("# nothing\n")},
        {"mark", text_format("\xef\xbb\xbfservices: x\n")},
        {"printable", text_format("tor-control: \"\\u202e\\U0001F600\\xa0\\x7f\"\n")},
        {"words",
         text_format("metrics-listen: localhost:1\nbackend-grace: 3601\nuser: %0999d\n"
                     "require-sandbox: perhaps\ntor-control: [127.0.0.1:1, '127.0.0.1:1', 127.0.0.1:2]\n"
                     "tor-control-cookie-file: x\nstatus-socket-location: /%0200d\n"
                     "tor-control-password-file: credential:none\nservices: []\n",
                     0, 0)},
        {"cookie-of-two", text_format("tor-control: [127.0.0.1:1, 127.0.0.1:2]\ntor-control-cookie-file: x\n"
                                      "services: [{key: tor, instances: []}]\n")},
        {"tors", repeat("tor-control: [", "127.0.0.1:1, ", 17, "]\n")},
        {"file-0", text_format("0")},
        {"file-1", text_format("1")},
        {"file-2", text_format("2")},
        {"file-3", text_format("3")},
        {"file-4", text_format("4")},
    };
    for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
        seeds_write_text("config", configs[i].name, configs[i].text);
        free(configs[i].text);
    }
}
