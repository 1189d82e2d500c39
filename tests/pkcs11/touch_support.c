#include "touch_support.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

authn *security_keys[2];

const char *place_of(int number) {
    static char places[2][128];
    snprintf(places[number], sizeof places[number], "unix:%s/key%d", getenv("VALETKEY_HOME"),
             number);
    return places[number];
}

static void write_settings(void) {
    char path[128];
    snprintf(path, sizeof path, "%s/valetkey.conf", getenv("VALETKEY_HOME"));
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "fido2 = configured\nfido2-timeout = %d\n", TOUCH_SECONDS);
    for (int i = 0; i < 2; i++) {
        fprintf(file, "fido2-device = %s\n", place_of(i));
    }
    ck_assert_int_eq(fclose(file), 0);
}

void touch_home(void) {
    fresh_home();
    ck_assert_int_eq(unsetenv("VALETKEY_FIDO2"), 0);
    write_settings();
}

void touch_remove(void) {
    (void)f->C_Finalize(NULL);
    for (int i = 0; i < 2; i++) {
        authn_free(security_keys[i]);
        security_keys[i] = NULL;
    }
    remove_home();
}

TCase *touch_case(const char *name) {
    TCase *tcase = tcase_create(name);
    tcase_add_checked_fixture(tcase, touch_home, touch_remove);
    tcase_set_timeout(tcase, 120);
    return tcase;
}

authn *plug(int number, const authn_options *options) {
    authn *key = authn_new(options);
    ck_assert(authn_serve(key, place_of(number) + strlen(VK_FIDO2_UNIX)));
    security_keys[number] = key;
    return key;
}

authn *plug_with_pin(int number) {
    const authn_options options = {.pin = DEVICE_PIN};
    return plug(number, &options);
}

/* ---- Tokens ---- */

static bool has_label(vk_token *token, const char *label) {
    vk_token_info info;
    ck_assert_int_eq(vk_token_get_info(token, &info), VK_OK);
    return strcmp(info.label, label) == 0;
}

static vk_token *find_token(const char *label) {
    char **paths;
    size_t count;
    vk_token *token = NULL;
    ck_assert_int_eq(vk_home_tokens(getenv("VALETKEY_HOME"), &paths, &count, NULL), VK_OK);
    for (size_t i = 0; i < count && token == NULL; i++) {
        ck_assert_int_eq(vk_token_open(paths[i], &token, NULL), VK_OK);
        if (!has_label(token, label)) {
            vk_token_close(token);
            token = NULL;
        }
    }
    vk_home_free(paths, count);
    ck_assert_ptr_nonnull(token);
    return token;
}

vk_token *open_token(const char *label, vk_role role) {
    const char *pin = role == VK_ROLE_SO ? SO_PIN : USER_PIN;
    vk_token *token = find_token(label);
    ck_assert_int_eq(vk_token_login(token, role, (const uint8_t *)pin, strlen(pin)), VK_OK);
    return token;
}

static void log_in_to(vk_device *device) {
    vk_fido2_info info;
    vk_error err = {0};
    ck_assert_int_eq(vk_fido2_get_info(vk_device_fido2(device), &info, &err), VK_OK);
    if (info.has_pin) {
        const uint8_t *pin = (const uint8_t *)DEVICE_PIN;
        vk_status status = vk_device_log_in(device, NULL, pin, strlen(DEVICE_PIN), &err);
        ck_assert_msg(status == VK_OK, "%s", err.message);
    }
}

void enrol(const char *label, int number, bool touch_only) {
    vk_error err = {0};
    vk_device *device;
    vk_token *token = open_token(label, VK_ROLE_SO);
    ck_assert_int_eq(vk_device_new(place_of(number), TOUCH_SECONDS, &device), VK_OK);
    log_in_to(device);
    vk_status status = vk_device_enrol(device, token, "blue key", touch_only, &err);
    ck_assert_msg(status == VK_OK, "%s: %s", vk_status_text(status), err.message);
    vk_device_free(device);
    vk_token_close(token);
}

void remove_user_pin(const char *label) {
    vk_token *token = open_token(label, VK_ROLE_SO);
    ck_assert_int_eq(vk_token_remove_user_pin(token, NULL), VK_OK);
    vk_token_close(token);
}

/* ---- Calls ---- */

void touch_initialize(void) {
    CK_ULONG count;
    ck_assert_int_eq(f->C_Initialize(NULL), CKR_OK);
    ck_assert_int_eq(f->C_GetSlotList(CK_TRUE, NULL, &count), CKR_OK);
}

CK_RV unlock(CK_SESSION_HANDLE session) {
    return f->C_Login(session, CKU_USER, NULL, 0);
}

CK_RV login_named(CK_SESSION_HANDLE session, const char *pin) {
    CK_UTF8CHAR name[] = "fido2";
    return load_3_0()->C_LoginUser(session, CKU_USER, (CK_UTF8CHAR_PTR)pin,
                                   pin != NULL ? strlen(pin) : 0, name, sizeof name - 1);
}

bool is_user(CK_SESSION_HANDLE session) {
    return state_of(session) == CKS_RW_USER_FUNCTIONS;
}

CK_FUNCTION_LIST_3_0 *load_3_0(void) {
    CK_C_GetInterface get;
    CK_INTERFACE *interface;
    *(void **)&get = dlsym(module, "C_GetInterface");
    ck_assert_int_eq(get(NULL, NULL, &interface, 0), CKR_OK);
    return interface->pFunctionList;
}

CK_STATE state_of(CK_SESSION_HANDLE session) {
    CK_SESSION_INFO info;
    ck_assert_int_eq(f->C_GetSessionInfo(session, &info), CKR_OK);
    return info.state;
}

static void *run_call(void *argument) {
    waiting_call *w = argument;
    w->rv = w->call(w->context);
    atomic_store(&w->is_over, true);
    return NULL;
}

void begin_waiting(waiting_call *w, CK_RV (*call)(void *context), void *context, authn *key) {
    *w = (waiting_call){.call = call, .context = context};
    atomic_init(&w->is_over, false);
    ck_assert_int_eq(pthread_create(&w->thread, NULL, run_call, w), 0);
    ck_assert(authn_wait_for_touch(key, 10000));
}

CK_RV end_waiting(waiting_call *w) {
    ck_assert_int_eq(pthread_join(w->thread, NULL), 0);
    return w->rv;
}
