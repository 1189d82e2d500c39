#include "crash/inspect.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Tokens ---- */

/* Which of the two labels that it may have it has; FACT_COMING: a token that is not there. */
static bool settle_token(worker *w, ledger_token *token, unsigned *found) {
    char label[32], next_label[32];
    CK_SLOT_ID slot;
    unsigned next = atomic_load(&token->next_label);
    work_token_label(w->l, token, atomic_load(&token->label), label);
    work_token_label(w->l, token, next, next_label);
    if (client_slot(&w->c, label, &slot)) {
        atomic_store(&token->next_label, atomic_load(&token->label));
    } else if (client_slot(&w->c, next_label, &slot)) {
        atomic_store(&token->label, next);
    } else if (atomic_load(&token->exists) == FACT_YES) {
        return ledger_fail(w->l, "the token \"%s\" is gone", label);
    } else {
        atomic_store(&token->exists, FACT_NO);
        return true;
    }
    atomic_store(&token->exists, FACT_YES);
    (*found)++;
    return true;
}

/* Every slot but the last has a token that opens. */
static bool check_slots(worker *w, unsigned expected) {
    CK_SLOT_ID last = client_empty_slot(&w->c);
    for (CK_SLOT_ID slot = 0; slot < last; slot++) {
        CK_TOKEN_INFO info;
        CK_RV rv = w->c.f->C_GetTokenInfo(slot, &info);
        if (rv != CKR_OK || !(info.flags & CKF_TOKEN_INITIALIZED)) {
            return work_failed(w, "C_GetTokenInfo", "a token", rv);
        }
    }
    return last == expected ||
           ledger_fail(w->l, "there are %lu tokens, not %u", (unsigned long)last, expected);
}

static bool check_tokens(worker *w) {
    unsigned found = 1; /* the one that signs */
    for (unsigned i = 0; i < atomic_load(&w->l->token_count); i++) {
        ledger_token *token = &w->l->tokens[i];
        if (atomic_load(&token->exists) != FACT_NO && !settle_token(w, token, &found)) {
            return false;
        }
    }
    return check_slots(w, found);
}

/* The SO can log in to a token that was made beside. */
static bool check_side_login(worker *w) {
    unsigned count = atomic_load(&w->l->token_count);
    const ledger_token *token = &w->l->tokens[count == 0 ? 0 : dice_below(&w->d, count)];
    if (atomic_load(&token->exists) != FACT_YES) {
        return true;
    }
    char label[32];
    client side = w->c;
    work_token_label(w->l, token, atomic_load(&token->label), label);
    if (!client_slot(&side, label, &side.slot)) {
        return ledger_fail(w->l, "the token \"%s\" is gone", label);
    }
    CK_RV rv = client_open(&side);
    if (rv == CKR_OK) {
        rv = client_login(&side, CKU_SO, CLIENT_SO_PIN);
    }
    return rv == CKR_OK || work_failed(w, "the SO's login", label, rv);
}

/* ---- PINs ---- */

/* Of the two that it may be, it is exactly one. */
static bool settle_pin(worker *w, CK_USER_TYPE user, ledger_pin *pin) {
    char text[24];
    bool so = user == CKU_SO;
    unsigned now = atomic_load(&pin->now), next = atomic_load(&pin->next);
    work_pin(now, so, text);
    CK_RV rv = client_login(&w->c, user, text);
    if (rv == CKR_PIN_INCORRECT && next != now) {
        now = next;
        work_pin(now, so, text);
        rv = client_login(&w->c, user, text);
    }
    atomic_store(&pin->now, now);
    atomic_store(&pin->next, now);
    return rv == CKR_OK || work_failed(w, "login with", text, rv);
}

static bool check_so_pin(worker *w) {
    const ledger_pin *pin = &w->l->so_pin;
    bool is_changing = atomic_load(&pin->now) != atomic_load(&pin->next);
    if (!is_changing && !dice_percent(&w->d, 10)) {
        return true; /* a login is slow */
    }
    if (!settle_pin(w, CKU_SO, &w->l->so_pin)) {
        return false;
    }
    CK_RV rv = w->c.f->C_Logout(w->c.session);
    return rv == CKR_OK || work_failed(w, "C_Logout", "the SO", rv);
}

