/* Holds the items of a document to a table: which keywords, how often, in which order, with what. */
#ifndef OBPUB_ONION_ITEM_RULES_H
#define OBPUB_ONION_ITEM_RULES_H

#include "onion/document.h"

/* Most items with an unknown keyword that one section may have: they are ignored (dir-spec, "document
 * meta-format"), but not without end. */
#define UNKNOWN_ITEMS_MAX 16

/* What item_checker_take() returns for a keyword that is not in the table. */
#define ITEM_UNKNOWN 64

enum item_object {
    ITEM_OBJECT_NEVER,
    ITEM_OBJECT_MAY,
    ITEM_OBJECT_MUST,
};

/* One keyword of a table, which has fewer than ITEM_UNKNOWN of them. The first one of a table has to be the
 * section's first item. */
struct item_rule {
    const char *keyword;
    size_t arguments_min;
    size_t arguments_max; /* 0: no limit */
    enum item_object object;
    const char *object_label; /* for ITEM_OBJECT_MUST */
    bool is_required;
    bool may_repeat;
};

struct item_checker {
    const char *section; /* for the error sentences: "the inner layer" */
    const struct item_rule *rules;
    size_t rule_count;
    bool has_end;  /* the table's last item ends the section */
    size_t last;   /* the rule of the last known item whose order was asked for */
    uint64_t seen; /* bit n: rule n was used */
    size_t unknown_count;
};

void item_checker_init(struct item_checker *checker, const char *section, const struct item_rule *rules,
                       size_t rule_count, bool has_end);

/* Checks the section's next item. Returns its rule's position in the table, or ITEM_UNKNOWN, or -1. */
int item_checker_take(struct item_checker *checker, const struct document_item *item, struct error *error);

/* Checks that the item that was just taken comes in the table's order, as tor writes them all and reads them
 * in any; rule is what item_checker_take() has returned, and no unknown one. Returns 0 or -1. */
int item_checker_order(struct item_checker *checker, int rule, struct error *error);

/* True when an item of this rule was taken. */
bool item_checker_has(const struct item_checker *checker, int rule);

/* Checks that nothing required is missing at the section's end. Returns 0 or -1. */
int item_checker_finish(const struct item_checker *checker, struct error *error);

#endif
