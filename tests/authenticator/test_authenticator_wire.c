/* Reports and requests that libfido2 would not send, and what the authenticator says to them. */
#include "client.h"

#include "ctap.h"
#include "wire.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define BROADCAST 0xffffffffu
#define PACKET 64
#define REPLY_MAX 8192

static authn *device;
static void *handle;
static uint32_t channel;
static uint8_t reply[REPLY_MAX];
static size_t reply_len;

/* ---- Reports ---- */

static void send_report(uint32_t to, uint8_t command, unsigned length, const void *data,
                        size_t len) {
    uint8_t report[PACKET + 1] = {
        0, (uint8_t)(to >> 24), (uint8_t)(to >> 16), (uint8_t)(to >> 8), (uint8_t)to, command};
    size_t head = 6;
    if ((command & 0x80) != 0) {
        report[6] = (uint8_t)(length >> 8);
        report[7] = (uint8_t)length;
        head = 8;
    }
    memcpy(report + head, data, len);
    ck_assert_int_eq(authn_io()->write(handle, report, sizeof report), sizeof report);
}

/* The command of the next message, which goes into reply; keep-alives are left out. */
static uint8_t receive(uint32_t *from) {
    uint8_t packet[PACKET];
    do {
        ck_assert_int_eq(authn_io()->read(handle, packet, PACKET, 10000), PACKET);
    } while (packet[4] == 0xbb);
    *from = (uint32_t)packet[0] << 24 | (uint32_t)packet[1] << 16 | (uint32_t)packet[2] << 8 |
            packet[3];
    uint8_t command = packet[4];
    size_t expected = (size_t)packet[5] << 8 | packet[6];
    ck_assert_uint_le(expected, sizeof reply);
    reply_len = expected < PACKET - 7 ? expected : PACKET - 7;
    memcpy(reply, packet + 7, reply_len);
    for (unsigned sequence = 0; reply_len < expected; sequence++) {
        ck_assert_int_eq(authn_io()->read(handle, packet, PACKET, 10000), PACKET);
        ck_assert_uint_eq(packet[4], sequence);
        size_t part = expected - reply_len < PACKET - 5 ? expected - reply_len : PACKET - 5;
        memcpy(reply + reply_len, packet + 5, part);
        reply_len += part;
    }
    return command;
}

static void expect_error(uint32_t to, uint8_t error) {
    uint32_t from;
    ck_assert_uint_eq(receive(&from), 0xbf);
    ck_assert_uint_eq(from, to);
    ck_assert_uint_eq(reply_len, 1);
    ck_assert_uint_eq(reply[0], error);
}

static uint32_t new_channel(void) {
    uint32_t from;
    send_report(BROADCAST, 0x86, 8, "nonce-08", 8);
    ck_assert_uint_eq(receive(&from), 0x86);
    ck_assert_uint_eq(from, BROADCAST);
    ck_assert_uint_eq(reply_len, 17);
    ck_assert_mem_eq(reply, "nonce-08", 8);
    ck_assert_uint_eq(reply[12], 2);
    return (uint32_t)reply[8] << 24 | (uint32_t)reply[9] << 16 | (uint32_t)reply[10] << 8 |
           reply[11];
}

static void send_message(uint32_t to, uint8_t command, const uint8_t *data, size_t len) {
    size_t done = len < PACKET - 7 ? len : PACKET - 7;
    send_report(to, command, (unsigned)len, data, done);
    for (uint8_t sequence = 0; done < len; sequence++) {
        size_t part = len - done < PACKET - 5 ? len - done : PACKET - 5;
        send_report(to, sequence, 0, data + done, part);
        done += part;
    }
}

static void set_up(void) {
    device = authn_new(&(authn_options){.pin = PIN});
    handle = authn_io()->open(authn_path(device));
    ck_assert_ptr_nonnull(handle);
    channel = new_channel();
}

