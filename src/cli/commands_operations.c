/* The commands about operations and messages. */
#include "cli/commands.h"

const vk_command vk_commands_operations[] = {
    {"sign", vk_cmd_sign, NONE,
     ALL(PIN, KEY, OPT(INPUT), OPT(CHAIN_ID), OPT(SESSION), OPT(OPERATION), MESSAGE),
     "sign a UserOperation or a message",
     "Signs a UserOperation (JSON-RPC form, or ABI) if the key's policy allows it, and prints the\n"
     "finished signature field. A refusal names the rule and the reason; exit status 3.\n"
     "With --message, --message-file or --typed-data it is \"sign-message\" or "
     "\"sign-typed-data\".\n"
     "For a passkey that is with a browser, judges the operation, and prints the challenge and "
     "the\n"
     "options with which a page asks for the assertion; \"valetkey passkey assertion\" makes the\n"
     "signature of that. Nothing is reserved before.",
     "  valetkey sign --label shop --input op.json\n"
     "  valetkey sign --label shop --typed-data order.json\n"
     "  valetkey sign --label shop --message 'Sign in as ...' --chain-id 8453\n"
     "  valetkey sign --label shop --operation < op.json > signed.json\n"
     "  valetkey sign --label shop --session --input op.json > part.hex\n"},
    {"sign-message", vk_cmd_sign_message, NONE,
     ALL(PIN, KEY, OPT(MESSAGE), OPT(MESSAGE_FILE), OPT(CHAIN_ID), OF_MESSAGES),
     "sign a text for the account (ERC-1271)",
     "Signs a text (EIP-191) for the account of the key's grant, if the policy allows it, and "
     "prints\n"
     "the whole signature, as a contract passes it to the account's isValidSignature.\n"
     "--message-file takes the bytes as they are, - those of standard input. --chain-id and\n"
     "--account choose, where the key has several grants. A text names no contract that asks: a\n"
     "policy with a list of callers allows texts only after the SO relaxed unknown-caller. A "
     "refusal\n"
     "names the rule and the reason; exit status 3. \"explain --message\" says it beforehand.",
     "  valetkey sign-message --label shop --message 'Sign in to example.com'\n"
     "  printf 'Sign in' | valetkey sign-message --session shop --message-file - --chain-id 8453\n"
     "  valetkey sign-message --label shop --message hello --undeployed --json\n"},
    {"sign-typed-data", vk_cmd_sign_typed_data, ALL(OPT(TYPED_DATA)),
     ALL(PIN, KEY, OPT(CHAIN_ID), OF_MESSAGES), "sign typed data for the account (ERC-1271)",
     "The same for typed data (EIP-712): the JSON that a wallet gets in eth_signTypedData_v4. The\n"
     "contract that will ask the account is taken to be the verifyingContract of its domain. The "
     "file\n"
     "may stand alone, without --typed-data.",
     "  valetkey sign-typed-data --label shop --typed-data order.json\n"
     "  valetkey sign-typed-data --label shop order.json --chain-id 8453 --json\n"
     "  jq .order api.json | valetkey sign-typed-data --label shop --typed-data -\n"},
    {"send", vk_cmd_send, NONE,
     ALL(PIN, KEY, OPT(CALL), OPT(USEROP), OPT(SIGNED), OPT(ASSERTION), OPT(OUTPUT), OPT(CHAIN_ID),
         OPT(ACCOUNT), OPT(ACCOUNT_TOKEN), OPT(CHAINS), OPT(LANE), OPT(MAX_FEE), OPT(MAX_COST),
         OPT(PAYMASTER), OPT(DRY_RUN), OPT(WAIT), OPT(TIMEOUT), OPT(RESUME)),
     "make calls as a session: build, sign and send an operation",
     "Builds the operation that makes these calls for the account of the key's grant, has it "
     "signed\n"
     "if the policy allows it, and sends it through the chain's bundler. What the chain says of "
     "the\n"
     "account decides whether the owner's approval is brought along. --dry-run explains it, and\n"
     "neither signs nor sends. Servers are named in a file: see FILES in valetkey(1).\n"
     "--userop takes an operation that somebody else built, and signs and sends it as it is; "
     "--signed\n"
     "one that is signed, which it verifies: no PIN is needed.\n"
     "Of a passkey that is with a browser, --output keeps the operation, and what the browser is "
     "to "
     "be\n"
     "asked is printed; --userop with --assertion, its answer, sends it. With --dry-run, --output\n"
     "writes the operation of any key.\n"
     "--lane lets operations go side by side, each on its lane of nonces; auto takes the lowest "
     "that "
     "is\n"
     "free, and of several processes each gets its own. The operation that installs the "
     "permission\n"
     "goes alone. --max-fee and --max-cost refuse what a server asks beyond.\n"
     "What was signed is kept until it is known to be included: --resume HASH goes on after a\n"
     "connection that broke, or Ctrl-C, and sends no other operation. The key's journal gets the\n"
     "receipt; with --resume it does if a PIN is given, which is not asked for.",
     "  valetkey send --label shop --call 0x7099...79C8,0.1ether --dry-run\n"
     "  valetkey send --label shop --call 0xA0b8...eB48,0,0xa9059cbb... --wait\n"
     "  valetkey send --label shop --call ... --call ... --lane payroll --paymaster --wait\n"
     "  valetkey send --label shop --call ... --lane auto --max-fee 30gwei --max-cost 0.01ether\n"
     "  valetkey send --label shop --signed signed.json --wait\n"
     "  valetkey send --label phone --call 0x7099...79C8,0.1ether --output op.json\n"
     "  valetkey send --label phone --userop op.json --assertion answer.json --wait\n"
     "  valetkey send --label shop --resume 0x5f0c...\n"},
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
