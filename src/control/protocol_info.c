/* The answer to PROTOCOLINFO: which tor this is, and how to authenticate to it (control-spec 3.21). */
#include "control/protocol_info.h"

#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "control/quoted_string.h"
#include "control/secret_proof.h"

/* Notes one authentication method; those that are not known are for others. */
static void note_method(struct protocol_info *info, struct text name)
{
    static const struct {
        const char *name;
        size_t offset;
    } methods[] = {
        {"NULL", offsetof(struct protocol_info, null_offered)},
        {"HASHEDPASSWORD", offsetof(struct protocol_info, password_offered)},
        {"COOKIE", offsetof(struct protocol_info, cookie_offered)},
        {"SAFECOOKIE", offsetof(struct protocol_info, safe_cookie_offered)},
        {SECRET_PROOF_METHOD, offsetof(struct protocol_info, secret_offered)},
    };
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (text_equals(name, methods[i].name))
            *(bool *)((char *)info + methods[i].offset) = true;
    }
}

/* Reads "METHODS=A,B COOKIEFILE="..."" and ignores what stands behind. */
static int parse_auth(struct protocol_info *info, const char *text, struct error *error)
{
    if (!string_skip(&text, "METHODS="))
        return error_set(error, "the AUTH line of PROTOCOLINFO names no METHODS");
    for (;;) {
        size_t length = strcspn(text, ", ");
        note_method(info, (struct text){text, length});
        text += length;
        if (!string_skip(&text, ","))
            break;
    }
    if (!string_skip(&text, " COOKIEFILE="))
        return 0;
    if (quoted_string_parse(text, info->cookie_file, sizeof(info->cookie_file), &text) != 0 ||
        (*text != '\0' && *text != ' ') || info->cookie_file[0] == '\0')
        return error_set(error, "the COOKIEFILE of PROTOCOLINFO is not a path in quotes");
    return 0;
}

/* Reads "Tor="..."" and ignores what stands behind. */
static int parse_version(struct protocol_info *info, const char *text, struct error *error)
{
    if (!string_skip(&text, "Tor=") ||
        quoted_string_parse(text, info->tor_version, sizeof(info->tor_version), &text) != 0 ||
        (*text != '\0' && *text != ' '))
        return error_set(error, "the VERSION line of PROTOCOLINFO gives no version in quotes");
    for (const char *cursor = info->tor_version; *cursor != '\0'; cursor++) {
        if (*cursor < ' ' || *cursor > '~')
            return error_set(error, "the version in PROTOCOLINFO is not printable");
    }
    return 0;
}

int protocol_info_parse(struct protocol_info *info, const struct control_reply *reply, struct error *error)
{
    memset(info, 0, sizeof(*info));
    const char *first = reply->lines[0].text;
    if (reply->status != 250 || (strcmp(first, "PROTOCOLINFO 1") != 0 &&
                                 strncmp(first, "PROTOCOLINFO 1 ", strlen("PROTOCOLINFO 1 ")) != 0))
        return error_set(error, "this is no tor control port: it answers PROTOCOLINFO with '%d %.40s'",
                         reply->status, first);
    bool auth_seen = false;
    bool version_seen = false;
    for (size_t i = 1; i < reply->line_count; i++) {
        const char *text = reply->lines[i].text;
        if (string_skip(&text, "AUTH ")) {
            if (auth_seen)
                return error_set(error, "PROTOCOLINFO has two AUTH lines");
            auth_seen = true;
            if (parse_auth(info, text, error) != 0)
                return -1;
        } else if (string_skip(&text, "VERSION ")) {
            if (version_seen)
                return error_set(error, "PROTOCOLINFO has two VERSION lines");
            version_seen = true;
            if (parse_version(info, text, error) != 0)
                return -1;
        }
    }
    if (!auth_seen)
        return error_set(error, "PROTOCOLINFO has no AUTH line");
    return 0;
}
