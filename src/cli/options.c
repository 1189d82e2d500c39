#include "cli/options.h"

#include "cli/cli.h"
#include <string.h>

typedef struct vk_option_info {
    const char *name;
    const char *value; /* what stands for the value in help; NULL: a flag */
    const char *help;
} vk_option_info;

static const vk_option_info infos[VK_OPT_COUNT] = {
    [VK_OPT_HELP] = {"help", NULL, "show help and exit"},
    [VK_OPT_VERSION] = {"version", NULL, "show the version and exit"},
    [VK_OPT_JSON] = {"json", NULL, "print one JSON value instead of text"},
    [VK_OPT_TOKEN] = {"token", "LABEL", "token to use, by label or serial number"},
    [VK_OPT_MODULE] = {"module", "PATH", "PKCS#11 module to use"},
    [VK_OPT_PIN_FILE] = {"pin-file", "FILE", "read the user PIN from the first line of FILE"},
    [VK_OPT_PIN_FD] = {"pin-fd", "N", "read the user PIN, a line, from file descriptor N"},
    [VK_OPT_SO_PIN_FILE] = {"so-pin-file", "FILE", "read the SO PIN from the first line of FILE"},
    [VK_OPT_SO_PIN_FD] = {"so-pin-fd", "N", "read the SO PIN, a line, from file descriptor N"},
    [VK_OPT_LABEL] = {"label", "TEXT", "label of the key (or of the new token)"},
    [VK_OPT_ID] = {"id", "HEX", "CKA_ID of the key; of an enrollment: its number, decimal"},
    [VK_OPT_DEFAULT_POLICY] = {"default-policy", "none|sudo",
                               "policy of keys that are made without one"},
    [VK_OPT_TYPE] = {"type", "secp256k1|p256", "curve of the key; default secp256k1"},
    [VK_OPT_POLICY] = {"policy", "FILE|-", "policy, the SDK's policyParams as JSON"},
    [VK_OPT_RP_ID] = {"rp-id", "TEXT", "relying party id of a P-256 key"},
    [VK_OPT_ORIGIN] = {"origin", "TEXT", "origin in the assertions of a P-256 key"},
    [VK_OPT_SIGN_COUNT] = {"sign-count", NULL, "count the assertions of a P-256 key"},
    [VK_OPT_DISCOVERABLE] = {"discoverable", NULL, "store the credential on the security key"},
    [VK_OPT_USER_HANDLE] = {"user-handle", "HEX", "user handle of a security key's credential"},
    [VK_OPT_CRED_PROTECT] = {"cred-protect", "1|2|3",
                             "credProtect level of a security key's credential; default 3"},
    [VK_OPT_HOW_MANY] = {"count", "N", "make N keys, labelled TEXT-1 to TEXT-N"},
    [VK_OPT_START] = {"start", "N", "number of the first of them; default 1"},
    [VK_OPT_KEY_FILE] = {"key-file", "FILE|-", "private key: hex, 32 bytes, PEM or DER"},
    [VK_OPT_SERIALIZED] = {"serialized", "FILE|-",
                           "serialized account, the SDK's text; of a session one a line"},
    [VK_OPT_AUTHENTICATOR_ID] = {"authenticator-id", "TEXT", "credential id, base64url"},
    [VK_OPT_AUTHENTICATOR_ID_HASH] = {"authenticator-id-hash", "HEX",
                                      "Keccak-256 of the credential id"},
    [VK_OPT_CHAIN_ID] = {"chain-id", "N[,N...]",
                         "chain of the account; several where a session is made or imported"},
    [VK_OPT_KERNEL_VERSION] = {"kernel-version", "V",
                               "Kernel version: v1, 0.0.2, 0.2.2 to 0.2.4, 0.3.0 to 0.3.3"},
    [VK_OPT_ACCOUNT] = {"account", "ADDRESS|NAME",
                        "the smart account; in account and session commands also by its name"},
    [VK_OPT_ACCOUNT_TOKEN] = {"account-token", "LABEL|URI",
                              "the token that keeps the account; default: that of --token"},
    [VK_OPT_OWNER] = {"owner", "ADDRESS|POINT",
                      "owner of the account: an address, or a passkey's x and y (64 bytes, hex); "
                      "an admin of a thirdweb account"},
    [VK_OPT_INDEX] = {"index", "N", "index of the owner's account without --account; default 0"},
    [VK_OPT_EIP7702] = {"eip7702", NULL,
                        "the account is the owner's address, whose code is Kernel (EIP-7702)"},
    [VK_OPT_ENABLE_NONCE] = {"enable-nonce", "N[,N...]",
                             "the account's currentNonce(), of several chains one each; default: "
                             "what a session's chain says, else 1"},
    [VK_OPT_SIGNATURE] = {"signature", "HEX[,HEX...]",
                          "the owner's (admin's) signature of the typed data; of a session on "
                          "several chains one each, or one of the merkle root"},
    [VK_OPT_OWNER_KEY] = {"owner-key", "URI", "let this PKCS#11 key sign as the owner"},
    [VK_OPT_OWNER_PIN_FILE] = {"owner-pin-file", "FILE", "PIN of the owner key's token"},
    [VK_OPT_PRE_INSTALLED] = {"pre-installed", NULL, "the account has this permission already"},
    [VK_OPT_OUTPUT] = {"output", "FILE|-",
                       "write the result there: a serialized account, records, a request, ..."},
    [VK_OPT_INPUT] = {"input", "FILE|-", "the UserOperation; default - (standard input)"},
    [VK_OPT_SESSION] = {"session", NULL, "give the session key's part of the signature only"},
    [VK_OPT_SESSION_PART] = {"session-part", "FILE|HEX",
                             "the session key's part, or its bare signature (64 bytes)"},
    [VK_OPT_ASSERTION] = {"assertion", "FILE|-",
                          "a passkey's assertion, JSON: the valetkey-assertion object, or what a "
                          "browser answered"},
    [VK_OPT_OPERATION] = {"operation", NULL, "print the whole operation with its signature"},
    [VK_OPT_INSTALLED_AT] = {"installed-at", "TIME",
                             "when the account got a permission that it has already"},
    [VK_OPT_MESSAGE] = {"message", "TEXT", "a text to sign as a message (EIP-191)"},
    [VK_OPT_MESSAGE_FILE] = {"message-file", "FILE|-", "the same, the bytes of a file as they are"},
    [VK_OPT_TYPED_DATA] = {"typed-data", "FILE|-", "EIP-712 typed data to sign, JSON"},
    [VK_OPT_REPLAYABLE] = {"replayable", NULL, "make the message's signature good on every chain"},
    [VK_OPT_UNDEPLOYED] = {"undeployed", NULL,
                           "wrap the message's signature for an account without code (ERC-6492)"},
    [VK_OPT_RELAX] = {"relax", "RULES", "turn these hardening rules off, separated by commas"},
    [VK_OPT_HARDEN] = {"harden", "RULES", "turn these hardening rules on again"},
    [VK_OPT_LINT] = {"lint", "off|warn|error", "what to do about what is probably not meant"},
    [VK_OPT_LINT_ALLOW] = {"lint-allow", "CODE,...", "what lint need not say"},
    [VK_OPT_JOURNAL] = {"journal", "on|off|all",
                        "write a record of each decision; all: of sudo keys too"},
    [VK_OPT_JOURNAL_MAX] = {"journal-max", "N", "drop the oldest records beyond N"},
    [VK_OPT_LAST] = {"last", "N", "only the last N records; default 50"},
    [VK_OPT_DENIED] = {"denied", NULL, "only what was refused"},
    [VK_OPT_KEEP] = {"keep", "N", "keep the newest N records"},
    [VK_OPT_ENTRY_POINT] = {"entry-point", "VERSION|ADDRESS",
                            "EntryPoint of the account; default: the Kernel version's"},
    [VK_OPT_AS_OWNER] = {"as-owner", NULL, "the key is the account's owner itself"},
    [VK_OPT_SELECTOR] = {"selector", "execute|batch|delegatecall",
                         "Kernel 0.2.x: what the key's calls are made with; default execute"},
    [VK_OPT_VALID_AFTER] = {"valid-after", "TIME", "Kernel 0.2.x: the approval holds from then"},
    [VK_OPT_VALID_UNTIL] = {"valid-until", "TIME", "Kernel 0.2.x: the approval holds until then"},
    [VK_OPT_REQUEST] = {"request", "FILE|-", "thirdweb: the request that the admin signed"},
    [VK_OPT_NONCE] = {"nonce", "N", "of the operations: decimal or 0x..."},
    [VK_OPT_NODE_FILE] = {"node-file", "FILE",
                          "the nodes to ask, JSON: {\"8453\":{\"url\":\"...\"}}"},
    [VK_OPT_SIGNER] = {"signer", "ADDRESS", "thirdweb: whom the request is about"},
    [VK_OPT_NAME] =
        {"name", "TEXT",
         "name of the account, spend rule, security key, a passkey's user, the relying party"},
    [VK_OPT_NATIVE] = {"native", NULL, "count the chain's own coin"},
    [VK_OPT_ERC20] = {"erc20", "ADDRESS", "count this token"},
    [VK_OPT_LIMIT] = {"limit", "AMOUNT",
                      "at most so much in a period: 100USDC, 0.5ether, or smallest units"},
    [VK_OPT_PERIOD] = {"period", "TIME", "so long: 3600 (seconds), 90m, 24h, 7d, 4w"},
    [VK_OPT_REGISTRATION] = {"registration", "FILE|-",
                             "what the browser answered when it made the passkey, JSON"},
    [VK_OPT_ATTESTATION] = {"attestation", "FILE|-",
                            "its attestationObject alone: bytes, base64url or 0x hex"},
    [VK_OPT_CLIENT_DATA] = {"client-data", "FILE|-",
                            "its clientDataJSON alone: JSON, base64url or 0x hex"},
    [VK_OPT_CHALLENGE] = {"challenge", "TEXT",
                          "what the browser was asked with: base64url or 0x hex"},
    [VK_OPT_TRUST] = {"trust", "FILE",
                      "certificates, PEM: the attestation must chain to one of them"},
    [VK_OPT_SERVER] = {"server", "URL", "the passkey server: https, or http on this machine"},
    [VK_OPT_HEADER] = {"header", "'NAME: VALUE'",
                       "a header for the server; others may see it here"},
    [VK_OPT_HEADER_FILE] = {"header-file", "FILE", "headers for the server, one a line"},
    [VK_OPT_LISTEN] = {"listen", "ADDRESS:PORT", "where to serve; default 127.0.0.1:8787"},
    [VK_OPT_ALLOW_LOGINS] = {"allow-logins", NULL, "let a key with a grant answer passkey servers"},
    [VK_OPT_NO_LOGINS] = {"no-logins", NULL, "let it answer none again"},
    [VK_OPT_AT] = {"at", "TIME", "judge at this time: seconds since 1970, or 2026-01-31T12:00:00Z"},
    [VK_OPT_SPENT] = {"spent", "AMOUNT", "so much gas was spent before: 0.01ether, 5gwei, wei"},
    [VK_OPT_DEVICE] = {"device", "KEY",
                       "the security key, by label, serial number or place; default: the only one"},
    [VK_OPT_DEVICE_PIN_FILE] = {"device-pin-file", "FILE",
                                "read the security key's PIN from the first line of FILE"},
    [VK_OPT_UNLOCK] = {"unlock", NULL, "unlock the token with a security key, not with its PIN"},
    [VK_OPT_TOUCH_ONLY] = {"touch-only", NULL, "its touch is enough: it need not verify its user"},
    [VK_OPT_INSTEAD_OF_PIN] = {"instead-of-pin", NULL, "remove the user PIN (SO)"},
    [VK_OPT_STEP_UP] = {"step-up", "FILE|-", "when the key wants a touch: a step-up rule, JSON"},
    [VK_OPT_STEP_UP_DEVICE] = {"step-up-device", "KEY",
                               "make that rule for a new credential of this security key"},
    [VK_OPT_STEP_UP_ABOVE] = {"step-up-above", "AMOUNT",
                              "a touch where the calls move more in all: 0.1ether, 5gwei, wei"},
    [VK_OPT_STEP_UP_UNLESS] = {"step-up-unless", "FILE|-",
                               "a touch unless all calls satisfy these call rules"},
    [VK_OPT_NO_STEP_UP] = {"no-step-up", NULL, "the key wants a touch no more"},
    [VK_OPT_CALL] = {"call", "TO,VALUE,DATA", "a call to make; several are one batch"},
    [VK_OPT_USEROP] = {"userop", "FILE|-", "a whole operation to sign and send, as it is"},
    [VK_OPT_SIGNED] = {"signed", "FILE|-", "a whole operation that is signed already, to send"},
    [VK_OPT_CHAINS] = {"chains", "FILE",
                       "whom to ask about chains; default: chains.json beside the tokens"},
    [VK_OPT_LANE] =
        {"lane", "N|TEXT|auto",
         "nonces of their own, for operations side by side; default 0; auto: a free one"},
    [VK_OPT_MAX_FEE] = {"max-fee", "AMOUNT",
                        "sign nothing that offers more for a gas: 30gwei, wei"},
    [VK_OPT_MAX_COST] = {"max-cost", "AMOUNT",
                         "sign nothing whose gas may cost more in all: 0.01ether, 5gwei, wei"},
    [VK_OPT_PAYMASTER] = {"paymaster", NULL, "let the chain's paymaster pay"},
    [VK_OPT_DRY_RUN] = {"dry-run", NULL, "explain the operation, neither sign nor send it"},
    [VK_OPT_WAIT] = {"wait", NULL, "wait until the operation is included"},
    [VK_OPT_TIMEOUT] = {"timeout", "DURATION", "wait so long; default 2m"},
    [VK_OPT_RESUME] = {"resume", "HASH", "see what became of an operation, or send it again"},
    [VK_OPT_VALIDATOR] = {"validator", "ecdsa|multichain|passkey",
                          "the owner's validator; default ecdsa, or passkey for a point"},
    [VK_OPT_FACTORY] = {"factory", "ADDRESS", "thirdweb: the account's factory"},
    [VK_OPT_IMPLEMENTATION] = {"implementation", "ADDRESS",
                               "thirdweb: what factory.accountImplementation() says"},
    [VK_OPT_USED] = {"used", "N", "so many operations were used before"},
    [VK_OPT_SEND] = {"send", NULL, "put the session on its chains at once (thirdweb)"},
    [VK_OPT_THIRDWEB] = {"thirdweb", NULL, "the account must be thirdweb's; --send"},
};

