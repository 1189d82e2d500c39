/* Seeds of what browsers answer, of the passkeys in tests/vectors/webauthn. */
#include "seeds.h"

#include "fuzz.h"
#include "support/vectors.h"

#define PASSKEYS 8

static void sow(const seed_use *s, uint8_t choice, vk_buf *text) {
    vk_buf input = {0};
    vk_buf_put_byte(&input, choice);
    vk_buf_put(&input, text->data, text->len);
    FUZZ_REQUIRE(vk_buf_status(&input) == VK_OK);
    s->use("browser_answer", vk_buf_view(&input), s->context);
    vk_buf_clear(&input);
    vk_buf_clear(text);
}

/* These files have their hex without "0x", and client data as text. */
static vk_buf bytes_of(const cJSON *object, const char *name) {
    const char *text = vectors_text(object, name);
    vk_buf hex = {0}, out = {0};
    if (text[0] == '{') {
        vk_buf_put_text(&out, text);
        return out;
    }
    vk_buf_put_text(&hex, "0x");
    vk_buf_put_text(&hex, text);
    FUZZ_REQUIRE(vk_hex_read((const char *)hex.data, hex.len, VK_BUF_MAX, &out) == VK_OK);
    vk_buf_clear(&hex);
    return out;
}

static void put_member(const char *as, const cJSON *object, const char *name, bool hex,
                       vk_buf *out) {
    vk_buf bytes = bytes_of(object, name);
    vk_buf_printf(out, "\"%s\":\"", as);
    if (hex) {
        vk_hex_put(out, vk_buf_view(&bytes));
    } else {
        vk_base64url_put(out, vk_buf_view(&bytes));
    }
    vk_buf_put_byte(out, '"');
    vk_buf_clear(&bytes);
}

static void put_head(const cJSON *object, vk_buf *out) {
    vk_buf_put_byte(out, '{');
    put_member("id", object, "credentialId", false, out);
    vk_buf_put_byte(out, ',');
    put_member("rawId", object, "credentialId", false, out);
    vk_buf_put_text(out, ",\"type\":\"public-key\",\"response\":{");
}

static void put_assertion(const cJSON *assertion, bool hex, vk_buf *out) {
    put_member("authenticatorData", assertion, "authenticatorData", hex, out);
    vk_buf_put_byte(out, ',');
    put_member("clientDataJSON", assertion, "clientDataJSON", hex, out);
    vk_buf_put_byte(out, ',');
    put_member("signature", assertion, "signatureDer", hex, out);
    vk_buf_put_byte(out, '}');
}

static void sow_assertion(const seed_use *s, const cJSON *assertion, const char *userop) {
    vk_buf text = {0};
    put_head(assertion, &text);
    put_assertion(assertion, false, &text);
    vk_buf_put_byte(&text, '}');
    sow(s, 1, &text);
    vk_buf_put_byte(&text, '{');
    put_assertion(assertion, true, &text);
    sow(s, 1, &text);
    vk_buf_put_text(&text, "{\"chainId\":31337,\"entryPoint\":"
                           "\"0x0000000071727De22E5E9d8BAf0edAc6f37da032\",\"userOp\":");
    vk_buf_put_text(&text, userop);
    vk_buf_put_text(&text, ",\"assertion\":{");
    put_assertion(assertion, false, &text);
    vk_buf_put_byte(&text, '}');
    sow(s, 2, &text);
}

static void sow_file(const seed_use *s, const char *name, const char *userop) {
    cJSON *file = vectors_load(name);
    const cJSON *made = vectors_get(file, "registration"), *one;
    vk_buf text = {0};
    put_head(made, &text);
    put_member("attestationObject", made, "attestationObject", false, &text);
    vk_buf_put_byte(&text, ',');
    put_member("clientDataJSON", made, "clientDataJSON", false, &text);
    vk_buf_put_text(&text, "}}");
    sow(s, 0, &text);
    cJSON_ArrayForEach(one, vectors_get(file, "assertions")) {
        sow_assertion(s, one, userop);
    }
    cJSON_Delete(file);
}

void seeds_of_browsers(const seed_use *s) {
    char name[32];
    cJSON *session = vectors_load("session/passkey.json");
    const cJSON *op = cJSON_GetArrayItem(vectors_get(session, "operations"), 1);
    char *userop = cJSON_PrintUnformatted(vectors_get(op, "userOp"));
    for (int i = 1; i <= PASSKEYS; i++) {
        snprintf(name, sizeof name, "webauthn/s%02d.json", i);
        sow_file(s, name, userop);
    }
    cJSON_free(userop);
    cJSON_Delete(session);
}
