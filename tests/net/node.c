/* Serves a chain (see chain.h), read anew from FILE for every call, until it is killed. Prints its
 * URL first. Usage: node FILE */
#include "chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void answer(void *context, const char *head, vk_bytes body, server_answer *out) {
    static char text[1 << 20];
    FILE *file = fopen(context, "r");
    chain c = {0};
    if (file == NULL) {
        perror(context);
        abort();
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    chain_set(&c, text);
    chain_answer(&c, head, body, out);
    chain_clear(&c);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("Usage: node FILE\n", stderr);
        return 2;
    }
    server *s = server_start(answer, argv[1]);
    printf("http://127.0.0.1:%u/secret-path\n", server_port(s));
    fflush(stdout);
    for (;;) {
        pause();
    }
}
