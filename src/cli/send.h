/* What the parts of "valetkey send" share. */
#ifndef VK_CLI_SEND_H
#define VK_CLI_SEND_H

#include "cli/account.h"
#include "cli/grants.h"
#include "cli/outbox.h"
#include "net/chain_state.h"
#include "net/paymaster.h"
#include "net/thirdweb_state.h"

/* The most that the user lets an operation ask for. */
typedef struct vk_cap {
    const char *from; /* "--max-fee"; NULL: there is none */
    vk_u256 wei;
} vk_cap;

typedef struct vk_sending {
    vk_key_info key;
    vk_grants grants;
    const vk_grant *grant;
    bool as_owner; /* the account's owner signs, not the session key */
    vk_chain_config config;
    vk_node *node;
    vk_bundler *bundler;
    vk_paymaster *paymaster;    /* NULL: the account pays */
    vk_account_state state;     /* of a permission; of others is_deployed alone */
    vk_thirdweb_state thirdweb; /* of the key in a thirdweb account */
    vk_userop op;               /* its views point into what follows, or into its own storage */
    vk_account_entry kept; /* the account, where it and not the grant says how it is deployed */
    vk_bytes mode;         /* what stands in the signature's place before it is signed; static */
    vk_buf call_data, factory_data, signature;
    vk_sponsoring sponsoring;
    vk_cap max_fee, max_cost; /* of a gas, of the whole */
    uint64_t wait_seconds;    /* with --wait */
    bool was_kept;            /* it was in the outbox before, and may have been sent */
    bool has_request; /* the operation carries out a request that is signed, and ends then: */
    vk_u256 request_end;
    vk_outbox_claim claim; /* of the lane, until the operation is kept */
    bool has_terms;        /* fees, and the paymaster's stub data */
    vk_hash hash;          /* userOpHash */
    vk_buf request; /* {"chainId":N,"entryPoint":"0x...","userOp":{...}}, as it is to be signed */
} vk_sending;

/* ---- What is meant (send.c) ---- */

/* The one of the key's grants that --chain-id and --account leave; the key is there. */
VK_MUST_USE vk_exit vk_send_choose_grant(vk_cli *cli, vk_sending *s);
/* The operation of --userop or --signed, and the one of the key's grants that it is for. */
VK_MUST_USE vk_exit vk_send_take_operation(vk_cli *cli, vk_sending *s, vk_option option);
/* A session for what needs no signature: of the user, whose the journal is to write, if a PIN is
 * given; none is asked for. */
VK_MUST_USE vk_exit vk_send_begin_unsigned(vk_cli *cli);
/* --dry-run of an operation that an owner signs. */
VK_MUST_USE vk_exit vk_send_say_dry(vk_cli *cli, const vk_sending *s, const char *who);
/* The operation as it is to be signed, into s->request, and its hash. */
VK_MUST_USE vk_exit vk_send_write_request(vk_cli *cli, vk_sending *s);

/* ---- Who else signs (send_signed.c, send_browser.c) ---- */

/* send --signed: no login. */
VK_MUST_USE vk_exit vk_send_signed(vk_cli *cli, vk_sending *s);
/* Of a key that is with a browser: what the browser is asked, and the operation into --output.
 * Takes the key over. */
VK_MUST_USE vk_exit vk_send_ask_browser(vk_cli *cli, vk_sending *s);
/* send --userop --assertion: the browser's answer. */
VK_MUST_USE vk_exit vk_send_answered(vk_cli *cli, vk_sending *s);
/* The operation as it is to be signed, into the file of --output, if there is one. */
VK_MUST_USE vk_exit vk_send_write_output(vk_cli *cli, vk_bytes request);

/* ---- Whom to ask (send_chain.c) ---- */

/* Opens the servers of the grant's chain, and has each say that it is on that chain. */
VK_MUST_USE vk_exit vk_send_connect(vk_cli *cli, vk_sending *s);
/* The node alone. */
VK_MUST_USE vk_exit vk_send_open_node(vk_cli *cli, vk_sending *s);
/* Closes and clears all of it. */
void vk_sending_clear(vk_sending *s);
/* A failure of a server while it should do `what`; says what an EntryPoint's code means. */
VK_MUST_USE vk_exit vk_send_fail(vk_cli *cli, const char *what, vk_status status, vk_error *err);

/* ---- The operation (send_calls.c, send_build.c) ---- */

/* Can --call be read? */
VK_MUST_USE vk_exit vk_send_check_calls(vk_cli *cli);
/* The call data of --call. */
VK_MUST_USE vk_exit vk_send_calls(vk_cli *cli, vk_sending *s);

/* Sender, nonce, factory, calls: all but gas and signature. */
VK_MUST_USE vk_exit vk_send_build(vk_cli *cli, vk_sending *s);
/* Of one that the owner or an admin signs, whose calls are there: all but the signature. Fails if
 * another with its nonce may be on its way. */
