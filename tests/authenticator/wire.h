/*
 * CBOR in the canonical form of CTAP2: a writer that counts the members of maps by itself, and a
 * bounded reader. The reader is not the one of src/webauthn: what both sides of a test got wrong
 * alike would not show.
 */
#ifndef VK_TESTS_AUTHENTICATOR_WIRE_H
#define VK_TESTS_AUTHENTICATOR_WIRE_H

#include <valetkey/bytes.h>

/* ---- Reading ---- */

typedef enum wire_type {
    WIRE_UNSIGNED,
    WIRE_NEGATIVE, /* -1 - number */
    WIRE_BYTES,
    WIRE_TEXT,
    WIRE_ARRAY, /* number elements in content */
    WIRE_MAP,   /* number pairs in content */
    WIRE_BOOL = 7,
    WIRE_OTHER, /* null, undefined, floating point */
} wire_type;

typedef struct wire_item {
    wire_type type;
    uint64_t number;
    vk_bytes content; /* the string, or what is in the array or map */
    vk_bytes encoded; /* all of it; data is NULL for a member that is absent */
} wire_item;

/* The next of several items, with all that is in it. False unless it is whole and canonical. */
bool wire_next(vk_bytes *rest, wire_item *out);

/* The members of a map: the first error stays, in status, and what is asked for then is absent. */
typedef struct wire_map {
    vk_bytes content;
    uint8_t status;
} wire_map;

/* text, or number if text is NULL. */
typedef struct wire_key {
    const char *text;
    int64_t number;
} wire_key;
#define KEY(n) ((wire_key){NULL, (n)})
#define NAME(t) ((wire_key){(t), 0})

typedef enum wire_need { WIRE_OPTIONAL, WIRE_REQUIRED } wire_need;

wire_map wire_open(const wire_item *map);
/* Of any type. */
wire_item wire_any(wire_map *map, wire_key key, wire_need need);
/* Another type is an error. */
wire_item wire_get(wire_map *map, wire_key key, wire_type type, wire_need need);
/* data is NULL if it is absent. */
vk_bytes wire_get_bytes(wire_map *map, wire_key key, wire_need need);
vk_bytes wire_get_text(wire_map *map, wire_key key, wire_need need);
uint64_t wire_get_unsigned(wire_map *map, wire_key key, wire_need need, uint64_t absent);
int64_t wire_get_int(wire_map *map, wire_key key, wire_need need, int64_t absent);
bool wire_get_bool(wire_map *map, wire_key key, bool absent);
/* Notes an error unless there is one already. */
void wire_require(wire_map *map, bool ok, uint8_t status);

/* ---- Writing ---- */

void wire_put_int(vk_buf *out, int64_t value);
void wire_put_bytes(vk_buf *out, const void *data, size_t len);
void wire_put_text(vk_buf *out, const char *text);
void wire_put_text_len(vk_buf *out, const char *text, size_t len);
void wire_put_bool(vk_buf *out, bool value);
void wire_put_array(vk_buf *out, size_t count);

/* A map of at most 23 members. The caller puts the members in canonical order: each key by
 * wire_member, then its value into the same buffer. */
typedef struct wire_writer {
    vk_buf *out;
    size_t head;
} wire_writer;
wire_writer wire_begin(vk_buf *out);
void wire_member(wire_writer *map, wire_key key);

#endif
