/* Seeds for the target of security keys: what the software authenticator says. */
#include "seeds.h"

#include "authenticator/authenticator.h"
#include "fido2.h"
#include "fuzz.h"

static void sow(const authn_options *options, unsigned question, bool reports, seed_fn use,
                void *context) {
    vk_buf input = {0}, before = {0};
    authn *a = authn_new(options);
    fuzz_fido2_record(authn_io(), authn_path(a), FUZZ_FIDO2_LOGGED_IN, false, &before);
    vk_buf_clear(&before); /* there is a credential now, for who lists them */
    fuzz_fido2_record(authn_io(), authn_path(a), question, reports, &input);
    authn_free(a);
    FUZZ_REQUIRE(vk_buf_status(&input) == VK_OK);
    use("fido2", vk_buf_view(&input), context);
    vk_buf_clear(&input);
}

void seeds_of_authenticators(seed_fn use, void *context) {
    static const authn_options kinds[] = {
        {.pin = "1234"},
        {.pin = "1234", .without = AUTHN_PERMISSIONS, .with = AUTHN_SYNCED},
        {.uv = AUTHN_UV_SUCCEEDS, .without = AUTHN_CLIENT_PIN | AUTHN_PERMISSIONS},
        {.uv = AUTHN_UV_SUCCEEDS, .with = AUTHN_X5C},
    };
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        for (unsigned question = 0; question < FUZZ_FIDO2_QUESTIONS; question++) {
            sow(&kinds[kind], question, false, use, context);
            sow(&kinds[kind], question, true, use, context);
        }
    }
}
