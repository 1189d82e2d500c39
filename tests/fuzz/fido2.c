#include "fido2.h"

#include "fuzz.h"

#include "keys/fido2_device.h"

#define REPORT_LEN 64
#define CHANNEL_LEN 4
#define BODY_LEN (REPORT_LEN - CHANNEL_LEN)
#define FIRST_PAYLOAD (BODY_LEN - 3)
#define NEXT_PAYLOAD (BODY_LEN - 1)
#define NONCE_LEN 8

enum { HID_INIT = 0x86, HID_CBOR = 0x90 };

/* What is said to the authenticator does not matter; what comes from it is here. */
typedef struct wire {
    vk_bytes input;
    bool reports;
    vk_fido2_presence presence; /* once it says no more */
    uint8_t nonce[NONCE_LEN];
    bool wants_init;
    /* Of the message that is sent now, in form 0: */
    vk_bytes message;
    int sequence; /* -1: it has not begun */
    /* An authenticator that is asked instead, and recorded. */
    const fido_dev_io_t *live;
    const char *live_path;
    void *live_handle;
    vk_buf *record;
    vk_buf recorded; /* the message so far */
    size_t expected;
} wire;

static wire w;

static const uint8_t channel[CHANNEL_LEN] = {0, 0, 0, 1};

/* ---- From the input ---- */

static void put_init(uint8_t report[REPORT_LEN]) {
    static const uint8_t head[] = {0xff, 0xff, 0xff, 0xff, HID_INIT, 0, 17};
    static const uint8_t tail[] = {2, 1, 0, 0, 0x04 | 0x08};
    memcpy(report, head, sizeof head);
    memcpy(report + sizeof head, w.nonce, NONCE_LEN);
    memcpy(report + sizeof head + NONCE_LEN, channel, CHANNEL_LEN);
    memcpy(report + sizeof head + NONCE_LEN + CHANNEL_LEN, tail, sizeof tail);
}

static bool take(void *out, size_t len) {
    if (w.input.len < len) {
        return false;
    }
    memcpy(out, w.input.data, len);
    w.input.data += len;
    w.input.len -= len;
    return true;
}

/* The last message may be shorter than it says. */
static bool begin_message(void) {
    uint8_t head[2];
    if (!take(head, sizeof head)) {
        return false;
    }
    size_t len = (size_t)head[0] << 8 | head[1];
    w.message = (vk_bytes){w.input.data, len < w.input.len ? len : w.input.len};
    w.input.data += w.message.len;
    w.input.len -= w.message.len;
    w.sequence = -1;
    return true;
}

static void put_part(uint8_t *out, size_t max) {
    size_t len = w.message.len < max ? w.message.len : max;
    if (len > 0) {
        memcpy(out, w.message.data, len);
    }
    w.message.data += len;
    w.message.len -= len;
}

static bool put_framed(uint8_t body[BODY_LEN]) {
    bool goes_on = w.sequence >= 0 && w.message.len > 0;
    if (!goes_on && !begin_message()) {
        return false;
    }
    if (w.sequence < 0) {
        body[0] = HID_CBOR;
        body[1] = (uint8_t)(w.message.len >> 8);
        body[2] = (uint8_t)w.message.len;
        put_part(body + 3, FIRST_PAYLOAD);
    } else {
        body[0] = (uint8_t)w.sequence;
        put_part(body + 1, NEXT_PAYLOAD);
    }
    w.sequence++;
    return true;
}

static bool put_next(uint8_t report[REPORT_LEN]) {
    memset(report, 0, REPORT_LEN);
    if (w.wants_init) {
        w.wants_init = false;
        put_init(report);
        return true;
    }
    memcpy(report, channel, CHANNEL_LEN);
    return w.reports ? take(report + CHANNEL_LEN, BODY_LEN) : put_framed(report + CHANNEL_LEN);
}

/* ---- From an authenticator ---- */

static void end_recorded(void) {
    const uint8_t head[] = {(uint8_t)(w.recorded.len >> 8), (uint8_t)w.recorded.len};
    vk_buf_put(w.record, head, sizeof head);
    vk_buf_put(w.record, w.recorded.data, w.recorded.len);
    vk_buf_clear(&w.recorded);
}