static const vk_option global[] = {VK_OPT_HELP,  VK_OPT_VERSION, VK_OPT_JSON,
                                   VK_OPT_TOKEN, VK_OPT_MODULE,  VK_OPT_COUNT};

static bool is_in(const vk_option *list, vk_option option) {
    while (*list != VK_OPT_COUNT && *list != option) {
        list++;
    }
    return *list != VK_OPT_COUNT;
}

const char *vk_opt(const vk_cli *cli, vk_option option) {
    return cli->options.value[option];
}

bool vk_opt_flag(const vk_cli *cli, vk_option option) {
    return cli->options.value[option] != NULL;
}

const char *vk_opt_name(vk_option option) {
    return infos[option].name;
}

static vk_option find_option(const char *name, size_t len) {
    for (size_t i = 0; i < VK_OPT_COUNT; i++) {
        if (strlen(infos[i].name) == len && memcmp(infos[i].name, name, len) == 0) {
            return (vk_option)i;
        }
    }
    return VK_OPT_COUNT;
}

static vk_exit add_call(vk_cli *cli, const char *value) {
    if (cli->options.call_count == VK_OPT_CALLS_MAX) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--call is given more than %d times",
                           VK_OPT_CALLS_MAX);
    }
    cli->options.calls[cli->options.call_count++] = value;
    return VK_EXIT_OK;
}

