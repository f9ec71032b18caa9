/* What "obpub agent" was told: which tor, whom to serve and where, and about which services. */
#include "command/agent_setup.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/credential.h"

static int set_control(struct agent_setup *setup, const char *place, struct error *error)
{
    if (control_endpoint_parse(&setup->control, place, error) != 0)
        return error_add_context(error, "--control");
    return 0;
}

/* Who may connect could do so from anywhere else: that is for the agent's onion service, where addresses and
 * keys say who is who, and all is encrypted. */
static int set_listen(struct agent_setup *setup, const char *place, struct error *error)
{
    if (listen_address_parse(&setup->listen, place, error) != 0)
        return error_add_context(error, "--listen");
    if (listen_address_is_local(&setup->listen))
        return 0;
    return error_set(error,
                     "--listen: an agent listens on a unix socket or a loopback address alone, where its "
                     "tor connects to it: publishers come through an onion service");
}

static int add_address(struct agent_setup *setup, const char *text, struct error *error)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    if (onion_address_decode(identity_key, text, error) != 0)
        return error_add_context(error, "--address");
    onion_address_encode(setup->served.addresses[setup->served.count++], identity_key);
    return 0;
}

static int set_addresses(struct agent_setup *setup, const struct options *options, struct error *error)
{
    setup->served.addresses = memory_allocate(options->address_count, sizeof(*setup->served.addresses));
    for (size_t i = 0; i < options->address_count; i++) {
        if (add_address(setup, options->addresses[i], error) != 0)
            return -1;
    }
    return 0;
}

/* Finds the file that is meant; name may be NULL. */
static int set_file(char **path, const char *name, const char *option, struct error *error)
{
    if (name == NULL)
        return 0;
    *path = string_skip(&name, CREDENTIAL_PREFIX) ? credential_find(name, error)
                                                  : memory_copy_text(name, strlen(name));
    return *path != NULL ? 0 : error_add_context(error, "%s", option);
}

int agent_setup_make(struct agent_setup *setup, const struct options *options, struct error *error)
{
    memset(setup, 0, sizeof(*setup));
    if (set_control(setup, options->control, error) == 0 && set_listen(setup, options->listen, error) == 0 &&
        set_addresses(setup, options, error) == 0 &&
        set_file(&setup->control_password_file, options->control_password_file, "--control-password-file",
                 error) == 0 &&
        set_file(&setup->control_cookie_file, options->control_cookie_file, "--control-cookie-file", error) ==
            0 &&
        set_file(&setup->secret_file, options->password_file, "--password-file", error) == 0)
        return 0;
    agent_setup_clear(setup);
    return -1;
}

void agent_setup_clear(struct agent_setup *setup)
{
    control_endpoint_clear(&setup->control);
    free(setup->served.addresses);
    free(setup->control_password_file);
    free(setup->control_cookie_file);
    free(setup->secret_file);
    memset(setup, 0, sizeof(*setup));
}
