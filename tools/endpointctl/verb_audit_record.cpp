// audit show, why, propose: one record, and what follows from it.

#include <ostream>

#include "admin/audit_query.hpp"
#include "client.hpp"
#include "explanation.hpp"
#include "json/document.hpp"
#include "proposal.hpp"
#include "pushed_command.hpp"
#include "record_diff.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {
namespace {

Answered ask_record(const Context& context, const Arguments& arguments) {
    const Result<std::uint64_t> id = admin::whole_number("ID", arguments.one("ID"), 1, admin::kLargestId);
    if (!id) return {false, report(context, kUsage, printable(id.error().text)), {}};
    return ask_daemon(context, {.target = "/v1/audit/" + std::to_string(*id), .body = {}});
}

// What is there under a foreign name; null where there is nothing, or the name is none.
Answered ask_if_there(const Context& context, std::string target) {
    const Result<HttpAnswer> answer = Client(socket_path(context)).ask({.target = std::move(target), .body = {}});
    if (!answer) return {false, report_failure(context, answer.error()), {}};
    if (answer->status == 404 || answer->status == 400) return {true, kDone, {}};
    if (answer->status != 200) return {false, report_refusal(context, *answer), {}};
    Result<json::Value> value = json::parse(answer->body);
    if (!value) return {false, report(context, kUnreachable, "the daemon's answer is not JSON: " + value.error().text), {}};
    return {true, kDone, std::move(*value)};
}

Answered ask_command(const Context& context, const json::Value& record) {
    const std::optional<std::string> name = command_of(record);
    if (!name || name->empty()) return {true, kDone, {}};
    return ask_if_there(context, "/v1/catalog/" + admin::percent_encoded(*name));
}

Answered ask_object(const Context& context, const json::Value& record) {
    const std::string* const type = member(record, "object_type").string();
    const std::string* const name = member(record, "object_name").string();
    if (!type || !name || is_command_type(*type)) return {true, kDone, {}};
    Answered answer = ask_if_there(
        context, "/v1/objects?type=" + admin::percent_encoded(*type) + "&name=" + admin::percent_encoded(*name) + "&text=true");
    const json::Array& found = items(member(answer.value, "objects"));
    answer.value = found.empty() ? json::Value() : json::Value(found.front());
    return answer;
}

void print_record(const Context& context, const json::Value& record) {
    for (const char* const name : {"id", "time", "last_seen", "count", "parent", "zone", "method", "object_type", "object_name", "file",
                                   "line", "decision", "reason", "detail", "parameter", "content_sha256", "hash"}) {
        context.out << name << ": " << printable(text_of(member(record, name)), 2048) << '\n';
    }
    const json::Value& reviewed = member(record, "reviewed");
    context.out << "reviewed: ";
    if (reviewed.is_null()) {
        context.out << "no\n";
    } else {
        context.out << printable(text_of(member(reviewed, "time"))) << " by " << printable(text_of(member(reviewed, "by"))) << ": "
                    << printable(text_of(member(reviewed, "note")), 2048) << '\n';
    }
    const json::Value& content = member(record, "content");
    if (content.string()) {
        context.out << "content:\n";
        print_block(context.out, *content.string(), "  | ");
    }
}

void print_diff(const Context& context, const json::Value& diff) {
    const std::string* const text = diff.string();
    if (!text) {
        context.out << "diff: nothing was kept of what was sent\n";
    } else if (text->empty()) {
        context.out << "diff: the same as what is in force\n";
    } else {
        context.out << "diff:\n";
        print_block(context.out, *text, "  ");
    }
}

}  // namespace

int audit_show(const Context& context, const Arguments& arguments) {
    Answered answer = ask_record(context, arguments);
    if (!answer.ok) return answer.status;
    if (arguments.has("diff")) {
        const Answered command = ask_command(context, answer.value);
        if (!command.ok) return command.status;
        const Answered object = ask_object(context, answer.value);
        if (!object.ok) return object.status;
        json::Value diff = diff_of(answer.value, command.value, object.value);
        if (json::Object* const record = answer.value.object()) record->set("diff", std::move(diff));
    }
    if (context.json) {
        context.out << json::to_pretty_text(answer.value) << '\n';
        return kDone;
    }
    print_record(context, answer.value);
    if (arguments.has("diff")) print_diff(context, member(answer.value, "diff"));
    return kDone;
}

int audit_why(const Context& context, const Arguments& arguments) {
    Circumstances is;
    Answered record = ask_record(context, arguments);
    if (!record.ok) return record.status;
    is.record = std::move(record.value);
    if (const std::string* const parent = member(is.record, "parent").string()) {
        Answered caps = ask_if_there(context, "/v1/caps?parent=" + admin::percent_encoded(*parent));
        if (!caps.ok) return caps.status;
        is.caps = std::move(caps.value);
    }
    Answered command = ask_command(context, is.record);
    if (!command.ok) return command.status;
    is.command = std::move(command.value);

    const Explanation explanation = explain(is);
    if (context.json) {
        context.out << json::to_pretty_text(why_json(is.record, explanation)) << '\n';
        return kDone;
    }
    context.out << printable(explanation.sentence, 4096) << "\nrule: " << printable(explanation.rule, 4096);
    if (explanation.source) context.out << " (" << printable(*explanation.source) << ')';
    context.out << '\n';
    if (!explanation.change.is_null()) {
        context.out << "the smallest change that would allow it:\n";
        print_block(context.out, ascii_json(explanation.change), "  ");
        context.out << "it opens: " << printable(explanation.opens.value_or("-"), 4096) << '\n';
    }
    return kDone;
}

int audit_propose(const Context& context, const Arguments& arguments) {
    const Answered record = ask_record(context, arguments);
    if (!record.ok) return record.status;
    const Answered command = ask_command(context, record.value);
    if (!command.ok) return command.status;
    const Proposal proposal = propose(record.value, command.value);
    if (!proposal.none.empty()) return report(context, kNo, printable(proposal.none, 1024));
    // Comments, which a catalog file may have: what has to be looked at stays with the text. JSON has none.
    if (!context.json) {
        context.out << "// A draft out of audit record " << text_of(member(record.value, "id"))
                    << ", made of what a parent sent. Check every word before you place it in catalog.d.\n";
        if (!proposal.missing.empty()) context.out << "// UNFINISHED: " << printable(proposal.missing, 2048) << '\n';
        for (const std::string& note : proposal.notes) context.out << "// " << printable(note, 2048) << '\n';
    } else {
        for (const std::string& note : proposal.notes) context.err << "note: " << printable(note, 2048) << '\n';
    }
    context.out << ascii_json(proposal.catalog) << '\n';
    if (!proposal.missing.empty()) return report(context, kNo, "this is no entry yet: " + printable(proposal.missing, 2048));
    return kDone;
}

}  // namespace endpointd::ctl
