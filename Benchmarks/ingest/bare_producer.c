// The limit of sending: librdkafka alone, handing over messages that were made before, as SimulatorRun would.
//   bare_producer BOOTSTRAP COUNT FILE [NAME=VALUE…]      further settings to try
// FILE is of "bench-ingest messages": a message is one byte of topic (0…2), the lengths of key and payload in 32 bits,
// key and payload. They are sent again from the start until COUNT were.
#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

enum { TOPICS = 3, BATCH = 512 };
static long failed;

static void report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
    if (message->err) failed++;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void send_batch(rd_kafka_t *rk, rd_kafka_topic_t *topic, rd_kafka_message_t *batch, int count) {
    int accepted = rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, batch, count);
    for (int i = 0; accepted < count && i < count; i++)
        while (batch[i].err == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            rd_kafka_poll(rk, 5);
            batch[i].err = rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, batch[i].payload,
                batch[i].len, batch[i].key, batch[i].key_len, NULL) ? rd_kafka_last_error() : 0;
        }
}

int main(int argc, char **argv) {
    char text[512];
    long wanted = atol(argv[2]), count = 0;
    int file = open(argv[3], O_RDONLY);
    struct stat info;
    if (file < 0 || fstat(file, &info)) return 1;
    const char *bytes = mmap(NULL, info.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *settings[][2] = {
        {"bootstrap.servers", argv[1]}, {"enable.idempotence", "true"}, {"compression.type", "lz4"},
        {"partitioner", "murmur2_random"}, {"linger.ms", "100"}, {"delivery.report.only.error", "true"},
        {"queue.buffering.max.messages", "500000"}, {"queue.buffering.max.kbytes", "131072"}};
    for (int i = 0; i < 8; i++) rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text);
    for (int i = 4; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        *value++ = 0;
        if (rd_kafka_conf_set(conf, argv[i], value, text, sizeof text)) return fprintf(stderr, "%s\n", text), 1;
    }
    rd_kafka_conf_set_dr_msg_cb(conf, report);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    const char *names[TOPICS] = {"movie-views", "movie-likes", "movie-reviews"};
    rd_kafka_topic_t *topics[TOPICS];
    for (int i = 0; i < TOPICS; i++) topics[i] = rd_kafka_topic_new(rk, names[i], NULL);
    static rd_kafka_message_t batches[TOPICS][BATCH];
    int filled[TOPICS] = {0};
    double start = now();
    for (long place = 0; count < wanted; count++) {
        if (place == info.st_size) place = 0;
        uint32_t lengths[2];
        int topic = bytes[place];
        memcpy(lengths, bytes + place + 1, sizeof lengths);
        char *key = (char *)bytes + place + 9;
        batches[topic][filled[topic]++] = (rd_kafka_message_t){
            .key = key, .key_len = lengths[0], .payload = key + lengths[0], .len = lengths[1]};
        place += 9 + lengths[0] + lengths[1];
        if (filled[topic] == BATCH) send_batch(rk, topics[topic], batches[topic], BATCH), filled[topic] = 0;
    }
    for (int i = 0; i < TOPICS; i++) send_batch(rk, topics[i], batches[i], filled[i]);
    if (rd_kafka_flush(rk, 60000) || failed) return fprintf(stderr, "%ld failed\n", failed), 1;
    double seconds = now() - start;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = usage.ru_utime.tv_sec + usage.ru_utime.tv_usec * 1e-6 + usage.ru_stime.tv_sec + usage.ru_stime.tv_usec * 1e-6;
    printf("{\"events\": %ld, \"seconds\": %.4f, \"cpu\": %.4f}\n", count, seconds, cpu);
    fflush(stdout);
    _Exit(0);  // closing the client is not measured
}
