/* Key files: opening them with care, and what lies beside them. */
#ifndef OBPUB_CONFIG_KEY_FILE_H
#define OBPUB_CONFIG_KEY_FILE_H

#include "config/key_decode.h"
#include "files/plain_file.h"
#include "onion/bundle.h"

/* The name of tor's key file in a HiddenServiceDir. */
extern const char key_file_tor_name[];

/* Opens the file of a key of any kind, which only root and this user may read or change, or systemd's access
 * list of a credential lets this user read. With PLAIN_FILE_GOOD the file is to be closed. */
enum plain_file_fault key_file_open(struct plain_file *file, const char *path);

/* The same, and one of root's that a group of this process can read is good as well. */
enum plain_file_fault key_file_open_of_group(struct plain_file *file, const char *path);

/* Says why such a file can't be used, in a sentence that begins where the path would end. Returns -1. */
int key_file_explain(enum plain_file_fault fault, const struct plain_file *file, struct error *error);

/* Where a key was found. */
struct key_file_origin {
    char *path; /* of the key file itself; release with free() */
    enum key_format format;
    struct bundle *bundle; /* release with bundle_free(); NULL unless the format is KEY_FORMAT_BUNDLE */
};

/* Loads a secret key from a PEM file, from tor's hs_ed25519_secret_key, or from the HiddenServiceDir at path
 * that holds one; or, in the place of a key, a bundle that was presigned with it, which leaves secret_key
 * zeroed. takes_groups: a file of root's is good, too, that a group of this process can read and nobody else,
 * as Kubernetes hands out secrets. secret_key is in the caller's secret memory, public_key becomes the key
 * that belongs to it. Refused are files that others can read or write (except by the access list that systemd
 * gives a credential), that belong to somebody else than root or this user, or that are not plain files, and
 * a hs_ed25519_secret_key that does not go with the hs_ed25519_public_key or hostname beside it. Returns 0
 * with origin to be released, or -1 with nothing to release, secret_key wiped, and a sentence that begins
 * where the path would end ("is empty: ..."). */
int key_file_load(const char *path, bool takes_groups, struct ed25519_secret_key *secret_key,
                  uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], struct key_file_origin *origin,
                  struct error *error);

/* The same for who makes a copy of it: root may have that of a key of another user's, as tor's is, who has it
 * anyway. */
int key_file_load_to_copy(const char *path, struct ed25519_secret_key *secret_key,
                          uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], struct key_file_origin *origin,
                          struct error *error);

#endif
