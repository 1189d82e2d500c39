#include "client.h"

#include "socket_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint8_t client_data_hash32[32] = {7, 7, 7};

/* ---- Devices ---- */

int client_try_open(const client *c, fido_dev_t **out) {
    bool local = c->transport == CLIENT_LOCAL;
    *out = fido_dev_new();
    ck_assert_ptr_nonnull(*out);
    ck_assert_int_eq(fido_dev_set_io_functions(*out, local ? authn_io() : socket_io()), FIDO_OK);
    return fido_dev_open(*out, local ? authn_path(c->device) : c->socket);
}

fido_dev_t *client_open(const client *c) {
    fido_dev_t *dev;
    ck_assert_int_eq(client_try_open(c, &dev), FIDO_OK);
    return dev;
}

void client_close(fido_dev_t **dev) {
    fido_dev_close(*dev);
    fido_dev_free(dev);
}

void client_begin(client *c, int transport, const authn_options *options) {
    fido_init(FIDO_DISABLE_U2F_FALLBACK);
    *c = (client){.transport = transport, .folder = "/tmp/authn-XXXXXX"};
    c->device = authn_new(options);
    if (transport == CLIENT_SOCKET) {
        ck_assert_ptr_nonnull(mkdtemp(c->folder));
        snprintf(c->socket, sizeof c->socket, "%s/socket", c->folder);
        ck_assert(authn_serve(c->device, c->socket));
    }
    c->dev = client_open(c);
}

void client_begin_variant(client *c, int variant, const authn_options *options) {
    authn_options one_protocol = options != NULL ? *options : (authn_options){0};
    one_protocol.without |= variant % 2 == 0 ? AUTHN_PIN_PROTOCOL_2 : AUTHN_PIN_PROTOCOL_1;
    client_begin(c, variant / 2, &one_protocol);
}

void client_end(client *c) {
    client_close(&c->dev);
    authn_free(c->device);
    if (c->transport == CLIENT_SOCKET) {
        ck_assert_int_ne(access(c->socket, F_OK), 0);
        ck_assert_int_eq(rmdir(c->folder), 0);
    }
}

void client_reopen(client *c, bool power_cycle) {
    client_close(&c->dev);
    if (power_cycle) {
        authn_unplug(c->device);
        ck_assert(authn_plug(c->device));
    }
    c->dev = client_open(c);
}

/* ---- Requests ---- */

fido_cred_t *client_cred(const char *user, bool discoverable, int extensions) {
    fido_cred_t *cred = fido_cred_new();
    ck_assert_ptr_nonnull(cred);
    ck_assert_int_eq(fido_cred_set_type(cred, COSE_ES256), FIDO_OK);
    ck_assert_int_eq(fido_cred_set_clientdata_hash(cred, client_data_hash32, 32), FIDO_OK);
    ck_assert_int_eq(fido_cred_set_rp(cred, RP, "Valetkey"), FIDO_OK);
    ck_assert_int_eq(
        fido_cred_set_user(cred, (const unsigned char *)user, strlen(user), user, "A user", NULL),
        FIDO_OK);
    ck_assert_int_eq(fido_cred_set_extensions(cred, extensions), FIDO_OK);
    if (discoverable) {
        ck_assert_int_eq(fido_cred_set_rk(cred, FIDO_OPT_TRUE), FIDO_OK);
    }
    return cred;
}

fido_assert_t *client_assert(const fido_cred_t *allowed) {
    fido_assert_t *assert = fido_assert_new();
    ck_assert_ptr_nonnull(assert);
    ck_assert_int_eq(fido_assert_set_clientdata_hash(assert, client_data_hash32, 32), FIDO_OK);
    ck_assert_int_eq(fido_assert_set_rp(assert, RP), FIDO_OK);
    if (allowed != NULL) {
        ck_assert_int_eq(
            fido_assert_allow_cred(assert, fido_cred_id_ptr(allowed), fido_cred_id_len(allowed)),
            FIDO_OK);
    }
    return assert;
}

fido_cred_t *client_make(client *c, const char *user, bool discoverable, int extensions,
                         const char *pin) {
    fido_cred_t *cred = client_cred(user, discoverable, extensions);
    ck_assert_int_eq(fido_dev_make_cred(c->dev, cred, pin), FIDO_OK);
    ck_assert_int_eq(fido_cred_verify_self(cred), FIDO_OK);
    return cred;
}

int client_verify(const fido_cred_t *cred, fido_assert_t *assert, size_t index, int extensions) {
    es256_pk_t *key = es256_pk_new();
    ck_assert_ptr_nonnull(key);
    ck_assert_uint_eq(fido_cred_pubkey_len(cred), 64);
    int result = es256_pk_from_ptr(key, fido_cred_pubkey_ptr(cred), 64);
    if (result == FIDO_OK) {
        ck_assert_int_eq(fido_assert_set_extensions(assert, extensions), FIDO_OK);
        result = fido_assert_verify(assert, index, COSE_ES256, key);
    }
    es256_pk_free(&key);
    return result;
}

/* ---- In another thread ---- */

static void *run(void *context) {
    client_call *call = context;
    call->result = fido_dev_get_assert(call->c->dev, call->assert, NULL);
    return NULL;
}

void client_call_begin(client_call *call, client *c, const fido_cred_t *allowed) {
    *call = (client_call){.c = c, .assert = client_assert(allowed)};
    ck_assert_int_eq(pthread_create(&call->thread, NULL, run, call), 0);
}

int client_call_end(client_call *call) {
    ck_assert_int_eq(pthread_join(call->thread, NULL), 0);
    fido_assert_free(&call->assert);
    return call->result;
}

/* ---- Running ---- */

int client_run(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
