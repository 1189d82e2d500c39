# For the command alone: the provider never speaks to a network.
noinst_LTLIBRARIES += libvk-net.la
libvk_net_la_SOURCES = src/net/aa_error.c src/net/aa_error.h src/net/aa_revert.c src/net/answer.c src/net/answer.h src/net/bundler.c src/net/bundler.h \
	src/net/bundler_read.c src/net/bundler_read.h src/net/chain_config.c src/net/chain_config.h src/net/chain_rules.c src/net/chain_rules.h src/net/chain_state.c \
	src/net/chain_state.h src/net/chain_state_read.c src/net/chain_state_read.h src/net/header.c src/net/header.h src/net/http.c src/net/http.h \
	src/net/member.c src/net/member.h src/net/node.c src/net/node.h src/net/node_config.c src/net/node_config.h src/net/node_part.h src/net/nonce.c src/net/nonce.h src/net/params.c \
	src/net/params.h src/net/paymaster.c src/net/paymaster.h src/net/paymaster_read.c src/net/paymaster_read.h \
	src/net/permission_record.c src/net/permission_record.h src/net/passkey.c src/net/passkey.h src/net/passkey_attest.c src/net/passkey_read.c src/net/relying_party.c \
	src/net/relying_party.h src/net/relying_party_read.c src/net/httpd.c src/net/httpd.h src/net/reply.c \
	src/net/reply.h src/net/rpc.c src/net/rpc.h src/net/settle.c src/net/settle.h \
	src/net/settle_install.c src/net/settle_log.c src/net/settle_part.h src/net/thirdweb_state.c src/net/thirdweb_state.h src/net/url.c src/net/url.h
libvk_net_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(MICROHTTPD_CFLAGS)
libvk_net_la_LIBADD = $(CURL_LIBS) $(MICROHTTPD_LIBS)
