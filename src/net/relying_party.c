#include "net/relying_party.h"

#include "base/json.h"
#include "token/clock.h"
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHALLENGE_LEN 32
#define USER_ID_BYTES 16 /* and twice as many hex digits, which are base64url as well */

/* A challenge that waits for its answer. */
typedef struct challenge {
    bool waits;
    bool registers;
    uint64_t until_ms;
    uint8_t bytes[CHALLENGE_LEN];
    /* Of a registration: whose. */
    char user_id[2 * USER_ID_BYTES + 1];
    char name[VK_PASSKEY_USER_TEXT_MAX + 1];
} challenge;

struct vk_relying_party {
    vk_token *token;
    char *rp_id, *name, *origin;
    uint64_t passed_ms;
    challenge challenges[VK_RP_CHALLENGES_MAX];
};

/* ---- Life ---- */

void vk_relying_party_free(vk_relying_party *rp) {
    if (rp != NULL) {
        free(rp->rp_id);
        free(rp->name);
        free(rp->origin);
        free(rp);
    }
}

vk_status vk_relying_party_new(vk_token *token, const vk_rp_config *config,
                               vk_relying_party **out) {
    vk_relying_party *rp = calloc(1, sizeof *rp);
    *out = NULL;
    if (rp == NULL) {
        return VK_ERR_MEMORY;
    }
    rp->token = token;
    rp->rp_id = strdup(config->rp_id);
    rp->name = strdup(config->name);
    rp->origin = strdup(config->origin);
    if (rp->rp_id == NULL || rp->name == NULL || rp->origin == NULL) {
        vk_relying_party_free(rp);
        return VK_ERR_MEMORY;
    }
    *out = rp;
    return VK_OK;
}

void vk_relying_party_pass(vk_relying_party *rp, unsigned seconds) {
    rp->passed_ms += (uint64_t)seconds * 1000;
}

