/* The table of commands. */
#include "cli/cli.h"

/* Lists of options. */
#define ALL(...)                                                                                   \
    (const vk_option[]) {                                                                          \
        __VA_ARGS__, VK_OPT_COUNT                                                                  \
    }
#define NONE ((const vk_option[]){VK_OPT_COUNT})
#define OPT(option) VK_OPT_##option
#define NEW_PIN OPT(PIN_FILE), OPT(PIN_FD)
#define PIN NEW_PIN, OPT(UNLOCK), OPT(DEVICE_PIN_FILE)
#define SO_PIN OPT(SO_PIN_FILE), OPT(SO_PIN_FD)
#define KEY OPT(LABEL), OPT(ID)
#define MESSAGE                                                                                    \
    OPT(MESSAGE), OPT(MESSAGE_FILE), OPT(TYPED_DATA), OPT(ACCOUNT), OPT(REPLAYABLE), OPT(UNDEPLOYED)
#define LINT OPT(LINT), OPT(LINT_ALLOW)
#define SERVER OPT(HEADER), OPT(HEADER_FILE)
#define SENDING OPT(CHAINS), OPT(PAYMASTER), OPT(LANE), OPT(WAIT), OPT(TIMEOUT)
#define ADMIN OPT(OWNER_KEY), OPT(OWNER_PIN_FILE), OPT(DRY_RUN), SENDING
#define STEP_UP OPT(STEP_UP), OPT(STEP_UP_DEVICE), OPT(STEP_UP_ABOVE), OPT(STEP_UP_UNLESS)
#define PASSKEY OPT(RP_ID), OPT(ORIGIN), OPT(SIGN_COUNT)
#define DEVICE OPT(DISCOVERABLE), OPT(USER_HANDLE), OPT(CRED_PROTECT)

