// The door to libmicrohttpd. Swift cannot call C variadics or see function-like macros:
// each one that is needed gets a typed `static inline` below, with a line saying what it stands for.
#ifndef CMICROHTTPD_SHIM_H
#define CMICROHTTPD_SHIM_H

#include <sys/types.h>
#include <sys/socket.h>
#include <microhttpd.h>

// What MHD_start_daemon takes as options, with a type each.
struct marquee_mhd_settings {
    unsigned int threads;
    unsigned int connections;
    unsigned int connections_per_address;
    unsigned int idle_seconds;
    size_t connection_memory;
    void *context;
    MHD_AccessHandlerCallback on_request;
    void *(*on_target)(void *context, const char *uri, struct MHD_Connection *connection);
    size_t (*unescape)(void *context, struct MHD_Connection *connection, char *text);
    MHD_RequestCompletedCallback on_completed;
    MHD_NotifyConnectionCallback on_connection;
    // A gnutls_certificate_retrieve_function2, or NULL for plain HTTP. GnuTLS has a door of its own.
    void *choose_certificate;
};

// MHD_start_daemon is variadic. Epoll, one thread a core, connections that may be suspended and are handed to it. With
// TURBO it leaves the socket of a connection that it gives up open for writing until it has told us. Encrypted, TLS 1.2 is
// the least.
static inline struct MHD_Daemon *marquee_mhd_start(const struct marquee_mhd_settings *s) {
    unsigned int flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC | MHD_USE_TURBO;
    struct MHD_OptionItem encryption[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, s->choose_certificate},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL}};
    struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    if (s->choose_certificate) flags |= MHD_USE_TLS;
    return MHD_start_daemon(
        flags, 0, NULL, NULL,
        s->on_request, s->context,
        MHD_OPTION_THREAD_POOL_SIZE, s->threads,
        MHD_OPTION_CONNECTION_LIMIT, s->connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, s->connections_per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, s->idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, s->connection_memory,
        MHD_OPTION_URI_LOG_CALLBACK, s->on_target, s->context,
        MHD_OPTION_UNESCAPE_CALLBACK, s->unescape, s->context,
        MHD_OPTION_NOTIFY_COMPLETED, s->on_completed, s->context,
        MHD_OPTION_NOTIFY_CONNECTION, s->on_connection, s->context,
        MHD_OPTION_ARRAY, s->choose_certificate ? encryption : none,
        MHD_OPTION_END);
}

// MHD_get_connection_info is variadic: the socket of a connection, or -1.
static inline MHD_socket marquee_mhd_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

// MHD_get_connection_info is variadic: what the connection callback stored for this socket, or NULL.
static inline void *marquee_mhd_socket_context(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

// MHD_create_response_from_buffer takes a `void *` even where it only reads: MHD keeps its own copy of the bytes.
static inline struct MHD_Response *marquee_mhd_response(const void *bytes, size_t count) {
    return MHD_create_response_from_buffer(count, (void *)bytes, MHD_RESPMEM_MUST_COPY);
}

// MHD_create_response_from_callback for a body of unknown length, sent in chunks.
static inline struct MHD_Response *marquee_mhd_stream(
    MHD_ContentReaderCallback read, void *context, MHD_ContentReaderFreeCallback release) {
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, read, context, release);
}

// MHD_CONTENT_READER_END_OF_STREAM and MHD_CONTENT_READER_END_WITH_ERROR are macros with casts.
static const ssize_t marquee_mhd_stream_ended = MHD_CONTENT_READER_END_OF_STREAM;
static const ssize_t marquee_mhd_stream_failed = MHD_CONTENT_READER_END_WITH_ERROR;

#endif
