/* What servers answer, and what the SO says of them. */
#include "fuzz.h"

#include "base/utf8.h"
#include "net/aa_error.h"
#include "net/answer.h"
#include "net/chain_state_read.h"
#include "net/reply.h"

/* What a server says no with: words that can be shown, and maybe an EntryPoint's code. */
static void check_refusal(const vk_refusal *refusal) {
    const uint8_t *p = (const uint8_t *)refusal->words;
    char code[5];
    FUZZ_REQUIRE(memchr(refusal->words, '\0', sizeof refusal->words) != NULL);
    for (size_t left = strlen(refusal->words), len; left > 0; p += len, left -= len) {
        len = vk_utf8_printable_len(p, left);
        FUZZ_REQUIRE(len > 0);
    }
    const char *meaning = vk_aa_meaning(refusal->words, code);
    char revert[VK_AA_REVERT_MAX];
    bool is_known = vk_aa_revert(refusal->words, revert);
    FUZZ_REQUIRE(is_known == (revert[0] != '\0') && (!is_known || code[0] != '\0'));
    FUZZ_REQUIRE(memchr(revert, '\0', sizeof revert) != NULL);
    FUZZ_REQUIRE(code[0] == '\0' ? meaning == NULL : strstr(refusal->words, code) != NULL);
}

void fuzz_reply(vk_bytes input) {
    cJSON *reply;
    vk_refusal refusal;
    vk_error err = {0};
    FUZZ_MARK(reply);
    FUZZ_MARK(refusal);
    vk_status status = vk_reply_read(input, 1, &reply, &refusal, &err);
    if (status == VK_ERR_SERVER) {
        check_refusal(&refusal);
    } else {
        FUZZ_REQUIRE((uint8_t)refusal.words[0] == 0xa5);
    }
    if (fuzz_read_result(status, &err, &reply, sizeof reply)) {
        const cJSON *id = vk_json_get(reply, "id");
        FUZZ_REQUIRE(vk_json_get(reply, "result") != NULL && vk_json_get(reply, "error") == NULL);
        FUZZ_REQUIRE(cJSON_IsNumber(id) && id->valuedouble == 1);
        cJSON_Delete(reply);
    }
}

/* ---- A node's results ---- */

static void read_quantity(const cJSON *reply) {
    vk_u256 number;
    char text[67];
    vk_error err = {0};
    FUZZ_MARK(number);
    vk_status status = vk_reply_quantity(reply, "result", NULL, 256, &number, &err);
    if (fuzz_read_result(status, &err, &number, sizeof number)) {
        vk_u256_hex(&number, text);
        FUZZ_REQUIRE(strcasecmp(text, vk_json_get(reply, "result")->valuestring) == 0);
    }
}

static void read_block(const cJSON *reply) {
    vk_block block;
    vk_error err = {0};
    FUZZ_MARK(block);
    (void)fuzz_read_result(vk_block_read(reply, &block, &err), &err, &block, sizeof block);
}

static void find_event(const cJSON *reply) {
    vk_operation_filter filter = {{{0x11}}, {{0x22}}, 100, 200};
    vk_u256 nonce = vk_u256_from_u64(5);
    vk_operation_event event;
    vk_error err = {0};
    bool found = false;
    FUZZ_MARK(event);
    vk_status status = vk_operation_event_find(reply, &filter, &nonce, &found, &event, &err);
    if (!fuzz_read_result(status, &err, &event, status == VK_OK ? 0 : sizeof event)) {
        FUZZ_REQUIRE(!found);
    } else if (found) {
        FUZZ_REQUIRE(vk_u256_cmp(&event.nonce, &nonce) == 0);
        FUZZ_REQUIRE(event.block >= filter.from && event.block <= filter.to);
    }
}

void fuzz_node_answer(vk_bytes input) {
    static void (*const readers[])(const cJSON *) = {read_quantity, read_block, find_event};
    unsigned which = fuzz_choose(&input, 3);
    cJSON *reply = NULL;
    if (vk_json_parse(input, VK_REPLY_MAX, &reply, NULL) == VK_OK) {
        readers[which](reply);
        cJSON_Delete(reply);
    }
}

/* Exactly so many words of 48 bits, or nothing. */
void fuzz_rule_numbers(vk_bytes input) {
    size_t count = fuzz_choose(&input, 5);
    uint64_t numbers[4];
    FUZZ_MARK(numbers);
    bool is_read = vk_rule_numbers_read(input, count, numbers);
    FUZZ_REQUIRE(!is_read || input.len == 32 * count);
    for (size_t i = 0; i < 4; i++) {
        if (is_read && i < count) {
            vk_u256 word = vk_u256_from_u64(numbers[i]);
            FUZZ_REQUIRE(vk_u256_fits(&word, 48));
            FUZZ_REQUIRE(memcmp(word.be, input.data + 32 * i, 32) == 0);
        } else {
            FUZZ_REQUIRE(numbers[i] == UINT64_C(0xa5a5a5a5a5a5a5a5));
        }
    }
}
