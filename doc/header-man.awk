# The manual page of a public header, made of its comments:
#   awk -v name=userop -v version=0.1.0 -f header-man.awk include/valetkey/userop.h
#
# The first comment is the description; "/* ---- Title ---- */" begins a subsection; a comment
# belongs to the declarations that follow it, up to the next blank line or comment.

function escape(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/'/, "\\(aq", text)
    gsub(/\^/, "\\(ha", text)
    gsub(/~/, "\\(ti", text)
    gsub(/`/, "\\(ga", text)
    if (text ~ /^[.]/)
        text = "\\&" text
    return text
}

# The lines of a comment: indented ones stay as they are, the others are filled.
function put_comment(lines, count,    i, text, literal, blank) {
    literal = blank = 0
    for (i = 1; i <= count; i++) {
        text = lines[i]
        if (text ~ /^[ \t]*$/) {
            blank = 1
            continue
        }
        if ((text ~ /^  /) != literal) {
            print literal ? ".fi\n.PP" : ".PP\n.nf"
            literal = !literal
        } else if (blank)
            print literal ? "" : ".PP"
        blank = 0
        print escape(text)
    }
    if (literal)
        print ".fi"
}

# A prototype, folded between its parameters.
function put_declaration(text,    line, parts, count, i) {
    gsub(/[ \t]+/, " ", text)
    count = split(text, parts, ", ")
    line = parts[1]
    for (i = 2; i <= count; i++) {
        line = line ","
        if (length(line) + 1 + length(parts[i]) > 72) {
            print bold(line)
            line = "    " parts[i]
        } else
            line = line " " parts[i]
    }
    print bold(line)
}

function bold(line) {
    line = escape(line)
    if (match(line, /vk_[a-z0-9_]+\(/))
        line = substr(line, 1, RSTART - 1) "\\fB" substr(line, RSTART, RLENGTH - 1) "\\fR" \
            substr(line, RSTART + RLENGTH - 1)
    return line
}

# The code of an item: prototypes folded, everything else as it stands.
function put_code(    i, text, joined) {
    print ".PP\n.nf"
    joined = ""
    for (i = 1; i <= code_count; i++) {
        text = code[i]
        if (joined != "" || text ~ /VK_API/) {
            gsub(/(VK_API|VK_MUST_USE) /, "", text)
            joined = joined " " text
            if (text ~ /;/) {
                sub(/^ +/, "", joined)
                put_declaration(joined)
                joined = ""
            }
        } else
            print bold(text)
    }
    print ".fi"
}

function flush() {
    if (code_count > 0) {
        put_code()
        if (comment_count > 0) {
            print ".RS 4"
            put_comment(comment, comment_count)
            print ".RE"
        }
    } else if (comment_count > 0) {
        print ".PP"
        put_comment(comment, comment_count)
    }
    code_count = comment_count = 0
}

# The first comment gives the name (its first sentence) and the description.
function put_head(    i, all, first) {
    for (i = 1; i <= comment_count && comment[i] != ""; i++)
        all = all (i > 1 ? " " : "") comment[i]
    first = all
    if (match(all, /[.]( |$)/))
        first = substr(all, 1, RSTART - 1)
    gsub(/\\/, "\\e", first)
    print ".SH NAME\n" page " \\- " first
    print ".SH LIBRARY\nlibvaletkey (\\-lvaletkey)"
    print ".SH SYNOPSIS\n.nf\n.B #include <valetkey/" name ".h>\n"
    print "cc ... $(pkg\\-config \\-\\-cflags \\-\\-libs valetkey)\n.fi"
    print ".SH DESCRIPTION"
    put_comment(comment, comment_count)
    print ".SH DECLARATIONS"
    comment_count = 0
    described = 1
}

function comment_line(text) {
    sub(/^ ?\* ?/, "", text)
    comment[++comment_count] = text
}

# Comments that stand on lines of their own, outside of braces.
function begin_comment(text) {
    if (described)
        flush()
    if (text ~ /^\/\* ---- .* ---- \*\/$/) {
        gsub(/^\/\* ---- | ---- \*\/$/, "", text)
        print ".SS " escape(text)
        return
    }
    sub(/^\/\* ?/, "", text)
    in_comment = text !~ /\*\//
    sub(/ ?\*\/.*$/, "", text)
    if (text != "")
        comment[++comment_count] = text
    if (!in_comment && !described)
        put_head()
}

BEGIN {
    page = name == "valetkey" ? name : "valetkey-" name
    title = toupper(page)
    gsub(/-/, "\\-", title)
    print ".\\\" Made of valetkey/" name ".h by header\\-man.awk."
    print ".TH " title " 3 \"\" \"valetkey " version "\" \"Library Functions Manual\""
    print ".nh\n.ad l"
}

in_comment {
    in_comment = $0 !~ /\*\//
    text = $0
    sub(/ ?\*\/.*$/, "", text)
    if (in_comment || text !~ /^ *$/)
        comment_line(text)
    if (!in_comment && !described)
        put_head()
    next
}

/^#include <valetkey\// {
    includes[++include_count] = $2
    next
}
/^#include/ { next }
/^#ifdef __cplusplus/ { skipping = 1 }
skipping {
    if (/^#endif/)
        skipping = 0
    next
}
/^#ifndef VALETKEY_|^#define VALETKEY_[A-Z0-9_]*_H$|^#endif/ { next }

depth == 0 && /^\/\*/ {
    begin_comment($0)
    next
}
depth == 0 && /^[ \t]*$/ {
    flush()
    next
}
{
    code[++code_count] = $0
    text = $0
    gsub(/\/\*.*\*\//, "", text)
    depth += gsub(/[{]/, "", text) - gsub(/[}]/, "", text)
}

END {
    flush()
    if (name == "valetkey")
        print ".PP\nNothing of its own: each header that it includes has its page."
    print ".SH SEE ALSO"
    for (i = 1; i <= include_count; i++) {
        other = includes[i]
        gsub(/^<valetkey\/|\.h>$/, "", other)
        print ".BR valetkey\\-" other " (3),"
    }
    if (name != "valetkey")
        print ".BR valetkey (3),"
    print ".BR valetkey\\-batch (1),\n.BR pkg\\-config (1)"
    print ".SH SOURCE\n.I include/valetkey/" name ".h"
}
