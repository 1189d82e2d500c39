#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *name) {
    fprintf(stderr, "vectors: %s: %s\n", what, name);
    abort();
}

cJSON *vectors_load(const char *name) {
    const char *srcdir = getenv("VK_TEST_SRCDIR");
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/vectors/%s", srcdir != NULL ? srcdir : ".", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        die("cannot open", path);
    }
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = malloc((size_t)size + 1);
    if (text == NULL || fread(text, 1, (size_t)size, file) != (size_t)size) {
        die("cannot read", path);
    }
    text[size] = '\0';
    fclose(file);
    cJSON *json = cJSON_Parse(text);
    free(text);
    if (json == NULL) {
        die("not JSON", path);
    }
    return json;
}

const cJSON *vectors_get(const cJSON *object, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item == NULL) {
        die("missing member", name);
    }
    return item;
}

const char *vectors_text(const cJSON *object, const char *name) {
    const cJSON *item = vectors_get(object, name);
    if (!cJSON_IsString(item)) {
        die("not a string", name);
    }
    return item->valuestring;
}

vk_buf vectors_hex(const char *text) {
    vk_buf out = {0};
    if (vk_hex_read(text, strlen(text), VK_BUF_MAX, &out) != VK_OK) {
        die("not hex", text);
    }
    return out;
}

vk_buf vectors_bytes(const cJSON *object, const char *name) {
    return vectors_hex(vectors_text(object, name));
}

void vectors_fixed(const cJSON *object, const char *name, uint8_t *out, size_t len) {
    const char *text = vectors_text(object, name);
    if (vk_hex_read_fixed(text, strlen(text), out, len) != VK_OK) {
        die("not hex of the right length", name);
    }
}

vk_address vectors_address(const cJSON *object, const char *name) {
    vk_address out;
    vectors_fixed(object, name, out.b, sizeof out.b);
    return out;
}

vk_hash vectors_hash(const cJSON *object, const char *name) {
    vk_hash out;
    vectors_fixed(object, name, out.b, sizeof out.b);
    return out;
}

vk_u256 vectors_u256(const cJSON *object, const char *name) {
    const cJSON *item = vectors_get(object, name);
    vk_u256 out;
    if (cJSON_IsNumber(item)) {
        return vk_u256_from_u64((uint64_t)item->valuedouble);
    }
    const char *text = vectors_text(object, name);
    bool hex = strncmp(text, "0x", 2) == 0;
    if ((hex ? vk_u256_read_hex(text, strlen(text), &out)
             : vk_u256_read_decimal(text, strlen(text), &out)) != VK_OK) {
        die("not a number", name);
    }
    return out;
}

uint64_t vectors_u64(const cJSON *object, const char *name) {
    vk_u256 value = vectors_u256(object, name);
    if (!vk_u256_fits(&value, 64)) {
        die("number too large", name);
    }
    return vk_u256_low64(&value);
}
