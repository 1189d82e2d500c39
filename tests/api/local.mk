api_tests = tests/api/example.sh tests/api/headers.sh tests/api/pages.sh tests/api/packages.sh tests/api/symbols.sh
TESTS += $(api_tests)
EXTRA_DIST += $(api_tests)

# The examples, as a program outside would be built: public headers and the shared library.
check_PROGRAMS += doc/examples/session
doc_examples_session_SOURCES = doc/examples/session.c
doc_examples_session_CPPFLAGS = -I$(top_srcdir)/include
doc_examples_session_LDADD = libvaletkey.la
EXTRA_DIST += doc/examples/session.expected
# tests/cli/bot.sh runs it.
check_PROGRAMS += doc/examples/bot
doc_examples_bot_SOURCES = doc/examples/bot.c doc/examples/bot.h doc/examples/bot-servers.c \
	doc/examples/bot-token.c
doc_examples_bot_CPPFLAGS = -I$(top_srcdir)/include
doc_examples_bot_CFLAGS = $(VK_CFLAGS) $(P11KIT_CFLAGS) $(CURL_CFLAGS) $(CJSON_CFLAGS)
doc_examples_bot_LDADD = libvaletkey.la $(CURL_LIBS) $(CJSON_LIBS)
