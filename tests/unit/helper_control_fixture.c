/* What the tests of control connections share: an event loop, a stand-in peer, a client, and a folder. */
#include "helper_control_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

const struct control_limits control_fixture_tight_limits = {
    .line_max = 1024, .reply_max = 65536, .connect_timeout = 0.3, .command_timeout = 0.3};

int control_fixture_set_up(void **state)
{
    struct control_fixture *fixture = memory_allocate(1, sizeof(*fixture));
    fixture->base = event_base_new();
    if (folder_make(fixture->folder) != 0)
        return -1;
    snprintf(fixture->socket_path, sizeof(fixture->socket_path), "%s/control", fixture->folder);
    snprintf(fixture->endpoint, sizeof(fixture->endpoint), "unix:%s", fixture->socket_path);
    *state = fixture;
    return 0;
}

int control_fixture_tear_down(void **state)
{
    struct control_fixture *fixture = *state;
    client_clear(&fixture->client);
    control_peer_free(fixture->peer);
    /* What a cancelled look-up leaves to the event loop. */
    event_base_loop(fixture->base, EVLOOP_NONBLOCK);
    event_base_loop(fixture->base, EVLOOP_NONBLOCK);
    event_base_free(fixture->base);
    unlink(fixture->socket_path);
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

struct client *control_fixture_start(struct control_fixture *fixture, const struct peer_step *steps,
                                     size_t count, const struct control_limits *limits)
{
    client_clear(&fixture->client);
    control_peer_free(fixture->peer);
    unlink(fixture->socket_path);
    fixture->peer = control_peer_new(fixture->base, fixture->socket_path, steps, count);
    client_start(&fixture->client, fixture->base, fixture->endpoint, NULL, limits);
    return &fixture->client;
}