const vk_command vk_commands[] = {
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
    {"account create", vk_cmd_account_create, ALL(OPT(NAME)),
     ALL(PIN, OPT(KERNEL_VERSION), OPT(VALIDATOR), OPT(INDEX), OPT(FACTORY), OPT(IMPLEMENTATION),
         OPT(ENTRY_POINT), OPT(OWNER), OPT(OWNER_KEY), OPT(OWNER_PIN_FILE), OPT(ACCOUNT),
         OPT(AUTHENTICATOR_ID), OPT(AUTHENTICATOR_ID_HASH), OPT(RP_ID), OPT(ORIGIN), OPT(CHAIN_ID),
         OPT(CHAINS)),
     "keep a smart account on the token, to make sessions for",
     "Computes the address that the owner's account has, or will have, and keeps it on the token "
     "by\n"
     "name with all that deploys it. Nothing is sent. The owner is an address or a passkey, given\n"
     "with --owner, or read from the PKCS#11 token that has the key: --owner-key, which is kept\n"
     "with the account, without PIN. --kernel-version says which Kernel, --validator how the "
     "owner\n"
     "is one: the owner of a \"multichain\" validator signs once for several chains. --factory "
     "and\n"
     "--implementation make it a thirdweb account, whose admin is the owner. With --account, the\n"
     "address must be that one.",
     "  valetkey account create --name main --kernel-version 0.3.1 --validator multichain \\\n"
     "      --owner-key 'pkcs11:token=cold;object=owner'\n"
     "  valetkey account create --name second --kernel-version 0.3.3 --index 1 \\\n"
     "      --owner 0x0b225eEB23a6F144fA72ab1E9361d21286dD2FdE\n"
     "  valetkey account create --name tw --factory 0x85e2...7C00 --implementation 0xf22b...5d5b "
     "\\\n"
     "      --entry-point 0.6 --owner 0xa946...66E8\n"},
    {"account list", vk_cmd_account_list, NONE, NONE, "list the accounts that the token keeps",
     "Lists the accounts with their addresses. Each is computed again: one that was changed "
     "outside\n"
     "is told as such. No PIN is needed.",
     "  valetkey account list\n  valetkey account list --json | jq -r '.accounts[].account'\n"},
    {"account show", vk_cmd_account_show, ALL(OPT(ACCOUNT)), ALL(OPT(CHAIN_ID), OPT(CHAINS)),
     "show an account and what deploys it",
     "Shows the account's address, which it has before it is deployed, its owner, factory and\n"
     "factory data; with --chain-id also what the chain's node says: is it deployed, its balance,\n"
     "its deposit, the currentNonce of approvals. No PIN is needed.",
     "  valetkey account show --account main\n"
     "  valetkey account show --account main --chain-id 8453\n"
     "  valetkey account show --account main --json | jq -r .factoryData\n"},
    {"account remove", vk_cmd_account_remove, ALL(OPT(ACCOUNT)), ALL(PIN),
     "keep an account on the token no more",
     "Removes what the token says of the account. The account, the owner's key and the sessions "
     "are\n"
     "left as they are.",
     "  valetkey account remove --account main\n"},
    {"approve", vk_cmd_approve, ALL(OPT(CHAIN_ID)),
     ALL(PIN, KEY, OPT(KERNEL_VERSION), OPT(ENTRY_POINT), OPT(ACCOUNT), OPT(OWNER), OPT(INDEX),
         OPT(ENABLE_NONCE), OPT(SIGNATURE), OPT(OWNER_KEY), OPT(OWNER_PIN_FILE), OPT(PRE_INSTALLED),
         OPT(INSTALLED_AT), OPT(OUTPUT), OPT(AS_OWNER), OPT(SELECTOR), OPT(VALID_AFTER),
         OPT(VALID_UNTIL), OPT(REQUEST), OPT(SPENT), OPT(USED), LINT),
     "let the account's owner approve a key",
     "Prints what the owner of the account signs (EIP-712) to approve the key; with the owner's\n"
     "signature, adds the grant. The account is --account, or the one that --owner and --index\n"
     "(default 0) will have. --owner-key lets a key of any PKCS#11 token sign as the owner, or as "
     "a\n"
     "passkey's, on P-256; --pre-installed needs no signature.\n"
     "Kernel 0.3.0 on has permissions, which keep the key to its policy on the chain too. In an\n"
     "account of Kernel 0.2.2 to 0.2.4 the key becomes a validator beside the owner's; with\n"
     "--as-owner, of any Kernel version, it is the owner itself: there only this token keeps the\n"
     "policy. For a key whose policy is a thirdweb session, give --account, --entry-point and the\n"
     "admin as --owner; the request that he signs is kept in a file (--output, then --request).",
     "  valetkey approve --label shop --chain-id 1 --kernel-version 0.3.1 \\\n"
     "      --owner 0x0b225eEB23a6F144fA72ab1E9361d21286dD2FdE --index 0\n"
     "  (the same) --signature 0x5b1c...1b --output account.txt\n"
     "  (the same) --owner-key 'pkcs11:token=cold;object=owner' --owner-pin-file cold.pin\n"
     "  valetkey approve --label mine --chain-id 1 --kernel-version 0.2.4 --as-owner --index 0\n"
     "  valetkey approve --label tw --chain-id 1 --entry-point 0.6 --account 0x7668...D2a5 \\\n"
     "      --owner 0xa946...66E8 --output request.json\n"
     "  (the same) --request request.json --signature 0x5b1c...1b --output call.hex\n"},
    {"session create", vk_cmd_session_create,
     ALL(OPT(LABEL), OPT(ACCOUNT), OPT(CHAIN_ID), OPT(POLICY)),
     ALL(PIN, OPT(ID), OPT(TYPE), PASSKEY, STEP_UP, OPT(ENABLE_NONCE), OPT(OWNER_KEY),
         OPT(OWNER_PIN_FILE), OPT(SIGNATURE), OPT(OUTPUT), OPT(SEND), OPT(THIRDWEB), SENDING, LINT),
     "make a session: a key, approved on one or several chains",
     "Makes a session key, has the owner of an account that the token keeps approve it on each of "
     "the\n"
     "chains, adds the grants, and prints the serialized accounts, one a chain, as the SDK takes\n"
     "them: all of that, or nothing. The owner of a multichain validator signs once for all "
     "chains,\n"
     "any other once a chain. His key signs at once with --owner-key, or with --owner-pin-file "
     "where\n"
     "the account says where it is. Without them, makes the key and prints what the owner signs; "
     "the\n"
     "same command with --signature HEX[,HEX...], in the order of the chains, then ends it.\n"
     "For a thirdweb account the admin's key signs a request at once, and the calls that carry it\n"
     "out are printed; with --send the account carries them out, by operations that the admin's "
     "key\n"
     "signs, too (--thirdweb: the same, for no other account). If that fails, key and grants "
     "stay:\n"
     "\"session install\" tries again.",
     "  valetkey session create --label shop --account main --chain-id 1,8453 \\\n"
     "      --policy policy.json --owner-pin-file cold.pin --output accounts.txt\n"
     "  valetkey session create --label shop --account main --chain-id 8453 --policy policy.json\n"
     "  (the same) --signature 0x5b1c...1b\n"
     "  valetkey session create --label pass --account 0x7668...D2a5 --chain-id 8453 --policy - "
     "\\\n"
     "      --type p256 --rp-id wallet.example --owner-key 'pkcs11:token=cold;object=owner'\n"
     "  valetkey session create --label shop --account tw --chain-id 8453 --policy tw.json \\\n"
     "      --owner-key 'pkcs11:token=cold;object=admin' --send --wait\n"},
    {"session install", vk_cmd_session_install, NONE, ALL(KEY, OPT(CHAIN_ID), OPT(ACCOUNT), ADMIN),
     "put a thirdweb session on its chain",
     "Has the thirdweb account of the key's grant carry out the request that an admin signed for "
     "it,\n"
     "by an operation that the key of an admin (of any PKCS#11 token) signs; the operation "
     "deploys\n"
     "the account if it is not there yet and the token keeps it. Nothing is sent if the account "
     "has\n"
     "the session already. A Kernel account takes its owner's approval along with the session's "
     "first\n"
     "operation: there is nothing to install.",
     "  valetkey session install --label shop --owner-key 'pkcs11:token=cold;object=admin' --wait\n"
     "  valetkey session install --label shop --chain-id 8453 --dry-run\n"},
    {"session import", vk_cmd_session_import, ALL(OPT(LABEL), OPT(SERIALIZED), OPT(CHAIN_ID)),
     ALL(PIN, OPT(ID), OPT(TYPE), PASSKEY, OPT(KEY_FILE), OPT(AUTHENTICATOR_ID),
         OPT(AUTHENTICATOR_ID_HASH), OPT(KERNEL_VERSION), OPT(ENTRY_POINT), OPT(OWNER),
         OPT(ENABLE_NONCE), OPT(INSTALLED_AT), OPT(SPENT), OPT(USED), LINT, STEP_UP),
     "move a session made by the SDK onto the token",
     "Imports a session key with its policy and its grants from serialized accounts of the SDK, "
     "one a\n"
     "line, for the chains of --chain-id in the same order. They must be of one key, which may be\n"
     "inside. Everything is checked before anything is written.",
     "  valetkey session import --label shop --serialized accounts.txt --chain-id 1,8453 \\\n"
     "      --key-file key.hex\n"
     "  valetkey session import --label shop --serialized - --chain-id 8453 < account.txt\n"},
    {"session list", vk_cmd_session_list, NONE, NONE, "list the sessions on the token",
     "Lists every grant of every key: account, chain, permission, when its window ends, and what "
     "the\n"
     "token knows of its installation. No PIN is needed.",
     "  valetkey session list\n"
     "  valetkey session list --json | jq '.sessions[] | [.label, .chainId]'\n"},
    {"session show", vk_cmd_session_show, NONE, ALL(KEY, OPT(CHAIN_ID), OPT(ACCOUNT)),
     "show a session, its policy and what is left of it",
     "Shows what \"key show\" does of the key, and the one grant of --chain-id and --account. No "
     "PIN\n"
     "is needed.",
     "  valetkey session show --label shop --chain-id 8453\n"
     "  valetkey session show --label shop --account main --json | jq '.grants[0].budgets'\n"},
    {"sign", vk_cmd_sign, NONE,
     ALL(PIN, KEY, OPT(INPUT), OPT(CHAIN_ID), OPT(SESSION), OPT(OPERATION), MESSAGE),
     "sign a UserOperation or a message",
     "Signs a UserOperation (JSON-RPC form, or ABI) if the key's policy allows it, and prints the\n"
     "finished signature field. With --message, --message-file or --typed-data, signs a message "
     "for\n"
     "the account instead (ERC-1271); --chain-id and --account say for which, where the key has\n"
     "several grants. A refusal names the rule and the reason; exit status 3.\n"
     "For a passkey that is with a browser, judges the operation, and prints the challenge and "
     "the\n"
     "options with which a page asks for the assertion; \"valetkey passkey assertion\" makes the\n"
     "signature of that. Nothing is reserved before.",
     "  valetkey sign --label shop --input op.json\n"
     "  valetkey sign --label shop --typed-data order.json\n"
     "  valetkey sign --label shop --message 'Sign in as ...' --chain-id 8453\n"
     "  valetkey sign --label shop --operation < op.json > signed.json\n"
     "  valetkey sign --label shop --session --input op.json > part.hex\n"},
    {"send", vk_cmd_send, NONE,
     ALL(PIN, KEY, OPT(CALL), OPT(USEROP), OPT(CHAIN_ID), OPT(ACCOUNT), OPT(CHAINS), OPT(LANE),
         OPT(PAYMASTER), OPT(DRY_RUN), OPT(WAIT), OPT(TIMEOUT), OPT(RESUME)),
     "make calls as a session: build, sign and send an operation",
     "Builds the operation that makes these calls for the account of the key's grant, has it "
     "signed\n"
     "if the policy allows it, and sends it through the chain's bundler. What the chain says of "
     "the\n"
     "account decides whether the owner's approval is brought along. --dry-run explains it, and\n"
     "neither signs nor sends. Servers are named in a file: see CHAINS in valetkey(1).\n"
     "--userop takes an operation that somebody else built, and signs and sends it as it is.\n"
     "What was signed is kept until it is known to be included: --resume HASH goes on after a\n"
     "connection that broke, or Ctrl-C, and sends no other operation.",
     "  valetkey send --label shop --call 0x7099...79C8,0.1ether --dry-run\n"
     "  valetkey send --label shop --call 0xA0b8...eB48,0,0xa9059cbb... --wait\n"
     "  valetkey send --label shop --call ... --call ... --lane payroll --paymaster --wait\n"
     "  valetkey send --label shop --resume 0x5f0c...\n"},
    {"session status", vk_cmd_session_status, NONE,
     ALL(KEY, OPT(CHAIN_ID), OPT(ACCOUNT), OPT(CHAINS)), "ask the chain about a session",
     "Asks the nodes of the chain file about the grants of a key, or those of --chain-id and\n"
     "--account: is the account deployed, what does it own, is the permission installed, revoked, "
     "or\n"
     "still to be enabled, and is the owner's approval good; and shows the gas that is left by "
     "the\n"
     "chain's count beside the token's own. No PIN is needed. A node is believed for what it is\n"
     "worth: nothing on the token changes.",
     "  valetkey session status --label shop\n  valetkey session status --label shop --chain-id "
     "8453 "
     "--json\n"},
    {"session revoke", vk_cmd_session_revoke, NONE,
     ALL(KEY, OPT(CHAIN_ID), OPT(ACCOUNT), OPT(CHAINS), OPT(OWNER_KEY), OPT(OWNER_PIN_FILE),
         OPT(PAYMASTER), OPT(LANE), OPT(DRY_RUN), OPT(WAIT), OPT(TIMEOUT)),
     "take a permission away on its chain",
     "Builds the operation by which the account takes the key's permission away, lets the owner's\n"
     "key (of any PKCS#11 token) sign it, and sends it. A permission that was approved and never\n"
     "used dies with the nonce of its approval, and so does whatever else was approved with it.\n"
     "A thirdweb session is ended by an admin's key, which signs the request and the operation; a\n"
     "request for it that was signed and not carried out yet is used up as well.\n"
     "The key's grant stays on the token, which asks no chain when it signs: \"key remove\" ends "
     "it.",
     "  valetkey session revoke --label shop --owner-key 'pkcs11:token=cold;object=owner' --wait\n"
     "  valetkey session revoke --label shop --chain-id 8453 --dry-run\n"},
    {"userop attach", vk_cmd_attach, ALL(OPT(SESSION_PART)),
     ALL(KEY, OPT(INPUT), OPT(CHAIN_ID), OPT(ASSERTION), OPT(OPERATION)),
     "put the public rest around a session part",
     "Makes the finished signature of the part that the session key signed (by \"valetkey sign\n"
     "--session\" or pkcs11-tool): in enable mode the owner's approval goes around it. 64 bytes\n"
     "are the bare signature that CKM_ECDSA made of the operation's valetkey-digest; that of a\n"
     "passkey needs --assertion. The part is checked first. No PIN is needed.",
     "  valetkey userop attach --label shop --input op.json --session-part part.bin\n"
     "  valetkey userop attach --label pass --input op.json --session-part rs.bin \\\n"
     "      --assertion assertion.json\n"
     "  valetkey userop attach --label shop --input op.json --session-part 0xff... --operation\n"},
    {"explain", vk_cmd_explain, NONE,
     ALL(PIN, KEY, OPT(INPUT), OPT(CHAIN_ID), OPT(AT), OPT(SPENT), OPT(USED), MESSAGE),
     "say what an operation does and what the key would answer",
     "Decodes a UserOperation and shows the verdict of each rule, for now and the budgets on the\n"
     "token or for others, and what the chain would have answered; or the verdict on a message,\n"
     "given as for \"valetkey sign\". Nothing is signed, reserved or\n"
     "written. Exit status 0 if the key would sign, 3 if it would refuse. A PIN is only needed "
     "for\n"
     "a key without a public half that everybody may read.",
     "  valetkey explain --label shop --input op.json\n"
     "  valetkey explain --label shop --input op.json --at 2027-01-01T00:00:00Z --spent "
     "0.009ether\n"
     "  valetkey explain --label shop --typed-data order.json\n"
     "  valetkey explain --label shop --input op.json --used 3 --json | jq -r .verdict.reason\n"},
    {"lint", vk_cmd_lint, ALL(OPT(POLICY)),
     ALL(OPT(LINT_ALLOW), OPT(ENTRY_POINT), OPT(ACCOUNT), OPT(AT)),
     "say what is probably not meant in a policy",
     "Looks for what a policy allows, or refuses, without meaning it: times in milliseconds,\n"
     "limits that a batch multiplies, wildcards, rules that limit nothing. FILE may also stand\n"
     "without --policy, and may have a thirdweb permission request. Exit status 0 if nothing is\n"
     "found, 2 if something is. No token is needed.",
     "  valetkey lint policy.json\n"
     "  valetkey lint policy.json --entry-point 0.7 --lint-allow batch-multiplies,zero-selector\n"
     "  valetkey lint - --json < policy.json | jq -r '.findings[].code'\n"},
    {"budget list", vk_cmd_budget_list, NONE, ALL(PIN, KEY, OPT(CHAIN_ID), OPT(ACCOUNT)),
     "show what is reserved for operations that were signed",
     "Shows for each grant of the keys the nonces that operations were signed for, what they hold\n"
     "of the budget, and whether one of them is known to be included. What was signed is reserved\n"
     "until it is included or can never be: a signature can be kept, and used later.",
     "  valetkey budget list --label shop\n"
     "  valetkey budget list --json | jq '.grants[].reservations[] | select(.includedAt == "
     "null)'\n"},
    {"budget release", vk_cmd_budget_release, ALL(OPT(NONCE)),
     ALL(SO_PIN, KEY, OPT(CHAIN_ID), OPT(ACCOUNT), OPT(PRE_INSTALLED)),
     "give back what is reserved for a nonce (SO)",
     "Gives the budget of a grant back what the operations with this nonce hold, and the approval\n"
     "if they use it up (but with --pre-installed). This is the SO's word that none of them will\n"
     "ever be included: make sure that the account's nonce is used by another operation, or the\n"
     "permission is gone. The journal has a record of it.",
     "  valetkey budget release --label shop --nonce 0x1 --so-pin-file so.pin\n"},
    {"budget resolve", vk_cmd_budget_resolve, NONE, ALL(PIN, KEY, OPT(CHAIN_ID), OPT(ACCOUNT)),
     "ask nodes what became of what is reserved",
     "Asks the node that the SO set for a chain, at its finalized block, about each nonce that is\n"
     "open: which operation used it, or that none can any more since the permission is revoked,\n"
     "or installed already. Gives back what is sure to be gone, writes down what is included, and\n"
     "leaves the rest; each with a record in the journal. Exit status 8 if a node could not be\n"
     "asked about something, which then stays as it is.",
     "  valetkey budget resolve\n"
     "  valetkey budget resolve --label shop --chain-id 8453 --pin-file user.pin --json\n"},
    {"spend set", vk_cmd_spend_set, ALL(OPT(NAME), OPT(CHAIN_ID), OPT(LIMIT), OPT(PERIOD)),
     ALL(SO_PIN, OPT(NATIVE), OPT(ERC20)), "limit what several grants spend together (SO)",
     "Makes a spend rule, or gives the one with this name another limit and period: at most so "
     "much\n"
     "of a token, or of native value, by all the grants together that \"spend add-grant\" names. "
     "No\n"
     "chain knows such a rule: this token alone keeps it. What is signed counts until it is known "
     "to\n"
     "be included, and then for one period; a call that cannot be counted is refused.",
     "  valetkey spend set --name daily --chain-id 8453 \\\n"
     "      --erc20 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913 --limit 100USDC --period 24h\n"
     "  valetkey spend set --name coin --chain-id 1 --native --limit 0.5ether --period 7d\n"},
    {"spend add-grant", vk_cmd_spend_add_grant, ALL(OPT(NAME)),
     ALL(SO_PIN, KEY, OPT(CHAIN_ID), OPT(ACCOUNT)), "let a spend rule count a grant (SO)",
     "From now on the spend rule counts what the key signs under this grant, also when the key is\n"
     "removed and imported again. Under a grant that is counted no messages are signed, and a key\n"
     "under sudo signs digests only of operations that were written first.",
     "  valetkey spend add-grant --name daily --label shop\n"
     "  valetkey spend add-grant --name daily --label bot --account 0x7668...D2a5\n"},
    {"spend remove-grant", vk_cmd_spend_remove_grant, ALL(OPT(NAME)),
     ALL(SO_PIN, KEY, OPT(CHAIN_ID), OPT(ACCOUNT)), "let a spend rule count a grant no more (SO)",
     "What was signed under the grant while the rule counted it stays counted.",
     "  valetkey spend remove-grant --name daily --label shop\n"},
    {"spend list", vk_cmd_spend_list, NONE, NONE, "show the spend rules and what is left of them",
     "Shows each spend rule: its limit, what is open (signed, and not known to be included), what\n"
     "was included in the period that ends now, what is left, and the grants that it counts. No "
     "PIN\n"
     "is needed.",
     "  valetkey spend list\n  valetkey spend list --json | jq -r '.rules[] | [.name, .left]'\n"},
    {"spend remove", vk_cmd_spend_remove, ALL(OPT(NAME)), ALL(SO_PIN), "remove a spend rule (SO)",
     "Removes a spend rule with all that it counted.", "  valetkey spend remove --name daily\n"},
    {"audit list", vk_cmd_audit_list, NONE, ALL(KEY, OPT(LAST), OPT(DENIED)),
     "show what the token signed and refused",
     "Shows the last records of the journal, of one key or of all. No PIN is needed, and nothing\n"
     "is checked: see \"audit verify\".",
     "  valetkey audit list\n  valetkey audit list --label shop --denied --last 5\n"
     "  valetkey audit list --json | jq '.records[] | select(.event == \"denied\") | .reason'\n"},
    {"audit verify", vk_cmd_audit_verify, NONE, ALL(PIN), "check that the journal is whole",
     "Finds records that were edited, removed, put in another place or cut off, and a token whose\n"
     "file is older than its anchor. With the user PIN of --pin-file or --pin-fd the MACs are\n"
     "checked too; no PIN is asked for. Exit status 7 if anything was found.",
     "  valetkey audit verify\n  valetkey audit verify --pin-file user.pin --json\n"},
    {"audit export", vk_cmd_audit_export, NONE, ALL(OPT(OUTPUT)),
     "write all records, a JSON object a line",
     "Writes every record of the journal as JSON, one a line, to a new file or standard output. "
     "No\n"
     "PIN is needed.",
     "  valetkey audit export --output journal.jsonl\n  valetkey audit export | jq -c .reason\n"},
    {"audit rotate", vk_cmd_audit_rotate, ALL(OPT(KEEP)), ALL(SO_PIN, OPT(OUTPUT)),
     "drop old records",
     "Drops all records but the newest (the SO's business), after writing them to a new file with\n"
     "--output. What is left can still be checked: each chain says in a checkpoint how many\n"
     "records it lost, and the hash of the last of them.",
     "  valetkey audit rotate --keep 10000 --output journal-2026.jsonl\n"},
    {"audit accept", vk_cmd_audit_accept, NONE, ALL(SO_PIN), "accept the token as it is",
     "After a backup of the token was put back, or its state was edited, nothing is signed under "
     "a\n"
     "budget until the SO accepts what the file says now. Look first: \"audit verify\". What was\n"
     "signed since the backup is not in its budgets any more.",
     "  valetkey audit accept\n"},
    {"thirdweb add-admin", vk_cmd_thirdweb_add_admin, ALL(OPT(CHAIN_ID), OPT(ACCOUNT)),
     ALL(SO_PIN, KEY, OPT(SIGNER), OPT(OUTPUT), ADMIN), "make somebody an admin of an account",
     "Prints the request that an admin of a thirdweb account signs (EIP-712) to make --signer an\n"
     "admin too, who may do everything. Admins are the SO's business, so it needs the SO's PIN;\n"
     "nothing on the token changes. --output keeps the request for \"thirdweb call\".\n"
     "With the admin's --owner-key, whose own PIN is enough, it is signed and carried out at once, "
     "by\n"
     "an operation of --account, which the token keeps (see \"account create\"); with --dry-run "
     "it\n"
     "is said what would be signed.",
     "  valetkey thirdweb add-admin --chain-id 1 --account 0x7668...D2a5 --signer 0x6953...80CA "
     "\\\n"
     "      --output request.json\n"
     "  valetkey thirdweb add-admin --chain-id 8453 --account tw --signer 0x6953...80CA \\\n"
     "      --owner-key 'pkcs11:token=cold;object=admin' --wait\n"},
    {"thirdweb remove-admin", vk_cmd_thirdweb_remove_admin, ALL(OPT(CHAIN_ID), OPT(ACCOUNT)),
     ALL(SO_PIN, KEY, OPT(SIGNER), OPT(OUTPUT), ADMIN), "take an admin's rights away",
     "The same to take the admin's rights from --signer. A session that he has or had beside them\n"
     "stays: remove that as well. The only admin is not removed with --owner-key.",
     "  valetkey thirdweb remove-admin --chain-id 1 --account 0x7668...D2a5 --signer "
     "0x6953...80CA\n"
     "  valetkey thirdweb remove-admin --chain-id 8453 --account tw --signer 0x6953...80CA \\\n"
     "      --owner-key 'pkcs11:token=cold;object=admin' --wait\n"},
    {"thirdweb remove-session", vk_cmd_thirdweb_remove_session, ALL(OPT(CHAIN_ID), OPT(ACCOUNT)),
     ALL(SO_PIN, KEY, OPT(SIGNER), OPT(OUTPUT), ADMIN), "end a session of an account",
     "The same to leave a session key, --signer or the key of --label, without any permission.\n"
     "\"session revoke\" does it for a key with a grant, and uses up a request that is still open.",
     "  valetkey thirdweb remove-session --chain-id 1 --account 0x7668...D2a5 --label tw\n"},
    {"thirdweb call", vk_cmd_thirdweb_call,
     ALL(OPT(CHAIN_ID), OPT(ACCOUNT), OPT(REQUEST), OPT(SIGNATURE)),
     ALL(OPT(OWNER), OPT(OUTPUT), ADMIN), "carry out a signed request",
     "Prints the call data of setPermissionsForSigner, which anybody may send to the account, and\n"
     "says who signed the request; with --owner, it must be that admin. Needs no token.\n"
     "With an admin's --owner-key the account makes the call, by an operation that this key "
     "signs;\n"
     "the token keeps the account then.",
     "  valetkey thirdweb call --chain-id 1 --account 0x7668...D2a5 --request request.json \\\n"
     "      --signature 0x5b1c...1b\n"},
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
    {"batch", vk_cmd_batch, NONE, NONE, "answer requests of the library, a JSON object a line",
     "Reads one JSON request a line from standard input and writes one answer a line, in order:\n"
     "hashes, addresses, calldata, enable data, signatures, serialized accounts. The kinds and\n"
     "their members are in valetkey-batch(1). A bad line is answered with its error; the exit\n"
     "status tells only whether all lines were read and answered.",
     "  echo '{\"id\":1,\"kind\":\"nonce_key\",\"in\":{\"string\":\"agent-1\",\n"
     "      \"entryPointVersion\":\"0.7\"}}' | tr -d '\\n' | valetkey batch\n"
     "  valetkey batch < requests.jsonl > answers.jsonl\n"},
    {0},
};
