/* Which name servers are asked, and how: what resolv.conf(5) says, handed to libevent. */
#ifndef OBPUB_CONTROL_NAME_SERVERS_H
#define OBPUB_CONTROL_NAME_SERVERS_H

#include <event2/dns.h>

/* Sets dns up as the text of a resolv.conf says. Lines that are not understood are passed over. Without a
 * name server in it the one of this machine is asked; without a "search" or "domain" names are completed with
 * the domain of the machine's own name. Returns how many name servers there are. */
int name_servers_set(struct evdns_base *dns, const char *text);

#endif
