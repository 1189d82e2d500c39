/* Reasons of a rule's verdict. */
#include "policy/rule.h"

#include <stdarg.h>
#include <stdio.h>

__attribute__((format(printf, 3, 0))) static void
set(vk_rule_verdict *verdict, vk_rule_result result, const char *format, va_list args) {
    verdict->result = result;
    vsnprintf(verdict->reason, sizeof verdict->reason, format, args);
}

void vk_rule_allow(vk_rule_verdict *verdict, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set(verdict, VK_RESULT_ALLOWED, format, args);
    va_end(args);
}

void vk_rule_deny(vk_rule_verdict *verdict, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set(verdict, VK_RESULT_DENIED, format, args);
    va_end(args);
}

void vk_rule_revert(vk_rule_verdict *verdict, const char *revert, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set(verdict, VK_RESULT_DENIED, format, args);
    va_end(args);
    verdict->revert = revert;
}

/* A reason that could not be put together changes no verdict. */
static const char *text_of(const char *text) {
    return text == NULL ? "the reason could not be written: out of memory" : text;
}

void vk_rule_allow_buf(vk_rule_verdict *verdict, vk_buf *reason) {
    char *text = vk_buf_take_text(reason);
    vk_rule_allow(verdict, "%s", text_of(text));
    vk_text_free(text);
}

void vk_rule_deny_buf(vk_rule_verdict *verdict, vk_buf *reason) {
    char *text = vk_buf_take_text(reason);
    vk_rule_deny(verdict, "%s", text_of(text));
    vk_text_free(text);
}
