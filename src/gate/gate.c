#include "gate/internal.h"

#include <stdlib.h>

vk_status vk_gate_new(vk_token *token, vk_gate **out) {
    vk_gate *gate = calloc(1, sizeof *gate);
    if (gate == NULL) {
        return VK_ERR_MEMORY;
    }
    gate->token = token;
    if (pthread_mutex_init(&gate->lock, NULL) != 0) {
        free(gate);
        return VK_ERR_MEMORY;
    }
    *out = gate;
    return VK_OK;
}

void vk_gate_free(vk_gate *gate) {
    if (gate == NULL) {
        return;
    }
    vk_loaded_forget_all(gate);
    pthread_mutex_destroy(&gate->lock);
    free(gate);
}

void vk_gate_forget(vk_gate *gate) {
    vk_loaded_forget_all(gate);
}
