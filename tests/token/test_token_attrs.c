/* The attribute list: canonical, and bounded on any bytes. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <token/attrs.h>

#include "support.h"

static vk_bytes bytes(const char *text) {
    return (vk_bytes){(const uint8_t *)text, strlen(text)};
}

static bool has(const vk_buf *attrs, uint64_t type, const char *text) {
    vk_bytes value;
    return vk_attrs_get(attrs, type, &value) && vk_bytes_equal(value, bytes(text));
}

START_TEST(keeps_ascending_order) {
    vk_buf a = {0}, b = {0};
    assert_ok(vk_attrs_set(&a, 0x8000000000000001, bytes("big")));
    assert_ok(vk_attrs_set(&a, 3, bytes("three")));
    assert_ok(vk_attrs_set(&a, 258, bytes("")));
    assert_ok(vk_attrs_set(&b, 258, bytes("")));
    assert_ok(vk_attrs_set(&b, 3, bytes("three")));
    assert_ok(vk_attrs_set(&b, 0x8000000000000001, bytes("big")));
    ck_assert(vk_bytes_equal(vk_buf_view(&a), vk_buf_view(&b)));
    ck_assert(has(&a, 3, "three") && has(&a, 258, "") && has(&a, 0x8000000000000001, "big"));
    ck_assert(!has(&a, 4, "three"));
    static const uint8_t first[] = {0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 5, 't', 'h', 'r', 'e', 'e'};
    ck_assert_mem_eq(a.data, first, sizeof first);
    vk_buf_clear(&a);
    vk_buf_clear(&b);
}
END_TEST

START_TEST(replaces) {
    vk_buf attrs = {0};
    vk_bytes own;
    for (uint64_t type = 1; type < 6; type++) {
        assert_ok(vk_attrs_set(&attrs, type, bytes("old")));
    }
    assert_ok(vk_attrs_set(&attrs, 3, bytes("a longer new value")));
    assert_ok(vk_attrs_set(&attrs, 1, bytes("")));
    ck_assert(vk_attrs_get(&attrs, 3, &own));
    assert_ok(vk_attrs_set(&attrs, 5, own));
    ck_assert(has(&attrs, 1, "") && has(&attrs, 2, "old") && has(&attrs, 4, "old"));
    ck_assert(has(&attrs, 3, "a longer new value") && has(&attrs, 5, "a longer new value"));
    vk_buf_clear(&attrs);
}
END_TEST

START_TEST(walks) {
    vk_buf attrs = {0};
    size_t position = 0;
    uint64_t type, expected = 0;
    vk_bytes value;
    for (uint64_t i = 10; i > 0; i--) {
        assert_ok(vk_attrs_set(&attrs, i, bytes("v")));
    }
    while (vk_attrs_next(&attrs, &position, &type, &value)) {
        ck_assert_uint_eq(type, ++expected);
        ck_assert_uint_eq(value.len, 1);
    }
    ck_assert_uint_eq(expected, 10);
    ck_assert_uint_eq(position, attrs.len);
    vk_buf_clear(&attrs);
}
END_TEST

START_TEST(refuses_corrupt_lists) {
    vk_buf good = {0};
    assert_ok(vk_attrs_set(&good, 1, bytes("one")));
    assert_ok(vk_attrs_set(&good, 2, bytes("two")));
    for (size_t len = 1; len < good.len; len++) {
        if (len == 15) {
            continue;
        }
        vk_buf cut = {0};
        vk_bytes value;
        vk_buf_put(&cut, good.data, len);
        assert_status(vk_attrs_set(&cut, 3, bytes("x")), VK_ERR_FORMAT);
        ck_assert_uint_eq(cut.len, len);
        ck_assert(!vk_attrs_get(&cut, 2, &value));
        vk_buf_clear(&cut);
    }
    vk_buf twice = {0};
    vk_buf_put(&twice, good.data, 15);
    vk_buf_put(&twice, good.data, 15);
    assert_status(vk_attrs_set(&twice, 3, bytes("x")), VK_ERR_FORMAT);
    vk_buf_clear(&twice);
    memset(good.data + 8, 0xff, 4);
    assert_status(vk_attrs_set(&good, 3, bytes("x")), VK_ERR_FORMAT);
    vk_buf_clear(&good);
}
END_TEST

START_TEST(refuses_long_values) {
    vk_buf attrs = {0};
    uint8_t *data = calloc(1, VK_ATTRS_VALUE_MAX + 1);
    ck_assert_ptr_nonnull(data);
    assert_status(vk_attrs_set(&attrs, 1, (vk_bytes){data, VK_ATTRS_VALUE_MAX + 1}), VK_ERR_SIZE);
    assert_ok(vk_attrs_set(&attrs, 1, (vk_bytes){data, VK_ATTRS_VALUE_MAX}));
    free(data);
    vk_buf_clear(&attrs);
}
END_TEST

int main(void) {
    const TTest *const tests[] = {keeps_ascending_order, replaces, walks, refuses_corrupt_lists,
                                  refuses_long_values};
    return RUN_TESTS("token attributes", tests);
}
