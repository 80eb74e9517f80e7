// audit list, follow, review, verify, export; what is about one record is in verb_audit_record.cpp.

#include <ostream>

#include "admin/audit_query.hpp"
#include "admin/moment.hpp"
#include "client.hpp"
#include "event_stream.hpp"
#include "json/document.hpp"
#include "render.hpp"
#include "store/audit_verify.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {
namespace {

// "CheckCommand disk", or the file, or the method: what a record is about, in short.
std::string object_of(const json::Value& record) {
    if (!member(record, "object_type").is_null())
        return text_of(member(record, "object_type")) + " " + text_of(member(record, "object_name"));
    if (!member(record, "file").is_null()) return text_of(member(record, "file"));
    return text_of(member(record, "method"));
}

std::vector<std::string> row_of(const json::Value& record) {
    return {text_of(member(record, "id")),
            text_of(member(record, "last_seen")),
            text_of(member(record, "count")),
            text_of(member(record, "parent")),
            text_of(member(record, "decision")),
            text_of(member(record, "reason")),
            object_of(record),
            text_of(member(record, "detail"))};
}

void print_verdict(const Context& context, const json::Value& verdict) {
    if (context.json) {
        context.out << json::to_pretty_text(verdict) << '\n';
        return;
    }
    const json::Value& broken = member(verdict, "broken");
    if (broken.is_null()) {
        context.out << "ok: " << text_of(member(verdict, "records")) << " records, head " << printable(text_of(member(verdict, "head")))
                    << '\n';
    } else {
        context.out << "broken at record " << text_of(member(broken, "id")) << ": " << printable(text_of(member(broken, "why")), 1024)
                    << '\n';
    }
}

bool is_ok(const json::Value& verdict) {
    const bool* const ok = member(verdict, "ok").boolean();
    return ok && *ok;
}

}  // namespace

int audit_list(const Context& context, const Arguments& arguments) {
    admin::Query query;
    for (const char* const name : {"since", "until", "parent", "decision", "reason", "type", "name", "limit", "before"}) {
        if (arguments.has(name)) query.emplace_back(name, arguments.one(name));
    }
    if (arguments.has("unreviewed")) query.emplace_back("unreviewed", "true");
    // Judged here as well, so that a wrong word is wrong usage with or without a daemon.
    if (const Result<store::AuditFilter> filter = admin::audit_filter(query, context.clock.wall()); !filter) {
        return report(context, kUsage, printable(filter.error().text, 1024));
    }
    HttpRequest request;
    request.target = "/v1/audit";
    char mark = '?';
    for (const auto& [name, value] : query) {
        request.target += mark + name + "=" + admin::percent_encoded(value);
        mark = '&';
    }
    const Answered answer = ask_daemon(context, request);
    if (!answer.ok) return answer.status;
    if (context.json) {
        context.out << json::to_pretty_text(answer.value) << '\n';
        return kDone;
    }
    Table table({"ID", "LAST SEEN", "COUNT", "PARENT", "DECISION", "REASON", "OBJECT", "DETAIL"});
    for (const json::Value& record : items(member(answer.value, "records"))) table.add(row_of(record));
    if (table.empty()) {
        context.out << "No records.\n";
        return kDone;
    }
    table.print(context.out, context.color);
    if (const json::Value& next = member(answer.value, "next"); !next.is_null())
        context.out << "\nThere are older ones: --before " << text_of(next) << '\n';
    return kDone;
}

