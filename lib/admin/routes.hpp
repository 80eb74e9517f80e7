#pragma once
// The admin API as one table: method, path, handler. Whoever reviews what the
// socket offers reads this table. The handlers are in routes_*.cpp by noun; they
// run on the io_context's thread and hold nothing between requests.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/http.hpp"

namespace endpointd {
class Clock;
}

namespace endpointd::admin {

// What a handler is given. `parts` are the decoded pieces of the path that its
// pattern has `*` for. All of it dies when the handler returns: what a callback
// needs is copied.
struct Call {
    Backend& backend;
    const Clock& clock;
    const Request& request;
    std::vector<std::string> parts;
};

struct Route {
    std::string_view method;
    std::string_view pattern;  // "/v1/catalog/*/run"; a * is one segment that is not empty
    std::string_view effect;   // one line for people
    void (*handle)(const Call&, Reply);
};

std::span<const Route> routes() noexcept;

// Finds the route and calls it; answers 404, 405 (with Allow) or 400 itself.
void dispatch(Backend& backend, const Clock& clock, const Request& request, Reply reply);

// The handlers, in the order of the table.
void get_status(const Call&, Reply);
void get_health(const Call&, Reply);
void get_metrics(const Call&, Reply);
void get_objects(const Call&, Reply);
void get_caps(const Call&, Reply);
void get_caps_check(const Call&, Reply);
void post_check_now(const Call&, Reply);
void post_check_pause(const Call&, Reply);
void post_check_resume(const Call&, Reply);
void post_caps_grant(const Call&, Reply);
void post_caps_revoke(const Call&, Reply);
void get_audit(const Call&, Reply);
void get_audit_record(const Call&, Reply);
void get_audit_verify(const Call&, Reply);
void get_audit_export(const Call&, Reply);
void post_audit_review(const Call&, Reply);
void get_events(const Call&, Reply);
void get_catalog(const Call&, Reply);
void get_catalog_command(const Call&, Reply);
void get_catalog_render(const Call&, Reply);
void post_catalog_run(const Call&, Reply);
void post_reload(const Call&, Reply);

}  // namespace endpointd::admin
