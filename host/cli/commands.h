/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_COMMANDS_H
#define KIST_CLI_COMMANDS_H

#include "cli/cli.h"

/*
 * Every command: one file cmd_<verb>.c each.
 */

extern const struct kist_command kist_command_cat;
extern const struct kist_command kist_command_completion;
extern const struct kist_command kist_command_config_check;
extern const struct kist_command kist_command_config_explain;
extern const struct kist_command kist_command_convert;
extern const struct kist_command kist_command_du;
extern const struct kist_command kist_command_exec;
extern const struct kist_command kist_command_experiment_ls;
extern const struct kist_command kist_command_experiment_resume;
extern const struct kist_command kist_command_experiment_run;
extern const struct kist_command kist_command_experiment_show;
extern const struct kist_command kist_command_experiment_update;
extern const struct kist_command kist_command_export;
extern const struct kist_command kist_command_gc;
extern const struct kist_command kist_command_get;
extern const struct kist_command kist_command_import;
extern const struct kist_command kist_command_init;
extern const struct kist_command kist_command_job_recover;
extern const struct kist_command kist_command_job_rm;
extern const struct kist_command kist_command_job_show;
extern const struct kist_command kist_command_job_stop;
extern const struct kist_command kist_command_jobs;
extern const struct kist_command kist_command_logs;
extern const struct kist_command kist_command_replay;
extern const struct kist_command kist_command_report;
extern const struct kist_command kist_command_lineage;
extern const struct kist_command kist_command_ls;
extern const struct kist_command kist_command_paths;
extern const struct kist_command kist_command_plugin_doctor;
extern const struct kist_command kist_command_plugin_inspect;
extern const struct kist_command kist_command_plugin_install;
extern const struct kist_command kist_command_plugin_key;
extern const struct kist_command kist_command_plugin_keygen;
extern const struct kist_command kist_command_plugin_list;
extern const struct kist_command kist_command_plugin_lint;
extern const struct kist_command kist_command_plugin_new;
extern const struct kist_command kist_command_plugin_paths;
extern const struct kist_command kist_command_plugin_pin;
extern const struct kist_command kist_command_plugin_policy;
extern const struct kist_command kist_command_plugin_remove;
extern const struct kist_command kist_command_plugin_revoke;
extern const struct kist_command kist_command_plugin_routes;
extern const struct kist_command kist_command_plugin_sign;
extern const struct kist_command kist_command_plugin_test;
extern const struct kist_command kist_command_plugin_trust;
extern const struct kist_command kist_command_plugin_unpin;
extern const struct kist_command kist_command_plugin_untrust;
extern const struct kist_command kist_command_plugin_validate;
extern const struct kist_command kist_command_plugin_verify;
extern const struct kist_command kist_command_plugin_why;
extern const struct kist_command kist_command_put;
extern const struct kist_command kist_command_query;
extern const struct kist_command kist_command_repair;
extern const struct kist_command kist_command_retrieve_artifacts;
extern const struct kist_command kist_command_rm;
extern const struct kist_command kist_command_run;
extern const struct kist_command kist_command_show;
extern const struct kist_command kist_command_stats;
extern const struct kist_command kist_command_tag;
extern const struct kist_command kist_command_template_ls;
extern const struct kist_command kist_command_template_rm;
extern const struct kist_command kist_command_template_save;
extern const struct kist_command kist_command_template_show;
extern const struct kist_command kist_command_template_use;
extern const struct kist_command kist_command_verify;

#endif
