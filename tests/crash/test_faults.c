/* Disks that are full, fail or go away, locks that others hold, clocks that go back: a clear error
 * each, no signature, and afterwards all is as it was. */
#include "crash/faults.h"

#include <stdlib.h>

int main(void) {
    SRunner *runner = srunner_create(faults_disk_suite());
    srunner_add_suite(runner, faults_files_suite());
    srunner_add_suite(runner, faults_lock_suite());
    srunner_add_suite(runner, faults_clock_suite());
    faults_make_template();
    srunner_run_all(runner, CK_NORMAL);
    faults_remove_template();
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
