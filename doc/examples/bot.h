/* What the parts of the bot share: see bot.c. Where no status comes back, a failure ends the bot.
 */
#ifndef BOT_H
#define BOT_H

#include <cjson/cJSON.h>
#include <p11-kit/pkcs11.h>
#include <signal.h>
#include <valetkey/pkcs11.h>
#include <valetkey/valetkey.h>

#define EXIT_REFUSED 3

typedef struct bot {
    CK_FUNCTION_LIST_PTR p11;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    char *label;           /* the key's */
    vk_signer signer;      /* the key, as the account knows it */
    vk_address gas_policy; /* zero: none */
    vk_grant grant;
    char entry_point[43];
    char *node, *bundler; /* URLs, maybe with a secret in them: not for messages */
    sigset_t signals;
    bool stopped;
} bot;

/* ---- The token (bot-token.c) ---- */

/* $VALETKEY_MODULE, or valetkey's where the linker finds it. */
void bot_open_module(bot *b);
void bot_log_in(bot *b, const char *token, const char *pin_file);
/* The key with this label and its permission, as the owner approved it; of several permissions the
 * one on chain_id. */
void bot_read_grant(bot *b, char *label, uint64_t chain_id);
/* Ends the bot if nothing is left: a bundler would only say that the account reverts. */
void bot_check_budget(bot *b);
/* The finished signature of the operation that request holds. */
vk_buf bot_sign(bot *b, vk_buf *request);
/* Into the journal of the key. No reason to stop if the token does not take it. */
void bot_write_receipt(bot *b, const vk_receipt *receipt);

/* ---- The servers (bot-servers.c) ---- */

/* {"8453":{"node":{"url":"https://..."},"bundler":{"url":"https://..."}}}, as for valetkey send. */
void bot_read_chains(bot *b, const char *path);
/* JSON-RPC. The result, to be deleted; NULL, and why in err: VK_DENIED if the server said no,
 * VK_ERR_SERVER if nobody knows what it did. params is an array's text, and cleared. */
cJSON *bot_try_ask(const char *url, const char *method, vk_buf params, vk_error *err);
/* The same, where there must be a result; where it must be "0x..." bytes. */
cJSON *bot_ask(const char *url, const char *method, vk_buf params);
vk_buf bot_ask_bytes(const char *url, const char *method, vk_buf params);
/* Of a URL what may be said. */
void bot_host(const char *url, char *out, size_t size);

/* ---- Both (bot-servers.c) ---- */

_Noreturn void bot_die(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bot_must(vk_status status, const char *what, const vk_error *err);
/* The text of a small file. */
size_t bot_read_file(const char *path, char *out, size_t max);
vk_buf bot_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *bot_take_text(vk_buf *from);

#endif
