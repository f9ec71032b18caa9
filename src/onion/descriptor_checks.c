/* The checks of a descriptor: the tables, and what can be asked of an examination. */
#include "onion/descriptor_checks.h"

#include <stdlib.h>

#include "onion/point_relay.h"

#define BY_BOTH (CHECKED_BY_HSDIR | CHECKED_BY_CLIENT)

const struct check_row descriptor_check_rows[DESCRIPTOR_CHECKS] = {
    [CHECK_SIZE] = {"size", "shorter than the network allows", BY_BOTH},
    [CHECK_OUTER_FORM] = {"outer-form", "the outer layer has its lines, in their order", BY_BOTH},
    [CHECK_VERSION] = {"version", "version 3", BY_BOTH},
    [CHECK_LIFETIME] = {"lifetime", "the lifetime is a number of minutes that may be", BY_BOTH},
    [CHECK_SIGNING_KEY_CERTIFICATE] = {"signing-key-certificate",
                                       "the certificate of the descriptor signing key can be read", BY_BOTH},
    [CHECK_SIGNING_KEY_TIMES] = {"signing-key-times", "that certificate is good now", BY_BOTH},
    [CHECK_SIGNING_KEY_SIGNATURE] = {"signing-key-signature", "the blinded key has signed that certificate",
                                     BY_BOTH},
    [CHECK_REVISION_COUNTER] = {"revision-counter", "the revision counter is a number of 64 bits", BY_BOTH},
    [CHECK_SIGNATURE] = {"signature", "the descriptor signing key has signed the descriptor", BY_BOTH},
    [CHECK_BLINDED_KEY] = {"blinded-key", "the blinded key is this service's", CHECKED_BY_CLIENT},
    [CHECK_TIME_PERIOD] = {"time-period", "of a time period that is possible now", CHECKED_BY_CLIENT},
    [CHECK_MIDDLE_ENCRYPTION] = {"middle-encryption",
                                 "the middle layer can be decrypted, and its MAC is right",
                                 CHECKED_BY_CLIENT},
    [CHECK_MIDDLE_FORM] = {"middle-form", "the middle layer has its lines, in their order",
                           CHECKED_BY_CLIENT},
    [CHECK_CLIENT_AUTHORIZATION] = {"client-authorization", "the lines for authorised clients can be read",
                                    CHECKED_BY_CLIENT},
    [CHECK_INNER_ENCRYPTION] = {"inner-encryption", "the inner layer can be decrypted, and its MAC is right",
                                CHECKED_BY_CLIENT},
    [CHECK_INNER_FORM] = {"inner-form", "the inner layer has its lines", CHECKED_BY_CLIENT},
    [CHECK_HANDSHAKE] = {"handshake", "clients can use ntor", CHECKED_BY_CLIENT},
    [CHECK_FLOW_CONTROL] = {"flow-control", "flow control can be read", CHECKED_BY_CLIENT},
    [CHECK_PROOF_OF_WORK] = {"proof-of-work", "proof of work can be read", CHECKED_BY_CLIENT},
    [CHECK_POINT_COUNT] = {"point-count", "no more introduction points than clients take", CHECKED_BY_CLIENT},
    [CHECK_POINTS_DIFFER] = {"points-differ", "no introduction point is there twice", 0},
};

const struct check_row point_check_rows[POINT_CHECKS] = {
    [POINT_CHECK_FORM] = {"form", "it has its lines", CHECKED_BY_CLIENT},
    [POINT_CHECK_LINKS] = {"link-specifiers", "its link specifiers can be read", CHECKED_BY_CLIENT},
    [POINT_CHECK_ONION_KEY] = {"onion-key", "its onion-key is a good key", CHECKED_BY_CLIENT},
    [POINT_CHECK_AUTH_CERTIFICATE] = {"auth-key-certificate",
                                      "auth-key is a certificate of this descriptor's", CHECKED_BY_CLIENT},
    [POINT_CHECK_AUTH_TIMES] = {"auth-key-times", "auth-key is good now", CHECKED_BY_CLIENT},
    [POINT_CHECK_AUTH_SIGNATURE] = {"auth-key-signature", "the descriptor signing key has signed auth-key",
                                    CHECKED_BY_CLIENT},
    [POINT_CHECK_AUTH_KEY] = {"auth-key", "auth-key certifies a good key", 0},
    [POINT_CHECK_ENC_KEY] = {"enc-key", "its enc-key is a good key", CHECKED_BY_CLIENT},
    [POINT_CHECK_ENC_KEY_ALONE] = {"enc-key-alone", "there is one enc-key", CHECKED_BY_CLIENT},
    [POINT_CHECK_ENC_CERTIFICATE] = {"enc-key-certificate",
                                     "enc-key-cert is a certificate of this descriptor's", CHECKED_BY_CLIENT},
    [POINT_CHECK_ENC_TIMES] = {"enc-key-times", "enc-key-cert is good now", CHECKED_BY_CLIENT},
    [POINT_CHECK_ENC_SIGNATURE] = {"enc-key-signature", "the descriptor signing key has signed enc-key-cert",
                                   CHECKED_BY_CLIENT},
    [POINT_CHECK_ENC_CERTIFIED] = {"enc-key-certified", "enc-key-cert certifies enc-key", 0},
    [POINT_CHECK_LEGACY_KEY] = {"legacy-key", "its legacy key has a certificate beside it",
                                CHECKED_BY_CLIENT},
    [POINT_CHECK_LINKS_OF_TOR] = {"link-specifiers-of-tor", "its link specifiers are such as tor makes", 0},
    [POINT_CHECK_RELAY] = {"relay", "the consensus contradicts nothing of its relay", 0},
};

