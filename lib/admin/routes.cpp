#include "admin/routes.hpp"

#include <algorithm>
#include <array>

namespace endpointd::admin {
namespace {

constexpr std::array kRoutes = {
    Route{"GET", "/healthz", "whether the daemon does its work", get_health},
    Route{"GET", "/metrics", "the counters as Prometheus text", get_metrics},
    Route{"GET", "/v1/audit", "audit records, newest first", get_audit},
    Route{"GET", "/v1/audit/export", "every audit record, oldest first", get_audit_export},
    Route{"POST", "/v1/audit/review", "marks records as inspected", post_audit_review},
    Route{"GET", "/v1/audit/verify", "checks the audit's hash chain", get_audit_verify},
    Route{"GET", "/v1/audit/*", "one audit record with its content", get_audit_record},
    Route{"GET", "/v1/caps", "what each parent may do", get_caps},
    Route{"GET", "/v1/caps/check", "whether a parent may do something", get_caps_check},
    Route{"POST", "/v1/caps/grant", "grants a lease", post_caps_grant},
    Route{"POST", "/v1/caps/revoke", "ends a lease", post_caps_revoke},
    Route{"GET", "/v1/catalog", "the commands", get_catalog},
    Route{"GET", "/v1/catalog/*", "one command", get_catalog_command},
    Route{"GET", "/v1/catalog/*/render", "what a command would run", get_catalog_render},
    Route{"POST", "/v1/catalog/*/run", "runs a command", post_catalog_run},
    Route{"POST", "/v1/checks/now", "checks a host or service now", post_check_now},
    Route{"POST", "/v1/checks/pause", "pauses the checks of a host or service", post_check_pause},
    Route{"POST", "/v1/checks/resume", "resumes them", post_check_resume},
    Route{"GET", "/v1/events", "audit records as they happen (server-sent events)", get_events},
    Route{"GET", "/v1/objects", "hosts, services and the rest", get_objects},
    Route{"POST", "/v1/reload", "reads the configuration again", post_reload},
    Route{"GET", "/v1/status", "node, parents, runner, store", get_status},
};

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    path.remove_prefix(1);
    for (;;) {
        const std::size_t slash = path.find('/');
        segments.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return segments;
        path.remove_prefix(slash + 1);
    }
}

bool matches(std::string_view pattern, const std::vector<std::string_view>& segments) {
    const std::vector<std::string_view> wanted = segments_of(pattern);
    return wanted.size() == segments.size() &&
           std::equal(wanted.begin(), wanted.end(), segments.begin(),
                      [](std::string_view want, std::string_view is) { return want == "*" ? !is.empty() : want == is; });
}

}  // namespace

std::span<const Route> routes() noexcept { return kRoutes; }

void dispatch(Backend& backend, const Clock& clock, const Request& request, Reply reply) {
    if (request.path.empty() || request.path.front() != '/') return reply(problem(400, "the path does not begin with /"));
    const std::vector<std::string_view> segments = segments_of(request.path);
    std::string allowed;
    bool exact = false;  // a literal path is itself, never an id: /v1/audit/review is no record
    for (const Route& route : kRoutes) {
        if (!matches(route.pattern, segments)) continue;
        const bool literal = route.pattern.find('*') == std::string_view::npos;
        if (exact && !literal) continue;
        exact = exact || literal;
        if (route.method != request.method) {
            allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
            continue;
        }
        Call call{backend, clock, request, {}};
        const std::vector<std::string_view> wanted = segments_of(route.pattern);
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            if (wanted[i] != "*") continue;
            Result<std::string> part = percent_decoded(segments[i], false);
            if (!part) return reply(problem(part.error()));
            call.parts.push_back(std::move(*part));
        }
        return route.handle(call, std::move(reply));
    }
    if (allowed.empty()) return reply(problem(404, "there is nothing at this path; the API's paths begin with /v1/"));
    Response response = problem(405, "this path takes " + allowed);
    response.headers.emplace_back("Allow", allowed);
    reply(std::move(response));
}

}  // namespace endpointd::admin
