/* Keys of a config file that mean nothing at their place: which of them are errors, and what is said of the
 * others once the whole file has been read. */
#include "config/foreign_keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/closest_word.h"
#include "config/yaml_mapping.h"

/* Long enough for all that a file may have of the past. */
#define LIST_SIZE 2048

/* Words that files for Onionbalance have anywhere, as what wrote them knows of nothing else by that name: in
 * the wrong place they do nothing there, and so they do here. */
static bool is_common_word(const char *name)
{
    static const char *const words[] = {"address", "host", "key", "name", "path", "port", "timeout", "user"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(name, words[i]) == 0)
            return true;
    }
    return false;
}

/* The kind of mapping that has such a key; NULL where none has. */
static const struct yaml_mapping *find_owner(const struct foreign_keys *keys, const char *name)
{
    for (size_t i = 0; i < FOREIGN_KEYS_MAPPINGS; i++) {
        if (keys->mappings[i] != NULL &&
            yaml_mapping_find(keys->mappings[i], name) < keys->mappings[i]->key_count)
            return keys->mappings[i];
    }
    return NULL;
}

static bool is_needed(const struct yaml_mapping *mapping, const char *name)
{
    return yaml_mapping_is_in(mapping->required, yaml_mapping_find(mapping, name));
}

/* Counts a key with those of its kind. */
static struct foreign_key *count_key(struct foreign_keys *keys, const struct yaml_mapping *mapping,
                                     const struct yaml_retired_key *retired, const char *name, size_t line)
{
    char short_name[FOREIGN_KEY_NAME_MAX + 1];
    snprintf(short_name, sizeof(short_name), "%s", name);
    for (size_t i = 0; i < keys->count; i++) {
        struct foreign_key *key = &keys->keys[i];
        if (key->mapping != mapping || key->retired != retired || strcmp(key->name, short_name) != 0)
            continue;
        key->count++;
        return key;
    }
    if (keys->count == FOREIGN_KEYS_MAX) {
        keys->more++;
        return NULL;
    }
    struct foreign_key *key = &keys->keys[keys->count++];
    *key = (struct foreign_key){.mapping = mapping, .retired = retired, .line = line, .count = 1};
    memcpy(key->name, short_name, sizeof(key->name));
    return key;
}

/* True when a word is how a key ends, as "sandbox" is of "require-sandbox". */
static bool is_end_of_key(const char *word, const char *key)
{
    size_t length = strlen(word), key_length = strlen(key);
    return length > 0 && length < key_length && key[key_length - length - 1] == '-' &&
           strcmp(key + key_length - length, word) == 0;
}

/* The key of a mapping that was probably meant, or NULL. */
static const char *find_closest(const struct yaml_mapping *mapping, const char *name, bool has_anchor)
{
    for (size_t i = 0; i < mapping->key_count && !has_anchor; i++) {
        if (is_end_of_key(name, mapping->keys[i]))
            return mapping->keys[i];
    }
    size_t closest = closest_word_find(name, mapping->keys, mapping->key_count);
    if (closest == mapping->key_count || !closest_word_is_mistyped(name, mapping->keys[closest]))
        return NULL;
    return mapping->keys[closest];
}

void foreign_keys_add(struct foreign_keys *keys, const struct yaml_mapping *mapping, const char *name,
                      size_t line, bool has_anchor, struct config_report *report, const char *path)
{
    const char *closest = find_closest(mapping, name, has_anchor);
    const struct yaml_mapping *owner = find_owner(keys, name);
    if (owner != NULL && closest != NULL)
        config_report_add_error(report, path, line,
                                "%s has no key \"%s\", which is one of %s: write it there, or \"%s\" here if "
                                "that is meant",
                                mapping->what, name, owner->what, closest);
    else if (closest != NULL)
        config_report_add_error(report, path, line, "%s has no key \"%.*s\": write \"%s\" if that is meant",
                                mapping->what, FOREIGN_KEY_NAME_MAX, name, closest);
    else if (owner != NULL && !has_anchor && !is_common_word(name) && !is_needed(owner, name))
        config_report_add_error(report, path, line,
                                "%s has no key \"%s\", which is one of %s: write it there", mapping->what,
                                name, owner->what);
    else if (mapping->is_strict)
        config_report_add_error(report, path, line,
                                "%s has no key \"%.*s\": remove it (obpub.yaml(5) has all keys)",
                                mapping->what, FOREIGN_KEY_NAME_MAX, name);
    else {
        struct foreign_key *key = count_key(keys, mapping, NULL, name, line);
        if (key != NULL) {
            key->owner = owner;
            key->has_anchor = key->has_anchor || has_anchor;
        }
    }
}

void foreign_keys_add_retired(struct foreign_keys *keys, const struct yaml_mapping *mapping,
                              const struct yaml_retired_key *retired, const char *name, size_t line,
                              bool is_taken)
{
    struct foreign_key *key = count_key(keys, mapping, retired, name, line);
    if (key != NULL)
        key->is_taken = is_taken;
}

