/* What the files that ask a node share. */
#ifndef VK_NET_NODE_PART_H
#define VK_NET_NODE_PART_H

#include "net/node.h"
#include "net/rpc.h"

vk_rpc *vk_node_rpc(vk_node *node);

#endif
