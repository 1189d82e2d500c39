/* Reading times and amounts. */
#include "cli/input.h"

#include "base/wei.h"
#include <string.h>
#include <time.h>

#define DIGITS "0123456789"

/* Exactly count digits, a number up to max; *text moves behind them. */
static bool take_digits(const char **text, size_t count, int max, int *out) {
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        char c = *(*text)++;
        if (c < '0' || c > '9') {
            return false;
        }
        *out = *out * 10 + (c - '0');
    }
    return *out <= max;
}

static bool take_char(const char **text, const char *one_of) {
    return **text != '\0' && strchr(one_of, *(*text)++) != NULL;
}

/* "Z", "+02:00"; what is to be subtracted, in seconds. */
static bool take_zone(const char **text, int *offset) {
    int hours, minutes;
    *offset = 0;
    if (strchr("Zz", **text) != NULL) {
        return take_char(text, "Zz");
    }
    int sign = **text == '-' ? -1 : 1;
    bool good = take_char(text, "+-") && take_digits(text, 2, 23, &hours) && take_char(text, ":") &&
                take_digits(text, 2, 59, &minutes);
    *offset = good ? sign * (hours * 3600 + minutes * 60) : 0;
    return good;
}

static bool take_fraction(const char **text) {
    if (**text != '.') {
        return true;
    }
    size_t digits = strspn(++*text, DIGITS);
    *text += digits;
    return digits > 0;
}

static bool take_date(const char **text, struct tm *tm) {
    return take_digits(text, 4, 9999, &tm->tm_year) && take_char(text, "-") &&
           take_digits(text, 2, 12, &tm->tm_mon) && take_char(text, "-") &&
           take_digits(text, 2, 31, &tm->tm_mday);
}

static bool take_time(const char **text, struct tm *tm) {
    return take_digits(text, 2, 23, &tm->tm_hour) && take_char(text, ":") &&
           take_digits(text, 2, 59, &tm->tm_min) && take_char(text, ":") &&
           take_digits(text, 2, 60, &tm->tm_sec) && take_fraction(text);
}

/* For timegm, a day that the month has not is one of the next. */
static bool is_day(const struct tm *tm) {
    struct tm day = {.tm_year = tm->tm_year, .tm_mon = tm->tm_mon, .tm_mday = tm->tm_mday};
    return timegm(&day) != -1 && day.tm_mon == tm->tm_mon && day.tm_mday == tm->tm_mday;
}

static bool read_date(const char *text, uint64_t *out) {
    struct tm tm = {0};
    int offset;
    if (!take_date(&text, &tm) || !take_char(&text, "Tt ") || !take_time(&text, &tm) ||
        !take_zone(&text, &offset) || *text != '\0') {
        return false;
    }
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    bool good = is_day(&tm);
    time_t seconds = timegm(&tm) - offset;
    *out = (uint64_t)seconds;
    return good && seconds >= 0;
}

vk_exit vk_read_time(vk_cli *cli, vk_option option, uint64_t absent, uint64_t *out) {
    const char *text = vk_opt(cli, option);
    *out = absent;
    if (text == NULL) {
        return VK_EXIT_OK;
    }
    if (text[0] != '\0' && strspn(text, DIGITS) == strlen(text)) {
        return vk_read_u64(cli, option, (UINT64_C(1) << 48) - 1, out);
    }
    return read_date(text, out)
               ? VK_EXIT_OK
               : vk_bad_value(cli, option, "seconds since 1970, or like 2026-01-31T12:00:00Z");
}

vk_exit vk_read_wei(vk_cli *cli, vk_option option, vk_u256 *out) {
    const char *text = vk_opt(cli, option);
    return vk_wei_read(text, strlen(text), out)
               ? VK_EXIT_OK
               : vk_bad_value(cli, option, "an amount like 4000000000000000, 0.004ether or 25gwei");
}

vk_exit vk_read_duration(vk_cli *cli, vk_option option, uint64_t *out) {
    static const struct {
        const char *name;
        uint64_t seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
    const char *text = vk_opt(cli, option);
    size_t len = strspn(text, DIGITS);
    vk_u256 count;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text + len, units[i].name) == 0 &&
            vk_u256_read_decimal(text, len, &count) == VK_OK && vk_u256_fits(&count, 40)) {
            *out = vk_u256_low64(&count) * units[i].seconds;
            return VK_EXIT_OK;
        }
    }
    return vk_bad_value(cli, option, "seconds, or a number with s, m, h, d or w: 24h, 7d");
}