int audit_follow(const Context& context, const Arguments&) {
    EventReader reader;
    bool dropped = false;
    const auto take = [&](std::string_view piece) {
        for (const Event& event : reader.take(piece)) {
            if (event.name == "dropped") dropped = true;
            if (event.name != "audit") continue;
            const Result<json::Value> record = json::parse(event.data);
            if (!record) continue;
            if (context.json) {
                context.out << json::to_text(*record) << '\n';
            } else {
                std::string line;
                for (const std::string& cell : row_of(*record)) line += (line.empty() ? "" : "  ") + printable(cell);
                context.out << line << '\n';
            }
        }
        context.out.flush();
        return !dropped && context.out.good() && !reader.failed();
    };
    const Result<HttpAnswer> answer =
        Client(socket_path(context)).stream({.target = "/v1/events", .body = {}, .patience = Patience::as_long_as_it_takes}, take);
    if (!answer) return report_failure(context, answer.error());
    if (answer->status != 200) return report_refusal(context, *answer);
    if (dropped) return report(context, kNo, "records came faster than they were read; see audit list for what was missed");
    return report(context, kUnreachable, "the daemon ended the stream; it stops, or restarts");
}

int audit_review(const Context& context, const Arguments& arguments) {
    json::Array ids;
    for (const std::string& text : arguments.all("ID")) {
        const Result<std::uint64_t> id = admin::whole_number("ID", text, 1, admin::kLargestId);
        if (!id) return report(context, kUsage, printable(id.error().text));
        ids.emplace_back(*id);
    }
    const Answered answer =
        ask_daemon(context, {.method = "POST",
                             .target = "/v1/audit/review",
                             .body = json::to_text(json::Object{{"ids", std::move(ids)}, {"note", arguments.one("note")}})});
    if (!answer.ok) return answer.status;
    if (context.json) {
        context.out << json::to_pretty_text(answer.value) << '\n';
    } else {
        context.out << "reviewed: " << items(member(answer.value, "reviewed")).size() << " (record " << text_of(member(answer.value, "id"))
                    << ")\n";
    }
    return kDone;
}

int audit_verify(const Context& context, const Arguments&) {
    const Result<HttpAnswer> answer =
        Client(socket_path(context)).ask({.target = "/v1/audit/verify", .body = {}, .patience = Patience::as_long_as_it_takes});
    if (answer) {
        if (answer->status != 200) return report_refusal(context, *answer);
        const Result<json::Value> verdict = json::parse(answer->body);
        if (!verdict) return report(context, kUnreachable, "the daemon's answer is not JSON: " + verdict.error().text);
        print_verdict(context, *verdict);
        return is_ok(*verdict) ? kDone : kNo;
    }
    if (answer.error().code != Errc::unavailable) return report_failure(context, answer.error());
    // Nobody answers: then the store may be read. Does a daemon have it open all the
    // same, the store says so.
    const Result<store::AuditVerdict> verdict = store::verify_state_directory(context.state + "/store");
    if (verdict) {
        print_verdict(context, store::verdict_json(*verdict));
        return verdict->ok() ? kDone : kNo;
    }
    if (verdict.error().code == Errc::unavailable) return report_failure(context, answer.error());
    return report(context, verdict.error().code == Errc::not_found ? kNo : kUsage,
                  "no daemon answers, and the store in " + printable(context.state) +
                      " cannot be read: " + printable(verdict.error().text, 1024) + "; --state names its directory");
}

int audit_export(const Context& context, const Arguments& arguments) {
    HttpRequest request;
    request.patience = Patience::as_long_as_it_takes;
    const std::string format = arguments.has("format") ? arguments.one("format") : "jsonl";
    if (format != "jsonl" && format != "csv")
        return report(context, kUsage, "unknown format '" + printable(format, 64) + "'; known: jsonl, csv");
    request.target = "/v1/audit/export?format=" + format;
    if (arguments.has("since")) {
        if (const Result<WallTime> since = admin::parse_moment(arguments.one("since"), context.clock.wall()); !since) {
            return report(context, kUsage, printable(since.error().text));
        }
        request.target += "&since=" + admin::percent_encoded(arguments.one("since"));
    }
    const Result<HttpAnswer> answer = Client(socket_path(context)).stream(request, [&](std::string_view piece) {
        context.out << piece;
        return context.out.good();
    });
    if (!answer) return report_failure(context, answer.error());
    if (answer->status != 200) return report_refusal(context, *answer);
    return kDone;
}

}  // namespace endpointd::ctl
