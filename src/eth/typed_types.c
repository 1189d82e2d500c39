#include "eth/typed_types.h"

#include "eth/keccak.h"
#include <stdlib.h>
#include <string.h>

/* ---- One type ---- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Names end where the next part of encodeType begins: no blank, comma, bracket or parenthesis. */
static bool is_name(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        bool letter =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == ':';
        if (!letter && !(is_digit(c) && i > 0)) {
            return false;
        }
    }
    return len > 0;
}

/* A decimal number of at most 9 digits without leading zeros; 0 if it is none. */
static unsigned small_number(const char *text, size_t len) {
    unsigned value = 0;
    if (len == 0 || len > 9 || text[0] == '0') {
        return 0;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(text[i])) {
            return 0;
        }
        value = 10 * value + (unsigned)(text[i] - '0');
    }
    return value;
}

static bool begins(const vk_typed_type *type, const char *word) {
    size_t len = strlen(word);
    return type->base_len >= len && memcmp(type->text, word, len) == 0;
}

static bool is_word(const vk_typed_type *type, const char *word) {
    return type->base_len == strlen(word) && begins(type, word);
}

/* "uint", "uint8" to "uint256". */
static bool read_integer(vk_typed_type *type, const char *word, vk_typed_base base) {
    size_t len = strlen(word);
    if (!begins(type, word)) {
        return false;
    }
    type->base = base;
    type->size = is_word(type, word) ? 256 : small_number(type->text + len, type->base_len - len);
    return type->size >= 8 && type->size <= 256 && type->size % 8 == 0;
}

static bool read_fixed_bytes(vk_typed_type *type) {
    if (!begins(type, "bytes")) {
        return false;
    }
    type->base = VK_TYPED_FIXED_BYTES;
    type->size = small_number(type->text + 5, type->base_len - 5);
    return type->size >= 1 && type->size <= 32;
}

static bool read_atomic(vk_typed_type *type) {
    static const struct {
        const char *word;
        vk_typed_base base;
    } words[] = {{"bytes", VK_TYPED_BYTES},
                 {"string", VK_TYPED_STRING},
                 {"bool", VK_TYPED_BOOL},
                 {"address", VK_TYPED_ADDRESS}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (is_word(type, words[i].word)) {
            type->base = words[i].base;
            return true;
        }
    }
    return read_integer(type, "uint", VK_TYPED_UINT) || read_integer(type, "int", VK_TYPED_INT) ||
           read_fixed_bytes(type);
}

static bool read_struct_type(const vk_typed_types *types, vk_typed_type *type) {
    const vk_typed_struct *found = vk_typed_find(types, type->text, type->base_len);
    if (found == NULL) {
        return false;
    }
    type->base = VK_TYPED_STRUCT;
    type->structure = (size_t)(found - types->structs);
    return true;
}

/* "[]" or "[n]", any number of them. */
static bool are_dimensions(const char *text, size_t len) {
    const char *end = text + len;
    while (text < end) {
        const char *close = memchr(text, ']', (size_t)(end - text));
        if (text[0] != '[' || close == NULL ||
            (close != text + 1 && small_number(text + 1, (size_t)(close - text) - 1) == 0)) {
            return false;
        }
        text = close + 1;
    }
    return true;
}

static bool read_type(const vk_typed_types *types, const char *text, vk_typed_type *out) {
    *out = (vk_typed_type){.text = text, .len = strlen(text), .base_len = strcspn(text, "[")};
    return are_dimensions(text + out->base_len, out->len - out->base_len) &&
           (read_atomic(out) || read_struct_type(types, out));
}

vk_typed_type vk_typed_element(const vk_typed_type *array, size_t *count) {
    vk_typed_type element = *array;
    do {
        element.len--;
    } while (array->text[element.len] != '[');
    size_t digits = array->len - element.len - 2;
    *count =
        digits == 0 ? VK_TYPED_ANY_LENGTH : small_number(array->text + element.len + 1, digits);
    return element;
}

/* ---- Structs ---- */

vk_typed_struct *vk_typed_find(const vk_typed_types *types, const char *name, size_t len) {
    for (size_t i = 0; i < types->count; i++) {
        const char *other = types->structs[i].name;
        if (strncmp(other, name, len) == 0 && other[len] == '\0') {
            return &types->structs[i];
        }
    }
    return NULL;
}

static vk_status count_names(vk_typed_types *types, const char *name, const vk_path *path,
                             vk_error *err) {
    types->name_bytes += strlen(name);
    if (types->name_bytes > VK_TYPED_NAMES_MAX) {
        return vk_fail(err, VK_ERR_SIZE, path->text,
                       "the names in \"types\" are more than %zu bytes", VK_TYPED_NAMES_MAX);
    }
    return VK_OK;
}

