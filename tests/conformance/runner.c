/*
 * Each condition in a child process with a time limit, so that a crash or a hang is a violation
 * with a name. The child writes lines to a pipe: "b N" when condition N of its chapter begins, "v
 * TEXT" a violation, "s TEXT" skipped, "e" when it ends.
 */
#include "conformance.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- In the child ---- */

static FILE *report;
static jmp_buf end_of_condition;

__attribute__((format(printf, 2, 0))) static void say(char what, const char *format, va_list args) {
    fprintf(report, "%c ", what);
    vfprintf(report, format, args);
    fputc('\n', report);
    fflush(report);
}

void expect(bool holds, const char *format, ...) {
    va_list args;
    if (!holds) {
        va_start(args, format);
        say('v', format, args);
        va_end(args);
    }
}

void expect_rv(CK_RV got, CK_RV wanted, const char *what) {
    expect(got == wanted, "%s gave %s, not %s", what, rv_name(got), rv_name(wanted));
}

void need(CK_RV rv, const char *what) {
    if (rv != CKR_OK) {
        expect(false, "cannot be tried: %s gave %s", what, rv_name(rv));
        longjmp(end_of_condition, 1);
    }
}

void skip(const char *why) {
    fprintf(report, "s %s\n", why);
    longjmp(end_of_condition, 1);
}

static bool is_among(const CK_RV *answers, CK_RV rv) {
    while (*answers != NO_MORE && *answers != rv) {
        answers++;
    }
    return *answers != NO_MORE;
}

/* Of our own module a change from one tolerated answer to another is not to go unnoticed. */
static void judge(const options *o, const row *r, CK_RV rv) {
    bool is_on_purpose = o->is_ours && !o->strict && r->ours != CKR_OK;
    CK_RV wanted = is_on_purpose ? r->ours : r->answers[0];
    bool is_tolerated = !o->is_ours && !o->strict && is_among(r->answers, rv);
    expect(rv == wanted || is_tolerated, "%s, not %s", rv_name(rv), rv_name(wanted));
}

static void run_row(const options *o, const row *r) {
    static context c;
    c = (context){.row = r};
    if (setjmp(end_of_condition) == 0) {
        fixture_start(&c);
        judge(o, r, r->run(&c));
    }
    fixture_stop();
}

static void run_rows(const options *o, const chapter *ch, size_t first, size_t count) {
    for (size_t i = first; i < first + count; i++) {
        fprintf(report, "b %zu\n", i);
        fflush(report);
        alarm(o->limit);
        run_row(o, &ch->rows[i]);
        alarm(0);
        fputs("e\n", report);
        fflush(report);
    }
}

/* ---- In the parent ---- */

typedef struct progress {
    size_t begun; /* the next one to begin */
    bool inside;
} progress;

static void violation(totals *t, const row *r, const char *what) {
    printf("VIOLATION %s, %s: %s\n", r->function, r->condition, what);
    t->violations++;
}

static void take_line(const options *o, const chapter *ch, char *line, progress *p, totals *t) {
    line[strcspn(line, "\n")] = '\0';
    switch (line[0]) {
    case 'b':
        p->begun = strtoul(line + 1, NULL, 10) + 1;
        p->inside = true;
        t->conditions++;
        break;
    case 'e':
        p->inside = false;
        break;
    case 's':
        t->skipped++;
        if (o->is_ours) {
            violation(t, &ch->rows[p->begun - 1], line + 2);
        }
        break;
    default:
        violation(t, &ch->rows[p->begun - 1], line + 2);
    }
}

/* How the child ended, when that was not as it should. */
static void take_status(const options *o, const chapter *ch, int status, const progress *p,
                        totals *t) {
    char text[80];
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        snprintf(text, sizeof text, "no answer in %u seconds", o->limit);
    } else if (WIFSIGNALED(status)) {
        snprintf(text, sizeof text, "the process died: %s", strsignal(WTERMSIG(status)));
    } else {
        snprintf(text, sizeof text, "the process ended with status %d%s", WEXITSTATUS(status),
                 p->inside ? "" : " after its last condition");
    }
    if (status != 0 || p->inside) {
        violation(t, &ch->rows[p->begun > 0 ? p->begun - 1 : 0], text);
    }
}

/* Runs a number of conditions in one child; returns the first one that it did not begin. */
static size_t run_child(const options *o, const chapter *ch, size_t first, size_t count,
                        totals *t) {
    int ends[2], status = 0;
    char *line = NULL;
    size_t cap = 0;
    progress p = {.begun = first};
    fflush(stdout);
    if (pipe(ends) != 0) {
        abort();
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        report = fdopen(ends[1], "w");
        run_rows(o, ch, first, count);
        fclose(report);
        exit(0);
    }
    close(ends[1]);
    FILE *lines = fdopen(ends[0], "r");
    while (getline(&line, &cap, lines) > 0) {
        take_line(o, ch, line, &p, t);
    }
    free(line);
    fclose(lines);
    if (child < 0 || waitpid(child, &status, 0) != child) {
        abort();
    }
    take_status(o, ch, status, &p, t);
    return p.begun > first ? p.begun : first + 1;
}

static bool is_wanted(const options *o, const chapter *ch, const row *r) {
    return o->only == NULL || strstr(ch->name, o->only) != NULL ||
           strstr(r->function, o->only) != NULL || strstr(r->condition, o->only) != NULL;
}

void run_chapters(const options *o, totals *t) {
    for (size_t i = 0; chapters[i] != NULL; i++) {
        const chapter *ch = chapters[i];
        for (size_t at = 0; at < ch->count;) {
            if (!is_wanted(o, ch, &ch->rows[at])) {
                at++;
            } else {
                size_t count = o->in_groups && o->only == NULL ? ch->count - at : 1;
                at = run_child(o, ch, at, count, t);
            }
        }
    }
}

bool run_apart(void (*work)(void)) {
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        report = stderr;
        if (setjmp(end_of_condition) == 0) {
            work();
            exit(0);
        }
        exit(1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* ---- The list ---- */

static void list_row(const row *r) {
    printf("  %s, %s: %s", r->function, r->condition, rv_name(r->answers[0]));
    for (const CK_RV *answer = r->answers + 1; *answer != NO_MORE; answer++) {
        printf(" or %s", rv_name(*answer));
    }
    if (r->ours != CKR_OK) {
        printf("; ours: %s", rv_name(r->ours));
    }
    putchar('\n');
}

void list_chapters(void) {
    size_t all = 0;
    for (size_t i = 0; chapters[i] != NULL; i++) {
        printf("%s: %zu\n", chapters[i]->name, chapters[i]->count);
        for (size_t r = 0; r < chapters[i]->count; r++) {
            list_row(&chapters[i]->rows[r]);
        }
        all += chapters[i]->count;
    }
    printf("%zu conditions\n", all);
}
