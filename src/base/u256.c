#include <valetkey/bytes.h>

#include <stdio.h>
#include <string.h>

/* Little-endian limbs, the form in which arithmetic is done. */
typedef struct limbs {
    uint64_t l[4];
} limbs;

static uint64_t load64(const uint8_t *p) {
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

static void store64(uint8_t *p, uint64_t v) {
    for (int i = 7; i >= 0; i--) {
        p[i] = (uint8_t)v;
        v >>= 8;
    }
}

static limbs load(const vk_u256 *v) {
    return (limbs){{load64(v->be + 24), load64(v->be + 16), load64(v->be + 8), load64(v->be)}};
}

static vk_u256 store(const limbs *x) {
    vk_u256 v;
    for (int i = 0; i < 4; i++) {
        store64(v.be + 8 * i, x->l[3 - i]);
    }
    return v;
}

vk_u256 vk_u256_from_u64(uint64_t value) {
    vk_u256 v = {{0}};
    store64(v.be + 24, value);
    return v;
}

vk_u256 vk_u256_from_be(const uint8_t *data, size_t len) {
    vk_u256 v = {{0}};
    if (len > 0 && len <= sizeof v.be) {
        memcpy(v.be + sizeof v.be - len, data, len);
    }
    return v;
}

bool vk_u256_fits(const vk_u256 *value, unsigned bits) {
    for (unsigned i = 0; i < 32; i++) {
        unsigned low_bit = 8 * (31 - i);
        unsigned shift = bits <= low_bit ? 0 : bits - low_bit;
        if (shift < 8 && value->be[i] >> shift != 0) {
            return false;
        }
    }
    return true;
}

bool vk_u256_is_zero(const vk_u256 *value) {
    return vk_u256_fits(value, 0);
}

uint64_t vk_u256_low64(const vk_u256 *value) {
    return load64(value->be + 24);
}

int vk_u256_cmp(const vk_u256 *a, const vk_u256 *b) {
    return memcmp(a->be, b->be, sizeof a->be);
}

bool vk_u256_add(const vk_u256 *a, const vk_u256 *b, vk_u256 *out) {
    limbs x = load(a), y = load(b);
    unsigned __int128 carry = 0;
    for (int i = 0; i < 4; i++) {
        carry += (unsigned __int128)x.l[i] + y.l[i];
        x.l[i] = (uint64_t)carry;
        carry >>= 64;
    }
    *out = store(&x);
    return carry == 0;
}

bool vk_u256_sub(const vk_u256 *a, const vk_u256 *b, vk_u256 *out) {
    bool enough = vk_u256_cmp(a, b) >= 0;
    limbs x = load(a), y = load(b);
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) {
        unsigned __int128 take = (unsigned __int128)y.l[i] + borrow;
        borrow = take > x.l[i];
        x.l[i] -= (uint64_t)take;
    }
    *out = store(&x);
    return enough;
}

bool vk_u256_mul(const vk_u256 *a, const vk_u256 *b, vk_u256 *out) {
    limbs x = load(a), y = load(b), low = {{0}};
    uint64_t high = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (int j = 0; i + j < 4; j++) {
            unsigned __int128 t = (unsigned __int128)x.l[i] * y.l[j] + low.l[i + j] + carry;
            low.l[i + j] = (uint64_t)t;
            carry = (uint64_t)(t >> 64);
        }
        high |= carry;
        for (int j = 4 - i; j < 4; j++) {
            high |= x.l[i] != 0 && y.l[j] != 0;
        }
    }
    *out = store(&low);
    return high == 0;
}

