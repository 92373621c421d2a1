// The door to librdkafka. Swift cannot call C variadics or see function-like macros:
// each one that is needed gets a typed `static inline` below, with a line saying what it stands for.
#ifndef CRDKAFKA_SHIM_H
#define CRDKAFKA_SHIM_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/// rd_kafka_producev: one message to the partition its key hashes to. The payload and key are copied before it returns.
/// `headers` may be NULL; on success librdkafka owns them, on failure the caller still does.
static inline rd_kafka_resp_err_t marquee_produce(
    rd_kafka_t *rk, rd_kafka_topic_t *topic, int32_t partition, const void *key, size_t key_length,
    const void *payload, size_t payload_length, int64_t timestamp_ms, rd_kafka_headers_t *headers, void *opaque)
{
    if (headers)
        return rd_kafka_producev(
            rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_KEY(key, key_length), RD_KAFKA_V_VALUE((void *)payload, payload_length),
            RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(opaque),
            RD_KAFKA_V_END);
    return rd_kafka_producev(
        rk, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key, key_length), RD_KAFKA_V_VALUE((void *)payload, payload_length),
        RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
}

/// The timestamp of a message in a delivery report, in milliseconds: rd_kafka_message_timestamp does not tell that of one
/// that failed.
static inline int64_t marquee_timestamp_of_failed(const rd_kafka_message_t *message)
{
    // The message is librdkafka's, on its heap, and only lent as const.
    rd_kafka_message_t *own = (rd_kafka_message_t *)message;
    rd_kafka_resp_err_t code = own->err;
    own->err = RD_KAFKA_RESP_ERR_NO_ERROR;
    int64_t timestamp = rd_kafka_message_timestamp(own, NULL);
    own->err = code;
    return timestamp;
}

#endif