static uint64_t now_ms(const vk_relying_party *rp) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return rp->passed_ms + (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- Challenges ---- */

static challenge *free_place(vk_relying_party *rp) {
    uint64_t now = now_ms(rp);
    for (size_t i = 0; i < VK_RP_CHALLENGES_MAX; i++) {
        challenge *c = &rp->challenges[i];
        if (!c->waits || c->until_ms <= now) {
            return c;
        }
    }
    return NULL;
}

static vk_status new_challenge(vk_relying_party *rp, challenge **out, vk_error *err) {
    challenge *c = free_place(rp);
    if (c == NULL) {
        return vk_fail(err, VK_ERR_BUSY, NULL,
                       "too many wait for an answer: try again in a minute");
    }
    *c = (challenge){.until_ms = now_ms(rp) + VK_RP_CHALLENGE_SECONDS * 1000};
    if (RAND_bytes(c->bytes, sizeof c->bytes) != 1) {
        return vk_fail(err, VK_ERR_CRYPTO, NULL, "%s", vk_status_text(VK_ERR_CRYPTO));
    }
    c->waits = true;
    *out = c;
    return VK_OK;
}

/* Whether it is the right one or not: it is over. */
static vk_status take_challenge(vk_relying_party *rp, bool registers, vk_bytes client_data,
                                challenge *out, vk_error *err) {
    vk_client_data data;
    vk_status status = vk_client_data_read(client_data, &data, err);
    if (status != VK_OK) {
        return status;
    }
    bool found = false;
    uint64_t now = now_ms(rp);
    for (size_t i = 0; i < VK_RP_CHALLENGES_MAX && !found; i++) {
        challenge *c = &rp->challenges[i];
        found = c->waits && c->until_ms > now && c->registers == registers &&
                vk_bytes_equal(vk_buf_view(&data.challenge), (vk_bytes){c->bytes, CHALLENGE_LEN});
        if (found) {
            *out = *c;
            *c = (challenge){0};
        }
    }
    vk_client_data_clear(&data);
    return found ? VK_OK
                 : vk_fail(err, VK_ERR_MISMATCH, "challenge",
                           "the challenge is unknown, used or older than %d seconds",
                           VK_RP_CHALLENGE_SECONDS);
}

/* ---- What both have in common ---- */

static vk_status check_rp_id(const vk_relying_party *rp, const char *asked, vk_error *err) {
    return asked == NULL || strcmp(asked, rp->rp_id) == 0
               ? VK_OK
               : vk_fail(err, VK_ERR_MISMATCH, "rpID", "this server is for \"%.100s\"", rp->rp_id);
}

static vk_ceremony ceremony_of(const vk_relying_party *rp, const challenge *c) {
    return (vk_ceremony){.challenge = {c->bytes, sizeof c->bytes},
                         .rp_id = rp->rp_id,
                         .origin = rp->origin,
                         .require_user_verified = true};
}

static void put_text(vk_buf *out, const char *name, const char *text) {
    vk_buf_printf(out, "\"%s\":", name);
    vk_json_put_string(out, text);
}

static void put_challenge(vk_buf *out, const challenge *c) {
    vk_buf_put_text(out, "\"challenge\":\"");
    vk_base64url_put(out, (vk_bytes){c->bytes, sizeof c->bytes});
    vk_buf_printf(out, "\",\"timeout\":%d,", VK_RP_CHALLENGE_SECONDS * 1000);
}

/* ---- /register/options ---- */

static vk_status name_user(challenge *c, const char *name, vk_error *err) {
    uint8_t random[USER_ID_BYTES];
    if (RAND_bytes(random, sizeof random) != 1) {
        return vk_fail(err, VK_ERR_CRYPTO, NULL, "%s", vk_status_text(VK_ERR_CRYPTO));
    }
    for (size_t i = 0; i < sizeof random; i++) {
        snprintf(c->user_id + 2 * i, 3, "%02x", random[i]);
    }
    snprintf(c->name, sizeof c->name, "%s", name);
    c->registers = true;
    return VK_OK;
}

static void put_creation(vk_buf *out, const vk_relying_party *rp, const challenge *c) {
    vk_buf_put_text(out, "{\"options\":{");
    put_challenge(out, c);
    vk_buf_put_text(out, "\"rp\":{");
    put_text(out, "id", rp->rp_id);
    vk_buf_put_byte(out, ',');
    put_text(out, "name", rp->name);
    vk_buf_put_text(out, "},\"user\":{");
    put_text(out, "id", c->user_id);
    vk_buf_put_byte(out, ',');
    put_text(out, "name", c->name);
    vk_buf_put_byte(out, ',');
    put_text(out, "displayName", c->name);
    vk_buf_put_text(out, "},\"pubKeyCredParams\":[{\"alg\":-7,\"type\":\"public-key\"}],"
                         "\"attestation\":\"none\",\"excludeCredentials\":[],"
                         "\"authenticatorSelection\":{\"residentKey\":\"required\","
                         "\"requireResidentKey\":true,\"userVerification\":\"required\"}},");
    put_text(out, "userId", c->user_id);
    vk_buf_put_byte(out, '}');
}

static vk_status register_options(vk_relying_party *rp, vk_bytes body, vk_buf *answer,
                                  vk_error *err) {
    vk_rp_options options;
    challenge *c;
    vk_status status = vk_rp_options_read(body, true, &options, err);
    if (status == VK_OK) {
        status = check_rp_id(rp, options.rp_id, err);
    }
    if (status == VK_OK) {
        status = new_challenge(rp, &c, err);
    }
    if (status == VK_OK) {
        status = name_user(c, options.username, err);
    }
    if (status == VK_OK) {
        put_creation(answer, rp, c);
    }
    vk_rp_options_clear(&options);
    return status;
}

/* ---- /register/verify ---- */

static vk_status check_user(const challenge *c, const vk_rp_registration *r, vk_error *err) {
    bool same = strcmp(c->user_id, r->user_id) == 0 && strcmp(c->name, r->username) == 0;
    return same
               ? VK_OK
               : vk_fail(err, VK_ERR_MISMATCH, "userId", "the challenge was given to another user");
}

/* The SDK takes the key from what the client says beside the attestation. */
static vk_status check_claims(const vk_rp_registration *r, const vk_credential *credential,
                              vk_error *err) {
    uint8_t spki[VK_P256_SPKI_LEN];
    vk_p256_spki_write(credential->point65, spki);
    if (!vk_bytes_equal(vk_buf_view(&r->credential_id), credential->id)) {
        return vk_fail(err, VK_ERR_MISMATCH, "cred.id",
                       "the credential id is not that of the authenticator data");
    }
    if (r->public_key.len > 0 &&
        !vk_bytes_equal(vk_buf_view(&r->public_key), (vk_bytes){spki, sizeof spki})) {
        return vk_fail(err, VK_ERR_MISMATCH, "cred.response.publicKey",
                       "the public key is not that of the authenticator data");
    }
    return VK_OK;
}

static vk_status add_user(vk_relying_party *rp, const challenge *c, const vk_rp_registration *r,
                          const vk_credential *credential, vk_error *err) {
    vk_passkey_user user = {.credential_id_len = credential->id.len,
                            .sign_count = credential->sign_count,
                            .created_at = vk_clock_now()};
    snprintf(user.user_id, sizeof user.user_id, "%s", c->user_id);
    snprintf(user.name, sizeof user.name, "%s", c->name);
    snprintf(user.rp_id, sizeof user.rp_id, "%s", rp->rp_id);
    snprintf(user.transports, sizeof user.transports, "%s", r->transports);
    memcpy(user.credential_id, credential->id.data, credential->id.len);
    memcpy(user.point65, credential->point65, sizeof user.point65);
    return vk_token_passkey_add(rp->token, &user, err);
}

static vk_status verify_registration(vk_relying_party *rp, const vk_rp_registration *r,
                                     vk_error *err) {
    challenge c;
    vk_credential credential;
    vk_status status = check_rp_id(rp, r->rp_id, err);
    if (status == VK_OK) {
        status = take_challenge(rp, true, vk_buf_view(&r->client_data), &c, err);
    }
    if (status == VK_OK) {
        status = check_user(&c, r, err);
    }
    if (status != VK_OK) {
        return status;
    }
    const vk_ceremony ceremony = ceremony_of(rp, &c);
    status = vk_credential_register(&ceremony, vk_buf_view(&r->attestation),
                                    vk_buf_view(&r->client_data), NULL, &credential, err);
    if (status == VK_OK) {
        status = check_claims(r, &credential, err);
    }
    return status == VK_OK ? add_user(rp, &c, r, &credential, err) : status;
}

static vk_status register_verify(vk_relying_party *rp, vk_bytes body, vk_buf *answer,
                                 vk_error *err) {
    vk_rp_registration r;
    vk_status status = vk_rp_registration_read(body, &r, err);
    if (status == VK_OK) {
        status = verify_registration(rp, &r, err);
    }
    if (status == VK_OK) {
        vk_buf_put_text(answer, "{\"verified\":true}");
    }
    vk_rp_registration_clear(&r);
    return status;
}

/* ---- /login/options ---- */

static vk_status login_options(vk_relying_party *rp, vk_bytes body, vk_buf *answer, vk_error *err) {
    vk_rp_options options;
    challenge *c;
    vk_status status = vk_rp_options_read(body, false, &options, err);
    if (status == VK_OK) {
        status = check_rp_id(rp, options.rp_id, err);
    }
    if (status == VK_OK) {
        status = new_challenge(rp, &c, err);
    }
    if (status == VK_OK) {
        vk_buf_put_byte(answer, '{');
        put_challenge(answer, c);
        put_text(answer, "rpId", rp->rp_id);
        vk_buf_put_text(answer, ",\"allowCredentials\":[],\"userVerification\":\"required\"}");
    }
    vk_rp_options_clear(&options);
    return status;
}

/* ---- /login/verify ---- */

static vk_status not_here(vk_error *err) {
    return vk_fail(err, VK_ERR_MISMATCH, "cred.id", "this passkey is not registered here");
}

static vk_status find_user(vk_relying_party *rp, const vk_rp_login *l, vk_passkey_user *out,
                           vk_error *err) {
    vk_status status = vk_token_passkey_find(rp->token, vk_buf_view(&l->credential_id), out, err);
    if (status == VK_ERR_NOT_FOUND || (status == VK_OK && strcmp(out->rp_id, rp->rp_id) != 0)) {
        return not_here(err);
    }
    if (status == VK_OK && l->user_handle != NULL && strcmp(l->user_handle, out->user_id) != 0) {
        status = vk_fail(err, VK_ERR_MISMATCH, "cred.response.userHandle",
                         "the passkey is another user's");
    }
    return status;
}

static vk_status verify_assertion(vk_relying_party *rp, const vk_rp_login *l, const challenge *c,
                                  const vk_passkey_user *user, vk_error *err) {
    uint32_t count;
    vk_credential credential = {.sign_count = user->sign_count};
    const vk_ceremony ceremony = ceremony_of(rp, c);
    const vk_credential_answer answer = {.auth_data = vk_buf_view(&l->auth_data),
                                         .client_data = vk_buf_view(&l->client_data),
                                         .signature_der = vk_buf_view(&l->signature)};
    memcpy(credential.point65, user->point65, sizeof credential.point65);
    vk_status status = vk_credential_verify(&ceremony, &credential, &answer, &count, err);
    if (status == VK_OK && count != user->sign_count) {
        status = vk_token_passkey_count(rp->token, user, count, err);
    }
    /* Removed since it was looked up. */
    return status == VK_ERR_NOT_FOUND ? not_here(err) : status;
}

static void put_login(vk_buf *out, const vk_passkey_user *user) {
    uint8_t spki[VK_P256_SPKI_LEN];
    vk_p256_spki_write(user->point65, spki);
    vk_buf_put_text(out, "{\"verification\":{\"verified\":true},\"pubkey\":\"");
    vk_base64_put(out, (vk_bytes){spki, sizeof spki});
    vk_buf_put_text(out, "\",");
    put_text(out, "userId", user->user_id);
    vk_buf_put_byte(out, '}');
}

static vk_status verify_login(vk_relying_party *rp, const vk_rp_login *l, vk_buf *answer,
                              vk_error *err) {
    challenge c;
    vk_passkey_user user;
    vk_status status = check_rp_id(rp, l->rp_id, err);
    if (status == VK_OK) {
        status = take_challenge(rp, false, vk_buf_view(&l->client_data), &c, err);
    }
    if (status == VK_OK) {
        status = find_user(rp, l, &user, err);
    }
    if (status == VK_OK) {
        status = verify_assertion(rp, l, &c, &user, err);
    }
    if (status == VK_OK) {
        put_login(answer, &user);
    }
    return status;
}

static vk_status login_verify(vk_relying_party *rp, vk_bytes body, vk_buf *answer, vk_error *err) {
    vk_rp_login l;
    vk_status status = vk_rp_login_read(body, &l, err);
    if (status == VK_OK) {
        status = verify_login(rp, &l, answer, err);
    }
    vk_rp_login_clear(&l);
    return status;
}

/* ---- Requests ---- */

typedef vk_status (*handler)(vk_relying_party *rp, vk_bytes body, vk_buf *answer, vk_error *err);

static handler handler_of(const char *path) {
    static const struct {
        const char *path;
        handler handle;
    } handlers[] = {{"/register/options", register_options},
                    {"/register/verify", register_verify},
                    {"/login/options", login_options},
                    {"/login/verify", login_verify}};
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0]; i++) {
        if (strcmp(handlers[i].path, path) == 0) {
            return handlers[i].handle;
        }
    }
    return NULL;
}

