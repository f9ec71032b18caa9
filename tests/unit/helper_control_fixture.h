/* What the tests of control connections share: an event loop, a stand-in peer, a client, and a folder. */
#ifndef OBPUB_TESTS_HELPER_CONTROL_FIXTURE_H
#define OBPUB_TESTS_HELPER_CONTROL_FIXTURE_H

#include "helper_control_client.h"
#include "helper_control_peer.h"
#include "helper_folder.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Answers of a tor that asks for no authentication, and the steps of a script that give them. */
#define INFO_NULL "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250-VERSION Tor=\"0.4.9.11\"\r\n250 OK\r\n"
/* clang-format off */
#define LET_IN {"PROTOCOLINFO 1", INFO_NULL, PEER_GO_ON}, {"AUTHENTICATE", "250 OK\r\n", PEER_GO_ON}
/* clang-format on */

/* A cmocka test that gets a fixture of its own. */
#define CONTROL_TEST(name)                                                                                   \
    cmocka_unit_test_setup_teardown(name, control_fixture_set_up, control_fixture_tear_down)

/* Limits that make a test short. */
extern const struct control_limits control_fixture_tight_limits;

struct control_fixture {
    struct event_base *base;
    struct control_peer *peer;
    struct client client;
    char folder[FOLDER_PATH_SIZE];
    char socket_path[80]; /* where the peer listens */
    char endpoint[96];    /* the same, for the client */
};

int control_fixture_set_up(void **state);
int control_fixture_tear_down(void **state);

/* Starts a peer with a script, and a client with limits (NULL for the default ones) that connects to it; ends
 * those that were there before. */
struct client *control_fixture_start(struct control_fixture *fixture, const struct peer_step *steps,
                                     size_t count, const struct control_limits *limits);

#endif
