/* One relay of the microdesc-flavoured consensus: its "r" line and those that follow it. */
#include "consensus_relay.h"

#include "directory_address.h"
#include "version_ranges.h"

#define NICKNAME_LENGTH_MAX 19
#define HSDIR_PROTOCOL_VERSION 2 /* the HSDir protocol that keeps v3 descriptors */
#define VERSION_PARTS 4
#define VERSION_PART_MAX 65535

/* What stands on a relay's first line, at least. */
enum relay_argument {
    RELAY_NICKNAME,
    RELAY_IDENTITY,
    RELAY_DATE,
    RELAY_TIME,
    RELAY_IPV4,
    RELAY_ORPORT,
    RELAY_DIRPORT,
    RELAY_ARGUMENTS,
};

/* rend-spec-v3 [HASHRING]: the first tor whose HSDirs work. Older ones claim the protocol too. */
static const uint64_t first_good_version[VERSION_PARTS] = {0, 3, 0, 8};

const char *relay_entry_begin(struct relay_entry *entry, struct text arguments)
{
    *entry = (struct relay_entry){.has_digest = false};
    struct link_specifiers *links = &entry->relay.links;
    struct text words[RELAY_ARGUMENTS], word;
    size_t count = 0;
    while (directory_next_word(&arguments, &word)) {
        if (count < RELAY_ARGUMENTS)
            words[count++] = word;
    }
    if (count > 0 && words[RELAY_NICKNAME].length > NICKNAME_LENGTH_MAX)
        return "the nickname of the relay is too long";
    if (count < RELAY_ARGUMENTS)
        return "the relay's line is cut short";
    if (directory_decode_base64(words[RELAY_IDENTITY], links->fingerprint, RELAY_FINGERPRINT_SIZE) != 0)
        return "the relay's identity is not 27 characters of base64";
    if (directory_parse_ipv4(words[RELAY_IPV4], links->ipv4) != 0 ||
        directory_parse_port(words[RELAY_ORPORT], &links->ipv4_port) != 0)
        return "the relay's address is none";
    return NULL;
}

/* Takes an address of IPv6; like tor, passes over one of another kind or that can't be read. */
static const char *parse_address(struct relay_entry *entry, struct text arguments)
{
    struct link_specifiers *links = &entry->relay.links;
    uint8_t ipv6[IPV6_SIZE];
    uint16_t port;
    if (!links->has_ipv6 && directory_parse_ipv6_port(arguments, ipv6, &port) == 0) {
        links->has_ipv6 = true;
        memcpy(links->ipv6, ipv6, sizeof(ipv6));
        links->ipv6_port = port;
    }
    return NULL;
}

static const char *parse_digest(struct relay_entry *entry, struct text arguments)
{
    if (entry->has_digest)
        return "the relay has two m lines";
    entry->has_digest = true;
    uint8_t *digest = entry->relay.microdescriptor_digest;
    if (directory_decode_base64(arguments, digest, MICRODESCRIPTOR_DIGEST_SIZE) != 0)
        return "the microdescriptor digest is not 43 characters of base64";
    return NULL;
}

static const char *parse_flags(struct relay_entry *entry, struct text arguments)
{
    if (entry->has_flags)
        return "the relay has two s lines";
    entry->has_flags = true;
    struct text word;
    while (directory_next_word(&arguments, &word)) {
        if (text_equals(word, "HSDir"))
            entry->has_hsdir_flag = true;
    }
    return NULL;
}

/* Notes when "Tor 0.3.0.7" is too old. Like tor, takes a version that it can't read for a good one. */
static const char *parse_version(struct relay_entry *entry, struct text arguments)
{
    if (entry->has_version)
        return "the relay has two v lines";
    entry->has_version = true;
    struct text word, part;
    if (!directory_next_word(&arguments, &word) || !text_equals(word, "Tor") ||
        !directory_next_word(&arguments, &word))
        return NULL;
    int order = 0;
    for (size_t i = 0; i < VERSION_PARTS; i++) {
        bool has_more = text_take_until(&word, i < VERSION_PARTS - 1 ? '.' : '-', &part);
        uint64_t number;
        if ((!has_more && i < VERSION_PARTS - 1) || text_parse_uint64(part, VERSION_PART_MAX, &number) != 0)
            return NULL;
        if (order == 0)
            order = (number > first_good_version[i]) - (number < first_good_version[i]);
    }
    entry->is_too_old = order < 0;
    return NULL;
}

/* Takes from text the next word that begins with a name, and what is before it. Most lines have a dozen other
 * words. Returns false when there is none. */
static bool next_word_with_name(struct text *text, const char *name, struct text *word)
{
    const char *end = text->start + text->length, *next = text->start;
    while ((next = memchr(next, name[0], (size_t)(end - next))) != NULL) {
        const bool is_word = next == text->start || next[-1] == ' ';
        struct text rest = {next++, 0};
        rest.length = (size_t)(end - rest.start);
        if (!is_word || !text_begins_with(rest, name))
            continue;
        *text = rest;
        return directory_next_word(text, word);
    }
    return false;
}

static const char *parse_protocols(struct relay_entry *entry, struct text arguments)
{
    static const char name[] = "HSDir=";
    const size_t name_length = sizeof(name) - 1;
    if (entry->has_protocols)
        return "the relay has two pr lines";
    entry->has_protocols = true;
    struct text word;
    while (next_word_with_name(&arguments, name, &word)) {
        struct text ranges = {word.start + name_length, word.length - name_length};
        uint64_t versions = 0;
        if (ranges.length > 0 && version_ranges_parse(&versions, ranges) != 0)
            return "the versions of the protocol HSDir are malformed";
        entry->has_hsdir_protocol =
            entry->has_hsdir_protocol || (versions >> HSDIR_PROTOCOL_VERSION & 1) != 0;
    }
    return NULL;
}

/* The lines that are read, each keyword with the space behind it. */
static const struct relay_line {
    const char *keyword;
    size_t length;
    const char *(*parse)(struct relay_entry *entry, struct text arguments);
} relay_lines[] = {
    {"m ", 2, parse_digest},     {"s ", 2, parse_flags},   {"v ", 2, parse_version},
    {"pr ", 3, parse_protocols}, {"a ", 2, parse_address},
};

const char *relay_entry_add_line(struct relay_entry *entry, struct text line)
{
    for (size_t i = 0; i < sizeof(relay_lines) / sizeof(relay_lines[0]); i++) {
        const struct relay_line *known = &relay_lines[i];
        if (line.length >= known->length && memcmp(line.start, known->keyword, known->length) == 0)
            return known->parse(entry,
                                (struct text){line.start + known->length, line.length - known->length});
    }
    return NULL;
}

const char *relay_entry_finish(struct relay_entry *entry)
{
    if (!entry->has_digest || !entry->has_flags || !entry->has_protocols)
        return "the relay before it lacks its m, s or pr line";
    entry->relay.is_hsdir = entry->has_hsdir_flag && entry->has_hsdir_protocol && !entry->is_too_old;
    return NULL;
}
