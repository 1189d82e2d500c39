/* CK_RV values by name, in words, and as exit statuses. */
#include "cli/cli.h"

typedef struct rv_info {
    CK_RV rv;
    const char *name;
    vk_exit exit;
    const char *text;
} rv_info;

#define RV(name, exit, text)                                                                       \
    { name, #name, VK_EXIT_##exit, text }

static const rv_info infos[] = {
    RV(CKR_OK, OK, "done"),
    RV(CKR_CANCEL, SYSTEM, "the operation was cancelled"),
    RV(CKR_HOST_MEMORY, SYSTEM, "the module has no memory left"),
    RV(CKR_SLOT_ID_INVALID, SYSTEM, "the slot is gone"),
    RV(CKR_GENERAL_ERROR, SYSTEM, "the module cannot use the token"),
    RV(CKR_FUNCTION_FAILED, SYSTEM,
       "another process has locked the token's file, or it cannot be used"),
    RV(CKR_ARGUMENTS_BAD, SYSTEM, "the module does not accept the arguments"),
    RV(CKR_NEED_TO_CREATE_THREADS, SYSTEM, "the module wants threads of its own"),
    RV(CKR_CANT_LOCK, SYSTEM, "the module cannot use the system's locks"),
    RV(CKR_ATTRIBUTE_READ_ONLY, INPUT, "an attribute may not be set, or not any more"),
    RV(CKR_ATTRIBUTE_SENSITIVE, INPUT, "a private value cannot be read"),
    RV(CKR_ATTRIBUTE_TYPE_INVALID, INPUT, "the object has no such attribute"),
    RV(CKR_ATTRIBUTE_VALUE_INVALID, INPUT, "the token does not accept the value"),
    RV(CKR_DATA_INVALID, INPUT, "the token does not accept the data"),
    RV(CKR_DATA_LEN_RANGE, INPUT, "the data are too long, or too short"),
    RV(CKR_DEVICE_ERROR, SYSTEM, "the token fails, or its file was changed outside of it"),
    RV(CKR_DEVICE_MEMORY, SYSTEM, "there is no space left for the token's file"),
    RV(CKR_DEVICE_REMOVED, SYSTEM, "the token, or the security key, is gone"),
    RV(CKR_FUNCTION_CANCELED, SYSTEM,
       "the operation was cancelled, or the touch did not come in time"),
    RV(CKR_FUNCTION_NOT_SUPPORTED, SYSTEM, "the module cannot do this"),
    RV(CKR_FUNCTION_REJECTED, REFUSED, "the key refuses"),
    RV(CKR_KEY_HANDLE_INVALID, NOT_FOUND, "the key is gone"),
    RV(CKR_KEY_SIZE_RANGE, INPUT, "the key has a size that the token does not take"),
    RV(CKR_KEY_TYPE_INCONSISTENT, INPUT, "the key is of another type"),
    RV(CKR_KEY_FUNCTION_NOT_PERMITTED, REFUSED, "the key may not be used in this way"),
    RV(CKR_MECHANISM_INVALID, SYSTEM, "the module does not know the mechanism"),
    RV(CKR_MECHANISM_PARAM_INVALID, SYSTEM, "the module does not accept the parameter"),
    RV(CKR_OBJECT_HANDLE_INVALID, NOT_FOUND, "the object is gone"),
    RV(CKR_OPERATION_ACTIVE, SYSTEM, "another operation is active"),
    RV(CKR_OPERATION_NOT_INITIALIZED, SYSTEM, "no operation is active"),
    RV(CKR_PIN_INCORRECT, PIN, "the PIN is wrong"),
    RV(CKR_PIN_INVALID, PIN, "the PIN has characters that the token does not take"),
    RV(CKR_PIN_LEN_RANGE, PIN, "a PIN has 4 to 255 bytes"),
    RV(CKR_PIN_EXPIRED, PIN, "the PIN has expired"),
    RV(CKR_PIN_LOCKED, PIN, "the PIN is locked after too many wrong tries"),
    RV(CKR_SESSION_CLOSED, SYSTEM, "the session was closed"),
    RV(CKR_SESSION_COUNT, SYSTEM, "the token has too many sessions"),
    RV(CKR_SESSION_HANDLE_INVALID, SYSTEM, "the session is gone"),
    RV(CKR_SESSION_PARALLEL_NOT_SUPPORTED, SYSTEM, "the module wants serial sessions"),
    RV(CKR_SESSION_READ_ONLY, SYSTEM, "the session is read-only"),
    RV(CKR_SESSION_EXISTS, SYSTEM, "another session of this token is open"),
    RV(CKR_SESSION_READ_ONLY_EXISTS, SYSTEM, "a read-only session is open"),
    RV(CKR_SIGNATURE_INVALID, INPUT, "the signature is wrong"),
    RV(CKR_SIGNATURE_LEN_RANGE, INPUT, "the signature has a wrong length"),
    RV(CKR_TEMPLATE_INCOMPLETE, INPUT, "an attribute is missing"),
    RV(CKR_TEMPLATE_INCONSISTENT, INPUT, "the token does not accept the attributes together"),
    RV(CKR_TOKEN_NOT_PRESENT, SYSTEM, "there is no token in the slot"),
    RV(CKR_TOKEN_NOT_RECOGNIZED, SYSTEM, "the token's file is not one of this module"),
    RV(CKR_TOKEN_WRITE_PROTECTED, SYSTEM, "the token, or its folder, is read-only"),
    RV(CKR_USER_ALREADY_LOGGED_IN, SYSTEM, "the user is logged in already"),
    RV(CKR_USER_NOT_LOGGED_IN, PIN, "this needs a login"),
    RV(CKR_USER_PIN_NOT_INITIALIZED, PIN, "the user PIN was never set"),
    RV(CKR_USER_TYPE_INVALID, SYSTEM, "the module does not know this kind of user"),
    RV(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, SYSTEM, "somebody else is logged in"),
    RV(CKR_RANDOM_NO_RNG, SYSTEM, "the token gives no random numbers"),
    RV(CKR_DOMAIN_PARAMS_INVALID, INPUT, "the token does not know this curve"),
    RV(CKR_CURVE_NOT_SUPPORTED, INPUT, "the token does not take this curve"),
    RV(CKR_BUFFER_TOO_SMALL, SYSTEM, "the buffer is too small"),
    RV(CKR_CRYPTOKI_NOT_INITIALIZED, SYSTEM, "the module is not initialized"),
    RV(CKR_CRYPTOKI_ALREADY_INITIALIZED, SYSTEM, "the module is initialized already"),
};

static const rv_info *find_rv(CK_RV rv) {
    for (size_t i = 0; i < sizeof infos / sizeof infos[0]; i++) {
        if (infos[i].rv == rv) {
            return &infos[i];
        }
    }
    return NULL;
}

const char *vk_rv_name(CK_RV rv) {
    const rv_info *info = find_rv(rv);
    return info != NULL ? info->name : NULL;
}

const char *vk_rv_text(CK_RV rv) {
    const rv_info *info = find_rv(rv);
    return info != NULL ? info->text : "an unknown error";
}

vk_exit vk_rv_exit(CK_RV rv) {
    const rv_info *info = find_rv(rv);
    return info != NULL ? info->exit : VK_EXIT_SYSTEM;
}