static void tear_down(void) {
    authn_io()->close(handle);
    authn_free(device);
}

START_TEST(test_channels) {
    uint32_t from, other = new_channel();
    ck_assert_uint_ne(other, channel);
    send_report(0, 0x81, 0, "", 0);
    expect_error(0, 0x0b);
    send_report(channel + 1000, 0x81, 0, "", 0);
    expect_error(channel + 1000, 0x0b);
    send_report(BROADCAST, 0x81, 0, "", 0);
    expect_error(BROADCAST, 0x0b);
    send_report(BROADCAST, 0x86, 7, "nonce-7", 7);
    expect_error(BROADCAST, 0x03);
    for (int i = 2; i < 16; i++) {
        new_channel();
    }
    send_report(BROADCAST, 0x86, 8, "nonce-08", 8);
    expect_error(BROADCAST, 0x06);
    send_report(other, 0x81, 4, "ping", 4);
    ck_assert_uint_eq(receive(&from), 0x81);
    ck_assert_uint_eq(from, other);
    ck_assert_mem_eq(reply, "ping", 4);
}
END_TEST

START_TEST(test_messages) {
    static uint8_t data[7609];
    uint32_t from;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    send_message(channel, 0x81, data, sizeof data);
    ck_assert_uint_eq(receive(&from), 0x81);
    ck_assert_uint_eq(reply_len, sizeof data);
    ck_assert_mem_eq(reply, data, sizeof data);
    send_report(channel, 0x81, 7610, data, PACKET - 7);
    expect_error(channel, 0x03);
    send_report(channel, 0x90, 0, "", 0);
    expect_error(channel, 0x03);
    send_report(channel, 0x83, 1, "", 1); /* U2F, which it has not */
    expect_error(channel, 0x01);
    send_report(channel, 0x88, 0, "", 0);
    ck_assert_uint_eq(receive(&from), 0x88);
    send_report(channel, 0x88, 1, "", 1);
    expect_error(channel, 0x03);
    send_report(channel, 0x05, 0, "", 0); /* belongs to nothing */
    send_report(channel, 0x91, 0, "", 0); /* nothing to cancel */
    send_report(channel, 0x81, 0, "", 0);
    ck_assert_uint_eq(receive(&from), 0x81);
}
END_TEST

/* What happens when one message comes into another. */
START_TEST(test_interrupted) {
    static const uint8_t data[100];
    uint32_t from, other = new_channel();
    send_report(channel, 0x81, 100, data, PACKET - 7);
    send_report(other, 0x81, 0, "", 0);
    expect_error(other, 0x06);
    send_report(channel, 0x00, 0, data, 43);
    ck_assert_uint_eq(receive(&from), 0x81);
    send_report(channel, 0x81, 100, data, PACKET - 7);
    send_report(channel, 0x01, 0, data, 43);
    expect_error(channel, 0x04);
    send_report(channel, 0x81, 100, data, PACKET - 7);
    send_report(channel, 0x81, 100, data, PACKET - 7);
    expect_error(channel, 0x04);
    send_report(channel, 0x81, 100, data, PACKET - 7);
    send_report(channel, 0x86, 8, "nonce-08", 8); /* begins anew */
    ck_assert_uint_eq(receive(&from), 0x86);
    ck_assert_uint_eq(from, channel);
    send_report(channel, 0x81, 100, data, PACKET - 7);
    expect_error(channel, 0x05); /* the rest did not come */
}
END_TEST

/* ---- Requests ---- */

static uint8_t call(const uint8_t *request, size_t len) {
    uint32_t from;
    send_message(channel, 0x90, request, len);
    ck_assert_uint_eq(receive(&from), 0x90);
    ck_assert_uint_ge(reply_len, 1);
    return reply[0];
}

