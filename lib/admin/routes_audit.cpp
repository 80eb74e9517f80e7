// The audit: list, record, verify, export, review, and records as they happen.

#include <cmath>

#include "admin/audit_query.hpp"
#include "admin/moment.hpp"
#include "admin/routes.hpp"
#include "admin/streams.hpp"
#include "admin/views.hpp"
#include "base/clock.hpp"
#include "base/units.hpp"
#include "json/document.hpp"
#include "store/audit_log.hpp"
#include "store/store_thread.hpp"

namespace endpointd::admin {
namespace {

struct ReviewRequest {
    std::vector<std::uint64_t> ids;
    std::string note;
};

Result<ReviewRequest> review_of_body(std::string_view body) {
    const Result<json::Value> value = json::parse(body);
    if (!value) return fail(Errc::malformed, "the request's body is not JSON: " + value.error().text);
    const json::Object* const object = value->object();
    const json::Value* const ids = object ? object->find("ids") : nullptr;
    if (!ids || !ids->array() || ids->array()->empty())
        return fail(Errc::invalid, "the request's body needs \"ids\", an array of record ids");
    ReviewRequest request;
    for (const auto& [name, member] : *object) {
        if (name == "note" && member.string()) {
            request.note = *member.string();
        } else if (name != "ids") {
            return fail(Errc::invalid,
                        "unknown member '" + escaped(name, 64) + "', or of a wrong type; known here: ids (numbers), note (text)");
        }
    }
    if (ids->array()->size() > store::kReviewIds)
        return fail(Errc::invalid, "at most " + std::to_string(store::kReviewIds) + " records at a time");
    for (const json::Value& id : *ids->array()) {
        const double* const number = id.number();
        if (!number || *number < 1 || *number > static_cast<double>(kLargestId) || std::floor(*number) != *number) {
            return fail(Errc::invalid, "an id is a whole number from 1");
        }
        request.ids.push_back(static_cast<std::uint64_t>(*number));
    }
    return request;
}

}  // namespace

void get_audit(const Call& call, Reply reply) {
    Result<store::AuditFilter> filter = audit_filter(call.request.query, call.clock.wall());
    if (!filter) return reply(problem(filter.error()));
    call.backend.store().list(std::move(*filter), [reply = std::move(reply)](const Result<store::AuditPage>& page) {
        reply(page ? json_response(store::page_json(*page)) : problem(page.error()));
    });
}

void get_audit_record(const Call& call, Reply reply) {
    const Result<std::uint64_t> id = whole_number("the record's id", call.parts[0], 1, kLargestId);
    if (!id) return reply(problem(404, id.error().text));
    call.backend.store().show(*id, [reply = std::move(reply)](const Result<store::AuditDetail>& detail) {
        reply(detail ? json_response(store::detail_json(*detail)) : problem(detail.error()));
    });
}

void get_audit_verify(const Call& call, Reply reply) {
    call.backend.store().verify([reply = std::move(reply)](const Result<store::AuditVerdict>& verdict) {
        reply(verdict ? json_response(store::verdict_json(*verdict)) : problem(verdict.error()));
    });
}

void get_audit_export(const Call& call, Reply reply) {
    const Query& query = call.request.query;
    if (const Result<void> known = only_known(query, {"format", "since"}); !known) return reply(problem(known.error()));
    const Result<std::optional<std::string>> format = unique_value(query, "format");
    const Result<std::optional<std::string>> since = unique_value(query, "since");
    if (!format) return reply(problem(format.error()));
    if (!since) return reply(problem(since.error()));
    const std::string name = format->value_or("jsonl");
    if (name != "jsonl" && name != "csv") return reply(problem(400, "unknown format '" + escaped(name, 64) + "'; known: jsonl, csv"));
    std::optional<WallTime> moment;
    if (*since) {
        const Result<WallTime> parsed = parse_moment(**since, call.clock.wall());
        if (!parsed) return reply(problem(parsed.error()));
        moment = *parsed;
    }
    reply(make_export(call.backend.store(), name == "csv" ? ExportFormat::csv : ExportFormat::jsonl, moment));
}

void post_audit_review(const Call& call, Reply reply) {
    Result<ReviewRequest> request = review_of_body(call.request.body);
    if (!request) return reply(problem(request.error()));
    json::Array ids;
    for (const std::uint64_t id : request->ids) ids.emplace_back(id);
    call.backend.store().review(std::move(request->ids), call.request.caller.name, std::move(request->note),
                                [reply = std::move(reply), ids = std::move(ids)](const Result<std::uint64_t>& id) {
                                    reply(id ? json_response(json::Object{{"reviewed", ids}, {"id", *id}}) : problem(id.error()));
                                });
}

void get_events(const Call& call, Reply reply) { reply(make_events(call.backend.store())); }

}  // namespace endpointd::admin
