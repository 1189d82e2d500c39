#include "enrolled.h"

#include <string.h>

void device_secret(unsigned n, uint8_t secret32[32]) {
    memset(secret32, 0x50 + (int)n, 32);
}

vk_enrolment enrolment_new(unsigned n) {
    vk_enrolment enrolment = {.name = "spare key",
                              .rp_id = "valetkey",
                              .credential_id_len = 40,
                              .verified = n != TOUCH_ONLY};
    memset(enrolment.credential_id, (int)n, enrolment.credential_id_len);
    memset(enrolment.salt32, 0x20 + (int)n, sizeof enrolment.salt32);
    enrolment.has_point = n % 2 == 0;
    if (enrolment.has_point) {
        point_of(n, enrolment.point65);
    }
    return enrolment;
}

vk_status enrol(vk_token *token, unsigned n, int64_t *id) {
    uint8_t secret[32];
    vk_enrolment enrolment = enrolment_new(n);
    device_secret(n, secret);
    vk_status status = vk_token_enrol(token, &enrolment, secret, NULL);
    *id = enrolment.id;
    return status;
}

vk_status touch(vk_token *token, int64_t id, unsigned n) {
    uint8_t secret[32];
    device_secret(n, secret);
    return vk_token_login_enrolled(token, id, secret);
}

vk_token_info info_of(vk_token *token) {
    vk_token_info info;
    assert_ok(vk_token_get_info(token, &info));
    return info;
}
