/* The texts that "obpub init" writes: the config, and for each node the lines of its torrc. */
#include "command/init_texts.h"

#include <stdio.h>
#include <stdlib.h>

/* The first node's control port; the others have the next ones, as all may be on one machine. */
#define FIRST_CONTROL_PORT 9061

/* A text that is being written. */
struct writing {
    FILE *file;
    char *text;
    size_t length;
};

static void writing_begin(struct writing *writing)
{
    *writing = (struct writing){0};
    writing->file = open_memstream(&writing->text, &writing->length);
    if (writing->file == NULL)
        abort(); /* there is no memory */
}

static char *writing_finish(struct writing *writing)
{
    fclose(writing->file);
    return writing->text;
}

void init_texts_name_service(size_t service, char name[INIT_SERVICE_NAME_SIZE])
{
    snprintf(name, INIT_SERVICE_NAME_SIZE, "service%zu", service + 1);
}

/* -- the config ------------------------------------------------------------------------------------ */

static void write_control(FILE *file, const struct init_plan *plan, const struct init_node *made, size_t node)
{
    char name[INIT_NAME_SIZE];
    init_plan_name_node(plan, node, name);
    switch (plan->control) {
    case INIT_CONTROL_NONE:
        break;
    case INIT_CONTROL_UNIX:
        fprintf(file, "        control: unix:/run/tor-instances/%s/control\n", name);
        break;
    case INIT_CONTROL_PASSWORD:
        fprintf(file,
                "        control: 127.0.0.1:%zu\n"
                "        control-password-file: %s.password\n",
                FIRST_CONTROL_PORT + node, name);
        break;
    case INIT_CONTROL_AGENT:
        fprintf(file,
                "        control: %s.onion:%d\n"
                "        control-password-file: %s.secret\n"
                "        control-client-key: %s\n",
                made->agent, INIT_AGENT_PORT, name, INIT_AGENTS_KEY_NAME);
        break;
    }
}

static void write_instance(FILE *file, const struct init_plan *plan, const struct init_made *made,
                           size_t service, size_t node)
{
    char name[INIT_NAME_SIZE];
    init_plan_name_node(plan, node, name);
    fprintf(file, "      - name: %s\n", name);
    if (!plan->is_hardmap)
        fprintf(file, "        address: %s.onion\n", made->nodes[node].backends[service]);
    else if (made->has_clients)
        fprintf(file, "        client-key: %s\n", INIT_TWINS_KEY_NAME);
    write_control(file, plan, &made->nodes[node], node);
}

char *init_texts_make_config(const struct init_plan *plan, const struct init_made *made)
{
    struct writing writing;
    writing_begin(&writing);
    fprintf(writing.file,
            "# Made by \"obpub init\". What else can stand here is in obpub.yaml(5).\nservices:\n");
    for (size_t i = 0; i < plan->service_count; i++) {
        fprintf(writing.file, "  - key: %s.key\n", made->frontends[i]);
        if (plan->is_hardmap)
            fprintf(writing.file, "    mode: hardmap\n");
        if (made->has_clients)
            fprintf(writing.file, "    authorized-clients: %s\n", INIT_CLIENTS_FOLDER);
        fprintf(writing.file, "    instances:\n");
        for (size_t j = 0; j < plan->node_count; j++)
            write_instance(writing.file, plan, made, i, j);
    }
    return writing_finish(&writing);
}

/* -- a node's torrc ----------------------------------------------------------------------------------- */

/* Whether a node is an onion service that there is already, in a tor that its operator has set up. */
static bool is_there(const struct init_plan *plan)
{
    return plan->address_count > 0;
}

/* The first lines: which tor is meant, which is still to be made with unix. */
static void write_torrc_heading(FILE *file, const struct init_plan *plan, const char *name, size_t node)
{
    if (is_there(plan))
        fprintf(file,
                "# %s: lines for the torrc of the tor that has this onion service, called \"that service\" "
                "below:\n"
                "# %s.onion\n"
                "# What is to be done, as root, where that tor runs:\n#\n",
                name, plan->addresses[node]);
    else
        fprintf(
            file,
            "# %s: lines for the torrc of one tor. What is to be done, as root, where that tor runs:\n#\n",
            name);
    if (plan->control == INIT_CONTROL_UNIX)
        fprintf(file, "# - tor-instance-create %s\n", name);
}

