/* What the engine and the reader say to each other.
 *
 * A message is one byte that says what it is, and what belongs to that. The engine asks one thing at a time;
 * the last message of every answer is READER_END.
 */
#ifndef OBPUB_READER_READER_MESSAGE_H
#define OBPUB_READER_READER_MESSAGE_H

#include "control/cookie_proof.h"
#include "crypto/x25519.h"
#include "onion/bundle.h"

enum reader_message {
    /* The engine's. */
    READER_LOAD = 1, /* read the config and the keys, and hand new keys to the signer */
    READER_KEEP,     /* the engine goes by what was read last: have the signer forget the keys it has not */
    READER_DROP,     /* it does not: have the signer forget the keys that were new */
    READER_PASSWORD, /* path: read a password file that the config names; see below */
    READER_PROOF,    /* prove that the cookie, or the secret, in a file is known; see below */
    READER_HOST,     /* name: find the addresses of a host in the machine's own list */
    READER_RESOLVER, /* read which name servers are asked */
    /* The reader's, in answer to READER_LOAD. */
    READER_WARNING, /* sentence */
    READER_ERROR,   /* sentence */
    READER_TEXT,    /* piece of the config's text; the pieces come in order */
    READER_KEY,     /* a frontend's key, in the order of the config: see below */
    /* READER_CLIENT_KEY and READER_CLIENTS as well, which are the last of them here. */
    /* To everything: enum credential_result, or 0 or 1 as success or failure; then the password, the proof,
     * the lines that name_files.h describes, or the sentence that says why there is nothing. */
    READER_END,
    /* The engine's again. */
    READER_SOCKET, /* path: remove the file of a listening socket that the config names */
    /* In answer to READER_LOAD again. */
    READER_CLIENT_KEY, /* 32 bytes: the secret key of a client, in the order in which the config names their
                        * files, an agent's before its backend's */
    READER_CLIENTS,    /* the authorised clients of the frontend whose READER_KEY came last: see below */
};

#define READER_MESSAGE_SIZE_MAX 16384

/* READER_KEY: type, number of the frontend at the signer (4 bytes, most significant first), enum key_format,
 * identity key, header of the bundle that there is in the place of the key (else zero), path of the key file.
 */
#define READER_KEY_FRONTEND 1
#define READER_KEY_FORMAT 5
#define READER_KEY_IDENTITY 6
#define READER_KEY_BUNDLE (READER_KEY_IDENTITY + ED25519_PUBLIC_KEY_SIZE)
#define READER_KEY_PATH (READER_KEY_BUNDLE + BUNDLE_HEADER_SIZE)

/* READER_CLIENTS: type, how many they are (2 bytes, most significant first), their public keys, path of their
 * folder. It comes for every frontend, directly behind its READER_KEY, so that none that is restricted can be
 * taken for an open one: with 0 clients and "" for one that has no folder. */
#define READER_CLIENTS_COUNT 1
#define READER_CLIENTS_KEYS 3

/* READER_PASSWORD: type, path. READER_PROOF: type, flags, nonce of the client, nonce and hash of the server,
 * path. Both end in a NUL and the path of the unix socket that was connected to, if that is one, and with
 * them comes the socket that is connected to who is to be let in. */
#define READER_PROOF_FLAGS 1
#define READER_PROOF_NONCE 2
#define READER_PROOF_SERVER_NONCE (READER_PROOF_NONCE + COOKIE_NONCE_SIZE)
#define READER_PROOF_SERVER_HASH (READER_PROOF_SERVER_NONCE + COOKIE_NONCE_SIZE)
#define READER_PROOF_PATH (READER_PROOF_SERVER_HASH + SHA256_SIZE)

/* READER_CLIENT_KEY: type, key. */
#define READER_CLIENT_KEY_SECRET 1
#define READER_CLIENT_KEY_SIZE (READER_CLIENT_KEY_SECRET + X25519_SECRET_KEY_SIZE)

/* Flags. */
#define READER_PROOF_NAMED_BY_PEER 1 /* and not by the config */
#define READER_PROOF_LOCAL_TOR 2     /* the peer is to be a local tor */
#define READER_PROOF_OF_SECRET 4     /* of the secret in a password file: the peer is to be an agent */

#endif