vk_status vk_u256_read_hex(const char *text, size_t text_len, vk_u256 *out) {
    if (text_len < 3 || text[0] != '0' || text[1] != 'x') {
        return VK_ERR_FORMAT;
    }
    size_t count = text_len - 2;
    if (count > 64) {
        return VK_ERR_RANGE;
    }
    char padded[66] = "0x";
    memset(padded + 2, '0', 64 - count);
    memcpy(padded + 2 + 64 - count, text + 2, count);
    vk_u256 value;
    vk_status status = vk_hex_read_fixed(padded, sizeof padded, value.be, sizeof value.be);
    if (status == VK_OK) {
        *out = value;
    }
    return status;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* value * 10 + digit; false on overflow. */
static bool append_digit(vk_u256 *value, char digit) {
    vk_u256 ten = vk_u256_from_u64(10), last = vk_u256_from_u64((uint64_t)(digit - '0'));
    return vk_u256_mul(value, &ten, value) && vk_u256_add(value, &last, value);
}

vk_status vk_u256_read_decimal(const char *text, size_t text_len, vk_u256 *out) {
    if (text_len == 0 || (text[0] == '0' && text_len > 1)) {
        return VK_ERR_FORMAT;
    }
    vk_u256 value = {{0}};
    bool fits = true;
    for (size_t i = 0; i < text_len; i++) {
        if (!is_digit(text[i])) {
            return VK_ERR_FORMAT;
        }
        fits = fits && append_digit(&value, text[i]);
    }
    if (!fits) {
        return VK_ERR_RANGE;
    }
    *out = value;
    return VK_OK;
}

vk_status vk_u256_read_scaled(const char *text, size_t text_len, unsigned decimals, vk_u256 *out) {
    const char *dot = text_len == 0 ? NULL : memchr(text, '.', text_len);
    const char *fraction = dot == NULL ? text + text_len : dot + 1;
    size_t digits = (size_t)(text + text_len - fraction);
    vk_u256 value;
    vk_status status = vk_u256_read_decimal(text, text_len - digits - (dot != NULL), &value);
    if (status == VK_ERR_FORMAT || (dot != NULL && digits == 0)) {
        return VK_ERR_FORMAT;
    }
    bool fits = status == VK_OK;
    for (size_t i = 0; i < digits || i < decimals; i++) {
        char digit = i < digits ? fraction[i] : '0';
        if (!is_digit(digit)) {
            return VK_ERR_FORMAT;
        }
        fits = fits && (i < decimals ? append_digit(&value, digit) : digit == '0');
    }
    if (!fits) {
        return VK_ERR_RANGE;
    }
    *out = value;
    return VK_OK;
}

#define BILLION 1000000000u
#define BILLION_DIGITS 9

/* Divides by a billion in place, most significant word first, and returns the remainder. */
static uint32_t divide_billion(uint32_t words[8]) {
    uint64_t remainder = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t part = remainder << 32 | words[i];
        words[i] = (uint32_t)(part / BILLION);
        remainder = part % BILLION;
    }
    return (uint32_t)remainder;
}

static void to_words(const vk_u256 *value, uint32_t words[8]) {
    for (int i = 0; i < 8; i++) {
        const uint8_t *b = value->be + 4 * i;
        words[i] = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    }
}

void vk_u256_decimal(const vk_u256 *value, char text79[79]) {
    uint32_t words[8];
    char digits[9 * BILLION_DIGITS];
    size_t first = sizeof digits;
    to_words(value, words);
    while (first > 0) {
        uint32_t part = divide_billion(words);
        for (int i = 0; i < BILLION_DIGITS; i++) {
            digits[--first] = (char)('0' + part % 10);
            part /= 10;
        }
    }
    while (first < sizeof digits - 1 && digits[first] == '0') {
        first++;
    }
    memcpy(text79, digits + first, sizeof digits - first);
    text79[sizeof digits - first] = '\0';
}

void vk_u256_scaled(const vk_u256 *value, unsigned decimals, char text82[82]) {
    char plain[79];
    vk_u256_decimal(value, plain);
    size_t count = strlen(plain);
    if (decimals > 77) {
        decimals = 77;
    }
    char padded[160] = "";
    size_t zeros = count <= decimals ? decimals + 1 - count : 0;
    memset(padded, '0', zeros);
    memcpy(padded + zeros, plain, count + 1);
    size_t whole = strlen(padded) - decimals;
    snprintf(text82, 82, "%.*s.%s", (int)whole, padded, padded + whole);
    size_t end = strlen(text82);
    while (text82[end - 1] == '0') {
        end--;
    }
    text82[text82[end - 1] == '.' ? end - 1 : end] = '\0';
}

void vk_u256_hex(const vk_u256 *value, char text67[67]) {
    static const char digits[] = "0123456789abcdef";
    size_t at = 2;
    memcpy(text67, "0x", 2);
    for (int i = 0; i < 64; i++) {
        uint8_t nibble = i % 2 == 0 ? value->be[i / 2] >> 4 : value->be[i / 2] & 15;
        if (nibble != 0 || at > 2 || i == 63) {
            text67[at++] = digits[nibble];
        }
    }
    text67[at] = '\0';
}
