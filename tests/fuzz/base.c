/* JSON, hex, base64, numbers. */
#include "fuzz.h"

#include "base/json.h"

void fuzz_json(vk_bytes input) {
    cJSON *value = NULL, *again = NULL, *marked;
    vk_error err = {0};
    FUZZ_MARK(marked);
    vk_status status = vk_json_parse(input, VK_USEROP_MAX, &marked, &err);
    if (!fuzz_read_result(status, &err, &marked, sizeof marked)) {
        return;
    }
    value = marked;
    char *text = vk_json_print(value);
    FUZZ_REQUIRE(text != NULL);
    vk_bytes printed = {(const uint8_t *)text, strlen(text)};
    FUZZ_REQUIRE(vk_json_parse(printed, VK_BUF_MAX, &again, NULL) == VK_OK);
    char *text_again = vk_json_print(again);
    FUZZ_REQUIRE(text_again != NULL && strcmp(text, text_again) == 0);
    vk_text_free(text);
    vk_text_free(text_again);
    cJSON_Delete(value);
    cJSON_Delete(again);
}

/* ---- Text ---- */

/* What was read is written again: the same but for the letter case of hex. */
static void same_text(vk_bytes input, const vk_buf *written) {
    FUZZ_REQUIRE(written->len == input.len);
    for (size_t i = 0; i < input.len; i++) {
        uint8_t c = input.data[i];
        FUZZ_REQUIRE(written->data[i] == (c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c));
    }
}

static void read_bytes(vk_bytes input,
                       vk_status (*read)(const char *text, size_t text_len, vk_buf *out),
                       void (*put)(vk_buf *out, vk_bytes bytes)) {
    vk_buf out = {0}, written = {0};
    vk_buf_put_text(&out, "before");
    if (read((const char *)input.data, input.len, &out) == VK_OK) {
        put(&written, (vk_bytes){out.data + 6, out.len - 6});
        FUZZ_REQUIRE(vk_bytes_equal(vk_buf_view(&written), input));
    }
    FUZZ_REQUIRE(out.len >= 6 && memcmp(out.data, "before", 6) == 0);
    vk_buf_clear(&out);
    vk_buf_clear(&written);
}

static void read_hex(vk_bytes input) {
    vk_buf out = {0}, written = {0};
    if (vk_hex_read((const char *)input.data, input.len, VK_BUF_MAX, &out) == VK_OK) {
        vk_hex_put(&written, vk_buf_view(&out));
        same_text(input, &written);
    }
    vk_buf_clear(&out);
    vk_buf_clear(&written);
}

static void read_address(vk_bytes input) {
    vk_address address;
    FUZZ_MARK(address);
    vk_buf written = {0};
    if (vk_address_read((const char *)input.data, input.len, &address) == VK_OK) {
        vk_hex_put(&written, (vk_bytes){address.b, sizeof address.b});
        same_text(input, &written);
    } else {
        FUZZ_REQUIRE(address.b[0] == 0xa5 && address.b[19] == 0xa5);
    }
    vk_buf_clear(&written);
}

static void read_decimal(vk_bytes input) {
    vk_u256 number, again;
    char text[79];
    if (vk_u256_read_decimal((const char *)input.data, input.len, &number) == VK_OK) {
        vk_u256_decimal(&number, text);
        FUZZ_REQUIRE(vk_bytes_equal((vk_bytes){(const uint8_t *)text, strlen(text)}, input));
    }
    if (vk_u256_read_hex((const char *)input.data, input.len, &number) == VK_OK) {
        vk_u256_hex(&number, text);
        FUZZ_REQUIRE(vk_u256_read_hex(text, strlen(text), &again) == VK_OK);
        FUZZ_REQUIRE(vk_u256_cmp(&number, &again) == 0);
    }
}

void fuzz_text(vk_bytes input) {
    switch (fuzz_choose(&input, 5)) {
    case 0:
        read_hex(input);
        break;
    case 1:
        read_bytes(input, vk_base64_read, vk_base64_put);
        break;
    case 2:
        read_bytes(input, vk_base64url_read, vk_base64url_put);
        break;
    case 3:
        read_address(input);
        break;
    default:
        read_decimal(input);
    }
}
