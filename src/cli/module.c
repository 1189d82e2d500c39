/* Finding and loading a PKCS#11 module. */
#include "cli/session.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODULE_NAME "valetkey-pkcs11.so"

vk_exit vk_module_load(vk_cli *cli, const char *path, vk_module *out) {
    *out = (vk_module){0};
    out->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (out->handle == NULL) {
        return vk_cli_fail(cli, VK_EXIT_SYSTEM, "cannot load the PKCS#11 module: %s", dlerror());
    }
    CK_C_GetFunctionList get_list = NULL;
    /* POSIX's way to turn an object pointer into a function's. */
    *(void **)&get_list = dlsym(out->handle, "C_GetFunctionList");
    if (get_list == NULL || get_list(&out->f) != CKR_OK || out->f == NULL) {
        vk_module_unload(out);
        return vk_cli_fail(cli, VK_EXIT_SYSTEM, "%s is not a PKCS#11 module", path);
    }
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_RV rv = out->f->C_Initialize(&args);
    out->finalize = rv == CKR_OK;
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED) {
        vk_module_unload(out);
        return vk_cli_fail_rv(cli, "cannot start the PKCS#11 module", rv);
    }
    return VK_EXIT_OK;
}

void vk_module_unload(vk_module *module) {
    if (module->finalize) {
        module->f->C_Finalize(NULL);
    }
    if (module->handle != NULL) {
        dlclose(module->handle);
    }
    *module = (vk_module){0};
}

/* The module beside an executable that was not installed. */
static bool build_tree_module(char path[PATH_MAX]) {
    char exe[PATH_MAX - 64];
    ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (len <= 0) {
        return false;
    }
    exe[len] = '\0';
    char *slash = strrchr(exe, '/');
    if (slash == NULL) {
        return false;
    }
    *slash = '\0';
    if (strcmp(exe, VK_BINDIR) == 0) {
        return false;
    }
    const char *last = strrchr(exe, '/');
    bool inside = last != NULL && strcmp(last, "/.libs") == 0;
    snprintf(path, PATH_MAX, "%s%s/" MODULE_NAME, exe, inside ? "" : "/.libs");
    return access(path, R_OK) == 0;
}

vk_exit vk_module_open(vk_cli *cli) {
    char path[PATH_MAX];
    const char *environment = getenv("VALETKEY_MODULE");
    if (vk_opt_flag(cli, VK_OPT_MODULE)) {
        snprintf(path, sizeof path, "%s", vk_opt(cli, VK_OPT_MODULE));
    } else if (environment != NULL && environment[0] != '\0') {
        snprintf(path, sizeof path, "%s", environment);
    } else if (!build_tree_module(path)) {
        snprintf(path, sizeof path, "%s", VK_MODULE_DIR "/" MODULE_NAME);
    }
    vk_exit exit = vk_module_load(cli, path, &cli->module);
    return exit == VK_EXIT_OK ? exit
                              : vk_cli_hint(cli, exit,
                                            "say where it is with --module PATH or "
                                            "VALETKEY_MODULE");
}