/* hex, with spaces: "HASH" is a byte string of 32 bytes. */
static uint8_t call_hex(const char *hex) {
    vk_buf request = {0};
    while (*hex != '\0') {
        if (*hex == ' ') {
            hex++;
        } else if (strncmp(hex, "HASH", 4) == 0) {
            vk_buf_put(&request, "\x58\x20", 2);
            vk_buf_put_zeros(&request, 32);
            hex += 4;
        } else {
            char digits[3] = {hex[0], hex[1], '\0'};
            vk_buf_put_byte(&request, (uint8_t)strtoul(digits, NULL, 16));
            hex += 2;
        }
    }
    uint8_t status = call(request.data, request.len);
    vk_buf_clear(&request);
    return status;
}

#define RP_USER "02 a1 626964 6161 03 a1 626964 4101 "
#define ES256 "04 81 a2 63616c67 26 6474797065 6a7075626c69632d6b6579 "

START_TEST(test_requests) {
    static const struct {
        const char *request;
        uint8_t status;
    } cases[] = {
        {"04", CTAP_OK},
        {"04 a0", CTAP_INVALID_LENGTH},
        {"05", CTAP_INVALID_COMMAND},
        {"01", CTAP_MISSING_PARAMETER},
        {"01 80", CTAP_UNEXPECTED_TYPE},
        {"01 a0", CTAP_MISSING_PARAMETER},
        /* The form: longer than it must be, indefinite, out of order, twice, too deep, too much,
         * too little, tagged, no UTF-8. */
        {"01 a1 1801 00", CTAP_INVALID_CBOR},
        {"01 bf ff", CTAP_INVALID_CBOR},
        {"01 a2 02 00 01 00", CTAP_INVALID_CBOR},
        {"01 a2 01 00 01 00", CTAP_INVALID_CBOR},
        {"01 a1 01 8181818100", CTAP_INVALID_CBOR},
        {"01 a0 00", CTAP_INVALID_CBOR},
        {"01 a1 01 42 00", CTAP_INVALID_CBOR},
        {"01 a1 01 5bffffffffffffffff 00", CTAP_INVALID_CBOR},
        {"01 bbffffffffffffffff 00", CTAP_INVALID_CBOR},
        {"01 a1 01 c0 00", CTAP_INVALID_CBOR},
        {"01 1c", CTAP_INVALID_CBOR},
        {"01 a1 01 61c3", CTAP_INVALID_CBOR},
        /* Members of makeCredential. */
        {"01 a4 01 HASH " RP_USER ES256, CTAP_OK},
        {"01 a4 01 6161 " RP_USER ES256, CTAP_UNEXPECTED_TYPE},
        {"01 a4 01 41 01 " RP_USER ES256, CTAP_INVALID_LENGTH},
        {"01 a3 01 HASH " RP_USER, CTAP_MISSING_PARAMETER},
        {"01 a4 01 HASH 02 a0 03 a1 626964 4101 " ES256, CTAP_MISSING_PARAMETER},
        {"01 a4 01 HASH 02 a1 626964 6161 03 a1 626964 40 " ES256, CTAP_INVALID_LENGTH},
        {"01 a4 01 HASH " RP_USER "04 80", CTAP_UNSUPPORTED_ALGORITHM},
        {"01 a4 01 HASH " RP_USER "04 81 00", CTAP_UNEXPECTED_TYPE},
        {"01 a4 01 HASH " RP_USER "04 81 a1 63616c67 26", CTAP_MISSING_PARAMETER},
        {"01 a4 01 HASH " RP_USER "04 81 a2 63616c67 27 6474797065 6a7075626c69632d6b6579",
         CTAP_UNSUPPORTED_ALGORITHM},
        {"01 a5 01 HASH " RP_USER ES256 "05 81 a0", CTAP_MISSING_PARAMETER},
        {"01 a5 01 HASH " RP_USER ES256 "06 a1 6b6372656450726f74656374 04", CTAP_INVALID_OPTION},
        {"01 a5 01 HASH " RP_USER ES256 "06 a1 6b6372656450726f74656374 f5", CTAP_UNEXPECTED_TYPE},
        {"01 a5 01 HASH " RP_USER ES256 "06 a1 6c6c61726765426c6f624b6579 f5", CTAP_INVALID_OPTION},
        {"01 a5 01 HASH " RP_USER ES256 "07 a1 62726b 01", CTAP_UNEXPECTED_TYPE},
        {"01 a5 01 HASH " RP_USER ES256 "07 a1 62726b f5", CTAP_PUAT_REQUIRED},
        {"01 a5 01 HASH " RP_USER ES256 "07 a1 627570 f4", CTAP_INVALID_OPTION},
        {"01 a5 01 HASH " RP_USER ES256 "07 a1 627576 f5", CTAP_INVALID_OPTION},
        {"01 a5 01 HASH " RP_USER ES256 "08 40", CTAP_PIN_INVALID},
        {"01 a5 01 HASH " RP_USER ES256 "08 41 01", CTAP_MISSING_PARAMETER},
        {"01 a6 01 HASH " RP_USER ES256 "08 41 01 09 03", CTAP_INVALID_PARAMETER},
        {"01 a6 01 HASH " RP_USER ES256 "08 41 01 09 01", CTAP_PIN_AUTH_INVALID},
        {"01 a5 01 HASH " RP_USER ES256 "0a 01", CTAP_INVALID_PARAMETER},
        /* getAssertion, getNextAssertion. */
        {"02 a1 01 6161", CTAP_MISSING_PARAMETER},
        {"02 a2 01 6161 02 HASH", CTAP_NO_CREDENTIALS},
        {"02 a3 01 6161 02 HASH 03 81 a2 626964 4101 6474797065 6a7075626c69632d6b6579",
         CTAP_NO_CREDENTIALS},
        {"02 a3 01 6161 02 HASH 03 89 a0a0a0a0a0a0a0a0a0", CTAP_LIMIT_EXCEEDED},
        {"02 a3 01 6161 02 HASH 05 a1 62726b f5", CTAP_UNSUPPORTED_OPTION},
        {"02 a3 01 6161 02 HASH 05 a1 627576 f5", CTAP_INVALID_OPTION},
        {"08", CTAP_NOT_ALLOWED},
        /* clientPIN. */
        {"06 a1 02 01", CTAP_OK},
        {"06 a1 02 02", CTAP_MISSING_PARAMETER},
        {"06 a2 01 03 02 02", CTAP_INVALID_PARAMETER},
        {"06 a2 01 01 02 02", CTAP_OK},
        {"06 a2 01 01 02 08", CTAP_INVALID_SUBCOMMAND},
        {"06 a2 01 01 02 05", CTAP_MISSING_PARAMETER},
        {"06 a6 01 01 02 03 03 a0 04 40 05 40 06 40", CTAP_PIN_AUTH_INVALID},
        {"06 a4 01 01 02 05 03 a0 06 40", CTAP_MISSING_PARAMETER},
        {"06 a4 01 01 02 09 03 a0 06 40", CTAP_MISSING_PARAMETER},
        {"06 a5 01 01 02 09 03 a0 06 40 09 00", CTAP_INVALID_PARAMETER},
        {"06 a5 01 01 02 09 03 a0 06 40 09 1820", CTAP_UNAUTHORIZED_PERMISSION},
        {"06 a5 01 01 02 09 03 a0 06 40 09 01", CTAP_MISSING_PARAMETER},
        {"06 a4 01 01 02 06 03 a0 09 04", CTAP_NOT_ALLOWED},
        /* The key's point is not on the curve. */
        {"06 a4 01 01 02 05 03 a5 01 02 03 3818 20 01 21 HASH 22 HASH 06 40",
         CTAP_INVALID_PARAMETER},
        /* credentialManagement, selection, largeBlobs. */
        {"0a a1 01 01", CTAP_PUAT_REQUIRED},
        {"0a a1 01 03", CTAP_NOT_ALLOWED},
        {"0a a1 01 08", CTAP_INVALID_SUBCOMMAND},
        {"0a a3 01 01 03 01 04 41 01", CTAP_PIN_AUTH_INVALID},
        {"0a a3 01 04 03 01 04 41 01", CTAP_MISSING_PARAMETER},
        {"0b", CTAP_OK},
        {"0c a0", CTAP_INVALID_PARAMETER},
        {"0c a1 01 18ff", CTAP_MISSING_PARAMETER},
        {"0c a2 01 190471 03 00", CTAP_INVALID_LENGTH},
        {"0c a2 01 01 03 12", CTAP_INVALID_PARAMETER},
        {"0c a2 01 11 03 00", CTAP_OK},
        {"0c a3 02 41 00 03 00 04 10", CTAP_INVALID_PARAMETER},
        {"0c a3 02 41 00 03 00 04 190401", CTAP_LARGE_BLOB_STORAGE_FULL},
        {"0c a2 02 41 00 03 05", CTAP_INVALID_SEQ},
        {"0c a3 02 41 00 03 00 04 18ff", CTAP_PUAT_REQUIRED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t status = call_hex(cases[i].request);
        ck_assert_msg(status == cases[i].status, "%s: 0x%02x, not 0x%02x", cases[i].request, status,
                      cases[i].status);
        ck_assert(status == CTAP_OK || reply_len == 1);
    }
    ck_assert_int_eq(authn_pin_retries(device), 8);
}
END_TEST

START_TEST(test_too_large) {
    static uint8_t request[1201] = {0x01};
    ck_assert_uint_eq(call(request, 1201), CTAP_REQUEST_TOO_LARGE);
    ck_assert_uint_eq(call(request, 1200), CTAP_INVALID_CBOR);
}
END_TEST

/* Noise, and requests with one byte changed: it answers each, and goes on. */
START_TEST(test_noise) {
    static const uint8_t command[] = {1, 2, 6, 10, 12, 0x41};
    uint8_t request[200];
    srandom(1);
    for (int i = 0; i < 1000; i++) {
        size_t len = 1 + (size_t)random() % (sizeof request - 1);
        for (size_t k = 0; k < len; k++) {
            request[k] = (uint8_t)random();
        }
        request[0] = command[(size_t)random() % sizeof command];
        request[1] = (uint8_t)(0xa0 + random() % 4);
        ck_assert_uint_ne(call(request, len), CTAP_OK);
    }
    ck_assert_uint_eq(call_hex("04"), CTAP_OK);
}
END_TEST

/* All that the reader gives back lies in the message. */
static void walk(vk_bytes content, vk_bytes message) {
    wire_item item;
    ck_assert(content.len == 0 || (content.data >= message.data &&
                                   content.data + content.len <= message.data + message.len));
    while (content.len > 0 && wire_next(&content, &item)) {
        if (item.type == WIRE_ARRAY || item.type == WIRE_MAP) {
            walk(item.content, message);
        }
    }
}

START_TEST(test_reader) {
    uint8_t bytes[24];
    srandom(2);
    for (int i = 0; i < 20000; i++) {
        size_t len = (size_t)random() % sizeof bytes;
        uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees what is read beyond */
        ck_assert_ptr_nonnull(exact);
        for (size_t k = 0; k < len; k++) {
            exact[k + 1] = (uint8_t)(random() >> 4);
        }
        walk((vk_bytes){exact + 1, len}, (vk_bytes){exact + 1, len});
        free(exact);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("authenticator_wire");
    TCase *tests = tcase_create("wire");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, test_channels);
    tcase_add_test(tests, test_messages);
    tcase_add_test(tests, test_interrupted);
    tcase_add_test(tests, test_requests);
    tcase_add_test(tests, test_too_large);
    tcase_add_test(tests, test_noise);
    tcase_add_test(tests, test_reader);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
