/* What looking for a SOCKS port comes to. */
#ifndef OBPUB_SOCKS_PLACE_H
#define OBPUB_SOCKS_PLACE_H

enum socks_place_state {
    SOCKS_PLACE_THERE,
    SOCKS_PLACE_LATER, /* no local tor is up that could say where its own is: that is being seen to */
    SOCKS_PLACE_NONE,  /* there is none until the operator does something */
};

#endif