/* ---- All of it ---- */

bool inspect_key(worker *w, ledger_key *key);

static bool check_keys(worker *w) {
    for (unsigned i = 0; i < atomic_load(&w->l->key_count); i++) {
        ledger_key *key = &w->l->keys[i];
        if (key->label[0] != '\0' && !inspect_key(w, key)) {
            return false;
        }
    }
    return true;
}

bool inspect(worker *w) {
    client_load(&w->c);
    if (!client_slot(&w->c, WORK_LABEL, &w->c.slot)) {
        return ledger_fail(w->l, "the token that signs is gone");
    }
    CK_RV rv = client_open(&w->c);
    if (rv != CKR_OK) {
        return work_failed(w, "C_OpenSession", WORK_LABEL, rv);
    }
    bool held = check_tokens(w) && check_side_login(w) && check_so_pin(w) &&
                settle_pin(w, CKU_USER, &w->l->user_pin) && check_keys(w);
    client_stop(&w->c);
    return held;
}

/* ---- Around the tokens ---- */

static bool is_token_file(const char *name) {
    return strspn(name, "0123456789abcdef") == 16 && strcmp(name + 16, ".db") == 0;
}

bool inspect_directory(ledger *l, const char *directory) {
    DIR *dir = opendir(directory);
    if (dir == NULL) {
        return ledger_fail(l, "%s: cannot be read", directory);
    }
    bool held = true;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            !is_token_file(entry->d_name)) {
            held = ledger_fail(l, "%s is left behind", entry->d_name);
        }
    }
    closedir(dir);
    return held;
}

/* ---- The journal ---- */

/* A file that only this process reads. */
static bool write_pin(const ledger *l, const char *path) {
    char pin[24];
    work_pin(atomic_load(&l->user_pin.now), false, pin);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    bool written = file != NULL && fputs(pin, file) >= 0;
    return file != NULL && fclose(file) == 0 && written;
}

static FILE *run_valetkey(const char *arguments) {
    char text[2048];
    const char *build = getenv("VK_TEST_BUILDDIR");
    snprintf(text, sizeof text, "VALETKEY_MODULE='%s/.libs/valetkey-pkcs11.so' '%s/valetkey' %s",
             build != NULL ? build : ".", build != NULL ? build : ".", arguments);
    return popen(text, "r");
}

static bool verify_journal(ledger *l, const char *directory) {
    char pin[512], arguments[1024], said[512];
    snprintf(pin, sizeof pin, "%s/pin", directory);
    snprintf(arguments, sizeof arguments,
             "audit verify --token '" WORK_LABEL "' --pin-file '%s' 2>&1", pin);
    if (!write_pin(l, pin)) {
        return ledger_fail(l, "%s: cannot be written", pin);
    }
    FILE *out = run_valetkey(arguments);
    size_t len = out != NULL ? fread(said, 1, sizeof said - 1, out) : 0;
    said[len] = '\0';
    remove(pin);
    return (out != NULL && pclose(out) == 0) || ledger_fail(l, "valetkey audit verify: %s", said);
}

static long count_records(void) {
    long count = -1;
    FILE *out =
        run_valetkey("audit export --token '" WORK_LABEL "' | grep -c '\"event\":\"signed\"'");
    if (out == NULL || fscanf(out, "%ld", &count) != 1) {
        count = -1;
    }
    return out != NULL && pclose(out) >= 0 ? count : -1;
}

/* Those of sudo keys have no records. */
static long count_left(const ledger *l) {
    long count = 0;
    for (unsigned i = 0; i < atomic_load(&l->signature_count); i++) {
        const ledger_signature *s = &l->signatures[i];
        count += s->left && l->keys[s->key].kind != KIND_SUDO;
    }
    return count;
}

bool inspect_journal(ledger *l, const char *directory) {
    if (!verify_journal(l, directory)) {
        return false;
    }
    long left = count_left(l), records = count_records();
    return left <= records ||
           ledger_fail(l, "%ld signatures left, the journal has %ld", left, records);
}
