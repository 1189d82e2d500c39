/* What bundlers, paymasters and nodes answer while an operation is sent, and the user's file that
 * names them. */
#include "fuzz.h"

#include "base/utf8.h"
#include "net/bundler_read.h"
#include "net/chain_state_read.h"
#include "net/paymaster_read.h"

static void is_printable(const char *text, size_t size) {
    const uint8_t *p = (const uint8_t *)text;
    FUZZ_REQUIRE(memchr(text, '\0', size) != NULL);
    for (size_t left = strlen(text), len; left > 0; p += len, left -= len) {
        len = vk_utf8_printable_len(p, left);
        FUZZ_REQUIRE(len > 0);
    }
}

static const vk_address address = {{0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                    0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11}};

/* ---- Bundlers ---- */

static void read_supports(const cJSON *reply) {
    bool out;
    vk_error err = {0};
    FUZZ_MARK(out);
    (void)fuzz_read_result(vk_bundler_read_supports(reply, &address, &out, &err), &err, &out,
                           sizeof out);
}

static void read_estimate(const cJSON *reply) {
    vk_gas_estimate out;
    vk_error err = {0};
    FUZZ_MARK(out);
    if (fuzz_read_result(vk_bundler_read_estimate(reply, &out, &err), &err, &out, sizeof out)) {
        FUZZ_REQUIRE(vk_u256_fits(&out.pre_verification_gas, 128) &&
                     vk_u256_fits(&out.verification_gas_limit, 128) &&
                     vk_u256_fits(&out.call_gas_limit, 128) &&
                     vk_u256_fits(&out.paymaster_verification_gas_limit, 128) &&
                     vk_u256_fits(&out.paymaster_post_op_gas_limit, 128));
    }
}

static void check_fees(vk_status status, const vk_error *err, const vk_fees *fees) {
    if (fuzz_read_result(status, err, fees, sizeof *fees)) {
        FUZZ_REQUIRE(vk_u256_fits(&fees->max_fee_per_gas, 128) &&
                     vk_u256_cmp(&fees->max_priority_fee_per_gas, &fees->max_fee_per_gas) <= 0);
    }
}

static void read_fees(const cJSON *reply) {
    vk_fees out;
    vk_error err = {0};
    FUZZ_MARK(out);
    vk_status status = vk_bundler_read_fees(reply, &out, &err);
    check_fees(status, &err, &out);
}

static void read_hash(const cJSON *reply) {
    vk_hash out;
    vk_error err = {0};
    FUZZ_MARK(out);
    if (fuzz_read_result(vk_bundler_read_hash(reply, &out, &err), &err, &out, sizeof out)) {
        vk_buf hex = {0};
        vk_hex_put(&hex, (vk_bytes){out.b, sizeof out.b});
        char *text = vk_buf_take_text(&hex);
        FUZZ_REQUIRE(text != NULL &&
                     strcasecmp(text, vk_json_get(reply, "result")->valuestring) == 0);
        vk_text_free(text);
    }
}

static void read_known(const cJSON *reply) {
    bool out;
    vk_error err = {0};
    FUZZ_MARK(out);
    (void)fuzz_read_result(vk_bundler_read_known(reply, &out, &err), &err, &out, sizeof out);
}

static void read_status(const cJSON *reply) {
    bool out;
    vk_error err = {0};
    FUZZ_MARK(out);
    (void)fuzz_read_result(vk_bundler_read_status(reply, &out, &err), &err, &out, sizeof out);
}

static void read_receipt(const cJSON *reply) {
    vk_operation_receipt out;
    vk_hash operation = {{0}};
    vk_error err = {0};
    bool found = false;
    memset(operation.b, 0x77, sizeof operation.b);
    FUZZ_MARK(out);
    vk_status status = vk_bundler_read_receipt(reply, &operation, &address, &found, &out, &err);
    if (!fuzz_read_result(status, &err, &out, sizeof out)) {
        FUZZ_REQUIRE(!found);
    } else if (found) {
        FUZZ_REQUIRE(memcmp(&out.operation, &operation, sizeof operation) == 0 &&
                     vk_address_equal(&out.sender, &address));
        is_printable(out.reason, sizeof out.reason);
    }
}

/* ---- Paymasters and nodes ---- */