/* What is copied where, and whose it is then. Nothing that is there is replaced. */
static void write_copy_steps(FILE *file, const struct init_plan *plan, const char *name, const char *folder)
{
    const bool is_unix = plan->control == INIT_CONTROL_UNIX;
    if (is_there(plan))
        fprintf(file,
                "# - Copy service1/ob_config into the HiddenServiceDir of that service. If one is there "
                "already,\n"
                "#   add the line of this one to it.\n");
    else
        fprintf(file,
                "# - Copy the folders beside this file into %s\n"
                "#   If one of that name is there already, copy nothing: make all anew with another "
                "--tor-folder.\n",
                folder);
    if (is_there(plan) && plan->control == INIT_CONTROL_AGENT)
        fprintf(
            file,
            "# - Copy the folder " INIT_AGENT_FOLDER " into %s\n"
            "#   If one is there already, copy nothing: one agent does for all services of a tor. Instead of "
            "what\n"
            "#   is said of the agent below, add what stands between the quotes in " INIT_AGENT_OPTIONS_NAME
            "\n"
            "#   to /etc/default/obpub-agent, and start that anew; leave out the agent's lines; and "
            "in " INIT_CONFIG_NAME "\n"
            "#   give this backend the three lines \"control...\" of the one that the agent was made for.\n",
            folder);
    fprintf(file, "#   What was copied belongs to tor's user: chown -R %s%s: %s\n",
            is_unix ? "_tor-" : "debian-tor", is_unix ? name : "", is_there(plan) ? "FILE" : "FOLDER");
}

static void write_agent_steps(FILE *file)
{
    fprintf(file,
            "# - Install obpub; from the source, have its user and folders made, too:\n"
            "#   systemd-sysusers && systemd-tmpfiles --create\n"
            "# - Copy " INIT_AGENT_SECRET_NAME " to /etc/obpub/agent.secret and " INIT_AGENT_OPTIONS_NAME "\n"
            "#   to /etc/default/obpub-agent; systemctl enable --now obpub-agent. Where AppArmor "
            "is in force,\n"
            "#   obpub-agent(8) says what has to be added.\n");
}

/* A reload leaves HiddenServiceOnionBalanceInstance without effect on the visitors of a service that runs. */
static void write_start_steps(FILE *file, const struct init_plan *plan, const char *name)
{
    if (plan->control == INIT_CONTROL_UNIX)
        fprintf(file,
                "# - Add the lines below to the torrc /etc/tor/instances/%s/torrc.\n"
                "# - Start that tor, now and with the machine: systemctl enable --now tor@%s\n",
                name, name);
    else
        fprintf(file,
                "# - Add the lines below to the torrc.%s\n"
                "# - Start that tor anew: systemctl restart tor@default; a reload is not enough.\n",
                is_there(plan)
                    ? " The first one goes below the HiddenServiceDir line of that service,\n"
                      "#   without the \"#\" before it, unless it is there already; all others go to "
                      "the end."
                    : "");
}

/* Where things are called otherwise than above, as the tor that there is may be any. */
static void write_instance_step(FILE *file, const struct init_plan *plan, const char *name)
{
    if (!is_there(plan))
        return;
    fprintf(file, "# Where that tor is not tor@default but an instance of Debian's, tor@NAME, its user is "
                  "_tor-NAME");
    if (plan->control == INIT_CONTROL_AGENT)
        fprintf(
            file,
            ",\n"
            "# folder " INIT_AGENT_FOLDER " goes to /var/lib/tor-instances/NAME, also in the line below, "
            "and obpub-agent is\n"
            "# obpub-agent@NAME as a unit and obpub-agent-NAME in /etc/default and in the line with its "
            "socket. All agents\n"
            "# of a machine have one secret: where there is one already, %s.secret beside " INIT_CONFIG_NAME
            " is to be the same",
            name);
    fprintf(file, ".\n");
}

static void write_torrc_steps(FILE *file, const struct init_plan *plan, const char *name, size_t node,
                              const char *folder)
{
    write_torrc_heading(file, plan, name, node);
    write_copy_steps(file, plan, name, folder);
    if (plan->control == INIT_CONTROL_AGENT)
        write_agent_steps(file);
    write_start_steps(file, plan, name);
    write_instance_step(file, plan, name);
    fputc('\n', file);
}

static void write_torrc_control(FILE *file, const struct init_plan *plan, const struct init_node *made,
                                const char *name, size_t node)
{
    if (plan->control == INIT_CONTROL_UNIX)
        fprintf(file,
                "ControlSocket /run/tor-instances/%s/control GroupWritable RelaxDirModeCheck\n"
                "CookieAuthentication 1\n"
                "CookieAuthFileGroupReadable 1\n"
                "CookieAuthFile /run/tor-instances/%s/control.authcookie\n\n",
                name, name);
    if (plan->control == INIT_CONTROL_PASSWORD)
        fprintf(file, "ControlPort 127.0.0.1:%zu\nHashedControlPassword %s\n\n", FIRST_CONTROL_PORT + node,
                made->hashed_password);
}

