/* The authenticator as a program of its own: see README.md. */
#include "control.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "Usage: authenticator --socket PATH [--pin PIN] [--touch now|never|denied|MS]\n"
    "           [--misbehave NAME[,NAME]] [--no FEATURE[,FEATURE]] [--with FEATURE[,FEATURE]]\n"
    "           [--uv succeeds|fails] [--min-pin-length N] [--min-pin-rp RP] [--credentials N]\n"
    "           [--touch-timeout MS] [--reset-window MS] [--control PATH]\n"
    "       authenticator --tell CONTROL-PATH LINE\n";

enum option_id {
    OPT_SOCKET = 1,
    OPT_PIN,
    OPT_TOUCH,
    OPT_MISBEHAVE,
    OPT_NO,
    OPT_WITH,
    OPT_UV,
    OPT_MIN_PIN_LENGTH,
    OPT_MIN_PIN_RP,
    OPT_CREDENTIALS,
    OPT_TOUCH_TIMEOUT,
    OPT_RESET_WINDOW,
    OPT_CONTROL,
    OPT_TELL,
};

static const struct option long_options[] = {
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"pin", required_argument, NULL, OPT_PIN},
    {"touch", required_argument, NULL, OPT_TOUCH},
    {"misbehave", required_argument, NULL, OPT_MISBEHAVE},
    {"no", required_argument, NULL, OPT_NO},
    {"with", required_argument, NULL, OPT_WITH},
    {"uv", required_argument, NULL, OPT_UV},
    {"min-pin-length", required_argument, NULL, OPT_MIN_PIN_LENGTH},
    {"min-pin-rp", required_argument, NULL, OPT_MIN_PIN_RP},
    {"credentials", required_argument, NULL, OPT_CREDENTIALS},
    {"touch-timeout", required_argument, NULL, OPT_TOUCH_TIMEOUT},
    {"reset-window", required_argument, NULL, OPT_RESET_WINDOW},
    {"control", required_argument, NULL, OPT_CONTROL},
    {"tell", required_argument, NULL, OPT_TELL},
    {NULL, 0, NULL, 0},
};

typedef struct arguments {
    authn_options options;
    const char *socket, *touch, *control, *tell;
    uint32_t mistakes;
} arguments;

static unsigned read_number(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value > 100000000) {
        fprintf(stderr, "authenticator: %s is no number\n", text);
        exit(2);
    }
    return (unsigned)value;
}

static uint32_t read_names(const char *text, uint32_t (*named)(const char *, size_t)) {
    uint32_t bits;
    if (!control_read_names(text, named, &bits)) {
        fprintf(stderr, "authenticator: unknown name in %s\n", text);
        exit(2);
    }
    return bits;
}

static authn_uv read_uv(const char *text) {
    if (strcmp(text, "succeeds") != 0 && strcmp(text, "fails") != 0) {
        fputs(usage, stderr);
        exit(2);
    }
    return text[0] == 's' ? AUTHN_UV_SUCCEEDS : AUTHN_UV_FAILS;
}

static void take_option(arguments *args, int option) {
    authn_options *options = &args->options;
    switch (option) {
    case OPT_SOCKET:
        args->socket = optarg;
        return;
    case OPT_PIN:
        options->pin = optarg;
        return;
    case OPT_TOUCH:
        args->touch = optarg;
        return;
    case OPT_MISBEHAVE:
        args->mistakes = read_names(optarg, authn_mistake_named);
        return;
    case OPT_NO:
        options->without |= read_names(optarg, authn_feature_named);
        return;
    case OPT_WITH:
        options->with |= read_names(optarg, authn_feature_named);
        return;
    case OPT_UV:
        options->uv = read_uv(optarg);
        return;
    case OPT_MIN_PIN_LENGTH:
        options->min_pin_length = read_number(optarg);
        return;
    case OPT_MIN_PIN_RP:
        options->min_pin_rp = optarg;
        return;
    case OPT_CREDENTIALS:
        options->max_credentials = read_number(optarg);
        return;
    case OPT_TOUCH_TIMEOUT:
        options->touch_timeout_ms = read_number(optarg);
        return;
    case OPT_RESET_WINDOW:
        options->reset_window_ms = read_number(optarg);
        return;
    case OPT_CONTROL:
        args->control = optarg;
        return;
    case OPT_TELL:
        args->tell = optarg;
        return;
    default:
        fputs(usage, stderr);
        exit(2);
    }
}

static void read_arguments(int argc, char **argv, arguments *args) {
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        take_option(args, option);
    }
    int rest = args->tell != NULL ? 1 : 0;
    if (argc - optind != rest || (args->socket == NULL) == (args->tell == NULL)) {
        fputs(usage, stderr);
        exit(2);
    }
}

/* Until SIGTERM or SIGINT, which no thread may see but this one. */
static bool serve(authn *a, const arguments *args, const sigset_t *signals) {
    control *c = NULL;
    int caught;
    if (!authn_serve(a, args->socket)) {
        perror(args->socket);
        return false;
    }
    if (args->control != NULL && (c = control_start(a, args->control)) == NULL) {
        perror(args->control);
        return false;
    }
    puts("ready");
    fflush(stdout);
    sigwait(signals, &caught);
    if (c != NULL) {
        control_stop(c);
    }
    return true;
}

int main(int argc, char **argv) {
    arguments args = {0};
    sigset_t signals;
    read_arguments(argc, argv, &args);
    if (args.tell != NULL) {
        return control_tell(args.tell, argv[optind]) ? 0 : 1;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL); /* before there are threads */
    signal(SIGPIPE, SIG_IGN);                   /* clients of the control socket that went away */
    authn *a = authn_new(&args.options);
    authn_misbehave(a, args.mistakes);
    int status = 0;
    if (args.touch != NULL && !control_set_touch(a, args.touch)) {
        fputs(usage, stderr);
        status = 2;
    } else if (!serve(a, &args, &signals)) {
        status = 1;
    }
    authn_free(a);
    return status;
}
