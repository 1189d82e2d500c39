#include "eth/typed_data.h"

#include "eth/abi.h"
#include "eth/keccak.h"
#include "eth/typed_types.h"
#include <string.h>

/* Every value becomes one word: itself, or the hash of what it consists of. */
typedef struct word {
    uint8_t b[VK_WORD];
} word;

typedef struct reader {
    vk_typed_types types;
    vk_error *err;
} reader;

static vk_status fail(const reader *r, const vk_path *at, const char *must_be) {
    return vk_fail(r->err, VK_ERR_FORMAT, at->text, "the value must be %s", must_be);
}

static vk_status fail_type(const reader *r, const vk_path *at, const vk_typed_type *type,
                           vk_status status, const char *what) {
    return vk_fail(r->err, status, at->text, "the value must be %s for the type \"%.*s\"", what,
                   (int)type->len, type->text);
}

/* ---- Integers ---- */

#define JSON_INTEGER_MAX 9007199254740991.0

static vk_status read_number(double number, bool *negative, vk_u256 *magnitude) {
    *negative = number < 0;
    double size = *negative ? -number : number;
    if (!(size <= JSON_INTEGER_MAX)) {
        return VK_ERR_RANGE;
    }
    *magnitude = vk_u256_from_u64((uint64_t)size);
    return (double)(uint64_t)size == size ? VK_OK : VK_ERR_FORMAT;
}

static vk_status read_integer_text(const char *text, bool *negative, vk_u256 *magnitude) {
    *negative = text[0] == '-';
    if (!*negative && strncmp(text, "0x", 2) == 0) {
        return vk_u256_read_hex(text, strlen(text), magnitude);
    }
    text += *negative;
    return vk_u256_read_decimal(text, strlen(text), magnitude);
}

/* The word of an integer; false if it does not fit the type. -n is the complement of n - 1. */
static bool put_integer(const vk_typed_type *type, bool negative, const vk_u256 *magnitude,
                        word *out) {
    static const vk_u256 one = {.be = {[31] = 1}};
    unsigned bits = type->base == VK_TYPED_INT ? type->size - 1 : type->size;
    vk_u256 value = *magnitude;
    if (negative && !vk_u256_sub(magnitude, &one, &value)) {
        return false;
    }
    for (size_t i = 0; i < sizeof out->b; i++) {
        out->b[i] = negative ? (uint8_t)~value.be[i] : value.be[i];
    }
    return vk_u256_fits(&value, bits) && !(negative && type->base == VK_TYPED_UINT);
}

static vk_status encode_integer(const reader *r, const vk_typed_type *type, const cJSON *value,
                                const vk_path *at, word *out) {
    bool negative = false;
    vk_u256 number = {{0}};
    vk_status status = VK_ERR_FORMAT;
    if (cJSON_IsNumber(value)) {
        status = read_number(value->valuedouble, &negative, &number);
    } else if (cJSON_IsString(value)) {
        status = read_integer_text(value->valuestring, &negative, &number);
    }
    if (status != VK_OK) {
        return fail_type(r, at, type, status,
                         "an integer (a JSON number below 2^53, decimal or \"0x\" text)");
    }
    negative = negative && !vk_u256_is_zero(&number);
    if (!put_integer(type, negative, &number, out)) {
        return fail_type(r, at, type, VK_ERR_RANGE, "in range");
    }
    return VK_OK;
}

/* ---- Other atomic values ---- */

static vk_status encode_bool(const reader *r, const cJSON *value, const vk_path *at, word *out) {
    if (!cJSON_IsBool(value)) {
        return fail(r, at, "true or false");
    }
    out->b[VK_WORD - 1] = cJSON_IsTrue(value);
    return VK_OK;
}