static vk_status check_name(const char *name, const vk_path *path, vk_error *err) {
    if (!is_name(name, strlen(name))) {
        return vk_fail(err, VK_ERR_FORMAT, path->text,
                       "\"%.60s\" is no name: letters, digits, \"_\", \"$\" and \":\" are allowed",
                       name);
    }
    return VK_OK;
}

static vk_status check_new(const vk_typed_struct *structure, const char *name, const vk_path *path,
                           vk_error *err) {
    for (size_t i = 0; i < structure->count; i++) {
        if (strcmp(structure->members[i].name, name) == 0) {
            return vk_fail(err, VK_ERR_FORMAT, path->text, "\"%s\" has two members \"%.60s\"",
                           structure->name, name);
        }
    }
    return VK_OK;
}

/* One {"name":...,"type":...}. */
static vk_status read_member(vk_typed_types *types, vk_typed_struct *structure, const cJSON *json,
                             const vk_path *path, vk_error *err) {
    static const char *const names[] = {"name", "type", NULL};
    const char *name, *type;
    vk_path at_name = vk_path_member(path, "name"), at_type = vk_path_member(path, "type");
    vk_status status = vk_json_only(json, names, path, err);
    status = status == VK_OK ? vk_json_text(json, "name", path, &name, err) : status;
    status = status == VK_OK ? vk_json_text(json, "type", path, &type, err) : status;
    status = status == VK_OK ? check_name(name, &at_name, err) : status;
    status = status == VK_OK ? check_new(structure, name, &at_name, err) : status;
    status = status == VK_OK ? count_names(types, name, &at_name, err) : status;
    status = status == VK_OK ? count_names(types, type, &at_type, err) : status;
    if (status != VK_OK) {
        return status;
    }
    vk_typed_member *member = &structure->members[structure->count];
    member->name = name;
    if (!read_type(types, type, &member->type)) {
        return vk_fail(err, VK_ERR_FORMAT, at_type.text, "there is no type \"%.60s\"", type);
    }
    structure->count++;
    return VK_OK;
}

static vk_status read_members(vk_typed_types *types, vk_typed_struct *structure, const cJSON *json,
                              const vk_path *path, vk_error *err) {
    if (!cJSON_IsArray(json)) {
        return vk_fail(err, VK_ERR_FORMAT, path->text, "\"%.60s\" must be an array of members",
                       structure->name);
    }
    int count = cJSON_GetArraySize(json);
    if (count > VK_TYPED_MEMBERS_MAX) {
        return vk_fail(err, VK_ERR_SIZE, path->text, "\"%.60s\" has more than %d members",
                       structure->name, VK_TYPED_MEMBERS_MAX);
    }
    structure->members = calloc((size_t)count + 1, sizeof *structure->members);
    if (structure->members == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, path->text, "out of memory");
    }
    const cJSON *item;
    vk_status status = VK_OK;
    cJSON_ArrayForEach(item, json) {
        vk_path at = vk_path_index(path, structure->count);
        status = read_member(types, structure, item, &at, err);
        if (status != VK_OK) {
            return status;
        }
    }
    return VK_OK;
}

static vk_status add_struct(vk_typed_types *types, const char *name, const vk_path *path,
                            vk_error *err) {
    vk_typed_type atomic = {.text = name, .base_len = strlen(name)};
    vk_status status = check_name(name, path, err);
    if (status == VK_OK && read_atomic(&atomic)) {
        status = vk_fail(err, VK_ERR_FORMAT, path->text, "\"%s\" cannot name a struct", name);
    }
    if (status == VK_OK) {
        status = count_names(types, name, path, err);
    }
    if (status == VK_OK) {
        types->structs[types->count++].name = name;
    }
    return status;
}

/* All names first: a member's type may be a struct that comes later. */
static vk_status read_structs(vk_typed_types *types, const cJSON *json, vk_error *err) {
    const vk_path root = {"types"};
    const cJSON *item;
    vk_status status = VK_OK;
    cJSON_ArrayForEach(item, json) {
        vk_path at = vk_path_member(&root, item->string);
        status = add_struct(types, item->string, &at, err);
        if (status != VK_OK) {
            return status;
        }
    }
    vk_typed_struct *structure = types->structs;
    cJSON_ArrayForEach(item, json) {
        vk_path at = vk_path_member(&root, item->string);
        status = read_members(types, structure++, item, &at, err);
        if (status != VK_OK) {
            return status;
        }
    }
    return VK_OK;
}