static void record_message(const uint8_t body[BODY_LEN]) {
    bool is_first = (body[0] & 0x80) != 0;
    if (is_first) {
        w.expected = (size_t)body[1] << 8 | body[2];
    }
    size_t left = w.expected - w.recorded.len;
    size_t max = is_first ? FIRST_PAYLOAD : NEXT_PAYLOAD;
    vk_buf_put(&w.recorded, body + (is_first ? 3 : 1), left < max ? left : max);
    if (w.recorded.len == w.expected) {
        end_recorded();
    }
}

/* Keep-alives come when they like: they are no part of messages. */
static void record(const uint8_t report[REPORT_LEN]) {
    const uint8_t *body = report + CHANNEL_LEN;
    if (body[0] == HID_INIT) {
        return;
    }
    if (w.reports) {
        vk_buf_put(w.record, body, BODY_LEN);
    } else if ((body[0] & 0x80) == 0 || body[0] == HID_CBOR) {
        record_message(body);
    }
}

/* ---- The transport of "unix:" places, in place of src/keys/fido2_unix.c ---- */

static void *open_wire(const char *path) {
    (void)path;
    if (w.live != NULL) {
        w.live_handle = w.live->open(w.live_path);
        return w.live_handle != NULL ? &w : NULL;
    }
    w.message.len = 0;
    w.sequence = -1;
    return &w;
}

static void close_wire(void *handle) {
    (void)handle;
    if (w.live != NULL) {
        w.live->close(w.live_handle);
    }
}

static int read_wire(void *handle, unsigned char *out, size_t len, int ms) {
    (void)handle;
    FUZZ_REQUIRE(len == REPORT_LEN);
    if (w.live == NULL) {
        return put_next(out) ? REPORT_LEN : -1;
    }
    int got = w.live->read(w.live_handle, out, len, ms);
    if (got == REPORT_LEN) {
        record(out);
    }
    return got;
}

static int write_wire(void *handle, const unsigned char *report, size_t len) {
    (void)handle;
    FUZZ_REQUIRE(len == REPORT_LEN + 1);
    if (w.live != NULL) {
        return w.live->write(w.live_handle, report, len);
    }
    if (report[1 + CHANNEL_LEN] == HID_INIT) {
        memcpy(w.nonce, report + 1 + CHANNEL_LEN + 3, NONCE_LEN);
        w.wants_init = true;
    }
    return (int)len;
}

const fido_dev_io_t vk_fido2_unix_io = {
    .open = open_wire, .close = close_wire, .read = read_wire, .write = write_wire};

bool vk_fido2_is_unix(const char *path) {
    (void)path;
    return true;
}

vk_fido2_presence vk_fido2_unix_look(const char *path) {
    (void)path;
    return w.presence;
}

/* ---- What is asked ---- */

#define RP "valetkey.test"
#define ORIGIN "https://valetkey.test"

static const uint8_t pin[] = {'1', '2', '3', '4'};
static const uint8_t user_id[] = {1, 2, 3};
static const vk_hash challenge = {{5, 5, 5}};

/* A status other than VK_OK comes with a sentence, and nothing else. */
static bool is_done(vk_status status, const vk_error *err) {
    FUZZ_REQUIRE((status == VK_OK) == (err->status == VK_OK));
    FUZZ_REQUIRE((status == VK_OK) == (err->message[0] == '\0'));
    return status == VK_OK;
}

static bool is_zero(const void *data, size_t len) {
    const uint8_t *bytes = data;
    uint8_t all = 0;
    for (size_t i = 0; i < len; i++) {
        all |= bytes[i];
    }
    return all == 0;
}

static void ask_info(vk_fido2 *fido2) {
    vk_fido2_info info;
    vk_error err = {0};
    if (is_done(vk_fido2_get_info(fido2, &info, &err), &err)) {
        FUZZ_REQUIRE(info.pin_min >= VK_FIDO2_PIN_MIN && info.pin_min <= VK_FIDO2_PIN_MAX);
        FUZZ_REQUIRE(info.free_credentials <= INT32_MAX);
    }
}

