/* Runs every suite on the built module. */
#include "support.h"

#include <stdlib.h>

int main(void) {
    finalize_after_exit();
    SRunner *runner = srunner_create(module_suite());
    srunner_add_suite(runner, host_suite());
    srunner_add_suite(runner, interface_suite());
    srunner_add_suite(runner, token_suite());
    srunner_add_suite(runner, object_suite());
    srunner_add_suite(runner, attribute_suite());
    srunner_add_suite(runner, ordinary_suite());
    srunner_add_suite(runner, session_key_suite());
    srunner_add_suite(runner, policy_suite());
    srunner_add_suite(runner, pending_suite());
    srunner_add_suite(runner, pending_keys_suite());
    srunner_add_suite(runner, signing_suite());
    srunner_add_suite(runner, refusal_suite());
    srunner_add_suite(runner, message_suite());
    srunner_add_suite(runner, login_suite());
    srunner_add_suite(runner, thread_suite());
    srunner_add_suite(runner, journal_suite());
    srunner_add_suite(runner, receipt_suite());
    srunner_add_suite(runner, spend_suite());
    srunner_add_suite(runner, browser_suite());
    srunner_add_suite(runner, scale_suite());
    make_template_home();
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    remove_template_home();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
