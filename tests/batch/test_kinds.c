/*
 * Every case of tests/vectors through the batch protocol, as a script would ask for it: the answer
 * has all members of the case's "out", with the same values.
 *
 * A case whose answer differs on purpose is listed in tests/vectors/README.md; it must then be
 * answered as listed, and with "compat":"sdk" as the package did.
 */
#include "support/batch.h"
#include "support/vectors.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Comparing ---- */

static bool same(const cJSON *want, const cJSON *got, char *where, size_t room);

static bool say(char *where, size_t room, const char *name) {
    char rest[300];
    snprintf(rest, sizeof rest, "%.299s", where);
    snprintf(where, room, "/%.100s%s", name, rest);
    return false;
}

static bool same_list(const cJSON *want, const cJSON *got, char *where, size_t room) {
    int n = cJSON_GetArraySize(want);
    if (cJSON_GetArraySize(got) != n) {
        return say(where, room, "(length)");
    }
    for (int i = 0; i < n; i++) {
        if (!same(cJSON_GetArrayItem(want, i), cJSON_GetArrayItem(got, i), where, room)) {
            char index[16];
            snprintf(index, sizeof index, "%d", i);
            return say(where, room, index);
        }
    }
    return true;
}

static bool same_members(const cJSON *want, const cJSON *got, char *where, size_t room) {
    const cJSON *member;
    cJSON_ArrayForEach(member, want) {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(got, member->string);
        if (!same(member, other, where, room)) {
            return say(where, room, member->string);
        }
    }
    return true;
}

/* Letter case of hex is folded: the package keeps EIP-55 case in places. */
static bool same_text(const char *want, const char *got) {
    bool hex = strncmp(want, "0x", 2) == 0 &&
               strspn(want + 2, "0123456789abcdefABCDEF") + 2 == strlen(want);
    return hex ? strcasecmp(want, got) == 0 : strcmp(want, got) == 0;
}

/* A text that holds JSON, bare or as base64: its members count, not their order or case. */
static cJSON *inner_json(const char *text) {
    vk_buf raw = {0};
    cJSON *value = NULL;
    if (text[0] == '{') {
        value = cJSON_Parse(text);
    } else if (strncmp(text, "eyJ", 3) == 0 && vk_base64_read(text, strlen(text), &raw) == VK_OK) {
        value = cJSON_ParseWithLength((const char *)raw.data, raw.len);
    }
    vk_buf_clear(&raw);
    return value;
}

static bool same_json_text(const char *want, const char *got, char *where, size_t room) {
    cJSON *a = inner_json(want), *b = inner_json(got);
    bool equal = a != NULL && b != NULL && same(a, b, where, room) && same(b, a, where, room);
    cJSON_Delete(a);
    cJSON_Delete(b);
    return equal;
}

static bool same(const cJSON *want, const cJSON *got, char *where, size_t room) {
    if (got == NULL || (want->type & 0xff) != (got->type & 0xff)) {
        return say(where, room, got == NULL ? "(missing)" : "(type)");
    }
    if (cJSON_IsObject(want)) {
        return same_members(want, got, where, room);
    }
    if (cJSON_IsArray(want)) {
        return same_list(want, got, where, room);
    }
    if (cJSON_IsString(want)) {
        return same_text(want->valuestring, got->valuestring) ||
               same_json_text(want->valuestring, got->valuestring, where, room);
    }
    return !cJSON_IsNumber(want) || want->valuedouble == got->valuedouble;
}

/* ---- Asking ---- */

/* Cases whose "in" does not tell something that their "out" is made of: it is put in. */
typedef struct addition {
    const char *id;
    const char *member;
    const char *value;
} addition;

static const addition additions[] = {
    {"c-manage-0.3.0-ecdsa-3", "moduleContext",
     "0xe04cd0dfea54fec71db9b5d186785817740b95bac3f2e7821e9bca3311e5c0c95db1b3fd"},
    {"c-manage-0.3.0-webauthn-0.0.4-8", "moduleContext",
     "0x5a5859ae6a1be6239683fd3166268de63ad9bad4e51f730d3ab2f68d3365b6e91c"},
    {"c-manage-0.3.1-webauthn-0.0.4-13", "moduleContext",
     "0x5ed5ea34d6fe352725047191244943fc642a8a9ccb515469dc2bc2f8e0b462d2009f"},
    {"c-manage-0.3.2-ecdsa-18", "moduleContext", "0xf5481c66c47aeda9273519"},
    {"c-manage-0.3.2-webauthn-0.0.4-23", "moduleContext",
     "0x7f256a67a1842622f11b8aa08846de4681064ae313c8494616d6"},
    {"c-manage-0.3.3-ecdsa-28", "moduleContext",
     "0x433031db3271f198005f20c3908fc5b5d6b154f70ae44b"},
};

/* The text of "in". vk_text_free it. */
static char *text_of_in(const cJSON *one) {
    cJSON *in = cJSON_Duplicate(vectors_get(one, "in"), true);
    for (size_t i = 0; i < sizeof additions / sizeof additions[0]; i++) {
        if (strcmp(additions[i].id, vectors_text(one, "id")) == 0) {
            cJSON_AddStringToObject(in, additions[i].member, additions[i].value);
        }
    }
    char *text = vk_json_print(in);
    cJSON_Delete(in);
    return text;
}

