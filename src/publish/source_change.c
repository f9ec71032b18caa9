/* Telling of the changes of a source's machines, for whoever wants to follow what is done with it, and why.
 */
#include "publish/source_change.h"

void source_tell_change(const struct source *source, const char *machine, const char *from, const char *to,
                        const char *why)
{
    if (source->observer == NULL || source->observer->changed == NULL)
        return;
    const struct source_change change = {
        .source = source->number,
        .machine = machine,
        .from = from,
        .to = to,
        .why = why,
    };
    source->observer->changed(&change, source->observer->context);
}
