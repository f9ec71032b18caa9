/* Holds the items of a document to a table: which keywords, how often, in which order, with what. */
#include "item_rules.h"

#include <inttypes.h>

void item_checker_init(struct item_checker *checker, const char *section, const struct item_rule *rules,
                       size_t rule_count, bool has_end)
{
    *checker = (struct item_checker){
        .section = section, .rules = rules, .rule_count = rule_count, .has_end = has_end};
}

static size_t find_rule(const struct item_checker *checker, struct text keyword)
{
    size_t i = 0;
    while (i < checker->rule_count && !text_equals(keyword, checker->rules[i].keyword))
        i++;
    return i;
}

static bool has_seen(const struct item_checker *checker, size_t rule)
{
    return (checker->seen >> rule & 1) != 0;
}

/* Checks that an item that may be there once is not there again. */
static int check_repetition(const struct item_checker *checker, size_t rule, struct error *error)
{
    const char *keyword = checker->rules[rule].keyword;
    if (has_seen(checker, rule) && !checker->rules[rule].may_repeat)
        return error_set(error, "%s has \"%s\" twice", checker->section, keyword);
    return 0;
}

/* Checks an item's arguments and object. */
static int check_form(const struct item_checker *checker, const struct item_rule *rule,
                      const struct document_item *item, struct error *error)
{
    if (item->argument_count < rule->arguments_min ||
        (rule->arguments_max > 0 && item->argument_count > rule->arguments_max))
        return error_set(error, "%s has \"%s\" with %zu arguments", checker->section, rule->keyword,
                         item->argument_count);
    if (rule->object == ITEM_OBJECT_NEVER && item->has_object)
        return error_set(error, "%s has \"%s\" with an object", checker->section, rule->keyword);
    if (rule->object == ITEM_OBJECT_MUST &&
        (!item->has_object || !text_equals(item->object_label, rule->object_label)))
        return error_set(error, "%s has \"%s\" without its object \"%s\"", checker->section, rule->keyword,
                         rule->object_label);
    return 0;
}

int item_checker_take(struct item_checker *checker, const struct document_item *item, struct error *error)
{
    size_t rule = find_rule(checker, item->keyword);
    if (rule != 0 && !has_seen(checker, 0))
        return error_set(error, "%s does not begin with \"%s\"", checker->section, checker->rules[0].keyword);
    if (checker->has_end && has_seen(checker, checker->rule_count - 1))
        return error_set(error, "%s goes on behind \"%s\"", checker->section,
                         checker->rules[checker->rule_count - 1].keyword);
    if (rule == checker->rule_count) {
        if (++checker->unknown_count > UNKNOWN_ITEMS_MAX)
            return error_set_stricter(error, "%s has more than %d unknown lines", checker->section,
                                      UNKNOWN_ITEMS_MAX);
        return ITEM_UNKNOWN;
    }
    if (check_repetition(checker, rule, error) != 0 ||
        check_form(checker, &checker->rules[rule], item, error) != 0)
        return -1;
    checker->seen |= UINT64_C(1) << rule;
    return (int)rule;
}

int item_checker_order(struct item_checker *checker, int rule, struct error *error)
{
    const size_t last = checker->last;
    checker->last = (size_t)rule;
    if (checker->last < last)
        return error_set_stricter(error, "%s has \"%s\" behind \"%s\"", checker->section,
                                  checker->rules[rule].keyword, checker->rules[last].keyword);
    return 0;
}

bool item_checker_has(const struct item_checker *checker, int rule)
{
    return has_seen(checker, (size_t)rule);
}

int item_checker_finish(const struct item_checker *checker, struct error *error)
{
    for (size_t i = 0; i < checker->rule_count; i++) {
        if (checker->rules[i].is_required && !has_seen(checker, i))
            return error_set(error, "%s has no \"%s\"", checker->section, checker->rules[i].keyword);
    }
    return 0;
}
