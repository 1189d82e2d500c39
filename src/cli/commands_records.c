/* The commands about what the token counts and records. */
#include "cli/commands.h"

const vk_command vk_commands_records[] = {
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
    {0},
};
