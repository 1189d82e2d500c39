# A node on this machine plays what servers do; nothing here needs a network.
net_test_support = tests/net/chain.c tests/net/chain.h tests/net/server.c tests/net/server.h
served_support = tests/net/served.c tests/net/served.h $(net_test_support)
party_support = tests/net/party.c tests/net/party.h tests/support/quick_pins.c
net_test_libs = libvk-net.la libvk-token.la libvk-test.la libvk-core.la $(CJSON_LIBS) $(SQLITE_LIBS) \
	$(CHECK_LIBS) $(CURL_LIBS)
net_test_programs = tests/net/test_net_aa_error tests/net/test_net_bundler \
	tests/net/test_net_chain_config tests/net/test_net_chain_rules \
	tests/net/test_net_chain_state tests/net/test_net_config tests/net/test_net_httpd \
	tests/net/test_net_install tests/net/test_net_passkey tests/net/test_net_passkey_crash \
	tests/net/test_net_paymaster tests/net/test_net_relying_party tests/net/test_net_rpc \
	tests/net/test_net_settle tests/net/test_net_thirdweb_state
check_PROGRAMS += $(net_test_programs) tests/net/node
TESTS += $(net_test_programs)
valgrind_slow_tests += $(net_test_programs)
tests_net_test_net_aa_error_SOURCES = tests/net/test_net_aa_error.c
tests_net_test_net_aa_error_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_aa_error_LDADD = $(net_test_libs)
tests_net_test_net_bundler_SOURCES = tests/net/test_net_bundler.c tests/net/rude.c tests/net/rude.h $(served_support)
tests_net_test_net_bundler_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_bundler_LDADD = $(net_test_libs)
tests_net_test_net_chain_config_SOURCES = tests/net/test_net_chain_config.c
tests_net_test_net_chain_config_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_chain_config_LDADD = $(net_test_libs)
tests_net_test_net_chain_rules_SOURCES = tests/net/test_net_chain_rules.c $(served_support)
tests_net_test_net_chain_rules_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_chain_rules_LDADD = $(net_test_libs)
tests_net_test_net_chain_state_SOURCES = tests/net/test_net_chain_state.c $(served_support)
tests_net_test_net_chain_state_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_chain_state_LDADD = $(net_test_libs)
tests_net_test_net_paymaster_SOURCES = tests/net/test_net_paymaster.c $(served_support)
tests_net_test_net_paymaster_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_paymaster_LDADD = $(net_test_libs)
tests_net_test_net_config_SOURCES = tests/net/test_net_config.c
tests_net_test_net_config_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_config_LDADD = $(net_test_libs)
tests_net_test_net_httpd_SOURCES = tests/net/test_net_httpd.c
tests_net_test_net_httpd_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_httpd_LDADD = $(net_test_libs)
tests_net_test_net_install_SOURCES = tests/net/test_net_install.c tests/net/question.c \
	tests/net/question.h $(net_test_support)
tests_net_test_net_install_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_install_LDADD = $(net_test_libs)
tests_net_test_net_passkey_SOURCES = tests/net/test_net_passkey.c tests/net/server.c \
	tests/net/server.h
tests_net_test_net_passkey_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_passkey_LDADD = $(net_test_libs)
tests_net_test_net_passkey_crash_SOURCES = tests/net/test_net_passkey_crash.c $(party_support) \
	tests/support/powercut.c tests/support/powercut.h $(disk_support)
tests_net_test_net_passkey_crash_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_passkey_crash_LDADD = $(net_test_libs)
tests_net_test_net_passkey_crash_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
tests_net_test_net_relying_party_SOURCES = tests/net/test_net_relying_party.c $(party_support)
tests_net_test_net_relying_party_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_relying_party_LDADD = $(net_test_libs)
tests_net_test_net_relying_party_LDFLAGS = $(AM_LDFLAGS) -export-dynamic
tests_net_test_net_rpc_SOURCES = tests/net/test_net_rpc.c $(net_test_support)
tests_net_test_net_rpc_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_rpc_LDADD = $(net_test_libs)
tests_net_test_net_settle_SOURCES = tests/net/test_net_settle.c tests/net/question.c \
	tests/net/question.h $(net_test_support)
tests_net_test_net_settle_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_settle_LDADD = $(net_test_libs)
# The same node as a program, for tests of the command.
tests_net_node_SOURCES = tests/net/node.c $(net_test_support)
tests_net_node_LDADD = $(vk_test_libs)
# And a chain with a bundler and a paymaster that answer as a file says.
check_PROGRAMS += tests/net/bundler
tests_net_bundler_SOURCES = tests/net/bundler.c tests/net/server.c tests/net/server.h
tests_net_bundler_LDADD = $(vk_test_libs) $(CJSON_LIBS)
tests_net_test_net_thirdweb_state_SOURCES = tests/net/test_net_thirdweb_state.c $(served_support)
tests_net_test_net_thirdweb_state_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_net_test_net_thirdweb_state_LDADD = $(net_test_libs)