/* What was made holds again, by itself. */
static bool ask_make(vk_fido2 *fido2, vk_fido2_made *made) {
    const vk_hash blob = {{6}};
    const vk_fido2_wish wish = {.rp_id = RP,
                                .origin = ORIGIN,
                                .challenge = {challenge.b, sizeof challenge.b},
                                .user_id = {user_id, sizeof user_id},
                                .user_name = "A user",
                                .discoverable = true,
                                .hmac_secret = true,
                                .protect = VK_FIDO2_PROTECT_UV,
                                .blob = &blob};
    const vk_ceremony ceremony = {
        .challenge = wish.challenge, .rp_id = RP, .origin = ORIGIN, .require_user_verified = true};
    vk_credential credential;
    vk_error err = {0};
    if (!is_done(vk_fido2_make(fido2, &wish, made, &err), &err)) {
        FUZZ_REQUIRE(is_zero(made, sizeof *made));
        return false;
    }
    FUZZ_REQUIRE(vk_credential_register(&ceremony, vk_buf_view(&made->attestation_object),
                                        vk_buf_view(&made->client_data), NULL, &credential,
                                        NULL) == VK_OK);
    FUZZ_REQUIRE(vk_bytes_equal(credential.id, vk_buf_view(&made->credential_id)));
    FUZZ_REQUIRE(memcmp(credential.point65, made->point65, 65) == 0);
    return true;
}

/* What is accepted here, the chain accepts. */
static void check_answer(const vk_fido2_question *question, const vk_fido2_answer *answer) {
    vk_buf encoded = {0};
    vk_webauthn_assertion assertion = {.auth_data = {answer->auth_data, answer->auth_data_len},
                                       .client_data = question->client_data};
    FUZZ_REQUIRE(answer->auth_data_len <= VK_FIDO2_AUTH_DATA_MAX);
    memcpy(assertion.r, answer->signature64, 32);
    memcpy(assertion.s, answer->signature64 + 32, 32);
    FUZZ_REQUIRE(vk_webauthn_encode(&assertion, &encoded) == VK_OK);
    FUZZ_REQUIRE(vk_webauthn_verify(vk_buf_view(&encoded), &challenge, question->point65, NULL) ==
                 VK_OK);
    vk_buf_clear(&encoded);
}

static void ask_assert(vk_fido2 *fido2, const vk_fido2_made *made, const uint8_t *salt32) {
    vk_buf client_data = {0};
    vk_fido2_answer answer;
    vk_error err = {0};
    FUZZ_REQUIRE(vk_webauthn_client_data(&challenge, ORIGIN, &client_data) == VK_OK);
    const vk_fido2_question question = {.rp_id = RP,
                                        .origin = ORIGIN,
                                        .credential_id = vk_buf_view(&made->credential_id),
                                        .point65 = made->point65,
                                        .challenge = {challenge.b, sizeof challenge.b},
                                        .client_data = vk_buf_view(&client_data),
                                        .with_blob = made->has_blob,
                                        .salt32 = salt32};
    if (is_done(vk_fido2_assert(fido2, &question, &answer, &err), &err)) {
        check_answer(&question, &answer);
    } else {
        FUZZ_REQUIRE(is_zero(&answer, sizeof answer));
    }
    vk_buf_clear(&client_data);
}

static void ask_make_and_assert(vk_fido2 *fido2, bool with_secret) {
    static const uint8_t salt32[32] = {8};
    vk_fido2_made made;
    if (ask_make(fido2, &made)) {
        ask_assert(fido2, &made, with_secret ? salt32 : NULL);
        vk_fido2_made_clear(&made);
    }
}

static void ask_which(vk_fido2 *fido2) {
    const vk_bytes ids[] = {{pin, sizeof pin}, {user_id, sizeof user_id}};
    size_t index;
    vk_error err = {0};
    bool done = is_done(vk_fido2_which(fido2, RP, ids, 2, &index, &err), &err);
    FUZZ_REQUIRE(done ? index <= 2 : index == 2);
}

