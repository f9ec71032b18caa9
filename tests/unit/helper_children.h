/* The signer and the reader as processes, in a folder with keys and a config, for the tests of them. */
#ifndef OBPUB_TESTS_HELPER_CHILDREN_H
#define OBPUB_TESTS_HELPER_CHILDREN_H

#include "command/processes.h"

#define CHILDREN_PERIOD_LENGTH 1440 /* minutes */

/* Those of the test that runs now, and how they were started. */
extern struct processes children;
extern const struct options children_options;
extern struct confine_plan children_plan;

/* Reads the keys; for the whole group of tests. */
int children_prepare(void **state);

/* The onion address of a key. */
const char *children_address(int number);

/* Starts both in a folder of their own, and ends them. The config there has two frontends, with the keys 0
 * and 8 of vectors/key_files.txt in frontend0.key and frontend8.key. */
int children_set_up(void **state);
int children_tear_down(void **state);

#define CHILDREN_TEST(function) cmocka_unit_test_setup_teardown(function, children_set_up, children_tear_down)

/* Writes a config with the frontends whose keys have these numbers, "other" being what stands above. */
void children_write_config(const char *other, const int *frontends, size_t count);

/* Has the reader load the config, which has to be good; take_config has it kept, too. */
void children_load(struct config *config);
void children_take_config(struct config *config);

/* Has the signer certify a key for a frontend, and checks the certificate. Returns 0, or -1 when the signer
 * does not. */
int children_certify(size_t frontend);

/* Waits until a process has ended, and checks that the other one ends with it. */
void children_check_both_end(void);

#endif
