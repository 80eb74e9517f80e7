#pragma once
// The verbs, one function each; commands.cpp's table names them. Each prints its
// answer and returns the exit status.

#include "context.hpp"

namespace endpointd::ctl {

int status(const Context&, const Arguments&);
int caps_show(const Context&, const Arguments&);
int caps_check(const Context&, const Arguments&);
int caps_grant(const Context&, const Arguments&);
int caps_revoke(const Context&, const Arguments&);
int audit_list(const Context&, const Arguments&);
int audit_show(const Context&, const Arguments&);
int audit_follow(const Context&, const Arguments&);
int audit_review(const Context&, const Arguments&);
int audit_verify(const Context&, const Arguments&);
int audit_export(const Context&, const Arguments&);
int audit_why(const Context&, const Arguments&);
int audit_propose(const Context&, const Arguments&);
int catalog_list(const Context&, const Arguments&);
int catalog_show(const Context&, const Arguments&);
int catalog_render(const Context&, const Arguments&);
int catalog_run(const Context&, const Arguments&);
int catalog_pin(const Context&, const Arguments&);
int catalog_import(const Context&, const Arguments&);
int catalog_verify(const Context&, const Arguments&);
int check_now(const Context&, const Arguments&);
int pause_check(const Context&, const Arguments&);
int resume_check(const Context&, const Arguments&);
int objects_list(const Context&, const Arguments&);
int objects_show(const Context&, const Arguments&);
int export_parent_config(const Context&, const Arguments&);
int config_filter(const Context&, const Arguments&);
int config_validate(const Context&, const Arguments&);
int config_reload(const Context&, const Arguments&);

}  // namespace endpointd::ctl