/* A session is called by its key's label; to commands about keys "session" is a flag. */
static vk_option meant_by(vk_option option, const char *words) {
    static const char *const about_sessions[] = {"send", "sign-message", "sign-typed-data"};
    bool is_one = strncmp(words, "session ", strlen("session ")) == 0;
    for (size_t i = 0; i < sizeof about_sessions / sizeof about_sessions[0]; i++) {
        is_one = is_one || strcmp(words, about_sessions[i]) == 0;
    }
    return option == VK_OPT_SESSION && is_one ? VK_OPT_LABEL : option;
}

/* Reads the option at argv[*at], behind these words; moves *at to its value if that is the next
 * word. */
static vk_exit read_option(vk_cli *cli, int argc, char **argv, const char *words, int *at) {
    const char *name = argv[*at] + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    vk_option option = meant_by(find_option(name, len), words);
    if (option == VK_OPT_COUNT) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "there is no option %s", argv[*at]);
    }
    if (cli->options.value[option] != NULL && option != VK_OPT_CALL) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s is given twice", infos[option].name);
    }
    if (infos[option].value == NULL && value != NULL) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s takes no value", infos[option].name);
    }
    if (infos[option].value != NULL && value == NULL) {
        if (*at + 1 >= argc) {
            return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s needs a value: --%s %s",
                               infos[option].name, infos[option].name, infos[option].value);
        }
        value = argv[++*at];
    }
    cli->options.value[option] = value != NULL ? value : "";
    return option == VK_OPT_CALL ? add_call(cli, value) : VK_EXIT_OK;
}

