/* Seeds of the parser of web servers' answers: whole ones, and ones with all that is refused. */
#include "seeds.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void seeds_write_http(void)
{
    static const struct {
        const char *name, *text;
    } seeds[] = {
        {"whole", "\37HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 3\r\n\r\nyes"},
        {"short", "\1HTTP/1.0 404\r\n\r\n"},
        {"continue", "\7HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"},
        {"redirect", "\77HTTP/1.1 302 Found\r\nLocation: /x\r\nSet-Cookie: a=b\r\n\r\n"},
        {"other-protocol", "\3SSH-2.0-OpenSSH_9.2\r\n"},
        {"status", "\3HTTP/1.1 099 x\r\n\r\n"},
        {"long-status", "\3HTTP/1.1 2000 x\r\n\r\n"},
        {"line-feeds", "\3HTTP/1.1 200 OK\nA: b\n\n"},
        {"carriage-return", "\3HTTP/1.1 200 OK\rA: b\r\n"},
        {"last-carriage-return", "\3HTTP/1.1 200 OK\r\nA: b\r\n\rx"},
        {"folded", "\3HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"},
        {"blank-name", "\3HTTP/1.1 200 OK\r\nA b: c\r\n\r\n"},
        {"control", "\3HTTP/1.1 200 OK\r\nA: \x1b[2J\r\n\r\n"},
        {"cut", "\3HTTP/1.1 200 OK\r\nA: "},
    };
    for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
        seeds_write_text("http_answer", seeds[i].name, seeds[i].text);
    static const char beginning[] = "\77HTTP/1.1 200 OK\r\n";
    size_t size = sizeof(beginning) + 20000;
    char *text = memory_allocate(size, 1);
    memcpy(text, beginning, sizeof(beginning) - 1);
    memset(text + sizeof(beginning) - 1, 'a', size - sizeof(beginning));
    seeds_write_text("http_answer", "endless", text);
    for (size_t i = sizeof(beginning) - 1; i + 6 < size; i += 5)
        memcpy(text + i, "A:b\r\n", 5);
    seeds_write_text("http_answer", "endless-headers", text);
    free(text);
}