bool foreign_keys_explain_missing(struct foreign_keys *keys, const struct yaml_mapping *mapping,
                                  const char *name, size_t line, struct config_report *report,
                                  const char *path)
{
    for (size_t i = 0; i < keys->count; i++) {
        struct foreign_key *key = &keys->keys[i];
        if (key->retired != NULL || key->is_said || key->mapping == mapping || strcmp(key->name, name) != 0)
            continue;
        key->is_said = true;
        config_report_add_error(
            report, path, key->line,
            "\"%s\" stands in %s itself and is missing in %s, the one on line %zu: put as "
            "many blanks before it as before that one's other keys",
            name, key->mapping->what, mapping->what, line);
        return true;
    }
    return false;
}

/* -- what is said at the end ---------------------------------------------------------------------- */

/* ", also in 2 more places" for a key that is there three times. */
static const char *format_places(char text[64], const struct foreign_key *key)
{
    text[0] = '\0';
    if (key->count > 1)
        snprintf(text, 64, " (so in %zu more place%s)", key->count - 1, key->count == 2 ? "" : "s");
    return text;
}

static void report_unknown(const struct foreign_key *key, struct config_report *report, const char *path)
{
    char places[64];
    format_places(places, key);
    if (key->owner != NULL && !key->has_anchor && is_needed(key->owner, key->name) &&
        !is_common_word(key->name))
        config_report_add_error(report, path, key->line,
                                "%s has no key \"%s\", which is one of %s: write it there%s",
                                key->mapping->what, key->name, key->owner->what, places);
    else if (key->owner != NULL)
        config_report_add_warning(report, path, key->line,
                                  "%s has no key \"%s\", which is one of %s: it does nothing here%s",
                                  key->mapping->what, key->name, key->owner->what, places);
    else
        config_report_add_warning(report, path, key->line,
                                  "%s has no key \"%s\": it does nothing here (obpub.yaml(5) has all keys)%s",
                                  key->mapping->what, key->name, places);
}

/* A list that is being made, of words with commas between them. */
struct list {
    char text[LIST_SIZE];
    size_t length;
};

static void add_to_list(struct list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_to_list(struct list *list, const char *format, ...)
{
    va_list arguments;
    const char *separator = list->length > 0 ? ", " : "";
    if (list->length + 2 >= sizeof(list->text))
        return;
    list->length +=
        (size_t)snprintf(list->text + list->length, sizeof(list->text) - list->length, "%s", separator);
    va_start(arguments, format);
    int length = vsnprintf(list->text + list->length, sizeof(list->text) - list->length, format, arguments);
    va_end(arguments);
    if (length > 0)
        list->length += (size_t)length;
    if (list->length >= sizeof(list->text))
        list->length = sizeof(list->text) - 1;
}

/* Says what there is to say of one alone. */
static void report_one_retired(const struct foreign_key *key, struct config_report *report, const char *path)
{
    char places[64];
    format_places(places, key);
    if (key->is_taken)
        config_report_add_warning(report, path, key->line,
                                  "\"%s\" counts as \"%s\", which has come in its place: better write that%s",
                                  key->name, key->retired->successor, places);
    else
        config_report_add_warning(report, path, key->line, "\"%s\" does nothing here: %s%s", key->name,
                                  key->retired->advice, places);
}

/* Says it of all in one line: who writes such files, as EOTK does, writes ten of them each time. */
static void report_retired(const struct foreign_keys *keys, struct config_report *report, const char *path)
{
    struct list idle = {.text = ""}, taken = {.text = ""};
    const struct foreign_key *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < keys->count; i++) {
        const struct foreign_key *key = &keys->keys[i];
        if (key->retired == NULL)
            continue;
        first = first != NULL ? first : key;
        count++;
        if (key->is_taken)
            add_to_list(&taken, "%s as \"%s\"", key->name, key->retired->successor);
        else
            add_to_list(&idle, "%s", key->name);
    }
    if (count == 1)
        report_one_retired(first, report, path);
    else if (count > 1)
        config_report_add_warning(
            report, path, first->line, "from here on are keys of Onionbalance for v2 services%s%s%s%s%s",
            idle.length > 0 ? ", which do nothing here and can be removed: " : "", idle.text,
            idle.length > 0 && taken.length > 0 ? ";" : "",
            taken.length > 0 ? (idle.length > 0 ? " others count: " : ", which count: ") : "", taken.text);
}

void foreign_keys_report(struct foreign_keys *keys, struct config_report *report, const char *path)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (keys->keys[i].retired == NULL && !keys->keys[i].is_said)
            report_unknown(&keys->keys[i], report, path);
    }
    if (keys->more > 0)
        config_report_add_warning(report, path, 0, "%zu other keys do nothing here, too", keys->more);
    report_retired(keys, report, path);
}