/* The option that a bare word behind the command stands for. */
static vk_option operand_of(const char *words) {
    return strcmp(words, "lint") == 0              ? VK_OPT_POLICY
           : strcmp(words, "sign-typed-data") == 0 ? VK_OPT_TYPED_DATA
                                                   : VK_OPT_COUNT;
}

static vk_exit set_operand(vk_cli *cli, vk_option option, const char *word) {
    if (cli->options.value[option] != NULL) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "--%s is given twice", infos[option].name);
    }
    cli->options.value[option] = word;
    return VK_EXIT_OK;
}

/* Collects the words that are not options, at most 63 bytes, separated by spaces. */
static vk_exit add_word(vk_cli *cli, char words[64], const char *word) {
    size_t used = strlen(words);
    vk_option operand = operand_of(words);
    if (operand != VK_OPT_COUNT) {
        return set_operand(cli, operand, word);
    }
    if (used + strlen(word) + 2 > 64) {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "\"%s\" is not a command", word);
    }
    snprintf(words + used, 64 - used, "%s%s", used > 0 ? " " : "", word);
    return VK_EXIT_OK;
}

static vk_exit read_words(vk_cli *cli, int argc, char **argv, char words[64]) {
    vk_exit exit = VK_EXIT_OK;
    for (int i = 1; i < argc && exit == VK_EXIT_OK; i++) {
        if (strcmp(argv[i], "-h") == 0) {
            cli->options.value[VK_OPT_HELP] = "";
        } else if (strncmp(argv[i], "--", 2) == 0 && argv[i][2] != '\0') {
            exit = read_option(cli, argc, argv, words, &i);
        } else if (argv[i][0] == '-' && argv[i][1] != '\0') {
            exit = vk_cli_fail(cli, VK_EXIT_USAGE, "there is no option %s", argv[i]);
        } else {
            exit = add_word(cli, words, argv[i]);
        }
    }
    return exit;
}