static cJSON *ask(const char *kind, const cJSON *one, bool sdk) {
    char *in = text_of_in(one);
    vk_buf line = {0};
    vk_buf_printf(&line, "{\"id\":\"%s\",\"kind\":\"%s\"%s,\"in\":", vectors_text(one, "id"), kind,
                  sdk ? ",\"compat\":\"sdk\"" : "");
    vk_buf_put_text(&line, in);
    vk_buf_put_byte(&line, '}');
    cJSON *parsed = batch_ask_line(vk_buf_view(&line));
    ck_assert_str_eq(vectors_text(parsed, "id"), vectors_text(one, "id"));
    vk_text_free(in);
    vk_buf_clear(&line);
    return parsed;
}

/* How a case is answered without "compat", if not as the package did. */
typedef struct difference {
    const char *id;
    const char *code; /* of the error; NULL: other bytes */
} difference;

static const difference differences[] = {
    {"c-userop-0.8-7702-112", "FORMAT"},
    {"c-userop-0.8-7702-118", "FORMAT"},
    {"c-userop-0.8-7702-124", "FORMAT"},
    {"c-userop-0.9-7702-130", "FORMAT"},
    {"c-userop-0.9-7702-136", "FORMAT"},
    {"a-factorydata-0.0.2-5", NULL},
    {"b-factorydata-0.0.2-5", NULL},
    {"c-factorydata-0.0.2-23", NULL},
    {"c-thirdweb-request-16", "POLICY"},
    {"c-enablev2-0.2.2-enable-3", NULL},
    {NULL, NULL},
};

static const difference *difference_of(const char *id) {
    for (const difference *d = differences; d->id != NULL; d++) {
        if (strcmp(d->id, id) == 0) {
            return d;
        }
    }
    return NULL;
}

static bool as_expected(const cJSON *one, const cJSON *answer) {
    char where[512] = "";
    const char *id = vectors_text(one, "id");
    const cJSON *out = cJSON_GetObjectItemCaseSensitive(answer, "out");
    if (out == NULL || !same(vectors_get(one, "out"), out, where, sizeof where)) {
        char *text = cJSON_PrintUnformatted(out == NULL ? answer : NULL);
        printf("  %s: differs at %s %s\n", id, where, text == NULL ? "" : text);
        cJSON_free(text);
        return false;
    }
    return true;
}

static bool as_listed(const difference *d, const cJSON *one, const cJSON *answer) {
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(answer, "error");
    if (d->code != NULL) {
        return error != NULL && strcmp(vectors_text(error, "code"), d->code) == 0;
    }
    char where[512] = "";
    return error == NULL &&
           !same(vectors_get(one, "out"), vectors_get(answer, "out"), where, sizeof where);
}

typedef struct counts {
    int same, differing, wrong;
} counts;

static void check_case(const char *kind, const cJSON *one, counts *n) {
    const difference *d = difference_of(vectors_text(one, "id"));
    cJSON *plain = ask(kind, one, false), *sdk = ask(kind, one, true);
    bool good = as_expected(one, sdk);
    good = (d == NULL ? as_expected(one, plain) : as_listed(d, one, plain)) && good;
    n->same += good && d == NULL;
    n->differing += good && d != NULL;
    n->wrong += !good;
    cJSON_Delete(plain);
    cJSON_Delete(sdk);
}

/* ---- The kinds, and how many cases each has: none is skipped ---- */

typedef struct expectation {
    const char *kind;
    int same, differing;
} expectation;

/* clang-format off */
static const expectation kinds[] = {
    {"account_address", 97, 0},
    {"factory_data", 15, 3},
    {"execute_calldata", 64, 0},
    {"nonce_key", 97, 0},
    {"permission", 31, 0},
    {"validators", 21, 0},
    {"multichain", 12, 0},
    {"userop_hash", 60, 5},
    {"policy_data", 98, 0},
    {"webauthn_signature", 47, 0},
    {"enable", 26, 0},
    {"manage", 8, 0},
    {"thirdweb", 50, 1},
    {"message_signature", 66, 0},
    {"enable_v2", 9, 1},
    {"serialized_account", 24, 0},
};
/* clang-format on */

START_TEST(test_kind) {
    const expectation *expected = &kinds[_i];
    char path[64];
    snprintf(path, sizeof path, "%s.json", expected->kind);
    cJSON *file = vectors_load(path);
    counts n = {0};
    const cJSON *one;
    cJSON_ArrayForEach(one, vectors_get(file, "cases")) {
        check_case(expected->kind, one, &n);
    }
    cJSON_Delete(file);
    printf("%-20s %3d as the package, %2d differing on purpose, %d wrong\n", expected->kind, n.same,
           n.differing, n.wrong);
    fflush(stdout);
    ck_assert_int_eq(n.wrong, 0);
    ck_assert_int_eq(n.same, expected->same);
    ck_assert_int_eq(n.differing, expected->differing);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("batch kinds");
    TCase *tests = tcase_create("kinds");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, test_kind, 0, sizeof kinds / sizeof kinds[0]);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
