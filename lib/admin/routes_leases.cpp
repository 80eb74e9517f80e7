// Leases: grants with an end.

#include <cmath>

#include "admin/audit_query.hpp"
#include "admin/routes.hpp"
#include "base/units.hpp"
#include "json/document.hpp"

namespace endpointd::admin {
namespace {

Result<json::Object> body_of(const Call& call) {
    Result<json::Value> value = json::parse(call.request.body);
    if (!value) return fail(Errc::malformed, "the request's body is not JSON: " + value.error().text);
    if (!value->object()) return fail(Errc::invalid, "the request's body is not an object");
    return std::move(*value->object());
}

// A duration as it is written everywhere: "2h", or seconds.
Result<Duration> length_of(const json::Value& value) {
    if (value.string()) return parse_duration(*value.string());
    if (value.number()) return parse_duration(number_text(*value.number()));
    return fail(Errc::invalid, "'for' is a duration, like \"2h\"");
}

Result<LeaseWish> wish_of(json::Object body) {
    LeaseWish wish;
    bool has_length = false;
    for (const auto& [name, member] : body) {
        std::string* const text = name == "parent"       ? &wish.parent
                                  : name == "capability" ? &wish.capability
                                  : name == "reason"     ? &wish.reason
                                                         : nullptr;
        if (text && member.string()) {
            *text = *member.string();
        } else if (name == "for") {
            const Result<Duration> length = length_of(member);
            if (!length) return length.error();
            wish.length = *length;
            has_length = true;
        } else if (name == "scope" && member.object()) {
            wish.scope = *member.object();
        } else if (name != "scope" || !member.is_null()) {
            return fail(Errc::invalid, "unknown member '" + escaped(name, 64) +
                                           "', or of a wrong type; known here: parent, capability, for, reason (text), scope (object)");
        }
    }
    if (wish.parent.empty() || wish.capability.empty() || !has_length || wish.reason.empty())
        return fail(Errc::invalid, "the request's body needs parent, capability, for and reason");
    return wish;
}

Backend::LeaseDone answer(Reply reply) {
    return [reply = std::move(reply)](const Result<json::Value>& done) { reply(done ? json_response(*done) : problem(done.error())); };
}

}  // namespace

void post_caps_grant(const Call& call, Reply reply) {
    Result<json::Object> body = body_of(call);
    if (!body) return reply(problem(body.error()));
    Result<LeaseWish> wish = wish_of(std::move(*body));
    if (!wish) return reply(problem(wish.error()));
    call.backend.grant_lease(std::move(*wish), call.request.caller, answer(std::move(reply)));
}

void post_caps_revoke(const Call& call, Reply reply) {
    const Result<json::Object> body = body_of(call);
    if (!body) return reply(problem(body.error()));
    const json::Value* const id = body->find("id");
    const double* const number = id ? id->number() : nullptr;
    if (!number || body->size() != 1 || *number < 1 || *number > static_cast<double>(kLargestId) || std::floor(*number) != *number)
        return reply(problem(400, "the request's body needs \"id\", a lease's whole number from 1, and nothing else"));
    call.backend.revoke_lease(static_cast<std::uint64_t>(*number), call.request.caller, answer(std::move(reply)));
}

}  // namespace endpointd::admin
