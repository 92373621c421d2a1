// The door to GnuTLS, for certificates alone: the sessions are libmicrohttpd's, which is built on it.
#ifndef CGNUTLS_SHIM_H
#define CGNUTLS_SHIM_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <gnutls/abstract.h>

// What libmicrohttpd passes to GnuTLS: a function that chooses the certificate of a session.
typedef int (*marquee_tls_chooser)(gnutls_session_t, const gnutls_datum_t *, int, const gnutls_pk_algorithm_t *, int,
                                   gnutls_pcert_st **, unsigned int *, gnutls_privkey_t *);

// gnutls_free is a variable that points to a function.
static inline void marquee_gnutls_free(void *bytes) { gnutls_free(bytes); }

#endif
