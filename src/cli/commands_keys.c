/* The commands about tokens, keys and passkeys. */
#include "cli/commands.h"

const vk_command vk_commands_keys[] = {
    {"token init", vk_cmd_token_init, ALL(OPT(LABEL)), ALL(NEW_PIN, SO_PIN, OPT(DEFAULT_POLICY)),
     "make a token",
     "Makes a token with the label and sets its two PINs: the SO's, who may change a policy\n"
     "until the first grant, and the user's, who signs. PINs are asked for on the terminal\n"
     "unless an option says where they are. With --default-policy sudo, keys that are made\n"
     "without a policy sign everything: an ordinary PKCS#11 token.",
     "  valetkey token init --label main\n"
     "  valetkey token init --label main --so-pin-file so.pin --pin-file user.pin\n"
     "  printf '%s\\n' \"$SO\" \"$USER_PIN\" |\n"
     "      valetkey token init --label main --so-pin-fd 0 --pin-fd 0\n"},
    {"token list", vk_cmd_token_list, NONE, NONE, "list the tokens",
     "Lists the tokens of the module with the state of their PINs.",
     "  valetkey token list\n  valetkey token list --json | jq -r '.tokens[].label'\n"},
    {"token show", vk_cmd_token_show, NONE, NONE, "show what was decided for a token as a whole",
     "Shows the policy of keys that are made without one, the hardening rules that the SO turned\n"
     "off, the journal's settings, and the chains that a node is set for. No PIN is needed.",
     "  valetkey token show\n  valetkey token show --token main --json\n"},
    {"token set", vk_cmd_token_set, NONE,
     ALL(SO_PIN, OPT(RELAX), OPT(HARDEN), OPT(JOURNAL), OPT(JOURNAL_MAX), OPT(NODE_FILE)),
     "change the settings of a token (SO)",
     "Hardening rules refuse what the account's contracts would accept. Those that some accounts\n"
     "can do without, the SO can turn off for all keys of a token: any-amount, any-target,\n"
     "budget-delegatecall, foreign-chain, open-signature, protected-target, replayable-signature,\n"
     "signature-window, unknown-caller, zero-paymaster. valetkey(1) says what each of them is.\n"
     "The other settings are whether the token writes a record of what it decides into its "
     "journal\n"
     "(on, the default; all: of keys that sign everything and count nothing, too), and how many\n"
     "records it keeps before the oldest are dropped (default 100000); and, in a file that others\n"
     "must not be able to read, the nodes that \"valetkey budget resolve\" asks, by chain. null\n"
     "instead of a node removes it.",
     "  valetkey token set --relax unknown-caller\n"
     "  valetkey token set --harden unknown-caller,open-signature --so-pin-file so.pin\n"
     "  valetkey token set --journal all\n"
     "  valetkey token set --journal-max 1000000 --so-pin-file so.pin\n"
     "  valetkey token set --node-file nodes.json\n"},
    {"token enroll", vk_cmd_token_enroll, NONE,
     ALL(PIN, SO_PIN, OPT(DEVICE), OPT(NAME), OPT(TOUCH_ONLY), OPT(INSTEAD_OF_PIN)),
     "let a security key unlock a token",
     "Enrolls a FIDO2 security key that is plugged in: from then on its PIN (or a finger) and a\n"
     "touch unlock the token, with --touch-only a touch alone; the user PIN does, too, unless\n"
     "--instead-of-pin removes it. The security key gets a credential of its own for this, which\n"
     "wants two touches. The user may do this, or the SO, whose PIN --instead-of-pin needs.",
     "  valetkey token enroll --token main --name 'blue key'\n"
     "  valetkey token enroll --token main --touch-only --device /dev/hidraw3\n"
     "  valetkey token enroll --token main --instead-of-pin --so-pin-file so.pin \\\n"
     "      --device-pin-file key.pin\n"},
    {"token enrollments", vk_cmd_token_enrollments, NONE, NONE,
     "list the security keys that unlock a token",
     "Lists the security keys that unlock the token: their numbers, names, and whether they\n"
     "verify their user (verified) or a touch is enough (touch). No PIN is needed.",
     "  valetkey token enrollments\n  valetkey token enrollments --token main --json\n"},
    {"token unenroll", vk_cmd_token_unenroll, ALL(OPT(ID)), ALL(PIN, SO_PIN),
     "let a security key unlock a token no more",
     "Removes the enrollment with this number, at once; the security key need not be there. The\n"
     "user may do this, or the SO.",
     "  valetkey token unenroll --token main --id 2\n"},
    {"key create", vk_cmd_key_create, ALL(OPT(LABEL)),
     ALL(PIN, OPT(ID), OPT(TYPE), OPT(POLICY), PASSKEY, DEVICE, OPT(HOW_MANY), OPT(START), LINT,
         STEP_UP),
     "make a session key on the token, or many",
     "Makes a session key. Its policy is the one given, else the token's default. The key has no\n"
     "power over any account until \"valetkey approve\" gives it a grant. What is probably not\n"
     "meant in the policy is said on standard error; --lint error refuses it.\n"
     "With --count, makes that many keys under one policy, labelled TEXT-1, TEXT-2 and so on, or\n"
     "from --start on, each with a random id. They are written 1000 at a time: a run that is\n"
     "interrupted leaves whole keys only. This goes past the module, straight to the token's "
     "file.\n"
     "On a security key it makes a credential: a p256 key, whose policy never changes. It wants a\n"
     "touch, and for the first key two more.\n"
     "With --step-up, or --step-up-device and when, a key on the token wants a touch of a "
     "security\n"
     "key before it signs what is more than usual. The user cannot change that later; the SO can.",
     "  valetkey key create --label shop --policy policy.json\n"
     "  valetkey key create --label shop --type p256 --rp-id wallet.example --policy -\n"
     "  valetkey key create --label user --count 100000 --policy policy.json\n"
     "  valetkey key create --token \"YubiKey\" --label bot --type p256 --policy policy.json\n"
     "  valetkey key create --label shop --policy policy.json --step-up-device /dev/hidraw3 \\\n"
     "      --step-up-above 0.1ether --step-up-unless small.json\n"},
    {"key import", vk_cmd_key_import, ALL(OPT(LABEL)),
     ALL(PIN, OPT(ID), OPT(TYPE), OPT(POLICY), PASSKEY, OPT(KEY_FILE), OPT(SERIALIZED),
         OPT(AUTHENTICATOR_ID), OPT(AUTHENTICATOR_ID_HASH), OPT(CHAIN_ID), OPT(KERNEL_VERSION),
         OPT(ENTRY_POINT), OPT(OWNER), OPT(ENABLE_NONCE), OPT(INSTALLED_AT), OPT(SPENT), OPT(USED),
         LINT, STEP_UP),
     "move a session key made elsewhere onto the token",
     "Imports a private key. With --serialized, the policy and the grant are those of the\n"
     "serialized account that the SDK made, and the key may be inside it; everything is checked\n"
     "before anything is written. A session that was used before starts from --spent and --used.",
     "  valetkey key import --label shop --key-file key.hex --serialized account.txt --chain-id 1\n"
     "  valetkey key import --label shop --key-file key.pem --policy policy.json\n"
     "  valetkey key import --label pass --type p256 --key-file key.hex --chain-id 1 \\\n"
     "      --serialized account.txt --authenticator-id dmFsZXRrZXk --rp-id wallet.example\n"},
    {"key list", vk_cmd_key_list, NONE, NONE, "list the session keys",
     "Lists the session keys of the token. No PIN is needed.",
     "  valetkey key list\n  valetkey key list --token main --json\n"},
    {"key show", vk_cmd_key_show, NONE, ALL(KEY), "show a key, its policy, grants and budgets",
     "Shows a session key: its policy in sentences, its grants, what is left of its budgets, and\n"
     "why it last refused. No PIN is needed.",
     "  valetkey key show --label shop\n  valetkey key show --id 5f0c --json\n"},
    {"key set", vk_cmd_key_set, NONE,
     ALL(SO_PIN, KEY, OPT(ALLOW_LOGINS), OPT(NO_LOGINS), STEP_UP, OPT(NO_STEP_UP),
         OPT(DEVICE_PIN_FILE)),
     "change what a key may do (SO)",
     "A passkey without a grant answers any passkey server that asks who one is; one that has "
     "power\n"
     "over an account does only after the SO said so with --allow-logins. No account takes such "
     "an\n"
     "answer for an operation's, but a passkey of its own for logins is better.\n"
     "--step-up, or --step-up-device and when, gives the key a step-up rule in place of the one "
     "it\n"
     "has, see \"key create\"; --no-step-up takes it away.",
     "  valetkey key set --label pass --allow-logins\n"
     "  valetkey key set --label pass --no-logins --so-pin-file so.pin\n"
     "  valetkey key set --label shop --step-up rule.json\n"},
    {"key certify", vk_cmd_key_certify, NONE, ALL(PIN, KEY, OPT(OUTPUT)),
     "make a certificate for a key",
     "Makes a certificate for a key that has none, and keeps it on the token with the key's label\n"
     "and CKA_ID: Java, NSS and others look for keys by their certificates. A key under sudo "
     "signs\n"
     "its own; one with another policy signs no certificate, so a key that is thrown away does.\n"
     "--output writes it as PEM as well.",
     "  valetkey key certify --label tls\n  valetkey key certify --label tls --output tls.pem\n"},
    {"key remove", vk_cmd_key_remove, NONE, ALL(PIN, KEY), "remove a key from the token",
     "Removes both halves of a key and its grants, at once and for good. The account still has\n"
     "the permission: revoke it there as well.",
     "  valetkey key remove --label shop\n"},
    {"passkey options", vk_cmd_passkey_options, ALL(OPT(RP_ID), OPT(ORIGIN)), ALL(OPT(NAME)),
     "say what a browser is asked with to make a passkey",
     "Prints the options of navigator.credentials.create() with a fresh challenge, as JSON, for a\n"
     "page of the origin: doc/examples/passkey.html takes them. --name is the user's, as the\n"
     "browser shows it. Needs no token; keep the challenge for \"valetkey passkey import\".",
     "  valetkey passkey options --rp-id localhost --origin http://localhost:8080\n"
     "  valetkey passkey options --rp-id wallet.example --origin https://wallet.example --json\n"},
    {"passkey import", vk_cmd_passkey_import,
     ALL(OPT(LABEL), OPT(RP_ID), OPT(ORIGIN), OPT(CHALLENGE)),
     ALL(PIN, OPT(ID), OPT(POLICY), OPT(REGISTRATION), OPT(ATTESTATION), OPT(CLIENT_DATA),
         OPT(TRUST), LINT),
     "take a browser's passkey as a session key",
     "Verifies what a browser answered when it made a passkey (type, challenge, origin, rpId,\n"
     "flags, attestation) and keeps the passkey as a session key whose private half is with the\n"
     "browser: the token judges, the browser signs. Its policy is the one given, else the token's\n"
     "default; \"valetkey approve\" gives it a grant like any other key.\n"
     "With --trust, the attestation must chain to one of the certificates.",
     "  valetkey passkey import --label phone --policy policy.json --registration answer.json \\\n"
     "      --rp-id localhost --origin http://localhost:8080 --challenge NowH2Z...\n"
     "  (the same) --attestation attestation.cbor --client-data client.json --trust roots.pem\n"},
    {"passkey assertion", vk_cmd_passkey_assertion, ALL(OPT(ASSERTION)),
     ALL(PIN, KEY, OPT(INPUT), OPT(CHAIN_ID), OPT(OPERATION)),
     "make a signature of a browser's assertion",
     "Takes what the browser answered to the request options of \"valetkey sign\", verifies it,\n"
     "judges the operation again, reserves its budget, and prints the finished signature field.\n"
     "A refusal names the rule and the reason; exit status 3.",
     "  valetkey passkey assertion --label phone --input op.json --assertion answer.json\n"
     "  valetkey passkey assertion --label phone --assertion answer.json --operation < op.json\n"},
    {"passkey register", vk_cmd_passkey_register,
     ALL(OPT(SERVER), OPT(NAME), OPT(RP_ID), OPT(LABEL)),
     ALL(PIN, OPT(ID), OPT(POLICY), OPT(ORIGIN), OPT(SIGN_COUNT), SERVER, LINT),
     "make a passkey and register it with a passkey server",
     "Makes a P-256 key on the token, or on the security key that --token names, and registers it\n"
     "under --name with the server that toWebAuthnKey of the ZeroDev SDK is given as\n"
     "passkeyServerUrl. If the server does not accept it, the key is removed again. Prints the\n"
     "SDK's key: pubX, pubY, authenticatorId, authenticatorIdHash, rpID. Headers may hold keys of\n"
     "the server's customers: give them in a file that others cannot read.",
     "  valetkey passkey register --server https://passkeys.example/api/v4/abc --name alice \\\n"
     "      --rp-id passkeys.example --label alice --policy policy.json --header-file headers\n"
     "  valetkey passkey register --server http://127.0.0.1:8787 --name alice --rp-id localhost "
     "\\\n"
     "      --origin http://localhost:3000 --label alice --json\n"},
    {"passkey login", vk_cmd_passkey_login, ALL(OPT(SERVER), OPT(RP_ID)), ALL(PIN, KEY, SERVER),
     "show a passkey server who one is",
     "Answers the server's challenge with the key and prints the SDK's key, as \"passkey "
     "register\"\n"
     "does. The answer is one that no account takes for an operation's. A key with a grant "
     "answers\n"
     "only if the SO allowed it: see \"key set\".",
     "  valetkey passkey login --server https://passkeys.example/api/v4/abc \\\n"
     "      --rp-id passkeys.example --label alice\n"},
    {"passkey serve", vk_cmd_passkey_serve, ALL(OPT(RP_ID), OPT(ORIGIN)),
     ALL(PIN, OPT(LISTEN), OPT(NAME)), "be a passkey server",
     "A small server for toWebAuthnKey's passkeyServerUrl, on this machine: registers passkeys in\n"
     "the token's file and logs them in. --origin is that of the page that uses it, which alone "
     "may\n"
     "ask it from a browser. It needs the user's PIN, since nobody else can vouch for the rows. "
     "It\n"
     "serves until it gets SIGTERM or SIGINT. It speaks plain HTTP: put TLS in front of it before\n"
     "others reach it.",
     "  valetkey passkey serve --rp-id localhost --origin http://localhost:3000\n"
     "  valetkey passkey serve --listen 127.0.0.1:9000 --rp-id app.example \\\n"
     "      --origin https://app.example --name 'The App' --pin-file pin\n"},
    {"passkey users", vk_cmd_passkey_users, NONE, ALL(PIN), "list who registered a passkey",
     "Lists the users of \"passkey serve\" as they registered: name, relying party, the count of\n"
     "their last login, transports and credential id. A row that was edited outside the token is\n"
     "told as such. It needs the user's PIN, which alone can tell the rows from forged ones.",
     "  valetkey passkey users --token main\n"
     "  valetkey passkey users --pin-file pin --json | jq -r '.users[].name'\n"},
    {"passkey remove-user", vk_cmd_passkey_remove_user, NONE,
     ALL(PIN, OPT(NAME), OPT(AUTHENTICATOR_ID)), "let a registered passkey log in no more",
     "Removes a user of \"passkey serve\", by name or by credential id. It works at once, in a "
     "server\n"
     "that is running, too. The passkey may register again.",
     "  valetkey passkey remove-user --name alice\n"
     "  valetkey passkey remove-user --authenticator-id "
     "7-f0mXvVWWlRyMBRi9rJQhYMm_5Rkv6CnZ2pMDlpT1Y\n"},
    {0},
};
