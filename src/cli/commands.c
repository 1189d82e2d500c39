/* The tables of commands, in the order of the help. */
#include "cli/commands.h"

const vk_command *const vk_command_tables[] = {vk_commands_keys, vk_commands_sessions,
                                               vk_commands_operations, vk_commands_records, NULL};
