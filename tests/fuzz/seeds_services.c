/* Seeds of what bundlers, paymasters and nodes answer, recorded in tests/vectors/net, and of the
 * file that names them. */
#include "seeds.h"

#include "fuzz.h"
#include "support/vectors.h"

static void sow(const seed_use *s, const char *target, int prefix, const char *text) {
    vk_buf input = {0};
    if (prefix >= 0) {
        vk_buf_put_byte(&input, (uint8_t)prefix);
    }
    vk_buf_put_text(&input, text);
    FUZZ_REQUIRE(vk_buf_status(&input) == VK_OK);
    s->use(target, vk_buf_view(&input), s->context);
    vk_buf_clear(&input);
}

/* The numbers are those of the readers in services.c. */
static int reader_of(const char *method) {
    static const struct {
        const char *method;
        int reader;
    } readers[] = {{"eth_supportedEntryPoints", 0},
                   {"eth_estimateUserOperationGas", 1},
                   {"pimlico_getUserOperationGasPrice", 2},
                   {"eth_sendUserOperation", 3},
                   {"eth_getUserOperationByHash", 4},
                   {"pimlico_getUserOperationStatus", 5},
                   {"eth_getUserOperationReceipt", 6},
                   {"pm_getPaymasterStubData", 8},
                   {"pm_getPaymasterData", 8},
                   {"eth_feeHistory", 9},
                   {"eth_getCode", 10}};
    for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
        if (strcmp(readers[i].method, method) == 0) {
            return readers[i].reader;
        }
    }
    return -1;
}

static void sow_file(const seed_use *s, const char *name) {
    cJSON *file = vectors_load(name);
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "answers")) {
        cJSON *reply = cJSON_Duplicate(vectors_get(one, "reply"), true);
        int reader = reader_of(vectors_text(one, "method"));
        cJSON_AddStringToObject(reply, "jsonrpc", "2.0");
        cJSON_AddNumberToObject(reply, "id", 1);
        char *text = cJSON_PrintUnformatted(reply);
        sow(s, "reply", -1, text);
        if (reader >= 0) {
            sow(s, "service_answer", reader, text);
        }
        cJSON_free(text);
        cJSON_Delete(reply);
    }
    cJSON_Delete(file);
}

#define H11 "0x1111111111111111111111111111111111111111"
#define H77 "0x7777777777777777777777777777777777777777777777777777777777777777"

void seeds_of_services(const seed_use *s) {
    sow_file(s, "net/bundler.json");
    sow_file(s, "net/paymaster.json");
    sow_file(s, "net/node.json");
    sow(s, "service_answer", 0, "{\"result\":[\"" H11 "\"]}");
    sow(s, "service_answer", 3,
        "{\"result\":"
        "\"0xe2e0f18a655e3cc325d821533dd5054337a0c8fb6dd030191ca5cd830c5t7915\"}");
    sow(s, "service_answer", 6,
        "{\"result\":{\"userOpHash\":\"" H77 "\",\"sender\":\"" H11 "\",\"nonce\":\"0x2a\","
        "\"success\":false,\"actualGasCost\":\"0x64\",\"actualGasUsed\":10,\"reason\":\"no\","
        "\"receipt\":{\"transactionHash\":\"" H77 "\",\"blockNumber\":\"0x10\"}}}");
    sow(s, "service_answer", 7,
        "{\"result\":{\"paymasterAndData\":\"" H11 "ab\",\"sponsor\":{\"name\":\"A\"}}}");
    sow(s, "service_answer", 9,
        "{\"result\":{\"baseFeePerGas\":[\"0x1\",\"0x2\"],\"reward\":[[\"0x5\"],[\"0x3\"]]}}");
    sow(s, "chain_config", -1,
        "{\"1\":{\"node\":{\"url\":\"https://n.example\"}},\"31337\":{\"node\":{\"url\":"
        "\"http://127.0.0.1:8545/k\",\"headers\":{\"X-Key\":\"k\"},\"maxBlocks\":9},\"bundler\":"
        "{\"url\":\"https://b.example/k\",\"gasPrice\":\"zerodev\"},\"paymaster\":{\"url\":"
        "\"https://p.example\",\"context\":{\"policyId\":\"sp_1\"}},\"maxFeePerGas\":\"30 gwei\","
        "\"maxCost\":\"0.01ether\"}}");
    sow(s, "service_answer", 8,
        "{\"result\":{\"paymaster\":\"" H11 "\",\"paymasterData\":\"0xab\",\"maxFeePerGas\":"
        "\"0xa\",\"callGasLimit\":\"11\"}}");
}
