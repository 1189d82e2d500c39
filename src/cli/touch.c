#include "cli/touch.h"

#include <unistd.h>

void vk_touch_say(const char *name, const char *why) {
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    if (name != NULL && name[0] != '\0') {
        fprintf(stderr, "Touch the security key \"%s\" %s ...\n", name, why);
    } else {
        fprintf(stderr, "Touch the security key %s ...\n", why);
    }
}

void vk_touch_say_slot(const vk_cli *cli, const char *why) {
    if (cli->is_security_key) {
        vk_touch_say(NULL, why);
    }
}
