// Asks at a constant rate, whether answers come or not, and says how long each took since it should have been asked.
//
//     cc -O2 -o pace pace.c
//     ./pace PORT RATE SECONDS CONNECTIONS USERS FIRST QUERY
//
// An open loop: request n is due at n / RATE seconds, whatever became of those before. One that finds all connections
// busy waits in line, and its time counts from when it was due (coordinated omission is not left out). Request n is for
// user (FIRST + n) * 7919 % USERS, so that no user comes twice before all have come. Prints one line of JSON, in ms.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { room = 1 << 16 };

struct connection {
    int socket;
    long request;  // which it waits for; -1: none
    size_t have;
    char answer[room];
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

// Whether an answer is here whole; a status other than 200 ends the run.
static int is_whole(struct connection *c) {
    c->answer[c->have] = 0;
    char *end = strstr(c->answer, "\r\n\r\n");
    if (!end) return 0;
    if (strncmp(c->answer, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "%.200s\n", c->answer);
        exit(1);
    }
    char *length = strcasestr(c->answer, "\r\ncontent-length:");
    if (!length || length > end) {
        fprintf(stderr, "an answer without its length\n");
        exit(1);
    }
    return c->have >= (size_t)(end + 4 - c->answer) + strtoul(length + 17, NULL, 10);
}

int main(int count, char **words) {
    if (count != 8) {
        fprintf(stderr, "usage: pace PORT RATE SECONDS CONNECTIONS USERS FIRST QUERY\n");
        return 64;
    }
    int port = atoi(words[1]), connections = atoi(words[4]);
    double rate = atof(words[2]);
    long total = (long)(rate * atof(words[3])), users = atol(words[5]), first = atol(words[6]);
    double *took = malloc(sizeof(double) * (size_t)total);
    struct connection *all = calloc((size_t)connections, sizeof *all);
    int *idle = malloc(sizeof(int) * (size_t)connections), idles = 0;
    int poll = epoll_create1(0);
    for (int i = 0; i < connections; i++) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        all[i].socket = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(all[i].socket, (struct sockaddr *)&to, sizeof to)) fail("connect");
        int one = 1;
        setsockopt(all[i].socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, all[i].socket, &event)) fail("epoll_ctl");
        all[i].request = -1;
        idle[idles++] = i;
    }
    long asked = 0, answered = 0;
    double start = now() + 0.01;
    while (answered < total) {
        double t = now();
        while (asked < total && idles > 0 && start + (double)asked / rate <= t) {
            struct connection *c = &all[idle[--idles]];
            char request[512];
            int size = snprintf(
                request, sizeof request,
                "GET /v1/users/u%ld/recommendations?%s HTTP/1.1\r\nHost: localhost\r\n\r\n",
                (first + asked) * 7919 % users, words[7]);
            c->request = asked++;
            c->have = 0;
            if (send(c->socket, request, (size_t)size, 0) != size) fail("send");
        }
        double due = start + (double)asked / rate - now();
        if (asked == total || idles == 0 || due > 1) due = 1;
        if (due < 0) due = 0;
        struct timespec wait = {.tv_sec = (time_t)due, .tv_nsec = (long)(1e9 * (due - (double)(time_t)due))};
        struct epoll_event events[256];
        int ready = epoll_pwait2(poll, events, 256, &wait, NULL);
        if (ready < 0 && errno != EINTR) fail("epoll_pwait2");
        for (int i = 0; i < ready; i++) {
            struct connection *c = &all[events[i].data.u32];
            ssize_t got = recv(c->socket, c->answer + c->have, room - 1 - c->have, 0);
            if (got <= 0) fail("recv");
            c->have += (size_t)got;
            if (c->request < 0 || !is_whole(c)) continue;
            took[answered++] = 1000 * (now() - start - (double)c->request / rate);
            c->request = -1;
            idle[idles++] = (int)events[i].data.u32;
        }
    }
    double spent = now() - start;
    qsort(took, (size_t)total, sizeof *took, ascending);
    printf("{\"rate\": %.0f, \"p50\": %.3f, \"p90\": %.3f, \"p99\": %.3f, \"p999\": %.3f, \"most\": %.3f}\n",
           (double)total / spent, took[total / 2], took[total * 9 / 10], took[total * 99 / 100],
           took[total * 999 / 1000], took[total - 1]);
    return 0;
}
