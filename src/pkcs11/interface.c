/*
 * What the module exports: a table of functions for each version of Cryptoki, exactly as long as
 * that version's. Clients that know 2.40 only get the first, whatever they do.
 */
#include "pkcs11/functions.h"
#include "pkcs11/mechanism.h"
#include "pkcs11/module.h"

#include <string.h>

#define ENTRY(name) .name = name,
#define ENTRY_3_0(name) .name = vk_##name##_3_0,

/* Not const: callers have been seen to write into them. */
static CK_FUNCTION_LIST functions_2_40 = {.version = {2, 40}, VK_FUNCTIONS_2_40(ENTRY, ENTRY)};
static CK_FUNCTION_LIST_3_0 functions_3_0 = {
    .version = {3, 0}, VK_FUNCTIONS_2_40(ENTRY, ENTRY_3_0) VK_FUNCTIONS_3_0(ENTRY)};

static CK_UTF8CHAR interface_name[] = "PKCS 11";
/* The first is the one for those who do not ask for a version. */
static CK_INTERFACE interfaces[] = {{interface_name, &functions_3_0, 0},
                                    {interface_name, &functions_2_40, 0}};
#define INTERFACES (sizeof interfaces / sizeof interfaces[0])

VK_API CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
    if (list == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    *list = &functions_2_40;
    return CKR_OK;
}

VK_API CK_RV C_GetInterfaceList(CK_INTERFACE_PTR list, CK_ULONG_PTR count) {
    if (count == NULL) {
        return CKR_ARGUMENTS_BAD;
    }
    bool fits = *count >= INTERFACES;
    *count = INTERFACES;
    if (list == NULL) {
        return CKR_OK;
    }
    if (!fits) {
        return CKR_BUFFER_TOO_SMALL;
    }
    memcpy(list, interfaces, sizeof interfaces);
    return CKR_OK;
}

/* Every table begins with its version. */
static bool is_version(const CK_INTERFACE *interface, const CK_VERSION *wanted) {
    const CK_VERSION *version = interface->pFunctionList;
    return wanted == NULL || (version->major == wanted->major && version->minor == wanted->minor);
}

VK_API CK_RV C_GetInterface(CK_UTF8CHAR_PTR name, CK_VERSION_PTR version,
                            CK_INTERFACE_PTR_PTR interface, CK_FLAGS flags) {
    bool known_name = name == NULL || strcmp((const char *)name, (char *)interface_name) == 0;
    if (interface == NULL || !known_name || flags != 0) {
        return CKR_ARGUMENTS_BAD;
    }
    for (size_t i = 0; i < INTERFACES; i++) {
        if (is_version(&interfaces[i], version)) {
            *interface = &interfaces[i];
            return CKR_OK;
        }
    }
    return CKR_ARGUMENTS_BAD;
}