static const vk_command *find_in(const vk_command *table, const char *words) {
    while (table->name != NULL && strcmp(table->name, words) != 0) {
        table++;
    }
    return table->name != NULL ? table : NULL;
}

static vk_exit find_command(vk_cli *cli, const char *words) {
    for (size_t i = 0; vk_command_tables[i] != NULL && cli->options.command == NULL; i++) {
        cli->options.command = find_in(vk_command_tables[i], words);
    }
    if (cli->options.command != NULL) {
        return VK_EXIT_OK;
    }
    if (words[0] == '\0') {
        return vk_cli_fail(cli, VK_EXIT_USAGE, "say what to do");
    }
    return vk_cli_fail(cli, VK_EXIT_USAGE, "\"%s\" is not a command", words);
}

static vk_exit check_allowed(vk_cli *cli) {
    const vk_command *command = cli->options.command;
    for (size_t i = 0; i < VK_OPT_COUNT; i++) {
        bool given = cli->options.value[i] != NULL;
        bool required = is_in(command->required, (vk_option)i);
        if (given && !required && !is_in(command->allowed, (vk_option)i) &&
            !is_in(global, (vk_option)i)) {
            return vk_cli_fail(cli, VK_EXIT_USAGE, "\"%s\" takes no --%s", command->name,
                               infos[i].name);
        }
        if (!given && required) {
            return vk_cli_fail(cli, VK_EXIT_USAGE, "\"%s\" needs --%s %s", command->name,
                               infos[i].name, infos[i].value);
        }
    }
    return VK_EXIT_OK;
}

