#include "pkcs11/hide.h"
#include "pkcs11/entry.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A vk_curve, 0: none. Any thread may initialize the module while others are in it. */
static atomic_int hidden;

static int curve_of(const char *name) {
    if (strcmp(name, "secp256k1") == 0) {
        return VK_CURVE_SECP256K1;
    }
    /* The second is what valetkey key create --type calls it. */
    return strcmp(name, "P-256") == 0 || strcmp(name, "p256") == 0 ? VK_CURVE_P256 : 0;
}

void vk_hide_init(void) {
    const char *name = secure_getenv("VALETKEY_HIDE");
    int curve = name != NULL ? curve_of(name) : 0;
    atomic_store(&hidden, curve);
    if (name != NULL && curve == 0) {
        vk_debug("VALETKEY_HIDE hides nothing: \"%s\" is neither \"secp256k1\" nor \"P-256\"",
                 name);
    }
}

bool vk_hides(vk_curve curve) {
    return atomic_load(&hidden) == (int)curve;
}

bool vk_hides_anything(void) {
    return atomic_load(&hidden) != 0;
}
