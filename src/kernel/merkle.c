#include <valetkey/eth.h>
#include <valetkey/multichain.h>

#include <stdlib.h>
#include <string.h>

static vk_hash parent(const vk_hash *a, const vk_hash *b) {
    bool ordered = memcmp(a->b, b->b, sizeof a->b) <= 0;
    uint8_t pair[64];
    memcpy(pair, ordered ? a->b : b->b, 32);
    memcpy(pair + 32, ordered ? b->b : a->b, 32);
    return vk_keccak256((vk_bytes){pair, sizeof pair});
}

/* A level has half the nodes of the one below, an odd one more. */
static size_t level_above(size_t count) {
    return count / 2 + count % 2;
}

static size_t node_count(size_t leaves) {
    size_t sum = leaves;
    for (size_t level = leaves; level > 1; sum += level) {
        level = level_above(level);
    }
    return sum;
}

static void build_level(const vk_hash *level, size_t count, vk_hash *above) {
    for (size_t i = 0; i < count; i += 2) {
        above[i / 2] = i + 1 < count ? parent(&level[i], &level[i + 1]) : level[i];
    }
}

vk_status vk_merkle_build(const vk_hash *leaves, size_t count, vk_merkle *out) {
    if (count == 0 || count > VK_MERKLE_LEAVES_MAX) {
        return VK_ERR_SIZE;
    }
    vk_hash *nodes = calloc(node_count(count), sizeof *nodes);
    if (nodes == NULL) {
        return VK_ERR_MEMORY;
    }
    memcpy(nodes, leaves, count * sizeof *nodes);
    vk_hash *level = nodes;
    for (size_t n = count; n > 1; n = level_above(n)) {
        build_level(level, n, level + n);
        level += n;
    }
    *out = (vk_merkle){.leaf_count = count, .nodes = nodes, .root = *level};
    return VK_OK;
}

void vk_merkle_clear(vk_merkle *tree) {
    free(tree->nodes);
    *tree = (vk_merkle){0};
}

static size_t last_equal(const vk_merkle *tree, size_t leaf) {
    size_t last = leaf;
    for (size_t i = leaf + 1; i < tree->leaf_count; i++) {
        if (memcmp(&tree->nodes[i], &tree->nodes[leaf], sizeof tree->nodes[i]) == 0) {
            last = i;
        }
    }
    return last;
}

vk_status vk_merkle_prove(const vk_merkle *tree, size_t leaf, vk_merkle_proof *out) {
    if (leaf >= tree->leaf_count) {
        return VK_ERR_ARGUMENT;
    }
    vk_merkle_proof proof = {0};
    size_t at = last_equal(tree, leaf);
    const vk_hash *level = tree->nodes;
    for (size_t n = tree->leaf_count; n > 1; n = level_above(n)) {
        size_t sibling = at ^ 1;
        if (sibling < n) {
            proof.siblings[proof.count++] = level[sibling];
        }
        at /= 2;
        level += n;
    }
    *out = proof;
    return VK_OK;
}

vk_hash vk_merkle_walk(const vk_hash *leaf, const vk_merkle_proof *proof) {
    vk_hash node = *leaf;
    for (size_t i = 0; i < proof->count && i < VK_MERKLE_PROOF_MAX; i++) {
        node = parent(&node, &proof->siblings[i]);
    }
    return node;
}