vk_exit vk_options_parse(vk_cli *cli, int argc, char **argv) {
    char words[64] = "";
    vk_exit exit = read_words(cli, argc, argv, words);
    bool only_help = vk_opt_flag(cli, VK_OPT_HELP) || vk_opt_flag(cli, VK_OPT_VERSION);
    if (exit == VK_EXIT_OK && !(only_help && words[0] == '\0')) {
        exit = find_command(cli, words);
    }
    if (exit == VK_EXIT_OK && !only_help) {
        exit = check_allowed(cli);
    }
    if (exit == VK_EXIT_OK) {
        return exit;
    }
    const char *command = cli->options.command != NULL ? cli->options.command->name : NULL;
    return vk_cli_hint(cli, exit, "see \"valetkey %s%s--help\"", command != NULL ? command : "",
                       command != NULL ? " " : "");
}

/* In the order of the table. */
static void help_options(const vk_option *list, const vk_option *more, FILE *to) {
    for (size_t i = 0; i < VK_OPT_COUNT; i++) {
        if (is_in(list, (vk_option)i) || is_in(more, (vk_option)i)) {
            char left[64];
            snprintf(left, sizeof left, "--%s%s%s", infos[i].name,
                     infos[i].value != NULL ? " " : "",
                     infos[i].value != NULL ? infos[i].value : "");
            fprintf(to, "  %-30s %s\n", left, infos[i].help);
        }
    }
}

static void help_usage(const vk_command *command, FILE *to) {
    fprintf(to, "Usage: valetkey %s", command->name);
    for (size_t i = 0; i < VK_OPT_COUNT; i++) {
        if (is_in(command->required, (vk_option)i)) {
            fprintf(to, " --%s %s", infos[i].name, infos[i].value);
        }
    }
    fputs(" [OPTION]...\n", to);
}

static void help_all(FILE *to) {
    fputs("Usage: valetkey COMMAND [OPTION]...\n"
          "Session keys for smart accounts on a PKCS#11 token.\n\nCommands:\n",
          to);
    for (size_t i = 0; vk_command_tables[i] != NULL; i++) {
        for (const vk_command *c = vk_command_tables[i]; c->name != NULL; c++) {
            fprintf(to, "  %-24s %s\n", c->name, c->summary);
        }
    }
    fputs("\nOptions of every command:\n", to);
    help_options(global, global, to);
    fputs("\nExit status: 0 done, 1 wrong use, 2 bad input, 3 refused by the key's policy,\n"
          "4 PIN wrong, locked or missing, 5 not found, 6 token, module or system error,\n"
          "7 the journal was tampered with, 8 a server could not be asked,\n"
          "9 the operation was included, but its calls failed.\n"
          "\"valetkey COMMAND --help\" shows a command with examples; valetkey(1) has it all.\n",
          to);
}

void vk_options_help(const vk_command *command, FILE *to) {
    if (command == NULL) {
        help_all(to);
        return;
    }
    help_usage(command, to);
    fprintf(to, "%s\n\nOptions:\n", command->details);
    help_options(command->required, command->allowed, to);
    fputs("\nOptions of every command:\n", to);
    help_options(global, global, to);
    fprintf(to, "\nExamples:\n%s", command->examples);
}
