/* Fuzzes where a control port is: a place, and a host alone. */
#include <string.h>

#include "address/endpoint.h"
#include "fuzz.h"

/* As the command line names a host, with its port apart. */
static void check_host(const char *text)
{
    struct control_endpoint endpoint;
    struct error error = {.text = ""};
    if (control_endpoint_set_host(&endpoint, text, 9051, &error) == 0)
        FUZZ_REQUIRE(endpoint.host != NULL && endpoint.port == 9051 &&
                     control_way_name(endpoint.way) != NULL);
    else
        FUZZ_REQUIRE(error.text[0] != '\0' && endpoint.host == NULL);
    control_endpoint_clear(&endpoint);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_copy_string(data, size);
    char first[512], second[512];
    bool is_loopback;
    struct control_endpoint endpoint, copy;
    struct error error = {.text = ""};
    if (control_endpoint_parse(&endpoint, text, &error) == 0) {
        is_loopback = control_endpoint_is_loopback(&endpoint);
        control_endpoint_format(&endpoint, first, sizeof(first));
        control_endpoint_clear(&endpoint);
        FUZZ_REQUIRE(control_endpoint_parse(&endpoint, first, &error) == 0);
        control_endpoint_copy(&copy, &endpoint);
        control_endpoint_format(&copy, second, sizeof(second));
        FUZZ_REQUIRE(strcmp(first, second) == 0);
        FUZZ_REQUIRE(control_endpoint_equals(&copy, &endpoint));
        FUZZ_REQUIRE(control_endpoint_is_loopback(&copy) == is_loopback);
        control_endpoint_clear(&copy);
        control_endpoint_clear(&endpoint);
    } else {
        FUZZ_REQUIRE(error.text[0] != '\0' && endpoint.host == NULL && endpoint.socket_path == NULL);
    }
    check_host(text);
    free(text);
    return 0;
}
