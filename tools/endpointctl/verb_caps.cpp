// caps show, caps check.

#include <ostream>

#include "admin/query.hpp"
#include "client.hpp"
#include "render.hpp"
#include "verbs.hpp"

namespace endpointd::ctl {

int caps_show(const Context& context, const Arguments& arguments) {
    HttpRequest request;
    request.target = "/v1/caps";
    if (arguments.has("PARENT")) request.target += "?parent=" + admin::percent_encoded(arguments.one("PARENT"));
    const Answered answer = ask_daemon(context, request);
    if (!answer.ok) return answer.status;
    if (context.json) {
        context.out << json::to_pretty_text(answer.value) << '\n';
        return kDone;
    }
    Table table({"PARENT", "KIND", "CAPABILITY", "RATE", "USED", "DENIED", "EXPIRES", "SOURCE", "SCOPE"});
    for (const json::Value& parent : items(member(answer.value, "parents"))) {
        for (const json::Value& grant : items(member(parent, "grants"))) {
            const json::Object* const scope = member(grant, "scope").object();
            table.add({text_of(member(parent, "name")), text_of(member(parent, "kind")), text_of(member(grant, "capability")),
                       text_of(member(grant, "rate")), text_of(member(grant, "used")), text_of(member(grant, "denied")),
                       text_of(member(grant, "expires")), text_of(member(grant, "source")),
                       scope && !scope->empty() ? json::to_text(member(grant, "scope")) : "-"});
        }
    }
    if (table.empty()) {
        context.out << "Nothing is granted to anybody.\n";
    } else {
        table.print(context.out, context.color);
    }
    for (const json::Value& parent : items(member(answer.value, "parents")))
        for (const json::Value& grant : items(member(parent, "grants")))
            if (!member(grant, "by").is_null())
                context.out << printable(text_of(member(grant, "source"))) << " was granted "
                            << printable(text_of(member(grant, "granted"))) << " by " << printable(text_of(member(grant, "by"))) << ": "
                            << printable(text_of(member(grant, "reason"))) << '\n';
    const char* gap = "\n";
    for (const json::Value& parent : items(member(answer.value, "parents"))) {
        std::string denied;
        for (const json::Value& capability : items(member(parent, "denied"))) denied += (denied.empty() ? "" : ", ") + text_of(capability);
        if (denied.empty()) continue;
        context.out << gap << printable(text_of(member(parent, "name"))) << " is not granted: " << printable(denied) << '\n';
        gap = "";
    }
    return kDone;
}

int caps_check(const Context& context, const Arguments& arguments) {
    HttpRequest request;
    request.target = "/v1/caps/check?parent=" + admin::percent_encoded(arguments.one("PARENT")) +
                     "&capability=" + admin::percent_encoded(arguments.one("CAPABILITY"));
    for (const char* const name : {"host", "service", "command"}) {
        if (arguments.has(name)) request.target += std::string("&") + name + "=" + admin::percent_encoded(arguments.one(name));
    }
    for (const std::string& pair : arguments.all("param")) request.target += "&param=" + admin::percent_encoded(pair);
    const Answered answer = ask_daemon(context, request);
    if (!answer.ok) return answer.status;
    const bool* const allowed = member(answer.value, "allowed").boolean();
    if (context.json) {
        context.out << json::to_pretty_text(answer.value) << '\n';
    } else {
        context.out << (allowed && *allowed ? "allowed" : "denied") << ": " << printable(text_of(member(answer.value, "capability")));
        if (!member(answer.value, "reason").is_null()) context.out << ": " << printable(text_of(member(answer.value, "reason")));
        if (!member(answer.value, "source").is_null()) context.out << " (" << printable(text_of(member(answer.value, "source"))) << ')';
        context.out << '\n';
    }
    return allowed && *allowed ? kDone : kNo;
}

}  // namespace endpointd::ctl
