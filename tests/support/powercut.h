/*
 * What a power cut leaves of a directory: of every file the content that was last synced, of the
 * directory the names that were last synced. SIGKILL alone proves little about durability: the
 * system keeps what a killed process wrote.
 */
#ifndef VK_TESTS_POWERCUT_H
#define VK_TESTS_POWERCUT_H

/*
 * From now on every sync in this process and the children that it forks is repeated on a copy, in
 * the directory copy, which exists. What is in the directory now counts as synced. Needs disk.c.
 * Call it before there are threads, and in a process that has none of the files open. Aborts if it
 * cannot work.
 */
void powercut_watch(const char *directory, const char *copy);
/* Puts back what was synced, and watches no longer. No process uses the directory any more. */
void powercut_strike(void);

#endif
