/* audit export, audit rotate. */
#include "cli/audit_record.h"
#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Records go to the file one by one: there may be more of them than fit the memory. */
typedef struct target {
    FILE *file; /* NULL: nobody wants them */
    const char *path;
    vk_key_labels labels;
    uint64_t count;
    int error;
} target;

static bool is_stdout(const char *path) {
    return path == NULL || strcmp(path, "-") == 0;
}

/* What is there already may be the only copy of older records. */
static vk_exit open_target(vk_cli *cli, target *t) {
    if (is_stdout(t->path)) {
        t->file = stdout;
        return VK_EXIT_OK;
    }
    int file = open(t->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    t->file = file >= 0 ? fdopen(file, "w") : NULL;
    if (t->file != NULL) {
        return VK_EXIT_OK;
    }
    vk_exit exit = vk_cli_fail(cli, VK_EXIT_SYSTEM, "cannot make %s: %s", t->path, strerror(errno));
    if (file >= 0) {
        close(file);
    }
    return exit;
}

static void close_target(target *t, bool keep) {
    if (t->file != NULL && t->file != stdout) {
        fclose(t->file);
        if (!keep) {
            unlink(t->path);
        }
    }
}

static bool sync_target(target *t) {
    return fflush(t->file) == 0 && (t->file == stdout || fsync(fileno(t->file)) == 0);
}

static vk_status fail_target(target *t) {
    t->error = errno;
    return errno == ENOSPC ? VK_ERR_STORE_FULL : VK_ERR_STORE;
}

/* NULL: there are no more. */
static vk_status write_one(void *context, const vk_journal_record *record) {
    target *t = context;
    if (t->file == NULL) {
        return VK_OK;
    }
    if (record == NULL) {
        return sync_target(t) ? VK_OK : fail_target(t);
    }
    vk_buf line = {0};
    vk_audit_put_json(&line, &t->labels, record);
    vk_buf_put_byte(&line, '\n');
    vk_status status = vk_buf_status(&line);
    if (status == VK_OK && fwrite(line.data, 1, line.len, t->file) != line.len) {
        status = fail_target(t);
    }
    t->count += status == VK_OK;
    vk_buf_clear(&line);
    return status;
}

static vk_exit failed(vk_cli *cli, const target *t, const char *what, vk_status status,
                      vk_error *err) {
    if (t->error != 0) {
        return vk_cli_fail(cli, VK_EXIT_SYSTEM, "cannot write %s: %s",
                           is_stdout(t->path) ? "the records" : t->path, strerror(t->error));
    }
    return vk_cli_fail_with(cli, what, status, err);
}

/* ---- Export ---- */

static vk_exit export_to(vk_cli *cli, vk_token *token, target *t) {
    vk_error err = {0};
    vk_exit exit = open_target(cli, t);
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_status status = vk_journal_each(token, 0, write_one, t, &err);
    if (status == VK_OK) {
        status = write_one(t, NULL);
    }
    close_target(t, status == VK_OK);
    return status == VK_OK ? VK_EXIT_OK : failed(cli, t, "cannot read the journal", status, &err);
}

static void say_exported(vk_cli *cli, const target *t) {
    vk_say(&cli->out, "Wrote %" PRIu64 " records to %s.\n", t->count, t->path);
    vk_out_open(&cli->out, NULL, '{');
    vk_out_u64(&cli->out, "records", t->count);
    vk_out_text(&cli->out, "output", t->path);
    vk_out_close(&cli->out, '}');
}

vk_exit vk_cmd_audit_export(vk_cli *cli) {
    vk_token *token = NULL;
    target t = {.path = vk_opt(cli, VK_OPT_OUTPUT)};
    vk_exit exit = vk_store_open(cli, &token);
    if (exit == VK_EXIT_OK) {
        exit = vk_key_labels_load(cli, token, &t.labels);
    }
    if (exit == VK_EXIT_OK) {
        exit = export_to(cli, token, &t);
    }
    vk_token_close(token);
    vk_key_labels_clear(&t.labels);
    if (exit == VK_EXIT_OK && !is_stdout(t.path)) {
        say_exported(cli, &t);
    }
    return exit;
}

/* ---- Rotation ---- */

static vk_exit rotate_to(vk_cli *cli, vk_token *token, uint64_t keep, target *t, int64_t *dropped) {
    vk_error err = {0};
    vk_exit exit = t->path != NULL ? open_target(cli, t) : VK_EXIT_OK;
    if (exit != VK_EXIT_OK) {
        return exit;
    }
    vk_status status = vk_journal_rotate(token, (int64_t)keep, write_one, t, dropped, &err);
    close_target(t, status == VK_OK && *dropped > 0);
    return status == VK_OK ? VK_EXIT_OK : failed(cli, t, "cannot drop records", status, &err);
}

static void say_dropped(vk_cli *cli, const target *t, int64_t dropped) {
    vk_out *out = &cli->out;
    vk_say(out, "Dropped %" PRId64 " records of the token \"%s\"%s%s.\n", dropped, cli->token_label,
           t->path != NULL && dropped > 0 ? "; they are in " : "",
           t->path != NULL && dropped > 0 ? t->path : "");
    vk_out_open(out, NULL, '{');
    vk_out_text(out, "token", cli->token_label);
    vk_out_u64(out, "dropped", (uint64_t)dropped);
    if (t->path != NULL && dropped > 0) {
        vk_out_text(out, "output", t->path);
    }
    vk_out_close(out, '}');
}

static vk_exit check_output(vk_cli *cli, const char *path) {
    if (path != NULL && is_stdout(path)) {
        return vk_cli_fail(cli, VK_EXIT_USAGE,
                           "records that are dropped go to a file: --output cannot be -");
    }
    return VK_EXIT_OK;
}

vk_exit vk_cmd_audit_rotate(vk_cli *cli) {
    vk_token *token = NULL;
    uint64_t keep = 0;
    int64_t dropped = 0;
    target t = {.path = vk_opt(cli, VK_OPT_OUTPUT)};
    vk_exit exit = check_output(cli, t.path);
    if (exit == VK_EXIT_OK) {
        exit = vk_read_u64(cli, VK_OPT_KEEP, INT64_MAX, &keep);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_store_open_so(cli, &token);
    }
    if (exit == VK_EXIT_OK) {
        exit = vk_key_labels_load(cli, token, &t.labels);
    }
    if (exit == VK_EXIT_OK) {
        exit = rotate_to(cli, token, keep, &t, &dropped);
    }
    vk_token_close(token);
    vk_key_labels_clear(&t.labels);
    if (exit == VK_EXIT_OK) {
        say_dropped(cli, &t, dropped);
    }
    return exit;
}
