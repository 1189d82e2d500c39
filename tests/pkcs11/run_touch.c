/* Runs the suites about touches on the built module. */
#include "touch_support.h"

#include <stdlib.h>

int main(void) {
    SRunner *runner = srunner_create(touch_suite());
    srunner_add_suite(runner, step_up_suite());
    make_template_home();
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_template_home();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
