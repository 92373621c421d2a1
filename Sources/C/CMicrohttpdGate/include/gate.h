// Who answers when libmicrohttpd itself turns a request away.
//
// libmicrohttpd has no hook for its own error pages, and sends the head of one of them twice (0.9.75, bad
// Content-Length). It queues them by calling its public MHD_queue_response through the dynamic linker, so a function of
// that name in the program is called instead of its own. gate.c has one: it asks the server's hook and tells
// libmicrohttpd that nothing could be queued, upon which it closes the connection. Where a libmicrohttpd is built
// without that indirection the hook is never called, and its own pages go out.
#ifndef CMICROHTTPDGATE_H
#define CMICROHTTPDGATE_H

struct MHD_Connection;
struct MHD_Response;

/// Called on the connection's thread with the status that libmicrohttpd would have sent.
typedef void (*marquee_mhd_refused)(struct MHD_Connection *connection, unsigned int status);

/// Sets the hook, once, before the first daemon starts.
void marquee_mhd_set_refused(marquee_mhd_refused hook);

/// MHD_queue_response as it is in libmicrohttpd: 1 if queued, 0 if not.
int marquee_mhd_queue(struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response);

/// POLLRDHUP, the peer has closed for writing: the C library shows it under _GNU_SOURCE only.
static const short marquee_pollrdhup = 0x2000;

/// SHUT_RD: Swift does not find the C library's own in every file, since it is a macro for itself.
static const int marquee_shut_rd = 0;

/// Bytes that have arrived on a TCP socket since it was opened, the end of the stream counting as one; −1 if the system
/// does not say. Here because the C library's own `tcp_info` is too old to have it.
long long marquee_tcp_received(int socket);

#endif
