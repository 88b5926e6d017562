/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

const struct kist_command *const kist_commands[] = {
	&kist_command_init,	    &kist_command_put,
	&kist_command_get,	    &kist_command_cat,
	&kist_command_ls,	    &kist_command_show,
	&kist_command_tag,	    &kist_command_rm,
	&kist_command_convert,	    &kist_command_verify,
	&kist_command_du,	    &kist_command_gc,
	&kist_command_stats,	    &kist_command_paths,
	&kist_command_plugin_list,  &kist_command_plugin_inspect,
	&kist_command_plugin_why,   &kist_command_plugin_routes,
	&kist_command_plugin_pin,   &kist_command_plugin_unpin,
	&kist_command_plugin_paths, &kist_command_plugin_validate,
	&kist_command_plugin_trust, &kist_command_plugin_doctor,
	&kist_command_completion,   NULL,
};