static vk_status encode_address(const reader *r, const cJSON *value, const vk_path *at, word *out) {
    vk_address address;
    const char *text = cJSON_IsString(value) ? value->valuestring : "";
    if (vk_address_read(text, strlen(text), &address) != VK_OK) {
        return fail(r, at,
                    "an address: \"0x\" and 40 hex digits, with the right checksum if in mixed "
                    "case");
    }
    memcpy(out->b + 12, address.b, sizeof address.b);
    return VK_OK;
}

static vk_status encode_fixed_bytes(const reader *r, const vk_typed_type *type, const cJSON *value,
                                    const vk_path *at, word *out) {
    const char *text = cJSON_IsString(value) ? value->valuestring : "";
    if (vk_hex_read_fixed(text, strlen(text), out->b, type->size) != VK_OK) {
        return fail_type(r, at, type, VK_ERR_FORMAT, "\"0x\" and the right number of hex digits");
    }
    return VK_OK;
}

static void put_word(word *out, const vk_hash *hash) {
    memcpy(out->b, hash->b, sizeof out->b);
}

static vk_status encode_string(const reader *r, const cJSON *value, const vk_path *at, word *out) {
    if (!cJSON_IsString(value)) {
        return fail(r, at, "a text");
    }
    vk_keccak keccak = {0};
    vk_keccak_put_text(&keccak, value->valuestring);
    vk_hash hash = vk_keccak_end(&keccak);
    put_word(out, &hash);
    return VK_OK;
}

static vk_status encode_bytes(const reader *r, const cJSON *value, const vk_path *at, word *out) {
    const char *text = cJSON_IsString(value) ? value->valuestring : "";
    vk_buf bytes = {0};
    vk_status status = vk_hex_read(text, strlen(text), strlen(text), &bytes);
    if (status == VK_OK) {
        vk_keccak keccak = {0};
        vk_keccak_put(&keccak, bytes.data, bytes.len);
        vk_hash hash = vk_keccak_end(&keccak);
        put_word(out, &hash);
    }
    vk_buf_clear(&bytes);
    if (status == VK_ERR_FORMAT) {
        return fail(r, at, "\"0x\" and an even number of hex digits");
    }
    return status == VK_OK ? VK_OK
                           : vk_fail(r->err, status, at->text, "%s", vk_status_text(status));
}

/* ---- Structs and arrays ---- */

static vk_status encode(reader *r, const vk_typed_type *type, const cJSON *value, const vk_path *at,
                        word *out);

