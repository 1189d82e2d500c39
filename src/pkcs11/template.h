/* Templates: what an application says about an object that it makes. */
#ifndef VK_PKCS11_TEMPLATE_H
#define VK_PKCS11_TEMPLATE_H

#include "pkcs11/object.h"

/* Longest template and longest name that are accepted. */
#define VK_TEMPLATE_MAX 256
#define VK_NAME_MAX 1024

/* CKR_ARGUMENTS_BAD for one that cannot be read at all, CKR_TEMPLATE_INCONSISTENT for one that
 * names an attribute twice. */
CK_RV vk_template_check(const CK_ATTRIBUTE *templ, CK_ULONG count);
/* NULL: not there. */
const CK_ATTRIBUTE *vk_template_find(const CK_ATTRIBUTE *templ, CK_ULONG count,
                                     CK_ATTRIBUTE_TYPE type);
/* CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID. */
CK_RV vk_template_class(const CK_ATTRIBUTE *templ, CK_ULONG count, CK_OBJECT_CLASS *out);
/* CKR_ATTRIBUTE_VALUE_INVALID for what is none, CKR_TEMPLATE_INCONSISTENT for another one. */
CK_RV vk_attribute_must_be_number(const CK_ATTRIBUTE *attribute, CK_ULONG expected);
CK_RV vk_attribute_must_be(const CK_ATTRIBUTE *attribute, bool expected);
bool vk_attribute_number(const CK_ATTRIBUTE *attribute, CK_ULONG *out);
bool vk_attribute_bool(const CK_ATTRIBUTE *attribute, bool *out);
vk_bytes vk_attribute_bytes(const CK_ATTRIBUTE *attribute);

/* Where a half of a key comes from. */
typedef enum vk_key_origin { VK_KEY_GENERATED, VK_KEY_IMPORTED } vk_key_origin;

/* One half of a key pair, read from a template. The views point into the template. */
typedef struct vk_key_template {
    vk_kind kind; /* VK_KIND_PRIVATE or VK_KIND_PUBLIC */
    vk_key_origin origin;
    bool token;
    bool has_curve;
    vk_curve curve;
    vk_buf attrs; /* owned: what is kept of it */
    vk_bytes secret, point;
    vk_bytes policy, rp_id, passkey_origin, credential_id, authenticator_id_hash;
    bool use_sign_count;
    bool has_passkey; /* any of the passkey members was there */
    /* Of a public key: a browser's registration, and whom to believe about it. */
    vk_bytes attestation, attestation_client_data, challenge, trust_anchors;
    bool has_registration; /* any of these was there */
} vk_key_template;

/* kind and origin are set by the caller, the rest is read. Clear it in either case. */
CK_RV vk_key_template_read(const CK_ATTRIBUTE *templ, CK_ULONG count, vk_key_template *out);
void vk_key_template_clear(vk_key_template *key);
/* A record as the private half's template wants it. */
CK_RV vk_key_template_record(const vk_key_template *key, vk_key_record *out);

/* "0x04 || X || Y" bare or as a DER OCTET STRING. */
bool vk_point_read(vk_bytes value, uint8_t point65[65]);
/* DER of the curve's object identifier. */
vk_bytes vk_curve_oid(vk_curve curve);
bool vk_curve_of_oid(vk_bytes oid, vk_curve *out);

#endif
