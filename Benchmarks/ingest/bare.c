// The limit: librdkafka alone, reading every message of some topics in batches and dropping it.
//   bare BOOTSTRAP COUNT TOPIC...
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
    char text[512];
    long wanted = atol(argv[2]), count = 0, bytes = 0;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const char *settings[][2] = {
        {"bootstrap.servers", argv[1]}, {"group.id", "bare"}, {"enable.auto.commit", "false"},
        {"queued.max.messages.kbytes", "32768"}, {"queued.min.messages", "1000000"}, {"fetch.message.max.bytes", "1048576"},
        {"fetch.wait.max.ms", "100"}};
    for (int i = 0; i < 7; i++) rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text);
    rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(16);
    for (int i = 3; i < argc; i++) {
        const struct rd_kafka_metadata *metadata;
        rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, argv[i], NULL);
        if (rd_kafka_metadata(rk, 0, topic, &metadata, 10000)) return 1;
        for (int p = 0; p < metadata->topics[0].partition_cnt; p++)
            rd_kafka_topic_partition_list_add(list, argv[i], p)->offset = RD_KAFKA_OFFSET_BEGINNING;
        rd_kafka_metadata_destroy(metadata);
    }
    double start = now();
    rd_kafka_assign(rk, list);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(rk);
    rd_kafka_message_t *messages[8192];
    while (count < wanted) {
        ssize_t got = rd_kafka_consume_batch_queue(queue, 100, messages, 8192);
        for (ssize_t i = 0; i < got; i++) {
            if (!messages[i]->err) count++, bytes += messages[i]->len;
            rd_kafka_message_destroy(messages[i]);
        }
    }
    double seconds = now() - start;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = usage.ru_utime.tv_sec + usage.ru_utime.tv_usec * 1e-6 + usage.ru_stime.tv_sec + usage.ru_stime.tv_usec * 1e-6;
    printf("{\"events\": %ld, \"seconds\": %.4f, \"cpu\": %.4f, \"bytes\": %ld}\n", count, seconds, cpu, bytes);
    fflush(stdout);
    _Exit(0);  // closing the client is not measured
}