VK_MUST_USE vk_exit vk_send_complete(vk_cli *cli, vk_sending *s);
/* What the chain says of the account. */
VK_MUST_USE vk_exit vk_send_ask_state(vk_cli *cli, vk_sending *s);
/* When is the approval of a grant that is not installed good, by the account's nonce? */
typedef enum vk_approval_stage {
    VK_APPROVAL_OVER = 0, /* the account is past it */
    VK_APPROVAL_GOOD,
    VK_APPROVAL_EARLY /* it comes alive when the account gets there */
} vk_approval_stage;
vk_approval_stage vk_send_approval_stage(const vk_sending *s);
/* The signature's place is taken by a stub of the same length. */
VK_MUST_USE vk_exit vk_send_put_stub(vk_cli *cli, vk_sending *s);
/* Has the operation deploy the account: the factory, and what it is called with. */
VK_MUST_USE vk_exit vk_send_put_factory(vk_cli *cli, vk_sending *s, const vk_address *factory,
                                        vk_bytes data);

/* ---- Its nonce (send_lane.c) ---- */

/*
 * The next nonce of the lane of --lane; of "auto", the lowest one on which nothing of the account
 * waits. From here on until the operation is in the outbox (or the process ends) no other process
 * takes the lane; with --dry-run anybody does. Operations that enable a permission cannot be side
 * by side: for them all lanes are one.
 */
VK_MUST_USE vk_exit vk_send_ask_nonce(vk_cli *cli, vk_sending *s, uint8_t mode);
/* The same for an operation that has its nonce. */
VK_MUST_USE vk_exit vk_send_claim(vk_cli *cli, vk_sending *s, const vk_u256 *nonce);
/* Another operation with this nonce may be on its way: only one of them can be included. */
VK_MUST_USE vk_exit vk_send_check_outbox(vk_cli *cli, const vk_sending *s);

/* ---- What was sent before it (send_earlier.c) ---- */

/* What the outbox has of the same lane with a lower nonce, or to install the permission that the
 * operation uses: if the bundler has its receipt, the key's journal gets that, and the outbox is
 * rid of it. *is_open: there is none of the operation with the hash *open. A dry run asks nobody.
 */
VK_MUST_USE vk_exit vk_send_settle_earlier(vk_cli *cli, const vk_sending *s, bool *is_open,
                                           vk_hash *open);

/* ---- What it may cost (send_cap.c) ---- */

/* --max-fee and --max-cost; and --timeout, which must be read before anything is sent, too. */
VK_MUST_USE vk_exit vk_send_read_caps(vk_cli *cli, vk_sending *s);
/* Those of the chain file, where no option says otherwise. */
void vk_send_take_caps(vk_sending *s);
/* Is the operation within them, by what is known of its price? If not, it is for what this one
 * asked; NONE: what stands in an operation that is sent as it is. */
typedef enum vk_server {
    VK_SERVER_NONE = 0,
    VK_SERVER_NODE,
    VK_SERVER_BUNDLER,
    VK_SERVER_PAYMASTER
} vk_server;
VK_MUST_USE vk_exit vk_send_check_caps(vk_cli *cli, const vk_sending *s, vk_server who);

/* Appends what a failure before the signature leaves: "nothing was signed", or the request. */
void vk_send_put_unsigned(const vk_sending *s, vk_buf *out);

/* ---- What it costs (send_price.c) ---- */

/* Fees, gas limits, paymaster: from the servers. */
VK_MUST_USE vk_exit vk_send_price(vk_cli *cli, vk_sending *s);
/* The fees of now, if they are within the caps; asked for without the operation. */
VK_MUST_USE vk_exit vk_send_ask_fees(vk_cli *cli, vk_sending *s);
/* Its beginning, which may be had before: the fees, and who pays. */
VK_MUST_USE vk_exit vk_send_ask_terms(vk_cli *cli, vk_sending *s);
/* The gas limits of the operation as it stands. */
VK_MUST_USE vk_exit vk_send_estimate(vk_cli *cli, vk_sending *s);

/* ---- Who pays (send_sponsor.c) ---- */

/* The paymaster's stub data, with which gas is estimated. */
VK_MUST_USE vk_exit vk_send_ask_sponsor(vk_cli *cli, vk_sending *s);
/* Its data for good, of an operation with gas limits. Where the estimate was of another paymaster,
 * or of shorter data, both are asked for once more: never is signed what was not estimated. */
VK_MUST_USE vk_exit vk_send_sponsored(vk_cli *cli, vk_sending *s);

/* ---- On its way (send_follow.c) ---- */

/* As the outbox keeps it. */
vk_outgoing vk_send_outgoing(const vk_sending *s);
/* What any operation of its account has in common with it. */
vk_outgoing vk_send_any_outgoing(const vk_sending *s);
/* Puts what is signed into the outbox; from then on others may have the lane. */
VK_MUST_USE vk_exit vk_send_keep(vk_cli *cli, vk_sending *s);
/* Sends what is signed; with --wait until it is included, or --timeout is over. */
VK_MUST_USE vk_exit vk_send_off(vk_cli *cli, vk_sending *s);
/* The same of an operation that was kept, and may have been sent already. */
VK_MUST_USE vk_exit vk_send_off_again(vk_cli *cli, vk_sending *s);

/* ---- Afterwards (send_receipt.c) ---- */

/* Gives the token the receipt, for the journal of the key that signed: not of what the owner
 * signed. What becomes of that is said, and no failure. False: it is worth another try. */
bool vk_send_give_receipt(vk_cli *cli, const vk_sending *s, const vk_operation_receipt *receipt);
/* The same of another operation of that account, without a word about it. */
bool vk_send_give_earlier(vk_cli *cli, const vk_sending *s, const vk_hash *hash,
                          const vk_u256 *nonce, const vk_operation_receipt *receipt);

#endif