/* What is wrong with a request is the client's; the rest is ours, and nobody's business. */
static unsigned code_of(vk_status status) {
    switch (status) {
    case VK_OK:
        return 200;
    case VK_ERR_EXISTS:
        return 409;
    case VK_ERR_BUSY:
        return 503;
    case VK_ERR_STORE_FULL:
        return 507;
    case VK_ERR_FORMAT:
    case VK_ERR_RANGE:
    case VK_ERR_SIZE:
    case VK_ERR_UNSUPPORTED:
    case VK_ERR_MISMATCH:
    case VK_ERR_SIGNATURE:
    case VK_ERR_PROHIBITED:
        return 400;
    default:
        return 500;
    }
}

static void put_error(vk_buf *out, unsigned code, const vk_error *err) {
    vk_buf text = {0};
    if (code == 500) {
        vk_buf_put_text(&text, "the server cannot answer");
    } else {
        vk_buf_printf(&text, "%s%s%s", err->path, err->path[0] != '\0' ? ": " : "", err->message);
    }
    char *message = vk_buf_take_text(&text);
    vk_buf_put_byte(out, '{');
    put_text(out, "error", message != NULL ? message : "");
    vk_buf_put_byte(out, '}');
    vk_text_free(message);
}

unsigned vk_relying_party_answer(vk_relying_party *rp, const char *path, vk_bytes body,
                                 vk_buf *answer) {
    vk_error err = {0};
    handler handle = handler_of(path);
    if (handle == NULL) {
        (void)vk_fail(&err, VK_ERR_NOT_FOUND, NULL, "there is nothing here");
        put_error(answer, 404, &err);
        return 404;
    }
    vk_status status = handle(rp, body, answer, &err);
    unsigned code = code_of(status);
    if (code != 200) {
        put_error(answer, code, &err);
    }
    return code;
}
