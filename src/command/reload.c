/* Reads the config again while publishing goes on: the reader may take its time, or hang. */
#include "command/reload.h"

#include <stdlib.h>

#include "base/memory.h"

/* Until the reader has been told which config is in use no other one can be loaded, as that would take the
 * keys of this one away. So it is told after each load, however long that takes, and then it loads again. */
enum reload_state {
    RELOAD_IDLE,
    RELOAD_LOADING,
    RELOAD_KEEPING, /* the reader is being told which config is in use */
};

struct reload {
    struct reader_client *reader;
    struct reload_callbacks callbacks;
    void *context;
    enum reload_state state;
    struct file_request *request; /* unless idle */
    struct event *timer;          /* while a reload is waited for */
    bool is_kept;                 /* the reader has been told */
    bool is_wanted;               /* a reload, as soon as it is idle */
};

static void begin_wanted(struct reload *reload);

/* Says that a reload has come to nothing. */
static void fail(struct reload *reload, const struct config_report *report, const struct error *error)
{
    event_del(reload->timer);
    reload->callbacks.loaded(NULL, report, error, reload->context);
}

static void kept(int result, const struct error *error, void *context)
{
    struct reload *reload = context;
    static const struct config_report nothing = {0};
    reload->state = RELOAD_IDLE;
    reload->is_kept = result == 0;
    if (result != 0)
        reload->callbacks.not_kept(error, reload->context);
    if (result != 0 && reload->is_wanted) {
        reload->is_wanted = false;
        fail(reload, &nothing, error);
    }
    begin_wanted(reload);
}

static void keep(struct reload *reload)
{
    reload->state = RELOAD_KEEPING;
    reload->request = reader_client_begin_keep(reload->reader, kept, reload);
}

static void loaded(int result, struct config *config, struct config_report *report, void *context)
{
    struct reload *reload = context;
    struct error error;
    reload->state = RELOAD_IDLE;
    if (result != 0) {
        error_set(&error, "%s", report->error_count > 0 ? report->errors[0] : "the config can't be used");
        fail(reload, report, &error);
        begin_wanted(reload);
        return;
    }
    struct config *copy = memory_allocate(1, sizeof(*copy));
    *copy = *config;
    event_del(reload->timer);
    reload->callbacks.loaded(copy, report, NULL, reload->context);
    keep(reload);
    begin_wanted(reload); /* which waits for that, but not for ever */
}

/* Begins a reload that is wanted, if it can be. */
static void begin_wanted(struct reload *reload)
{
    const struct timeval time = {RELOAD_SECONDS, 0};
    if (!reload->is_wanted)
        return;
    evtimer_add(reload->timer, &time);
    if (reload->state == RELOAD_IDLE && !reload->is_kept) {
        keep(reload);
    } else if (reload->state == RELOAD_IDLE) {
        reload->is_wanted = false;
        reload->state = RELOAD_LOADING;
        reload->request = reader_client_begin_load(reload->reader, loaded, reload);
    }
}

static void timer_fired(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    static const struct config_report nothing = {0};
    struct reload *reload = context;
    struct error error;
    error_set(&error, "reading files takes more than %d seconds: do the disks answer?", RELOAD_SECONDS);
    reload->is_wanted = false;
    if (reload->state == RELOAD_LOADING) {
        reader_client_forget(reload->reader, reload->request);
        reload->state = RELOAD_IDLE;
    }
    fail(reload, &nothing, &error);
}

void reload_begin(struct reload *reload)
{
    reload->is_wanted = true;
    if (reload->state != RELOAD_LOADING)
        begin_wanted(reload);
}

bool reload_is_wanted(const struct reload *reload)
{
    return reload->is_wanted;
}

struct reload *reload_new(struct event_base *base, struct reader_client *reader,
                          const struct reload_callbacks *callbacks, void *context)
{
    struct reload *reload = memory_allocate(1, sizeof(*reload));
    reload->reader = reader;
    reload->callbacks = *callbacks;
    reload->context = context;
    reload->timer = evtimer_new(base, timer_fired, reload);
    keep(reload);
    return reload;
}

void reload_free(struct reload *reload)
{
    if (reload == NULL)
        return;
    if (reload->state != RELOAD_IDLE)
        reader_client_forget(reload->reader, reload->request);
    event_free(reload->timer);
    free(reload);
}
