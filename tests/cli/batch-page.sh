#!/bin/bash
# valetkey-batch(1) has every kind, with an example that is answered.
. "$VK_TEST_SRCDIR/tests/cli/lib.sh"
page=$VK_TEST_SRCDIR/doc/valetkey-batch.1

# The folded examples, one a line: those that begin like a request with a number for its id.
awk '/^\.EX/ { example = ""; next }
    /^\.EE/ { if (example ~ /^{"id":[0-9]/) print example; next }
    { example = example $0 }' "$page" |
    sed "s/\\\\-/-/g; s/\\\\(aq/'/g; s/\\\\(ha/^/g; s/\\\\(ti/~/g; s/^\\\\&//; s/\\\\e/\\\\/g" >requests
sed -n 's/^    {.name = "\([a-z0-9_]*\)", .handler = vk_batch_.*/\1/p' "$VK_TEST_SRCDIR/src/batch/kinds.c" | sort >kinds
step="the examples"
"$VK_TEST_BUILDDIR/valetkey" batch <requests >out
jq -r .kind requests | sort | diff -u --label kinds kinds --label examples - ||
    fail "the page does not have the kinds that there are"
jq -c 'select(.ok | not)' out | grep . && fail "an example is refused"
same "$(wc -l <out)" "$(wc -l <kinds)" "the number of answers"
sed -n 's/^\.SS \([a-z0-9_]*\)$/\1/p' "$page" | sort | diff -u kinds - || fail "another list of sections"
finish
