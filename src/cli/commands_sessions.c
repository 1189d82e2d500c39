/* The commands about accounts, approvals and sessions. */
#include "cli/commands.h"

const vk_command vk_commands_sessions[] = {
    {"account create", vk_cmd_account_create, ALL(OPT(NAME)),
     ALL(PIN, OPT(KERNEL_VERSION), OPT(VALIDATOR), OPT(INDEX), OPT(EIP7702), OPT(FACTORY),
         OPT(IMPLEMENTATION), OPT(ENTRY_POINT), OPT(OWNER), OPT(OWNER_KEY), OPT(OWNER_PIN_FILE),
         OPT(ACCOUNT), OPT(AUTHENTICATOR_ID), OPT(AUTHENTICATOR_ID_HASH), OPT(RP_ID), OPT(ORIGIN),
         OPT(CHAIN_ID), OPT(CHAINS)),
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
     "address must be that one. An account that its owner deploys in a way of his own has no "
     "factory\n"
     "here: with --eip7702 it is the owner's address; for an --entry-point that the version is "
     "not\n"
     "published for, --account says where it is.",
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
     ALL(PIN, OPT(ID), OPT(TYPE), PASSKEY, DEVICE, STEP_UP, OPT(ACCOUNT_TOKEN), OPT(ENABLE_NONCE),
         OPT(OWNER_KEY), OPT(OWNER_PIN_FILE), OPT(SIGNATURE), OPT(OUTPUT), OPT(SEND), OPT(THIRDWEB),
         SENDING, LINT),
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
     "What is approved is good at one nonce of the account on each chain. The nodes of the chain "
     "file\n"
     "are asked for it; without a node it is 1, or what --enable-nonce says.\n"
     "The account may be kept by another token than the key's, --account-token; the key may be on "
     "a\n"
     "security key, --token, as of \"key create\".\n"
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
     "      --owner-key 'pkcs11:token=cold;object=admin' --send --wait\n"
     "  valetkey session create --token 'YubiKey' --type p256 --label bot --account main \\\n"
     "      --account-token main --chain-id 8453 --policy policy.json --owner-pin-file cold.pin\n"},
    {"session install", vk_cmd_session_install, NONE, ALL(KEY, OPT(CHAIN_ID), OPT(ACCOUNT), ADMIN),
     "put a thirdweb session on its chain",
     "Has the thirdweb account of the key's grant carry out the request that an admin signed for "
     "it,\n"
     "by an operation that the key of an admin (of any PKCS#11 token) signs; the operation "
     "deploys\n"
     "the account if it is not there yet and the token, or that of --account-token, keeps it. "
     "Nothing\n"
     "is sent if the account has the session already. A Kernel account takes its owner's approval "
     "along with the session's "
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
    {"session show", vk_cmd_session_show, NONE,
     ALL(KEY, OPT(CHAIN_ID), OPT(ACCOUNT), OPT(ACCOUNT_TOKEN)),
     "show a session, its policy and what is left of it",
     "Shows what \"key show\" does of the key, and the one grant of --chain-id and --account. No "
     "PIN\n"
     "is needed.",
     "  valetkey session show --label shop --chain-id 8453\n"
     "  valetkey session show --label shop --account main --json | jq '.grants[0].budgets'\n"},
    {"session status", vk_cmd_session_status, NONE,
     ALL(KEY, OPT(CHAIN_ID), OPT(ACCOUNT), OPT(ACCOUNT_TOKEN), OPT(CHAINS)),
     "ask the chain about a session",
     "Asks the nodes of the chain file about the grants of a key, or those of --chain-id and\n"
     "--account: is the account deployed, what does it own, is the permission installed, revoked, "
     "or\n"
     "still to be enabled, and is the owner's approval good; and shows what gas rules and rate "
     "limits\n"
     "have left by the chain's count beside the token's own. No PIN is needed. A node is believed "
     "for\n"
     "what it is worth: nothing on the token changes.",
     "  valetkey session status --label shop\n  valetkey session status --label shop --chain-id "
     "8453 "
     "--json\n"},
    {"session revoke", vk_cmd_session_revoke, NONE,
     ALL(KEY, OPT(CHAIN_ID), OPT(ACCOUNT), OPT(ACCOUNT_TOKEN), OPT(CHAINS), OPT(OWNER_KEY),
         OPT(OWNER_PIN_FILE), OPT(MAX_FEE), OPT(MAX_COST), OPT(PAYMASTER), OPT(LANE), OPT(DRY_RUN),
         OPT(WAIT), OPT(TIMEOUT)),
     "take a permission away on its chain",
     "Builds the operation by which the account takes the key's permission away, lets the owner's\n"
     "key (of any PKCS#11 token) sign it, and sends it. A permission that was approved and never\n"
     "used dies with the nonce of its approval, and so does whatever else was approved with it.\n"
     "A thirdweb session is ended by an admin's key, which signs the request and the operation; a\n"
     "request for it that was signed and not carried out yet is used up as well; one that is for\n"
     "later cannot be, which is said, and is no success.\n"
     "The key's grant stays on the token, which asks no chain when it signs: \"key remove\" ends "
     "it.",
     "  valetkey session revoke --label shop --owner-key 'pkcs11:token=cold;object=owner' --wait\n"
     "  valetkey session revoke --label shop --chain-id 8453 --dry-run\n"},
    {"thirdweb add-admin", vk_cmd_thirdweb_add_admin, ALL(OPT(CHAIN_ID), OPT(ACCOUNT)),
     ALL(SO_PIN, KEY, OPT(SIGNER), OPT(OUTPUT), ADMIN), "make somebody an admin of an account",
     "Prints the request that an admin of a thirdweb account signs (EIP-712) to make --signer an\n"
     "admin too, who may do everything. Admins are the SO's business, so it needs the SO's PIN;\n"
     "nothing on the token changes. --output keeps the request for \"thirdweb call\".\n"
     "With the admin's --owner-key, whose own PIN is enough, it is signed and carried out at once, "
     "by\n"
     "an operation of --account, which the token, or that of --account-token, keeps; with "
     "--dry-run "
     "as\n"
     "well, it is said what would be signed.",
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
    {0},
};
