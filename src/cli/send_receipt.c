/* The receipt of an operation, for the journal of the key that signed it. */
#include "cli/send.h"

#include "cli/object.h"

#include <stdio.h>
#include <string.h>
#include <valetkey/pkcs11.h>
#include <valetkey/receipt.h>

/* The name of a server is "https://host". */
static const char *host_of(const char *name) {
    const char *after = strstr(name, "://");
    return after != NULL ? after + strlen("://") : name;
}

/* Which operation a receipt is of. */
typedef struct signed_op {
    const vk_hash *hash;
    const vk_u256 *nonce;
} signed_op;

static vk_status write_json(const vk_sending *s, signed_op op, const vk_operation_receipt *from,
                            vk_buf *out) {
    vk_receipt receipt = {.operation = *op.hash,
                          .chain_id = s->grant->chain_id,
                          .account = s->grant->account.account,
                          .nonce = *op.nonce,
                          .success = from->success,
                          .transaction = from->transaction,
                          .block = from->block,
                          .actual_gas_cost = from->actual_gas_cost};
    snprintf(receipt.reason, sizeof receipt.reason, "%s", from->success ? "" : from->reason);
    snprintf(receipt.bundler, sizeof receipt.bundler, "%s", host_of(vk_bundler_name(s->bundler)));
    return vk_receipt_write(&receipt, out);
}

/* What stays is the record. */
static CK_RV write_object(vk_cli *cli, const vk_key_info *key, vk_bytes json) {
    CK_FUNCTION_LIST_PTR f = cli->module.f;
    CK_OBJECT_HANDLE object;
    vk_template t = {.count = 0};
    vk_template_ulong(&t, CKA_CLASS, &vk_class_data);
    vk_template_bool(&t, CKA_TOKEN, false);
    vk_template_text(&t, CKA_APPLICATION, VK_APPLICATION_RECEIPT);
    if (key->raw_label.len > 0) {
        vk_template_bytes(&t, CKA_LABEL, vk_buf_view(&key->raw_label));
    }
    if (key->id.len > 0) {
        vk_template_bytes(&t, CKA_ID, vk_buf_view(&key->id));
    }
    vk_template_bytes(&t, CKA_VALUE, json);
    CK_RV rv = f->C_CreateObject(cli->session, t.attrs, t.count, &object);
    return rv == CKR_OK ? f->C_DestroyObject(cli->session, object) : rv;
}

static bool is_logged_in(const vk_cli *cli) {
    CK_SESSION_INFO info;
    return cli->module.f->C_GetSessionInfo(cli->session, &info) == CKR_OK &&
           (info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS);
}

static CK_RV give(vk_cli *cli, const vk_sending *s, signed_op op,
                  const vk_operation_receipt *receipt) {
    vk_buf json = {0};
    CK_RV rv = CKR_USER_NOT_LOGGED_IN;
    if (is_logged_in(cli)) {
        vk_status status = write_json(s, op, receipt, &json);
        rv = status == VK_OK ? write_object(cli, &s->key, vk_buf_view(&json)) : CKR_DATA_INVALID;
    }
    vk_buf_clear(&json);
    return rv;
}

/* It will not be otherwise the next time. */
static bool is_for_good(CK_RV rv) {
    return rv == CKR_TEMPLATE_INCONSISTENT || rv == CKR_TEMPLATE_INCOMPLETE ||
           rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_ACTION_PROHIBITED ||
           rv == CKR_DATA_INVALID;
}

static void warn(signed_op op, CK_RV rv) {
    const char *why = rv == CKR_ACTION_PROHIBITED ? "it has another receipt of this operation"
                      : rv == CKR_TEMPLATE_INCONSISTENT
                          ? "it has no record that this key, and no other of its name, signed the "
                            "operation (an owner or an admin may have)"
                          : vk_rv_text(rv);
    vk_buf hash = {0};
    fprintf(stderr, "valetkey: the key's journal does not get the receipt: %s\n", why);
    if (!is_for_good(rv)) {
        vk_hex_put(&hash, (vk_bytes){op.hash->b, sizeof op.hash->b});
        fprintf(stderr,
                "valetkey: it will with \"valetkey send --resume %.*s\" and the key's --label%s\n",
                (int)hash.len, (const char *)hash.data,
                rv == CKR_USER_NOT_LOGGED_IN ? ", with --pin-file FILE or --pin-fd N" : "");
    }
    vk_buf_clear(&hash);
}

bool vk_send_give_receipt(vk_cli *cli, const vk_sending *s, const vk_operation_receipt *receipt) {
    const signed_op op = {&s->hash, &s->op.nonce};
    if (s->as_owner) {
        return true;
    }
    CK_RV rv = give(cli, s, op, receipt);
    vk_out_bool(&cli->out, "receiptTaken", rv == CKR_OK);
    if (rv != CKR_OK) {
        warn(op, rv);
    }
    return rv == CKR_OK || is_for_good(rv);
}

bool vk_send_give_earlier(vk_cli *cli, const vk_sending *s, const vk_hash *hash,
                          const vk_u256 *nonce, const vk_operation_receipt *receipt) {
    CK_RV rv = s->as_owner ? CKR_OK : give(cli, s, (signed_op){hash, nonce}, receipt);
    return rv == CKR_OK || is_for_good(rv);
}
