api_tests = tests/api/example.sh tests/api/headers.sh tests/api/pages.sh tests/api/packages.sh tests/api/symbols.sh
TESTS += $(api_tests)
EXTRA_DIST += $(api_tests)

# The example, as a program outside would be built: public headers and the shared library.
check_PROGRAMS += doc/examples/session
doc_examples_session_SOURCES = doc/examples/session.c
doc_examples_session_CPPFLAGS = -I$(top_srcdir)/include
doc_examples_session_LDADD = libvaletkey.la
EXTRA_DIST += doc/examples/session.expected
