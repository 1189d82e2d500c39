#include "pkcs11/certificate.h"

#include "token/attrs.h"

#include <limits.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK_VALUE_LEN 3

/* The certificate and nothing behind it, or NULL. */
static X509 *read_x509(vk_bytes der) {
    const unsigned char *position = der.data;
    if (der.len == 0 || der.len > LONG_MAX) {
        return NULL;
    }
    X509 *x509 = d2i_X509(NULL, &position, (long)der.len);
    if (x509 != NULL && position != der.data + der.len) {
        X509_free(x509);
        return NULL;
    }
    return x509;
}

/* Takes der over; len as the i2d functions of OpenSSL say it. */
static vk_status add(vk_buf *attrs, CK_ATTRIBUTE_TYPE type, unsigned char *der, int len) {
    vk_bytes known;
    vk_status status = VK_OK;
    if (len > 0 && !vk_attrs_get(attrs, type, &known)) {
        status = vk_attrs_set(attrs, type, (vk_bytes){der, (size_t)len});
    }
    OPENSSL_free(der);
    return status;
}

static vk_status add_name(vk_buf *attrs, CK_ATTRIBUTE_TYPE type, const X509_NAME *name) {
    unsigned char *der = NULL;
    int len = i2d_X509_NAME(name, &der);
    return add(attrs, type, der, len);
}

static vk_status add_serial(vk_buf *attrs, const X509 *x509) {
    unsigned char *der = NULL;
    int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(x509), &der);
    return add(attrs, CKA_SERIAL_NUMBER, der, len);
}

static vk_status add_date(vk_buf *attrs, CK_ATTRIBUTE_TYPE type, const ASN1_TIME *time) {
    char text[32];
    vk_bytes known;
    struct tm day;
    if (vk_attrs_get(attrs, type, &known) || ASN1_TIME_to_tm(time, &day) != 1 ||
        snprintf(text, sizeof text, "%04d%02d%02d", day.tm_year + 1900, day.tm_mon + 1,
                 day.tm_mday) != (int)sizeof(CK_DATE)) {
        return VK_OK;
    }
    return vk_attrs_set(attrs, type, (vk_bytes){(const uint8_t *)text, sizeof(CK_DATE)});
}

static vk_status add_all(vk_buf *attrs, const X509 *x509) {
    vk_status status = add_name(attrs, CKA_SUBJECT, X509_get_subject_name(x509));
    if (status == VK_OK) {
        status = add_name(attrs, CKA_ISSUER, X509_get_issuer_name(x509));
    }
    if (status == VK_OK) {
        status = add_serial(attrs, x509);
    }
    if (status == VK_OK) {
        status = add_date(attrs, CKA_START_DATE, X509_get0_notBefore(x509));
    }
    return status == VK_OK ? add_date(attrs, CKA_END_DATE, X509_get0_notAfter(x509)) : status;
}

vk_status vk_certificate_complete(vk_buf *attrs) {
    vk_bytes der = {0};
    X509 *x509 = vk_attrs_get(attrs, CKA_VALUE, &der) ? read_x509(der) : NULL;
    vk_status status = x509 != NULL ? add_all(attrs, x509) : VK_OK;
    X509_free(x509);
    return status;
}

vk_status vk_certificate_key_info(vk_bytes der, vk_buf *out) {
    unsigned char *info = NULL;
    X509 *x509 = read_x509(der);
    int len = x509 != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &info) : 0;
    if (len > 0) {
        vk_buf_put(out, info, (size_t)len);
    }
    OPENSSL_free(info);
    X509_free(x509);
    return vk_buf_status(out);
}

vk_status vk_certificate_check_value(vk_bytes der, vk_buf *out) {
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (der.len == 0) {
        return VK_OK;
    }
    if (EVP_Digest(der.data, der.len, hash, &len, EVP_sha1(), NULL) != 1) {
        return VK_ERR_CRYPTO;
    }
    vk_buf_put(out, hash, CHECK_VALUE_LEN);
    return vk_buf_status(out);
}
