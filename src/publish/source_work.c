/* What a source's tor has clients solve: whose proof of work it verifies, and for how long. */
#include "publish/source_work.h"

#include <string.h>

/* Its tor has other pow-params within a second of these having expired. */
#define RENEWAL_TIME 1000

bool source_verifies_work(const struct source *source)
{
    return source_policy(source->kind)->can_verify_work && source->pow_params.is_present;
}

bool source_offers_work(const struct source *source)
{
    return source_verifies_work(source) && source->work_state != WORK_OVER;
}

static void note_replaced(struct source *source, const struct pow_params *pow_params)
{
    const struct pow_params *known = &source->pow_params;
    if (!known->is_present || !pow_params->is_present ||
        memcmp(known->seed, pow_params->seed, POW_SEED_SIZE) == 0)
        return;
    source->seeds_replaced++;
    source->replaced_expires_at = known->expires_at;
}

/* What is new in pow-params that are not what a source's were. */
static enum source_news find_news(const struct pow_params *known, const struct pow_params *pow_params)
{
    if (!known->is_present || !pow_params->is_present)
        return SOURCE_NEWS_CHANGE;
    bool has_same_seed = memcmp(known->seed, pow_params->seed, POW_SEED_SIZE) == 0;
    return has_same_seed ? SOURCE_NEWS_EFFORT : SOURCE_NEWS_SEED;
}

enum source_news source_take_work(struct source *source, const struct descriptor *descriptor, int64_t now)
{
    const struct pow_params *pow_params = &descriptor->pow_params;
    if (!source_policy(source->kind)->can_verify_work || pow_params_equal(&source->pow_params, pow_params))
        return SOURCE_NEWS_NONE;
    enum source_news news = find_news(&source->pow_params, pow_params);
    bool is_known = pow_params->is_present && descriptor->decoded_at != 0;
    note_replaced(source, pow_params);
    source->pow_params = *pow_params;
    source->work_state = WORK_OFFERED;
    source->work_expires_at =
        is_known ? now + (pow_params->expires_at - descriptor->decoded_at) * 1000 : MOMENT_NEVER;
    return news;
}

void source_forget_work(struct source *source)
{
    source->pow_params.is_present = false;
    source->work_state = WORK_OFFERED;
    source->work_expires_at = MOMENT_NEVER;
}

/* When nothing new is waited for any more. By then a source that was lost before has been taken out, and its
 * HSDirs have other points. */
static int64_t find_end(const struct publisher *publisher, const struct source *source)
{
    return source->work_expires_at + RENEWAL_TIME + publisher->rules.grace;
}

bool source_check_work(const struct publisher *publisher, struct source *source, int64_t now)
{
    if (now < source_next_work_moment(publisher, source))
        return false;
    if (source->work_state == WORK_OFFERED) {
        source->work_state = WORK_EXPIRED;
        return true;
    }
    source->work_state = WORK_OVER;
    source_add_news(source, SOURCE_NEWS_CHANGE);
    return false;
}

int64_t source_next_work_moment(const struct publisher *publisher, const struct source *source)
{
    if (!source_verifies_work(source) || source->work_expires_at == MOMENT_NEVER ||
        source->work_state == WORK_OVER)
        return MOMENT_NEVER;
    return source->work_state == WORK_OFFERED ? source->work_expires_at + RENEWAL_TIME
                                              : find_end(publisher, source);
}
