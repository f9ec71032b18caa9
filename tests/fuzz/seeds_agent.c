/* Writes the first inputs for what comes to an agent. */
#include <string.h>

#include "seeds.h"

#define NONCE "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SERVED "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd"
#define HSDIR "$0123456789abcdef0123456789ABCDEF01234567"

void seeds_write_agent(void)
{
    static const struct {
        const char *name, *text;
        uint8_t first; /* 0: a stranger's, 1: a publisher's, 2: the tor's */
    } inputs[] = {
        {"let-in",
         "PROTOCOLINFO 1\r\nAUTHCHALLENGE OBPUB-SECRET " NONCE "\r\nAUTHENTICATE " NONCE
         "\r\nGETINFO uptime\r\n",
         0},
        {"wrong",
         "AUTHCHALLENGE OBPUB-SECRET " NONCE "\r\nAUTHENTICATE "
         "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\r\n",
         0},
        {"twice", "AUTHCHALLENGE OBPUB-SECRET " NONCE "\r\nAUTHCHALLENGE OBPUB-SECRET " NONCE "\r\n", 0},
        {"talks", "PROTOCOLINFO\r\nPROTOCOLINFO 1\r\nPROTOCOLINFO 1\r\nPROTOCOLINFO 1\r\nPROTOCOLINFO 1\r\n",
         0},
        {"unasked", "AUTHENTICATE " NONCE "\r\n", 0},
        {"bad-hex", "AUTHCHALLENGE OBPUB-SECRET x\r\n", 0},
        {"other-method", "AUTHCHALLENGE SAFECOOKIE " NONCE "\r\n", 0},
        {"bare-line-end", "PROTOCOLINFO 1\n", 0},
        {"data", "+PROTOCOLINFO 1\r\n.\r\n", 0},
        {"publisher",
         "SETEVENTS HS_DESC HS_DESC_CONTENT\r\nGETINFO uptime\r\nGETINFO "
         "hs/service/desc/id/" SERVED "\r\nGETCONF PublishHidServDescriptors\r\nQUIT\r\n",
         1},
        {"fetch", "HSFETCH " SERVED "\r\nHSFETCH " SERVED " SERVER=" HSDIR " SERVER=" HSDIR "\r\n", 1},
        {"refused",
         "SETCONF x=y\r\nGETINFO version\r\nGETINFO uptime config-text\r\nSETEVENTS HS_DESC "
         "STREAM\r\nSETEVENTS HS_DESC "
         "HS_DESC\r\n"
         "HSFETCH " SERVED " SERVER=x\r\nHSFETCH x\r\nGETCONF x\r\nQUIT now\r\nGETINFO \r\n",
         1},
        {"one-fetch", "HSFETCH " SERVED " SERVER=" HSDIR " SERVER=" HSDIR, 1},
        {"one-question", "GETINFO hs/service/desc/id/" SERVED, 1},
        {"replies", "250 OK\r\n250-uptime=7\r\n250 OK\r\n250+x=\r\n..dot\r\n\r\n.\r\n250 OK\r\n510 no\r\n",
         2},
        {"events",
         "650 HS_DESC UPLOADED " SERVED " UNKNOWN " HSDIR "~x\r\n650+HS_DESC_CONTENT " SERVED " x " HSDIR
         "\r\n\r\n.\r\n650 OK\r\n650 HS_DESC UPLOADED UNKNOWN UNKNOWN " HSDIR "~x\r\n650 CIRC 1\r\n",
         2},
    };
    for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++)
        seeds_write_with_byte("agent", inputs[i].name, inputs[i].first, inputs[i].text,
                              strlen(inputs[i].text));
}