static void write_torrc_service(FILE *file, const struct init_plan *plan, const char *folder, size_t service)
{
    char name[INIT_SERVICE_NAME_SIZE];
    init_texts_name_service(service, name);
    fprintf(file,
            "HiddenServiceDir %s/%s\n"
            "HiddenServicePort %u %s\n"
            "HiddenServiceOnionBalanceInstance 1\n\n",
            folder, name, plan->port, plan->target);
}

char *init_texts_make_torrc(const struct init_plan *plan, const struct init_made *made, size_t node)
{
    struct writing writing;
    char name[INIT_NAME_SIZE];
    char *folder = init_plan_copy_tor_folder(plan, node);
    init_plan_name_node(plan, node, name);
    writing_begin(&writing);
    write_torrc_steps(writing.file, plan, name, node, folder);
    if (is_there(plan))
        fprintf(writing.file, "#HiddenServiceOnionBalanceInstance 1\n\n");
    write_torrc_control(writing.file, plan, &made->nodes[node], name, node);
    for (size_t i = 0; !is_there(plan) && i < plan->service_count; i++)
        write_torrc_service(writing.file, plan, folder, i);
    if (plan->control == INIT_CONTROL_AGENT)
        fprintf(writing.file,
                "# The agent's, which is never to be a port of another service.\n"
                "HiddenServiceDir %s/" INIT_AGENT_FOLDER "\n"
                "HiddenServicePort %d unix:/run/obpub-agent/control.sock\n"
                "HiddenServiceMaxStreams 8\n"
                "HiddenServiceMaxStreamsCloseCircuit 1\n",
                folder, INIT_AGENT_PORT);
    free(folder);
    return writing_finish(&writing);
}

/* -- what lies beside it ------------------------------------------------------------------------------ */

char *init_texts_make_ob_config(const struct init_made *made, size_t service)
{
    struct writing writing;
    writing_begin(&writing);
    fprintf(writing.file, "MasterOnionAddress %s.onion\n", made->frontends[service]);
    return writing_finish(&writing);
}

char *init_texts_make_agent_options(const struct init_plan *plan, const struct init_made *made, size_t node)
{
    struct writing writing;
    writing_begin(&writing);
    fprintf(writing.file, "OBPUB_AGENT_OPTIONS=\"");
    for (size_t i = 0; i < plan->service_count; i++)
        fprintf(writing.file, "%s--address %s.onion", i > 0 ? " " : "", made->nodes[node].backends[i]);
    fprintf(writing.file, "\"\n");
    return writing_finish(&writing);
}

/* -- what is said ------------------------------------------------------------------------------------- */

void init_texts_print_made(const struct init_plan *plan)
{
    char name[INIT_NAME_SIZE];
    printf("Made, for nobody to read but you:\n\n");
    printf("%s/" INIT_CONFIG_NAME "    the config, and beside it the keys that obpub needs\n", plan->output);
    for (size_t i = 0; i < plan->node_count; i++) {
        init_plan_name_node(plan, i, name);
        printf("%s/%s/    what a tor needs: begin with the file torrc in it\n", plan->output, name);
    }
    printf("\nobpub --check says of that config:\n\n");
}

void init_texts_print_steps(const struct init_plan *plan)
{
    printf(
        "\nNow:\n"
        "- Keep a copy of %s/*.key where nobody else finds it: it is the address.\n"
        "- Bring each tor's folder to where that runs, do what the torrc in it says, and remove the "
        "folder here.\n"
        "- Put " INIT_CONFIG_NAME
        " and all beside it but the tors' folders where obpub is to find them, /etc/obpub say. They\n"
        "  belong to the user that runs it (chown obpub), who may use the local tor (adduser obpub "
        "debian-tor)%s\n"
        "  With obpub from the source that user and /etc/obpub are made by: systemd-sysusers && "
        "systemd-tmpfiles --create\n"
        "%s"
        "- Publish: obpub --once -c FILE; and for good, start the service.\n",
        plan->output,
        plan->control == INIT_CONTROL_UNIX ? "\n  and each of the others (adduser obpub _tor-NAME)." : ".",
        plan->key_path != NULL && !plan->is_hardmap
            ? "- If a tor has served that address so far, take its service out of the torrc there: else both "
              "publish it.\n"
            : "");
    if (plan->is_hardmap)
        printf("Every tor's folder has the frontend's key: who takes over one of them has the address for "
               "good.\n");
}