/* The EIP712Domain that the members of domain make, in the order of EIP-712. */
static vk_status add_domain(vk_typed_types *types, const cJSON *domain, vk_error *err) {
    static const struct {
        const char *name, *type;
    } known[] = {{"name", "string"},
                 {"version", "string"},
                 {"chainId", "uint256"},
                 {"verifyingContract", "address"},
                 {"salt", "bytes32"}};
    vk_typed_struct *structure = &types->structs[types->count];
    structure->members = calloc(sizeof known / sizeof known[0], sizeof *structure->members);
    if (structure->members == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, "domain", "out of memory");
    }
    structure->name = VK_TYPED_DOMAIN;
    types->count++;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        vk_typed_member *member = &structure->members[structure->count];
        if (vk_json_get(domain, known[i].name) != NULL &&
            read_type(types, known[i].type, &member->type)) {
            member->name = known[i].name;
            structure->count++;
        }
    }
    return VK_OK;
}

vk_status vk_typed_types_read(const cJSON *types, const cJSON *domain, vk_typed_types *out,
                              vk_error *err) {
    *out = (vk_typed_types){0};
    if (!cJSON_IsObject(types)) {
        return vk_fail(err, VK_ERR_FORMAT, "types",
                       types == NULL ? "\"types\" is missing" : "\"types\" must be an object");
    }
    int count = cJSON_GetArraySize(types);
    if (count > VK_TYPED_STRUCTS_MAX) {
        return vk_fail(err, VK_ERR_SIZE, "types", "\"types\" has more than %d structs",
                       VK_TYPED_STRUCTS_MAX);
    }
    out->structs = calloc((size_t)count + 1, sizeof *out->structs);
    if (out->structs == NULL) {
        return vk_fail(err, VK_ERR_MEMORY, "types", "out of memory");
    }
    vk_status status = read_structs(out, types, err);
    if (status == VK_OK && vk_json_get(types, VK_TYPED_DOMAIN) == NULL) {
        status = add_domain(out, domain, err);
    }
    return status;
}

void vk_typed_types_clear(vk_typed_types *types) {
    for (size_t i = 0; i < types->count; i++) {
        free(types->structs[i].members);
    }
    free(types->structs);
    *types = (vk_typed_types){0};
}

/* ---- encodeType ---- */

static void put_struct(vk_keccak *keccak, const vk_typed_struct *structure) {
    vk_keccak_put_text(keccak, structure->name);
    vk_keccak_put(keccak, "(", 1);
    for (size_t i = 0; i < structure->count; i++) {
        const vk_typed_member *member = &structure->members[i];
        vk_keccak_put(keccak, ",", i > 0);
        vk_keccak_put(keccak, member->type.text, member->type.len);
        vk_keccak_put(keccak, " ", 1);
        vk_keccak_put_text(keccak, member->name);
    }
    vk_keccak_put(keccak, ")", 1);
}

/* The structs that one refers to, directly or not. */
typedef struct references {
    bool seen[VK_TYPED_STRUCTS_MAX + 1];
    const vk_typed_struct *sorted[VK_TYPED_STRUCTS_MAX + 1]; /* by name */
    size_t count;
} references;

static void insert_sorted(references *refs, const vk_typed_struct *structure) {
    size_t at = refs->count++;
    while (at > 0 && strcmp(refs->sorted[at - 1]->name, structure->name) > 0) {
        refs->sorted[at] = refs->sorted[at - 1];
        at--;
    }
    refs->sorted[at] = structure;
}

/* No deeper than there are structs: each is entered once. */
static void collect(const vk_typed_types *types, const vk_typed_struct *from, references *refs) {
    for (size_t i = 0; i < from->count; i++) {
        const vk_typed_type *type = &from->members[i].type;
        if (type->base == VK_TYPED_STRUCT && !refs->seen[type->structure]) {
            refs->seen[type->structure] = true;
            insert_sorted(refs, &types->structs[type->structure]);
            collect(types, &types->structs[type->structure], refs);
        }
    }
}

vk_hash vk_typed_type_hash(const vk_typed_types *types, vk_typed_struct *structure) {
    if (!structure->hashed) {
        references refs = {.count = 0};
        refs.seen[structure - types->structs] = true;
        collect(types, structure, &refs);
        vk_keccak keccak = {0};
        put_struct(&keccak, structure);
        for (size_t i = 0; i < refs.count; i++) {
            put_struct(&keccak, refs.sorted[i]);
        }
        structure->type_hash = vk_keccak_end(&keccak);
        structure->hashed = true;
    }
    return structure->type_hash;
}
