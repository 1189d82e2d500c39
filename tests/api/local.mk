api_tests = tests/api/headers.sh tests/api/pages.sh tests/api/symbols.sh
TESTS += $(api_tests)
EXTRA_DIST += $(api_tests)
