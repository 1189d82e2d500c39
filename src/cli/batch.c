/* batch: requests on standard input, answers on standard output, line by line. */
#include "cli/cli.h"

#include "batch/batch.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)64 << 10)

/* The input: whole lines wait between start and len. */
typedef struct lines {
    uint8_t *data;
    size_t start, len, cap;
    bool skipping; /* the rest of a line that is too long */
} lines;

static vk_exit write_all(vk_cli *cli, vk_buf *answers) {
    size_t done = 0;
    if (vk_buf_status(answers) != VK_OK) {
        return vk_cli_no_memory(cli);
    }
    while (done < answers->len) {
        ssize_t n = write(STDOUT_FILENO, answers->data + done, answers->len - done);
        if (n < 0 && errno != EINTR) {
            return vk_cli_fail(cli, VK_EXIT_SYSTEM, "cannot write the answers: %s",
                               strerror(errno));
        }
        done += n < 0 ? 0 : (size_t)n;
    }
    answers->len = 0;
    return VK_EXIT_OK;
}

static void answer(vk_bytes line, vk_buf *answers) {
    vk_status status = line.len > VK_BATCH_LINE_MAX ? vk_batch_answer_too_long(answers)
                                                    : vk_batch_answer(line, answers);
    if (status == VK_OK) {
        vk_buf_put_byte(answers, '\n');
    }
}

/* Answers the whole lines that were read; at the end of the input, what is left is a line too. */
static vk_exit answer_lines(vk_cli *cli, lines *in, bool end, vk_buf *answers) {
    while (in->start < in->len) {
        uint8_t *line = in->data + in->start;
        uint8_t *newline = memchr(line, '\n', in->len - in->start);
        if (newline == NULL && !end) {
            break;
        }
        size_t len = newline == NULL ? in->len - in->start : (size_t)(newline - line);
        if (!in->skipping) {
            answer((vk_bytes){line, len}, answers);
        }
        in->skipping = false;
        vk_wipe(line, len);
        in->start += len + (newline == NULL ? 0 : 1);
        if (vk_buf_status(answers) != VK_OK || answers->len >= CHUNK) {
            vk_exit exit = write_all(cli, answers);
            if (exit != VK_EXIT_OK) {
                return exit;
            }
        }
    }
    memmove(in->data, in->data + in->start, in->len - in->start);
    in->len -= in->start;
    in->start = 0;
    return VK_EXIT_OK;
}

/* A line of which more came than may be: it is answered now, and its rest is not kept. */
static void drop_long_line(lines *in, vk_buf *answers) {
    if (in->skipping || in->len > VK_BATCH_LINE_MAX) {
        if (!in->skipping && vk_batch_answer_too_long(answers) == VK_OK) {
            vk_buf_put_byte(answers, '\n');
        }
        in->skipping = true;
        vk_wipe(in->data, in->len);
        in->len = 0;
    }
}

static bool make_room(lines *in) {
    if (in->cap - in->len >= CHUNK) {
        return true;
    }
    /* Not realloc: what it leaves behind is not wiped. */
    size_t cap = in->cap == 0 ? 2 * CHUNK : 2 * in->cap;
    uint8_t *data = malloc(cap);
    if (data == NULL) {
        return false;
    }
    if (in->len > 0) {
        memcpy(data, in->data, in->len);
        vk_wipe(in->data, in->len);
    }
    free(in->data);
    in->data = data;
    in->cap = cap;
    return true;
}

/* Everything that can be answered is out before the program waits for more. */
static vk_exit serve(vk_cli *cli, lines *in, vk_buf *answers) {
    for (;;) {
        if (!make_room(in)) {
            return vk_cli_no_memory(cli);
        }
        ssize_t n = read(STDIN_FILENO, in->data + in->len, CHUNK);
        if (n < 0 && errno != EINTR) {
            return vk_cli_fail(cli, VK_EXIT_SYSTEM, "cannot read the requests: %s",
                               strerror(errno));
        }
        in->len += n < 0 ? 0 : (size_t)n;
        vk_exit exit = answer_lines(cli, in, n == 0, answers);
        drop_long_line(in, answers);
        if (exit == VK_EXIT_OK) {
            exit = write_all(cli, answers);
        }
        if (exit != VK_EXIT_OK || n == 0) {
            return exit;
        }
    }
}

vk_exit vk_cmd_batch(vk_cli *cli) {
    lines in = {0};
    vk_buf answers = {0};
    vk_exit exit = serve(cli, &in, &answers);
    if (in.data != NULL) {
        vk_wipe(in.data, in.cap);
    }
    free(in.data);
    vk_buf_clear(&answers);
    return exit;
}