/* P-256's generator, whose private key, 1, no input has signed with over random bytes. */
static const uint8_t generator65[65] = {
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
    0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
    0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
    0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
    0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

static void ask_proves(vk_fido2 *fido2) {
    bool is = true;
    vk_error err = {0};
    (void)is_done(vk_fido2_proves(fido2, RP, (vk_bytes){pin, sizeof pin}, generator65, &is, &err),
                  &err);
    FUZZ_REQUIRE(!is);
}

static void check_resident(const vk_fido2_resident *resident) {
    FUZZ_REQUIRE(resident->rp_id != NULL);
    FUZZ_REQUIRE(resident->credential_id.len > 0 &&
                 resident->credential_id.len <= VK_CREDENTIAL_ID_MAX);
    FUZZ_REQUIRE(vk_p256_check_point(resident->point65) == VK_OK);
}

static void ask_list(vk_fido2 *fido2) {
    vk_fido2_residents list;
    vk_error err = {0};
    bool done = is_done(vk_fido2_list(fido2, &list, &err), &err);
    FUZZ_REQUIRE(done || (list.list == NULL && list.count == 0));
    for (size_t i = 0; i < list.count; i++) {
        check_resident(&list.list[i]);
    }
    vk_fido2_residents_clear(&list);
}

static bool ask_log_in(vk_fido2 *fido2) {
    vk_error err = {0};
    return is_done(vk_fido2_log_in(fido2, pin, sizeof pin, &err), &err);
}

static void ask_set_pin(vk_fido2 *fido2) {
    vk_error err = {0};
    (void)is_done(vk_fido2_set_pin(fido2, pin, sizeof pin, pin, sizeof pin, &err), &err);
}

static void ask_delete(vk_fido2 *fido2) {
    vk_error err = {0};
    (void)is_done(vk_fido2_delete(fido2, (vk_bytes){user_id, sizeof user_id}, &err), &err);
}

static void ask_reset(vk_fido2 *fido2) {
    vk_error err = {0};
    (void)is_done(vk_fido2_reset(fido2, &err), &err);
}

static void ask(unsigned question) {
    vk_fido2 *fido2;
    FUZZ_REQUIRE(vk_fido2_new("unix:", 10, &fido2) == VK_OK);
    switch (question) {
    case 0:
        ask_info(fido2);
        break;
    case 1:
        ask_make_and_assert(fido2, false);
        break;
    case FUZZ_FIDO2_LOGGED_IN:
        if (ask_log_in(fido2)) {
            ask_make_and_assert(fido2, true);
        }
        break;
    case 3:
        ask_which(fido2);
        ask_proves(fido2);
        break;
    case 4:
        if (ask_log_in(fido2)) {
            ask_list(fido2);
        }
        break;
    case 5:
        if (ask_log_in(fido2)) {
            ask_delete(fido2);
        }
        break;
    case 6:
        ask_set_pin(fido2);
        break;
    case 7:
        ask_reset(fido2);
        break;
    default:
        ask_make_and_assert(fido2, true);
        break;
    }
    vk_fido2_free(fido2);
}

/* ---- The target, and its seeds ---- */

void fuzz_fido2(vk_bytes input) {
    unsigned question = fuzz_choose(&input, FUZZ_FIDO2_QUESTIONS);
    unsigned form = fuzz_choose(&input, 4);
    w = (wire){.input = input,
               .reports = form % 2 == 1,
               .presence = form / 2 == 0 ? VK_FIDO2_GONE : VK_FIDO2_FORBIDDEN};
    ask(question);
}

void fuzz_fido2_record(const fido_dev_io_t *io, const char *path, unsigned question, bool reports,
                       vk_buf *out) {
    vk_buf_put_byte(out, (uint8_t)question);
    vk_buf_put_byte(out, reports ? 1 : 0);
    w = (wire){.live = io, .live_path = path, .reports = reports, .record = out};
    ask(question);
    vk_buf_clear(&w.recorded);
    w.live = NULL;
}
