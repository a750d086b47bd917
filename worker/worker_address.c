
/*
 * Copyright (C) the wubloader for nginx authors
 */


#include <netdb.h>
#include <string.h>
#include <sys/un.h>

#include "worker/worker_address.h"


#define WORKER_ADDRESS_UNIX      "unix:"

/* of the 107 bytes that the system allows, 8 are for the ".PID" of a start */
#define WORKER_ADDRESS_PATH      99

#define WORKER_ADDRESS_DIGITS    5
#define WORKER_ADDRESS_PORT      65535


static const char *worker_address_unix(const char *path,
    worker_address_t *ret);
static int worker_address_inet(const char *text, worker_address_t *ret);
static int worker_address_split(const char *text, char *host, size_t size,
    const char **ret_port);
static int worker_address_port(const char *text);


const char *
worker_address_parse(const char *text, worker_address_t *ret)
{
    size_t  len;

    memset(ret, 0, sizeof(worker_address_t));

    len = sizeof(WORKER_ADDRESS_UNIX) - 1;

    if (strncmp(text, WORKER_ADDRESS_UNIX, len) == 0
        && text[len] != '\0')
    {
        return worker_address_unix(text + len, ret);
    }

    if (worker_address_inet(text, ret) != 0) {
        return "must be unix:PATH, ADDR:PORT or [ADDR]:PORT, with a numeric"
               " address and a port from 1 to 65535";
    }

    return NULL;
}


static const char *
worker_address_unix(const char *path, worker_address_t *ret)
{
    size_t              len;
    struct sockaddr_un  un;

    len = strlen(path);

    if (len > WORKER_ADDRESS_PATH) {
        return "names a unix socket whose path is too long; use one of at"
               " most 99 bytes";
    }

    memset(&un, 0, sizeof(struct sockaddr_un));
    un.sun_family = AF_UNIX;
    memcpy(un.sun_path, path, len);

    memcpy(&ret->addr, &un, sizeof(struct sockaddr_un));
    ret->len = sizeof(struct sockaddr_un);

    return NULL;
}


static int
worker_address_inet(const char *text, worker_address_t *ret)
{
    char              host[INET6_ADDRSTRLEN + 1];
    const char       *port;
    struct addrinfo   hints, *ai;

    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;

    if (worker_address_split(text, host, sizeof(host), &port) != 0
        || worker_address_port(port) != 0
        || getaddrinfo(host, port, &hints, &ai) != 0)
    {
        return -1;
    }

    memcpy(&ret->addr, ai->ai_addr, ai->ai_addrlen);
    ret->len = ai->ai_addrlen;

    freeaddrinfo(ai);

    return 0;
}


/* the host without its brackets; the port points into text */
static int
worker_address_split(const char *text, char *host, size_t size,
    const char **ret_port)
{
    size_t       len;
    const char  *colon;

    colon = strrchr(text, ':');

    if (colon == NULL || colon == text) {
        return -1;
    }

    len = (size_t) (colon - text);

    if (text[0] == '[') {

        if (len < 2 || text[len - 1] != ']') {
            return -1;
        }

        text++;
        len -= 2;

    } else if (memchr(text, ':', len) != NULL) {
        return -1;
    }

    if (len == 0 || len >= size) {
        return -1;
    }

    memcpy(host, text, len);
    host[len] = '\0';
    *ret_port = colon + 1;

    return 0;
}


/* getaddrinfo() takes a port of any size, and what is left of 16 bits */
static int
worker_address_port(const char *text)
{
    int     port;
    size_t  i, len;

    len = strlen(text);

    if (len > WORKER_ADDRESS_DIGITS || strspn(text, "0123456789") != len) {
        return -1;
    }

    port = 0;

    for (i = 0; i < len; i++) {
        port = port * 10 + (text[i] - '0');
    }

    return (port >= 1 && port <= WORKER_ADDRESS_PORT) ? 0 : -1;
}
