/* Searching the objects of the token's keys: by an index where the template has a name, or else
 * through an outline of each key, so that only those are read that have to be. */
#include "pkcs11/attribute.h"
#include "pkcs11/find.h"
#include "pkcs11/template.h"

#include <stdlib.h>
#include <string.h>

/* ---- A key of the token that is read ---- */

static CK_RV add_if(vk_view *view, vk_kind kind, int64_t grant_id, vk_find *query,
                    vk_search *search) {
    vk_object object;
    CK_OBJECT_HANDLE handle;
    if (!vk_object_of_view(view, kind, grant_id, &object) || !vk_find_matches(&object, query)) {
        return CKR_OK;
    }
    CK_RV rv = vk_object_handle(&object, &handle);
    return rv == CKR_OK ? vk_find_push(search, handle) : rv;
}

static CK_RV search_grants(vk_view *view, unsigned kinds, vk_find *query, vk_search *search) {
    size_t count = 0;
    const vk_grant_record *grants = NULL;
    if (kinds & VK_KINDS_GRANT) {
        grants = vk_view_grants(view, &count);
    }
    CK_RV rv = CKR_OK;
    for (size_t i = 0; i < count && rv == CKR_OK; i++) {
        if (kinds & VK_KIND_GRANT) {
            rv = add_if(view, VK_KIND_GRANT, grants[i].id, query, search);
        }
        if (rv == CKR_OK && (kinds & VK_KIND_ACCOUNT)) {
            rv = add_if(view, VK_KIND_ACCOUNT, grants[i].id, query, search);
        }
    }
    return rv;
}

static CK_RV search_view(vk_view *view, unsigned kinds, vk_find *query, vk_search *search) {
    static const vk_kind single[] = {VK_KIND_PRIVATE, VK_KIND_PUBLIC, VK_KIND_POLICY,
                                     VK_KIND_LOGINS, VK_KIND_STEP_UP};
    CK_RV rv = CKR_OK;
    for (size_t i = 0; i < sizeof single / sizeof single[0] && rv == CKR_OK; i++) {
        if (kinds & single[i]) {
            rv = add_if(view, single[i], 0, query, search);
        }
    }
    return rv == CKR_OK ? search_grants(view, kinds, query, search) : rv;
}

static CK_RV search_key(vk_slot *slot, int64_t id, unsigned kinds, vk_find *query,
                        vk_search *search) {
    vk_view *view;
    vk_status status = vk_view_get(slot, id, &view);
    if (status != VK_OK) {
        return status == VK_ERR_NOT_FOUND ? CKR_OK : vk_ck(status, NULL);
    }
    CK_RV rv = search_view(view, kinds, query, search);
    vk_view_put(view);
    return rv;
}

/* ---- Keys that an index finds ---- */

/* The last bytes of a SubjectPublicKeyInfo are the point. */
static bool read_point(const CK_ATTRIBUTE *attribute, uint8_t point65[65]) {
    vk_bytes bytes = vk_attribute_bytes(attribute);
    if (attribute->type == CKA_PUBLIC_KEY_INFO && bytes.len > 65) {
        bytes = (vk_bytes){bytes.data + bytes.len - 65, 65};
    }
    return vk_point_read(bytes, point65);
}

/* What an index is asked for. */
typedef struct find_names {
    vk_bytes label, id;
    uint8_t point65[65];
    vk_address address;
    vk_key_filter filter;
} find_names;

static const CK_ATTRIBUTE *wanted(const vk_find *query, CK_ATTRIBUTE_TYPE type) {
    return vk_template_find(query->templ, query->count, type);
}

/* False: no key can have it. */
static bool take_point(const CK_ATTRIBUTE *attribute, find_names *out) {
    if (attribute == NULL) {
        return true;
    }
    out->filter.point65 = out->point65;
    return read_point(attribute, out->point65);
}

static bool is_indexed(const vk_key_filter *filter) {
    return filter->label != NULL || filter->ckid != NULL || filter->point65 != NULL ||
           filter->address != NULL || filter->account != NULL;
}

/* An address, or the first of several, finds what has to be looked at. */
static bool take_address(const CK_ATTRIBUTE *attribute, const vk_address **filter,
                         find_names *out) {
    if (attribute == NULL || attribute->ulValueLen == 0 || is_indexed(&out->filter)) {
        return true;
    }
    if (attribute->ulValueLen % sizeof out->address != 0) {
        return false;
    }
    memcpy(out->address.b, attribute->pValue, sizeof out->address);
    *filter = &out->address;
    return true;
}

static bool take_names(const vk_find *query, find_names *out) {
    const CK_ATTRIBUTE *point = wanted(query, CKA_EC_POINT);
    vk_key_filter *filter = &out->filter;
    vk_find_name(query, CKA_LABEL, &out->label, &filter->label);
    vk_find_name(query, CKA_ID, &out->id, &filter->ckid);
    return take_point(point != NULL ? point : wanted(query, CKA_PUBLIC_KEY_INFO), out) &&
           take_address(wanted(query, CKA_VALETKEY_ADDRESS), &filter->address, out) &&
           take_address(wanted(query, CKA_VALETKEY_ACCOUNTS), &filter->account, out);
}

