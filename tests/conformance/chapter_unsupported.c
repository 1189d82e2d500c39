/* What a module of keys that only sign has nothing to do for. */
#include "calls.h"

/* Modules that have the function stumble over the arguments. */
#define NOT_SUPPORTED(name)                                                                        \
    ROW(name, "keys only sign",                                                                    \
        IS(CKR_FUNCTION_NOT_SUPPORTED, CKR_MECHANISM_INVALID, CKR_OPERATION_NOT_INITIALIZED,       \
           CKR_KEY_HANDLE_INVALID, CKR_TEMPLATE_INCOMPLETE, CKR_OBJECT_HANDLE_INVALID,             \
           CKR_ARGUMENTS_BAD, CKR_ATTRIBUTE_VALUE_INVALID),                                        \
        USER_RW, call_##name),
#define LEGACY(name)                                                                               \
    ROW(name, "no function runs in parallel", IS(CKR_FUNCTION_NOT_PARALLEL), USER_RW, call_##name),

static const row rows[] = {CALLS_OF_OTHERS(NOT_SUPPORTED) CALLS_OF_OTHERS_3_0(NOT_SUPPORTED)
                               CALLS_OF_LEGACY(LEGACY)};

CHAPTER(unsupported);
