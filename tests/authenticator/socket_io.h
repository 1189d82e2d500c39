/* libfido2's I/O over the authenticator's Unix socket: one packet is one report of 64 bytes. */
#ifndef VK_TESTS_AUTHENTICATOR_SOCKET_IO_H
#define VK_TESTS_AUTHENTICATOR_SOCKET_IO_H

#include <fido.h>

/* The path for fido_dev_open is the socket's. */
const fido_dev_io_t *socket_io(void);

#endif
