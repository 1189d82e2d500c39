/* The directory of the tokens, while one is being made. */
#ifndef VK_TOKEN_HOME_H
#define VK_TOKEN_HOME_H

#include "token/token.h"

/* What follows the serial in the name of a token's file. */
#define VK_TOKEN_SUFFIX ".db"
#define VK_DEVICE_STORE_SUFFIX ".fido2.db"

/* A token that is not complete yet: nobody lists it. */
typedef struct vk_home_draft {
    int directory; /* locked against other drafts; -1: there is none */
    char serial[VK_TOKEN_SERIAL_LEN + 1];
    char *draft_path;
    char *path; /* where the token will be */
} vk_home_draft;

/* Is this the name of an ordinary token's file, or of a device's store? */
bool vk_home_is_token(const char *name);
bool vk_home_is_device_store(const char *name);

/* Makes the directory and an empty file in it, and removes what creations that died left. */
VK_MUST_USE vk_status vk_home_draft_new(const char *home, bool is_device_store, vk_home_draft *out,
                                        vk_error *err);
/* Gives the file its name; durable when it returns. */
VK_MUST_USE vk_status vk_home_draft_publish(vk_home_draft *draft, vk_error *err);
/* Removes what is not published. */
void vk_home_draft_end(vk_home_draft *draft);

#endif