static bool has_member(const vk_typed_struct *structure, const char *name) {
    for (size_t i = 0; i < structure->count; i++) {
        if (strcmp(structure->members[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A wallet ignores what the type does not have; whoever reads the text may not. */
static vk_status check_extra(const reader *r, const vk_typed_struct *structure, const cJSON *object,
                             const vk_path *path) {
    const cJSON *item;
    cJSON_ArrayForEach(item, object) {
        if (!has_member(structure, item->string)) {
            vk_path at = vk_path_member(path, item->string);
            return vk_fail(r->err, VK_ERR_FORMAT, at.text,
                           "\"%.60s\" is no member of the type \"%.60s\" and would not be signed",
                           item->string, structure->name);
        }
    }
    return VK_OK;
}

static vk_status encode_member(reader *r, const vk_typed_struct *structure,
                               const vk_typed_member *member, const cJSON *object,
                               const vk_path *path, word *out) {
    vk_path at = vk_path_member(path, member->name);
    const cJSON *value = vk_json_get(object, member->name);
    if (value == NULL) {
        return vk_fail(r->err, VK_ERR_FORMAT, at.text,
                       "member \"%.60s\" of the type \"%.60s\" is missing", member->name,
                       structure->name);
    }
    return encode(r, &member->type, value, &at, out);
}

static vk_status hash_struct(reader *r, vk_typed_struct *structure, const cJSON *object,
                             const vk_path *path, vk_hash *out) {
    if (!cJSON_IsObject(object)) {
        return vk_fail(r->err, VK_ERR_FORMAT, path->text,
                       "the value must be an object of the type \"%.60s\"", structure->name);
    }
    vk_status status = check_extra(r, structure, object, path);
    vk_hash type_hash = vk_typed_type_hash(&r->types, structure);
    vk_keccak keccak = {0};
    vk_keccak_put_hash(&keccak, &type_hash);
    for (size_t i = 0; i < structure->count && status == VK_OK; i++) {
        word member = {{0}};
        status = encode_member(r, structure, &structure->members[i], object, path, &member);
        vk_keccak_put(&keccak, member.b, sizeof member.b);
    }
    *out = vk_keccak_end(&keccak);
    return status;
}

static vk_status hash_array(reader *r, const vk_typed_type *type, const cJSON *array,
                            const vk_path *path, vk_hash *out) {
    size_t wanted, count = 0;
    vk_typed_type element = vk_typed_element(type, &wanted);
    if (!cJSON_IsArray(array)) {
        return fail_type(r, path, type, VK_ERR_FORMAT, "an array");
    }
    vk_keccak keccak = {0};
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        word one = {{0}};
        vk_path at = vk_path_index(path, count++);
        vk_status status = encode(r, &element, item, &at, &one);
        if (status != VK_OK) {
            return status;
        }
        vk_keccak_put(&keccak, one.b, sizeof one.b);
    }
    if (wanted != VK_TYPED_ANY_LENGTH && wanted != count) {
        return vk_fail(r->err, VK_ERR_FORMAT, path->text,
                       "the array has %zu elements, its type \"%.*s\" has %zu", count,
                       (int)type->len, type->text, wanted);
    }
    *out = vk_keccak_end(&keccak);
    return VK_OK;
}

static vk_status encode_struct(reader *r, const vk_typed_type *type, const cJSON *value,
                               const vk_path *at, word *out) {
    if (cJSON_IsNull(value)) {
        return VK_OK; /* the zero word, by which types that refer to themselves come to an end */
    }
    vk_hash hash = {{0}};
    vk_status status = hash_struct(r, &r->types.structs[type->structure], value, at, &hash);
    put_word(out, &hash);
    return status;
}

static vk_status encode_array(reader *r, const vk_typed_type *type, const cJSON *value,
                              const vk_path *at, word *out) {
    vk_hash hash = {{0}};
    vk_status status = hash_array(r, type, value, at, &hash);
    put_word(out, &hash);
    return status;
}

static vk_status encode(reader *r, const vk_typed_type *type, const cJSON *value, const vk_path *at,
                        word *out) {
    if (vk_typed_is_array(type)) {
        return encode_array(r, type, value, at, out);
    }
    switch (type->base) {
    case VK_TYPED_STRUCT:
        return encode_struct(r, type, value, at, out);
    case VK_TYPED_UINT:
    case VK_TYPED_INT:
        return encode_integer(r, type, value, at, out);
    case VK_TYPED_FIXED_BYTES:
        return encode_fixed_bytes(r, type, value, at, out);
    case VK_TYPED_BYTES:
        return encode_bytes(r, value, at, out);
    case VK_TYPED_STRING:
        return encode_string(r, value, at, out);
    case VK_TYPED_BOOL:
        return encode_bool(r, value, at, out);
    case VK_TYPED_ADDRESS:
        return encode_address(r, value, at, out);
    }
    return VK_ERR_ARGUMENT;
}

/* ---- The domain ---- */

static void take_member(const vk_typed_member *member, const word *value, vk_typed_domain *out) {
    if (vk_typed_is_array(&member->type)) {
        return;
    }
    if (member->type.base == VK_TYPED_UINT && strcmp(member->name, "chainId") == 0) {
        out->has_chain_id = true;
        out->chain_id = vk_u256_from_be(value->b, sizeof value->b);
    }
    if (member->type.base == VK_TYPED_ADDRESS && strcmp(member->name, "verifyingContract") == 0) {
        out->has_verifying_contract = true;
        memcpy(out->verifying_contract.b, value->b + 12, sizeof out->verifying_contract.b);
    }
}

/* Of a domain that was hashed, so that every member is there. */
static vk_status read_domain(reader *r, const vk_typed_struct *type, const cJSON *domain,
                             vk_typed_domain *out) {
    const vk_path path = {"domain"};
    vk_status status = VK_OK;
    for (size_t i = 0; i < type->count && status == VK_OK; i++) {
        word value = {{0}};
        status = encode_member(r, type, &type->members[i], domain, &path, &value);
        take_member(&type->members[i], &value, out);
    }
    return status;
}

static vk_status put_domain(reader *r, const cJSON *data, vk_keccak *keccak, vk_typed_domain *out) {
    const vk_path path = {"domain"};
    vk_hash hash;
    const cJSON *domain = vk_json_get(data, "domain");
    vk_typed_struct *type = vk_typed_find(&r->types, VK_TYPED_DOMAIN, strlen(VK_TYPED_DOMAIN));
    vk_status status = hash_struct(r, type, domain, &path, &hash);
    if (status == VK_OK) {
        vk_keccak_put_hash(keccak, &hash);
        status = read_domain(r, type, domain, out);
    }
    return status;
}

/* ---- The digest ---- */

static vk_status put_message(reader *r, const cJSON *data, vk_keccak *keccak) {
    const vk_path path = {"message"};
    const char *name;
    vk_hash hash;
    vk_status status = vk_json_text(data, "primaryType", NULL, &name, r->err);
    if (status != VK_OK) {
        return status;
    }
    const cJSON *message = vk_json_get(data, "message");
    if (strcmp(name, VK_TYPED_DOMAIN) == 0) {
        return message == NULL || (cJSON_IsObject(message) && message->child == NULL)
                   ? VK_OK
                   : vk_fail(r->err, VK_ERR_FORMAT, path.text,
                             "the message of the type \"" VK_TYPED_DOMAIN "\" would not be signed");
    }
    vk_typed_struct *type = vk_typed_find(&r->types, name, strlen(name));
    if (type == NULL) {
        return vk_fail(r->err, VK_ERR_FORMAT, "primaryType",
                       "\"primaryType\" is \"%.60s\", which \"types\" does not have", name);
    }
    status = hash_struct(r, type, message, &path, &hash);
    if (status == VK_OK) {
        vk_keccak_put_hash(keccak, &hash);
    }
    return status;
}

vk_status vk_typed_data_read_json(const cJSON *data, vk_hash *digest, vk_typed_domain *domain,
                                  vk_error *err) {
    static const char *const members[] = {"types", "domain", "primaryType", "message", NULL};
    static const uint8_t prefix[] = {0x19, 0x01};
    reader r = {.err = err};
    vk_typed_domain named = {0};
    vk_status status = vk_json_only(data, members, NULL, err);
    if (status != VK_OK) {
        return status;
    }
    status =
        vk_typed_types_read(vk_json_get(data, "types"), vk_json_get(data, "domain"), &r.types, err);
    vk_keccak keccak = {0};
    vk_keccak_put(&keccak, prefix, sizeof prefix);
    status = status == VK_OK ? put_domain(&r, data, &keccak, &named) : status;
    status = status == VK_OK ? put_message(&r, data, &keccak) : status;
    if (status == VK_OK) {
        *digest = vk_keccak_end(&keccak);
        *domain = named;
    }
    vk_typed_types_clear(&r.types);
    return status;
}

vk_status vk_typed_data_digest(vk_bytes json, vk_hash *out, vk_error *err) {
    vk_typed_domain domain;
    return vk_typed_data_read(json, out, &domain, err);
}

vk_status vk_typed_data_read(vk_bytes json, vk_hash *digest, vk_typed_domain *domain,
                             vk_error *err) {
    cJSON *data = NULL;
    vk_status status = vk_json_parse(json, VK_TYPED_DATA_MAX, &data, err);
    if (status != VK_OK) {
        return status;
    }
    status = vk_typed_data_read_json(data, digest, domain, err);
    cJSON_Delete(data);
    return status;
}
