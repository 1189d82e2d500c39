/* A record of the journal, for people and as JSON. */
#ifndef VK_CLI_AUDIT_RECORD_H
#define VK_CLI_AUDIT_RECORD_H

#include "cli/store.h"

/* "payroll", "04ab12cd... (no key any more)" or "the token". Appends. */
void vk_audit_put_name(vk_buf *out, const vk_key_labels *labels, vk_bytes point);
/* Some lines of text. */
void vk_audit_say_record(vk_out *out, const vk_key_labels *labels, const vk_journal_record *record);
/* One JSON object on one line. Appends. */
void vk_audit_put_json(vk_buf *out, const vk_key_labels *labels, const vk_journal_record *record);

#endif
