// objects list, show.

#include <ostream>
#include <utility>

#include "admin/query.hpp"
#include "client.hpp"
#include "json/document.hpp"
#include "object_lines.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {

namespace {

std::string pause_text(const json::Value& pause) {
    const json::Value& until = member(pause, "until");
    std::string text = "by " + text_of(member(pause, "kind")) + " " + printable(text_of(member(pause, "by"))) + " since " +
                       printable(text_of(member(pause, "since"))) +
                       (until.is_null() ? std::string(", without an end") : ", until " + printable(text_of(until)));
    const json::Value& also = member(pause, "also");
    return also.is_null() ? text : text + "; and " + pause_text(also);
}

}  // namespace

int objects_list(const Context& context, const Arguments& arguments) {
    HttpRequest request{.target = "/v1/objects", .body = {}, .patience = Patience::as_long_as_it_takes};
    if (arguments.has("type")) request.target += "?type=" + admin::percent_encoded(arguments.one("type"));
    Table table({"TYPE", "NAME", "ZONE", "ORIGIN"});
    ObjectLines lines;
    bool broken = false;
    const Result<HttpAnswer> answer = Client(socket_path(context)).stream(request, [&](std::string_view piece) {
        if (context.json) {
            context.out << piece;
            return context.out.good();
        }
        for (const std::string& line : lines.take(piece)) {
            const Result<json::Value> object = json::parse(line);
            if (!object) return !(broken = true);
            table.add({text_of(member(*object, "type")), text_of(member(*object, "name")), text_of(member(*object, "zone")),
                       text_of(member(*object, "origin"))});
        }
        return true;
    });
    if (!answer) return report_failure(context, answer.error());
    if (answer->status != 200) return report_refusal(context, *answer);
    if (context.json) return kDone;
    if (broken || !lines.whole())
        return report(context, kUnreachable, "the daemon's answer is no list of objects; do the versions of both agree?");
    if (table.empty()) {
        context.out << "No objects.\n";
    } else {
        table.print(context.out, context.color);
    }
    return kDone;
}

int objects_show(const Context& context, const Arguments& arguments) {
    const std::string type = arguments.one("TYPE"), name = arguments.one("NAME");
    const Answered answer = ask_daemon(
        context, {.target = "/v1/objects?type=" + admin::percent_encoded(type) + "&name=" + admin::percent_encoded(name), .body = {}});
    if (!answer.ok) return answer.status;
    const json::Array& found = items(member(answer.value, "objects"));
    if (found.empty()) {
        return report(context, kNo,
                      "there is no " + printable(type, 64) + " '" + printable(name) + "'; see objects list, and audit list --type " +
                          printable(type, 64) + " for what was refused");
    }
    const json::Value& object = found.front();
    if (context.json) {
        context.out << json::to_pretty_text(object) << '\n';
        return kDone;
    }
    for (const char* const member_name : {"type", "name", "zone", "origin", "file", "line"}) {
        context.out << member_name << ": " << printable(text_of(member(object, member_name)), 2048) << '\n';
    }
    const json::Value& state = member(object, "state");
    if (!member(state, "paused").is_null()) context.out << "paused: " << pause_text(member(state, "paused")) << '\n';
    if (!state.is_null()) {
        context.out << "state:\n";
        print_block(context.out, json::to_pretty_text(state), "  ");
    }
    context.out << "attrs:\n";
    print_block(context.out, json::to_pretty_text(member(object, "attrs")), "  ");
    return kDone;
}

}  // namespace endpointd::ctl
