// The door to libpq. Swift cannot call C variadics or see function-like macros:
// each one that is needed gets a typed `static inline` below, with a line saying what it stands for.
#ifndef CPOSTGRES_SHIM_H
#define CPOSTGRES_SHIM_H

#include <libpq-fe.h>
#include <poll.h>

// PG_DIAG_SQLSTATE and PG_DIAG_MESSAGE_PRIMARY are characters in C and would be of another type in Swift.
static inline const char *marquee_pg_sqlstate(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

static inline const char *marquee_pg_message(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}

// What the server says beside its errors goes to nobody: libpq would print it.
static inline void marquee_pg_ignore(void *argument, const char *message) {
    (void)argument;
    (void)message;
}

static inline void marquee_pg_silence(PGconn *connection) { PQsetNoticeProcessor(connection, marquee_pg_ignore, (void *)0); }

// Waits until the socket can be read, or else written. Returns 1 if so, 0 if the time is up, -1 if the call failed.
static inline int marquee_pg_wait(const PGconn *connection, int for_reading, int milliseconds) {
    struct pollfd place = {PQsocket(connection), (short)(for_reading ? POLLIN : POLLOUT), 0};
    if (place.fd < 0) return -1;
    int count = poll(&place, 1, milliseconds);
    return count < 0 ? -1 : count > 0;
}

#endif