static void read_sponsoring(const cJSON *reply, vk_entry_point version) {
    vk_sponsoring out;
    vk_error err = {0};
    FUZZ_MARK(out);
    if (fuzz_read_result(vk_sponsoring_read(reply, version, &out, &err), &err, &out, sizeof out)) {
        bool is_joined = version == VK_ENTRY_POINT_0_6;
        FUZZ_REQUIRE(is_joined == (out.paymaster_and_data.len > 0));
        FUZZ_REQUIRE(is_joined == vk_address_is_zero(&out.paymaster));
        FUZZ_REQUIRE(out.paymaster_data.len <= VK_PAYMASTER_DATA_MAX &&
                     out.paymaster_and_data.len <= VK_PAYMASTER_DATA_MAX);
        FUZZ_REQUIRE(vk_u256_fits(&out.verification_gas_limit, 128) &&
                     vk_u256_fits(&out.post_op_gas_limit, 128));
        is_printable(out.sponsor, sizeof out.sponsor);
        vk_sponsoring_clear(&out);
    }
}

/* Of an operation whose numbers are all 10. */
static void check_sponsoring(const cJSON *reply) {
    const vk_u256 ten = vk_u256_from_u64(10);
    const vk_userop op = {.call_gas_limit = ten,
                          .verification_gas_limit = ten,
                          .pre_verification_gas = ten,
                          .max_fee_per_gas = ten,
                          .max_priority_fee_per_gas = ten};
    vk_error err = {0};
    vk_status status = vk_sponsoring_check(reply, &op, &err);
    FUZZ_REQUIRE(status == VK_OK || (status == VK_ERR_FORMAT && err.message[0] != '\0'));
}

static void read_sponsoring_0_6(const cJSON *reply) {
    read_sponsoring(reply, VK_ENTRY_POINT_0_6);
}

static void read_sponsoring_0_7(const cJSON *reply) {
    check_sponsoring(reply);
    read_sponsoring(reply, VK_ENTRY_POINT_0_7);
}

static void read_history(const cJSON *reply) {
    vk_fees out;
    vk_error err = {0};
    FUZZ_MARK(out);
    vk_status status = vk_fee_history_read(reply, &out, &err);
    check_fees(status, &err, &out);
}

static void read_code(const cJSON *reply) {
    bool out;
    vk_error err = {0};
    FUZZ_MARK(out);
    (void)fuzz_read_result(vk_code_read(reply, &out, &err), &err, &out, sizeof out);
}

void fuzz_service_answer(vk_bytes input) {
    static void (*const readers[])(const cJSON *) = {
        read_supports,       read_estimate, read_fees,    read_hash,
        read_known,          read_status,   read_receipt, read_sponsoring_0_6,
        read_sponsoring_0_7, read_history,  read_code};
    unsigned which = fuzz_choose(&input, sizeof readers / sizeof readers[0]);
    cJSON *reply = NULL;
    if (vk_json_parse(input, VK_REPLY_MAX, &reply, NULL) == VK_OK) {
        readers[which](reply);
        cJSON_Delete(reply);
    }
}

/* ---- The user's file ---- */

static void check_server(const vk_node_config *server) {
    FUZZ_REQUIRE(server->url != NULL && server->header_count <= VK_NODE_HEADERS_MAX);
    for (size_t i = 0; i < server->header_count; i++) {
        FUZZ_REQUIRE(strstr(server->headers[i], ": ") != NULL &&
                     strpbrk(server->headers[i], "\r\n") == NULL);
    }
}

static void check_config(const vk_chain_config *config) {
    check_server(&config->node);
    FUZZ_REQUIRE(config->has_bundler == (config->bundler.url != NULL) &&
                 config->has_paymaster == (config->paymaster.url != NULL));
    if (config->has_bundler) {
        check_server(&config->bundler);
    }
    if (config->has_paymaster) {
        check_server(&config->paymaster);
    }
    FUZZ_REQUIRE((config->has_max_fee_per_gas || vk_u256_is_zero(&config->max_fee_per_gas)) &&
                 (config->has_max_cost || vk_u256_is_zero(&config->max_cost)));
    FUZZ_REQUIRE(config->paymaster_context == NULL ||
                 (config->has_paymaster && config->paymaster_context[0] == '{'));
}

void fuzz_chain_config(vk_bytes input) {
    vk_chain_config config;
    vk_error err = {0};
    FUZZ_MARK(config);
    vk_status status = vk_chain_config_read(input, 31337, &config, &err);
    if (fuzz_read_result(status, &err, &config, sizeof config)) {
        FUZZ_REQUIRE(config.chain_id == 31337);
        check_config(&config);
        vk_chain_config_clear(&config);
    }
}
