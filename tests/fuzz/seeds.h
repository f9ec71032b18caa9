/* Writing the first inputs of the fuzz targets' corpora, seed-NAME in the folder of a target. */
#ifndef OBPUB_TESTS_SEEDS_H
#define OBPUB_TESTS_SEEDS_H

#include <stddef.h>
#include <stdint.h>

void seeds_write(const char *target, const char *name, const void *bytes, size_t size);
void seeds_write_text(const char *target, const char *name, const char *text);

/* Writes a text behind a first byte that says something about it. */
void seeds_write_with_byte(const char *target, const char *name, uint8_t byte, const char *text,
                           size_t length);

/* Each writes all seeds of its kind. */
void seeds_write_recorded(void);
void seeds_write_status(void);
void seeds_write_http(void);
void seeds_write_curve(void);
void seeds_write_socks(void);
void seeds_write_agent(void);
void seeds_write_reader(void);
void seeds_write_configs(void);
void seeds_write_refused_configs(void);
void seeds_write_bundles(void);
void seeds_write_signer_requests(void);
void seeds_write_signer_bundles(void);

#endif
