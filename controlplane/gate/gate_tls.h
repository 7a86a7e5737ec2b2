/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLS without a socket: octets of the wire go in and come out by memory, where OpenSSL keeps them.
 * One thread.
 */
#ifndef TANDEM_GATE_TLS_H
#define TANDEM_GATE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gate_tls_context;
struct gate_tls;

/* 0, or -EINVAL after a log line. The files are read again by gate_tls_reload(): what is wrong with
 * them then leaves those before in force. TLS 1.2 and 1.3. */
int gate_tls_context_open(struct gate_tls_context **context, const char *cert, const char *key);
int gate_tls_context_reload(struct gate_tls_context *context);
void gate_tls_context_close(struct gate_tls_context *context); /* NULL is accepted */

struct gate_tls *gate_tls_open(struct gate_tls_context *context); /* NULL without memory */
void gate_tls_close(struct gate_tls *tls);                        /* NULL is accepted */

/* Octets that came by the wire. False: no memory. */
bool gate_tls_put(struct gate_tls *tls, const uint8_t *octets, size_t length);
/*
 * What they carry: up to `size` octets; 0: nothing more for now; -1: the connection is over, by an
 * alert or by what is no TLS. Handshakes are part of it.
 */
int gate_tls_read(struct gate_tls *tls, uint8_t *octets, size_t size);
/* False: not before the handshake, or the connection is over. */
bool gate_tls_write(struct gate_tls *tls, const uint8_t *octets, size_t length);
/* Octets that have to go by the wire: those that there are, until gate_tls_sent(). */
size_t gate_tls_pending(struct gate_tls *tls, const uint8_t **octets);
void gate_tls_sent(struct gate_tls *tls);

#endif
