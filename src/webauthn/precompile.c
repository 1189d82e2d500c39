#include <valetkey/webauthn.h>

#include <stdlib.h>

/* Ascending. */
static const uint64_t chains[] = {
    1,      10,     56,     97,     130,    137,      143,      183,       185,
    204,    233,    324,    360,    747,    901,      919,      1301,      1315,
    1424,   1514,   1894,   2741,   3343,   5000,     5003,     6343,      7000,
    8008,   8333,   8453,   8765,   10143,  17000,    28802,    33111,     33139,
    34443,  42161,  42170,  42220,  43111,  43113,    43114,    57073,     59141,
    59144,  60808,  80002,  80888,  84532,  98866,    98867,    421614,    534351,
    534352, 656476, 743111, 747474, 763373, 11155111, 11155420, 666666666, 88153591557};

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

bool vk_webauthn_chain_has_precompile(uint64_t chain_id) {
    return bsearch(&chain_id, chains, sizeof chains / sizeof chains[0], sizeof chains[0],
                   compare) != NULL;
}
