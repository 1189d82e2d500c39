/*
 * Does a PKCS#11 module answer as the standard says?
 *
 * Usage: conformance [--list] [--strict] [--groups] [--limit SECONDS] [--only TEXT] [MODULE]
 *
 * MODULE is the module that was just built, unless another one is named. Tokens are made in a new
 * temporary directory, which VALETKEY_HOME and SOFTHSM2_CONF then point to; a module that keeps
 * them elsewhere has to have an uninitialized token somewhere.
 */
#include "conformance.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

extern const chapter chapter_general, chapter_uninitialized, chapter_handles, chapter_slots,
    chapter_pins, chapter_sessions, chapter_logins, chapter_objects, chapter_attributes,
    chapter_search, chapter_keys, chapter_import, chapter_digest, chapter_sign, chapter_verify,
    chapter_messages, chapter_ecdsa, chapter_derive, chapter_lengths, chapter_pointers,
    chapter_unsupported;

const chapter *const chapters[] = {&chapter_general,     &chapter_uninitialized,
                                   &chapter_handles,     &chapter_slots,
                                   &chapter_pins,        &chapter_sessions,
                                   &chapter_logins,      &chapter_objects,
                                   &chapter_attributes,  &chapter_search,
                                   &chapter_keys,        &chapter_import,
                                   &chapter_digest,      &chapter_sign,
                                   &chapter_verify,      &chapter_messages,
                                   &chapter_ecdsa,       &chapter_derive,
                                   &chapter_lengths,     &chapter_pointers,
                                   &chapter_unsupported, NULL};

/* ---- A place for tokens ---- */

static char home[] = "/tmp/vk-conformance-XXXXXX";

static bool set_path(const char *variable, const char *name) {
    char path[sizeof home + 32];
    snprintf(path, sizeof path, "%s/%s", home, name);
    return setenv(variable, path, 1) == 0;
}

static bool write_softhsm_conf(void) {
    char path[sizeof home + 32];
    snprintf(path, sizeof path, "%s/softhsm2.conf", home);
    FILE *conf = fopen(path, "w");
    if (conf == NULL) {
        return false;
    }
    fprintf(conf, "directories.tokendir = %s/softhsm\nlog.level = ERROR\n", home);
    snprintf(path, sizeof path, "%s/softhsm", home);
    return fclose(conf) == 0 && mkdir(path, 0700) == 0;
}

static bool make_home(void) {
    return mkdtemp(home) != NULL && write_softhsm_conf() && set_path("VALETKEY_HOME", "tokens") &&
           set_path("VALETKEY_ANCHOR_DIR", "anchors") &&
           set_path("SOFTHSM2_CONF", "softhsm2.conf") && setenv("VALETKEY_DEBUG", "", 1) == 0 &&
           unsetenv("VALETKEY_DEBUG") == 0 && unsetenv("VALETKEY_HIDE") == 0;
}

static void remove_home(void) {
    char command[sizeof home + 16];
    snprintf(command, sizeof command, "rm -rf %s", home);
    if (system(command) != 0) {
        fprintf(stderr, "conformance: %s stays\n", home);
    }
}

/* ---- The program ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

/* make check-valgrind and check-threads set it: everything is many times slower there. A process
 * that ends is dear with the sanitizers, too. */
static void slow_down(options *o) {
    o->in_groups = IS_SANITIZED;
    const char *text = getenv("CK_TIMEOUT_MULTIPLIER");
    unsigned times = text == NULL ? 1 : (unsigned)strtoul(text, NULL, 10);
    if (times > 1) {
        o->in_groups = true;
        o->limit *= times;
    }
}

static int run(const options *o, const char *path) {
    totals t = {0};
    const char *wrong = module_load(path);
    if (wrong != NULL) {
        fprintf(stderr, "conformance: %s: %s\n", path, wrong);
        return 2;
    }
    if (!make_home() || !run_apart(fixture_prepare)) {
        fprintf(stderr, "conformance: no token can be made\n");
        return 2;
    }
    run_chapters(o, &t);
    remove_home();
    if (t.skipped > 0) {
        printf("%u skipped\n", t.skipped);
    }
    printf("%u conditions, %u violations\n", t.conditions, t.violations);
    return t.violations == 0 && t.conditions > 0 ? 0 : 1;
}

static const char *built_module(void) {
    static char path[4096];
    const char *build = getenv("VK_TEST_BUILDDIR");
    snprintf(path, sizeof path, "%s/.libs/valetkey-pkcs11.so", build != NULL ? build : ".");
    return path;
}

int main(int argc, char **argv) {
    static const struct option names[] = {
        {"list", no_argument, NULL, 'l'},       {"groups", no_argument, NULL, 'g'},
        {"strict", no_argument, NULL, 's'},     {"limit", required_argument, NULL, 't'},
        {"only", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
    options o = {.limit = 20};
    slow_down(&o);
    for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (name) {
        case 'l':
            list_chapters();
            return 0;
        case 'g':
            o.in_groups = true;
            break;
        case 's':
            o.strict = true;
            break;
        case 't':
            o.limit = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'o':
            o.only = optarg;
            break;
        default:
            return 2;
        }
    }
    o.is_ours = optind == argc;
    return run(&o, optind < argc ? argv[optind] : built_module());
}