int check_result_note(struct check_result *check, int result, const struct error *error)
{
    if (result == 0) {
        if (check->outcome == CHECK_NOT_MADE)
            check->outcome = CHECK_PASSED;
        return 0;
    }
    if (check->outcome != CHECK_FAILED || (check->is_stricter && !error->is_stricter)) {
        check->error = *error;
        check->is_stricter = error->is_stricter;
    }
    check->outcome = CHECK_FAILED;
    check->failures++;
    return result;
}

unsigned check_result_makers(const struct check_result *check, const struct check_row *row)
{
    return check->outcome == CHECK_FAILED && check->is_stricter ? 0 : row->makers;
}

void descriptor_examination_free(struct descriptor_examination *examination)
{
    if (examination == NULL)
        return;
    descriptor_free(examination->descriptor);
    free(examination->points);
    free(examination);
}

/* Looks for the relay of one point. Its address is what the point says, also where the consensus has another
 * one. */
static void match_point(struct examined_point *examined, const struct network *network)
{
    struct check_result *check = &examined->checks[POINT_CHECK_RELAY];
    struct introduction_point point = examined->point;
    struct error error;
    if (!examined->has_links || point.fault != POINT_FAULT_NONE)
        return;
    point.has_legacy_key = false;
    const enum point_fault fault = point_relay_match(&point, network, &examined->is_known_relay);
    int result = 0;
    if (fault != POINT_FAULT_NONE)
        result = error_set(&error, "%s", point_fault_describe(fault));
    check_result_note(check, result, &error);
}

/* Clients take no increment but those next to their own. */
static void match_flow_control(struct descriptor_examination *examination, const struct network *network)
{
    const struct flow_control *flow_control = &examination->descriptor->flow_control;
    const unsigned own = network->sendme_increment, its = flow_control->sendme_inc;
    struct error error;
    int result = 0;
    if (!flow_control->is_present)
        return;
    if (its > own + 1 || its + 1 < own)
        result = error_set(&error,
                           "its sendme increment is %u: that of the consensus (cc_sendme_inc) is %u, and "
                           "clients take none that differs by more than 1",
                           its, own);
    check_result_note(&examination->checks[CHECK_FLOW_CONTROL], result, &error);
}

void descriptor_examination_match(struct descriptor_examination *examination, const struct network *network)
{
    match_flow_control(examination, network);
    for (size_t i = 0; i < examination->point_count; i++)
        match_point(&examination->points[i], network);
}

static size_t count_failed(const struct check_result *checks, const struct check_row *rows, size_t count,
                           bool are_all_counted)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++)
        failed += checks[i].outcome == CHECK_FAILED &&
                  (are_all_counted || check_result_makers(&checks[i], &rows[i]) != 0);
    return failed;
}

static size_t count_failures(const struct descriptor_examination *examination, bool are_all_counted)
{
    size_t failed =
        count_failed(examination->checks, descriptor_check_rows, DESCRIPTOR_CHECKS, are_all_counted);
    for (size_t i = 0; i < examination->point_count; i++)
        failed +=
            count_failed(examination->points[i].checks, point_check_rows, POINT_CHECKS, are_all_counted);
    return failed;
}

size_t descriptor_examination_count_failures(const struct descriptor_examination *examination)
{
    return count_failures(examination, true);
}

size_t descriptor_examination_count_tors_failures(const struct descriptor_examination *examination)
{
    return count_failures(examination, false);
}

bool examined_point_is_taken(const struct examined_point *point)
{
    return count_failed(point->checks, point_check_rows, POINT_CHECKS, false) == 0;
}
