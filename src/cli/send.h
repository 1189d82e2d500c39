/* What the parts of "valetkey send" share. */
#ifndef VK_CLI_SEND_H
#define VK_CLI_SEND_H

#include "cli/grants.h"
#include "cli/outbox.h"
#include "net/chain_state.h"
#include "net/paymaster.h"
#include "net/thirdweb_state.h"

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
    vk_buf call_data, factory_data, signature;
    vk_sponsoring sponsoring;
    vk_hash hash;   /* userOpHash */
    vk_buf request; /* {"chainId":N,"entryPoint":"0x...","userOp":{...}}, as it is to be signed */
} vk_sending;

/* ---- What is meant (send.c) ---- */

/* The one of the key's grants that --chain-id and --account leave; the key is there. */
VK_MUST_USE vk_exit vk_send_choose_grant(vk_cli *cli, vk_sending *s);
/* --dry-run of an operation that an owner signs. */
VK_MUST_USE vk_exit vk_send_say_dry(vk_cli *cli, const vk_sending *s, const char *who);
/* The operation as it is to be signed, into s->request, and its hash. */
VK_MUST_USE vk_exit vk_send_write_request(vk_cli *cli, vk_sending *s);
/* Another operation with this nonce may be on its way: only one of them can be included. */
VK_MUST_USE vk_exit vk_send_check_outbox(vk_cli *cli, const vk_sending *s);

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
/* Its parts: what the chain says of the account; the next nonce of the lane. */
VK_MUST_USE vk_exit vk_send_ask_state(vk_cli *cli, vk_sending *s);
VK_MUST_USE vk_exit vk_send_ask_nonce(vk_cli *cli, vk_sending *s, uint8_t mode);
/* The signature's place is taken by a stub of the same length. */
VK_MUST_USE vk_exit vk_send_put_stub(vk_cli *cli, vk_sending *s);
/* Has the operation deploy the account: the factory, and what it is called with. */
VK_MUST_USE vk_exit vk_send_put_factory(vk_cli *cli, vk_sending *s, const vk_address *factory,
                                        vk_bytes data);

/* ---- What it costs (send_price.c) ---- */

/* Fees, gas limits, paymaster: from the servers. */
VK_MUST_USE vk_exit vk_send_price(vk_cli *cli, vk_sending *s);

/* ---- On its way (send_follow.c) ---- */

/* As the outbox keeps it. */
vk_outgoing vk_send_outgoing(const vk_sending *s);
/* Sends what is signed; with --wait until it is included, or --timeout is over. */
VK_MUST_USE vk_exit vk_send_off(vk_cli *cli, vk_sending *s);
/* The same of an operation that was kept, and may have been sent already. */
VK_MUST_USE vk_exit vk_send_off_again(vk_cli *cli, vk_sending *s);

#endif
