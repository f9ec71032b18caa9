/* libsodium's curve beside lib25519's in one program. */
#include "second_curve.h"

#ifdef OBPUB_SECOND_CURVE
#define curve_write_name second_curve_write_name
#define curve_multiply_base second_curve_multiply_base
#define curve_x25519_base second_curve_x25519_base
#define curve_x25519 second_curve_x25519
#define curve_point_is_valid second_curve_point_is_valid
#define curve_multiply_point second_curve_multiply_point
#define curve_verify second_curve_verify
#include "../../src/crypto/curve_sodium.c"
#endif
