// The door to libcurl4-openssl. Swift cannot call C variadics or see function-like macros:
// each one that is needed gets a typed `static inline` below, with a line saying what it stands for.
#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>

// curl_easy_setopt for options that take a long (numbers, switches, bit sets).
static inline CURLcode marquee_easy_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}

// curl_easy_setopt for options that take a curl_off_t (sizes past 2 GiB).
static inline CURLcode marquee_easy_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}

// curl_easy_setopt for options that take a C string, which libcurl copies (not CURLOPT_POSTFIELDS).
static inline CURLcode marquee_easy_set_string(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}

// curl_easy_setopt for options that take any other pointer, which libcurl keeps (POSTFIELDS, PRIVATE, WRITEDATA…).
static inline CURLcode marquee_easy_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}

// curl_easy_setopt(CURLOPT_HTTPHEADER): the list must live as long as the transfer.
static inline CURLcode marquee_easy_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(handle, option, value);
}

typedef size_t (*marquee_data_callback)(char *bytes, size_t size, size_t count, void *context);

// curl_easy_setopt(CURLOPT_WRITEFUNCTION), (CURLOPT_HEADERFUNCTION) and (CURLOPT_READFUNCTION): same shape of callback.
static inline CURLcode marquee_easy_set_callback(CURL *handle, CURLoption option, marquee_data_callback callback) {
    return curl_easy_setopt(handle, option, callback);
}

// curl_easy_setopt(CURLOPT_XFERINFOFUNCTION): asked about once a second; anything but 0 ends the transfer.
static inline CURLcode marquee_easy_set_progress(CURL *handle, curl_xferinfo_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, callback);
}

// curl_easy_setopt(CURLOPT_DEBUGFUNCTION): told of what is sent and received where CURLOPT_VERBOSE is on.
static inline CURLcode marquee_easy_set_debug(CURL *handle, curl_debug_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, callback);
}

// curl_easy_setopt(CURLOPT_OPENSOCKETFUNCTION).
static inline CURLcode marquee_easy_set_opensocket(CURL *handle, curl_opensocket_callback callback) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, callback);
}

// curl_easy_getinfo(CURLINFO_RESPONSE_CODE).
static inline long marquee_easy_response_code(CURL *handle) {
    long code = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &code);
    return code;
}

// curl_easy_getinfo(CURLINFO_PRIVATE): the pointer set with CURLOPT_PRIVATE.
static inline void *marquee_easy_private(CURL *handle) {
    char *pointer = 0;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &pointer);
    return pointer;
}

// curl_multi_setopt for options that take a long.
static inline CURLMcode marquee_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// CURL_GLOBAL_DEFAULT is a macro of macros.
static inline CURLcode marquee_global_init(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }

// The member of the anonymous union `data` of a finished transfer's message.
static inline CURLcode marquee_message_result(const CURLMsg *message) { return message->data.result; }

#endif
