#define _GNU_SOURCE
#include "gate.h"

#include <dlfcn.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>

typedef int (*queue_function)(struct MHD_Connection *, unsigned int, struct MHD_Response *);

static _Atomic(marquee_mhd_refused) refused;
static _Atomic(queue_function) next_queue;

void marquee_mhd_set_refused(marquee_mhd_refused hook) { atomic_store(&refused, hook); }

int marquee_mhd_queue(struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response) {
    queue_function queue = atomic_load_explicit(&next_queue, memory_order_acquire);
    if (!queue) {
        queue = (queue_function)dlsym(RTLD_NEXT, "MHD_queue_response");
        if (!queue) return 0;
        atomic_store_explicit(&next_queue, queue, memory_order_release);
    }
    return queue(connection, status, response);
}

// The name that libmicrohttpd calls; our own answers go through marquee_mhd_queue.
int MHD_queue_response(struct MHD_Connection *connection, unsigned int status, struct MHD_Response *response) {
    marquee_mhd_refused hook = atomic_load_explicit(&refused, memory_order_acquire);
    if (!hook) return marquee_mhd_queue(connection, status, response);
    hook(connection, status);
    return 0;
}

long long marquee_tcp_received(int socket) {
    struct tcp_info info;
    socklen_t length = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return -1;
    if (length < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return -1;
    return (long long)info.tcpi_bytes_received;
}
