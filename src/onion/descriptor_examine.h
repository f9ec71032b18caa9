/* What the decoder notes while a descriptor is examined: for the files that decode one alone. */
#ifndef OBPUB_ONION_DESCRIPTOR_EXAMINE_H
#define OBPUB_ONION_DESCRIPTOR_EXAMINE_H

#include "crypto/descriptor_layer.h"
#include "onion/descriptor_checks.h"

/* Begins one of length bytes, whose descriptor is the examination's from now on. */
struct descriptor_examination *descriptor_examination_new(struct descriptor *descriptor, size_t length);

/* The certificate of the descriptor signing key was read. result: 0 when its blinded key is the expected
 * service's of a time period that is possible now, or no service is expected; otherwise error says that it is
 * not, and the key is looked for in the time periods in which such a certificate is made. */
void examine_blinded_key(struct descriptor_examination *examination,
                         const struct descriptor_expectation *expectation,
                         const struct certificate *certificate, int result, const struct error *error);

/* A layer was decrypted. */
void examine_layer(struct descriptor_examination *examination, enum descriptor_layer layer, size_t encrypted,
                   size_t plaintext, size_t text);

/* The inner layer can't be decrypted; has_key: with a client key, for this reason. */
void examine_closed(struct descriptor_examination *examination, bool has_key, const char *reason);

/* Of a point. */
void examine_links(struct examined_point *point, const struct link_specifiers *links);
void examine_auth_key(struct examined_point *point, const struct certificate *certificate);
void examine_enc_key_certificate(struct examined_point *point, const struct certificate *certificate);

/* The place for the next point, zeroed; one that is too many has no other place than the next one. */
struct examined_point *examine_next_point(struct descriptor_examination *examination);

/* It was read: checks it against those before it. */
void examine_point_end(struct descriptor_examination *examination);

/* All were. */
void examine_points_end(struct descriptor_examination *examination);

#endif