static CK_RV search_index(vk_slot *slot, const vk_key_filter *filter, vk_find *query,
                          vk_search *search) {
    int64_t *ids = NULL;
    size_t count = 0;
    CK_RV rv = vk_ck(vk_token_key_find(slot->token, filter, &ids, &count), NULL);
    for (size_t i = 0; i < count && rv == CKR_OK; i++) {
        rv = search_key(slot, ids[i], query->kinds & VK_KINDS_TOKEN, query, search);
    }
    free(ids);
    return rv;
}

/* ---- Every key ---- */

/* The keys of which the token lets go in between, so that others come to their turns. */
#define PAGE 512

typedef struct found_key {
    int64_t id;
    unsigned kinds; /* that match, or have to be read to be told */
    bool public_is_private;
} found_key;

typedef struct find_page {
    const vk_find *query;
    size_t count;
    found_key keys[PAGE];
} find_page;

static bool may_be_seen(const vk_find *query, bool is_private) {
    const CK_ATTRIBUTE *attribute = wanted(query, CKA_PRIVATE);
    const CK_BBOOL value = is_private ? CK_TRUE : CK_FALSE;
    return (query->is_user || !is_private) &&
           (attribute == NULL ||
            vk_bytes_equal(vk_attribute_bytes(attribute), (vk_bytes){&value, sizeof value}));
}

/* Attributes that are looked at where they are. */
static vk_buf view_of(vk_bytes attrs) {
    return (vk_buf){.data = (uint8_t *)(uintptr_t)attrs.data, .len = attrs.len};
}

static bool public_is_private(const vk_key_outline *key) {
    const vk_buf attrs = view_of(key->public_attrs);
    return vk_stored_bool(&attrs, CKA_PRIVATE, false);
}

static bool has_logins(const vk_key_outline *key) {
    const vk_buf attrs = view_of(key->private_attrs);
    return vk_stored_bytes(&attrs, CKA_VALETKEY_LOGIN_ALLOWED).len > 0;
}

static bool has_step_up(const vk_key_outline *key) {
    const vk_buf attrs = view_of(key->private_attrs);
    return vk_stored_bytes(&attrs, CKA_VALETKEY_STEP_UP).len > 0;
}

static unsigned outlined_kinds(const vk_find *query, const vk_key_outline *key) {
    unsigned kinds = 0;
    if (key->has_private) {
        kinds |= (key->is_remote ? 0 : VK_KIND_PRIVATE) | (key->has_policy ? VK_KIND_POLICY : 0) |
                 (has_logins(key) ? VK_KIND_LOGINS : 0) | (has_step_up(key) ? VK_KIND_STEP_UP : 0) |
                 (key->has_grants ? VK_KINDS_GRANT : 0);
    }
    if (key->has_public && may_be_seen(query, public_is_private(key))) {
        kinds |= VK_KIND_PUBLIC;
    }
    return kinds & query->kinds;
}

static void add_outline(void *context, const vk_key_outline *key) {
    find_page *page = context;
    unsigned kinds = outlined_kinds(page->query, key);
    if (kinds != 0) {
        page->keys[page->count].id = key->id;
        page->keys[page->count].public_is_private = public_is_private(key);
        page->keys[page->count++].kinds = kinds;
    }
}

static CK_RV push_kinds(vk_slot *slot, const found_key *key, unsigned kinds, vk_search *search) {
    CK_RV rv = CKR_OK;
    for (unsigned kind = 1; kind <= kinds && rv == CKR_OK; kind <<= 1) {
        if (kinds & kind) {
            const vk_ref ref = {.slot_id = slot->id, .kind = (vk_kind)kind, .key_id = key->id};
            bool is_private =
                kind == VK_KIND_PRIVATE || (kind == VK_KIND_PUBLIC && key->public_is_private);
            CK_OBJECT_HANDLE handle;
            rv = vk_ref_handle(slot, &ref, is_private, &handle);
            rv = rv == CKR_OK ? vk_find_push(search, handle) : rv;
        }
    }
    return rv;
}

static CK_RV search_page(vk_slot *slot, const find_page *page, vk_find *query, vk_search *search) {
    CK_RV rv = CKR_OK;
    for (size_t i = 0; i < page->count && rv == CKR_OK; i++) {
        int64_t id = page->keys[i].id;
        unsigned kinds = page->keys[i].kinds;
        rv = push_kinds(slot, &page->keys[i], kinds & ~query->unknown, search);
        if (rv == CKR_OK && (kinds & query->unknown)) {
            rv = search_key(slot, id, kinds & query->unknown, query, search);
        }
    }
    return rv;
}

static CK_RV search_all(vk_slot *slot, vk_find *query, vk_search *search) {
    find_page page;
    int64_t after = 0, before;
    CK_RV rv = CKR_OK;
    do {
        page.query = query;
        page.count = 0;
        before = after;
        rv = vk_ck(vk_token_key_outlines(slot->token, &after, PAGE, add_outline, &page), NULL);
        rv = rv == CKR_OK ? search_page(slot, &page, query, search) : rv;
    } while (rv == CKR_OK && after != before);
    return rv;
}

CK_RV vk_find_in_token(vk_slot *slot, vk_find *query, vk_search *search) {
    find_names names = {0};
    if (!take_names(query, &names)) {
        return CKR_OK;
    }
    return is_indexed(&names.filter) ? search_index(slot, &names.filter, query, search)
                                     : search_all(slot, query, search);
}
